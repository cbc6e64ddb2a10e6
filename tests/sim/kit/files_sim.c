/* SPDX-License-Identifier: Apache-2.0
 *
 * The kit's files on the simulated system.
 */
#include <stdlib.h>

#include "core/file.h"
#include "core/file_sim.h"
#include "plugins/check/fault.h"
#include "plugins/check/files.h"
#include "plugins/check/pattern.h"

static void *content; /* of the one file that a case has */

int64_t check_file_make(size_t bytes) {
  content = malloc(bytes);
  CHECK(content, "the kit itself is out of memory");
  check_pattern_fill(content, 0, bytes);
  const struct file_sim file = {.bytes = bytes, .fails_at = UINT64_MAX, .regular = true, .content = content};
  return file_sim_open(&file);
}

int64_t check_file_none(void) {
  const struct file_sim file = {.bytes = 100, .fails_at = UINT64_MAX};
  return file_sim_open(&file);
}

void check_file_close(int64_t file) {
  file_close(file);
  free(content);
  content = NULL;
}

void check_file_block_signals(void) {
}
