/* SPDX-License-Identifier: Apache-2.0
 *
 * A session of plain yamux and a peer that says anything.
 */
#include "abi/hawser.h"
#include "tests/fuzz/talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  talk_to_session(&(struct talk_wire){.mode = HWS_MODE_YAMUX}, data, size);
  return 0;
}
