/* SPDX-License-Identifier: Apache-2.0
 *
 * Files by descriptor.
 */
#define _GNU_SOURCE /* O_PATH */
#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/hawser.h"

int file_check(int64_t file) {
  int flags = file >= 0 && file <= INT_MAX ? fcntl((int)file, F_GETFL) : -1;
  if (flags < 0) return HWS_E_INVAL;
  return (flags & O_PATH) || (flags & O_ACCMODE) == O_WRONLY ? HWS_E_ACCESS : HWS_OK;
}

int file_duplicate(int64_t file, int64_t *own) {
  *own = fcntl((int)file, F_DUPFD_CLOEXEC, 3);
  if (*own >= 0) return HWS_OK;
  return errno == EMFILE ? HWS_E_LIMIT : HWS_E_INVAL;
}

void file_close(int64_t own) {
  (void)close((int)own);
}

int file_check_kind(int64_t file, int *os_error) {
  struct stat status;
  if (fstat((int)file, &status) != 0) {
    *os_error = errno;
    return HWS_E_IO;
  }
  return S_ISREG(status.st_mode) ? HWS_OK : HWS_E_INVAL;
}

int64_t file_read(int64_t file, void *to, uint64_t bytes, uint64_t offset, int *os_error) {
  uint64_t done = 0;
  while (done < bytes) {
    ssize_t part = pread((int)file, (char *)to + done, bytes - done, (off_t)(offset + done));
    if (part < 0 && errno == EINTR) continue;
    if (part < 0 && done == 0) {
      *os_error = errno;
      return -1;
    }
    if (part <= 0) break; /* an error behind bytes is met again by the next read */
    done += (uint64_t)part;
  }
  return (int64_t)done;
}
