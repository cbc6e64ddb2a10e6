/* SPDX-License-Identifier: Apache-2.0
 *
 * The system's files. What may wait for a disk is called on the threads of a pool only (source.c).
 */
#ifndef HAWSER_CORE_FILE_H
#define HAWSER_CORE_FILE_H

#include <stdint.h>

/* At once: HWS_OK; HWS_E_INVAL: no open descriptor; HWS_E_ACCESS: not open for reading. */
int file_check(int64_t file);

/* A descriptor of our own for the same open file, in *own. HWS_OK, HWS_E_LIMIT or HWS_E_INVAL. */
int file_duplicate(int64_t file, int64_t *own);
void file_close(int64_t own);

/* May block: HWS_OK; HWS_E_INVAL: not a regular file; HWS_E_IO with an error of the system. */
int file_check_kind(int64_t file, int *os_error);

/* May block: read up to `bytes` at that place, fewer only at the end of the file. How many were read; negative: nothing
 * was, and *os_error says why. The descriptor's own place in the file is left alone. */
int64_t file_read(int64_t file, void *to, uint64_t bytes, uint64_t offset, int *os_error);

#endif
