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

/* A file in memory that holds so much of the pattern of DISK_SEED. */
int file_of(uint64_t bytes);

uint64_t post_file(struct world *world, hws_handle stream, int file, uint64_t offset, uint64_t length, hws_handle *op);
void expect_sent(struct world *world, uint64_t tag, int32_t status, uint64_t bytes);

/* The stream goes on where the file ended. */
void expect_usable(const struct link *link);

#endif
