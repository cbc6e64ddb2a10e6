/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of a case that found something.
 */
#include "plugins/check/fault.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct check_trace *shared;
static _Thread_local const char *inside;
static atomic_flag failed = ATOMIC_FLAG_INIT;

void check_trace_use(struct check_trace *trace) {
  shared = trace;
}

void check_trace_inside(const char *slot) {
  inside = slot;
  if (shared) atomic_store_explicit(&shared->inside, slot, memory_order_relaxed);
}

const char *check_trace_now(void) {
  return inside;
}

/* The first thread to fail tells; another that fails meanwhile waits for the end. */
void check_fail(const char *format, ...) {
  char text[sizeof shared->failure];
  while (atomic_flag_test_and_set(&failed)) {
  }
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (inside && length > 0 && (size_t)length < sizeof text) {
    (void)snprintf(text + length, sizeof text - (size_t)length, " (inside %s)", inside);
  }
  if (shared) {
    memcpy(shared->failure, text, sizeof text);
  } else {
    (void)fprintf(stderr, "check: %s\n", text);
  }
  _Exit(CHECK_EXIT_FAILED);
}
