/* SPDX-License-Identifier: Apache-2.0
 *
 * Files for the cases that send them.
 */
#ifndef HAWSER_CHECK_FILES_H
#define HAWSER_CHECK_FILES_H

#include <stddef.h>
#include <stdint.h>

/* A file without a name that holds so much of the pattern. */
int64_t check_file_make(size_t bytes);
/* A descriptor that is open for reading and is no file. */
int64_t check_file_none(void);
void check_file_close(int64_t file);

/* Block all signals of this thread, as a host does where it calls for a file. */
void check_file_block_signals(void);

#endif
