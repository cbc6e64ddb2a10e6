/* SPDX-License-Identifier: Apache-2.0
 *
 * A session that speaks native, or asks, or sniffs, and a peer that says anything; the first byte of the input says
 * which. Most of these peers introduce themselves first, so that the rest of the input meets native frames.
 */
#include "abi/hawser.h"
#include "tests/fuzz/talk.h"

static const struct talk_wire wires[] = {
    {HWS_MODE_NATIVE, false, TALK_PREFACE}, {HWS_MODE_AUTO, false, TALK_PAIR},
    {HWS_MODE_AUTO, true, TALK_PREFACE},    {HWS_MODE_AUTO, true, TALK_PAIR},
    {HWS_MODE_NATIVE, false, TALK_NOTHING}, {HWS_MODE_AUTO, false, TALK_NOTHING},
    {HWS_MODE_AUTO, true, TALK_NOTHING},
};
enum { WIRES = sizeof wires / sizeof *wires };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size) talk_to_session(&wires[*data % WIRES], data + 1, size - 1);
  return 0;
}
