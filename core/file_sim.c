/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated system's files.
 */
#include "core/file_sim.h"

#include <errno.h>
#include <stddef.h>

#include "abi/hawser.h"
#include "core/failing_sim.h"
#include "core/file.h"
#include "core/scheduler_sim.h"

enum { LONGEST_NS = 5000000 };

static struct {
  bool open;
  struct file_sim file;
} files[FILE_SIM_MAX];

static struct file_sim *find(int64_t file) {
  int64_t index = file - FILE_SIM_FIRST;
  return index >= 0 && index < FILE_SIM_MAX && files[index].open ? &files[index].file : NULL;
}

int64_t file_sim_open(const struct file_sim *file) {
  for (int i = 0; i < FILE_SIM_MAX; i++) {
    if (files[i].open) continue;
    files[i].open = true;
    files[i].file = *file;
    return FILE_SIM_FIRST + i;
  }
  return -1;
}

unsigned file_sim_count(void) {
  unsigned count = 0;
  for (int i = 0; i < FILE_SIM_MAX; i++) count += files[i].open;
  return count;
}

int file_check(int64_t file) {
  return find(file) ? HWS_OK : HWS_E_INVAL;
}

int file_duplicate(int64_t file, int64_t *own) {
  const struct file_sim *found = find(file);
  if (!found) return HWS_E_INVAL;
  *own = failing_sim("duplicate") ? -1 : file_sim_open(found);
  return *own >= 0 ? HWS_OK : HWS_E_LIMIT;
}

void file_close(int64_t own) {
  if (find(own)) files[own - FILE_SIM_FIRST].open = false;
}

int file_check_kind(int64_t file, int *os_error) {
  if (failing_sim("stat")) {
    *os_error = EIO;
    return HWS_E_IO;
  }
  return find(file)->regular ? HWS_OK : HWS_E_INVAL;
}

int64_t file_sim_take(int64_t file, void *to, uint64_t bytes, uint64_t offset) {
  const struct file_sim *found = find(file);
  if (!found || !found->regular || found->fails_at <= offset) return -1;
  uint64_t end = found->bytes < found->fails_at ? found->bytes : found->fails_at;
  uint64_t there = offset < end ? end - offset : 0;
  if (bytes > there) bytes = there;
  for (uint64_t i = 0; i < bytes; i++)
    ((uint8_t *)to)[i] = found->content ? found->content[offset + i] : file_sim_byte(found->seed, offset + i);
  return (int64_t)bytes;
}

int64_t file_read(int64_t file, void *to, uint64_t bytes, uint64_t offset, int *os_error) {
  static const char key;
  (void)sim_sleep(&key, sim_now() + sim_dice(LONGEST_NS), false, "disk");
  int64_t got = failing_sim("read of a file") ? -1 : file_sim_take(file, to, bytes, offset);
  if (got < 0) *os_error = EIO;
  return got;
}
