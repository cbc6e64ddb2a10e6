/* SPDX-License-Identifier: Apache-2.0
 *
 * Failures end the process; see must.h.
 */
#include "bench/readiness/must.h"

#include <stdio.h>
#include <stdlib.h>

void fail(const char *what, const char *why) {
  (void)fflush(stdout);
  (void)fprintf(stderr, "bench_readiness: %s: %s\n", what, why);
  exit(1);
}

hws_result must(hws_result result, const char *what) {
  if (result < 0) fail(what, hws_status_text(result));
  return result;
}

void *must_allocate(size_t count, size_t bytes) {
  void *memory = calloc(count, bytes);
  if (!memory) fail("memory", "there is none");
  return memory;
}
