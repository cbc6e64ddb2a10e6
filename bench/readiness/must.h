/* SPDX-License-Identifier: Apache-2.0
 *
 * What must not fail: else say what did, and end.
 */
#ifndef HAWSER_BENCH_READINESS_MUST_H
#define HAWSER_BENCH_READINESS_MUST_H

#include <stddef.h>

#include "abi/hawser.h"

_Noreturn void fail(const char *what, const char *why);

/* Pass on a result that is not negative. */
hws_result must(hws_result result, const char *what);

/* `count` pieces of zeroed memory. */
void *must_allocate(size_t count, size_t bytes);

#endif
