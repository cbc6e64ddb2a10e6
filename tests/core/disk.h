/* SPDX-License-Identifier: Apache-2.0
 *
 * A disk that answers when it is let, and what tests of file sends say. For programs of their own: it stands between
 * the library, or a transport, and the system.
 */
#ifndef HAWSER_TESTS_CORE_DISK_H
#define HAWSER_TESTS_CORE_DISK_H

#include "tests/core/places.h"

enum { DISK_SEED = 77 };

/* From here on reads wait, until it is opened again. */
void disk_set(bool closed);
unsigned disk_inside(void); /* reads that wait */
unsigned disk_reads(void);

/* The read after `after` more fails so, and those that follow, unless once; 0: none does. */
void disk_fail(int error, int after, bool once);
int disk_error(void); /* what is still to be met */

/* A call that may have to wait for the disk. 0, or the error that it is to fail with. */
int disk_pass(void);

/* Stand before what was loaded meanwhile, too. */
void disk_reach(void);

/* ---- of the system ---- */

/* Errors that a disk may give, the first of which is its usual one. */
enum { DISK_ERRORS = 4 };
extern const int disk_errors[DISK_ERRORS];

/* A file that holds so much of the pattern of DISK_SEED, and goes when it is closed. */
int64_t file_of(uint64_t bytes);
void file_done(int64_t file);

/* Where a read of it that names no place would begin. */
uint64_t file_place(int64_t file);

/* Cut it, or make it longer. */
void file_resize(int64_t file, uint64_t bytes);

/* What is open, and cannot be sent: the same file for writing only, a folder, the end of a pipe. To be closed as a file
 * is. And the number of one that is closed. */
int64_t file_write_only(int64_t file);
int64_t file_folder(void);
int64_t file_pipe(void);
int64_t file_closed(void);

/* ---- words ---- */

uint64_t post_file(struct world *world, hws_handle stream, int64_t file, uint64_t offset, uint64_t length,
                   hws_handle *op);
void expect_sent(struct world *world, uint64_t tag, int32_t status, uint64_t bytes);

/* The stream goes on where the file ended. */
void expect_usable(const struct link *link);

#endif
