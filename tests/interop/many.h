/* SPDX-License-Identifier: Apache-2.0
 *
 * Many streams at once on one thread, driven by one completion queue.
 */
#ifndef HAWSER_TESTS_INTEROP_MANY_H
#define HAWSER_TESTS_INTEROP_MANY_H

#include "tests/interop/calls.h"

/* Open `count` streams, see each of them echo a line before any goes on, then have each echo `length` bytes and end. */
void many_streams(hws_handle session, size_t count, uint64_t length);

#endif
