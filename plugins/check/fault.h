/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of a case that found something: one line, and the process is over. Cases need no unwinding, because each has
 * a process of its own.
 */
#ifndef HAWSER_CHECK_FAULT_H
#define HAWSER_CHECK_FAULT_H

enum { CHECK_EXIT_PASSED = 0, CHECK_EXIT_FAILED = 97 };

/* Shared with the process that waits for this one, which was forked from it: a literal has one address in both. */
struct check_trace {
  _Atomic(const char *) inside; /* the slot of the plugin that was entered last; NULL: it has returned */
  char failure[400];            /* what was wrong; empty: nothing */
};

/* Without a call of this, failures go to stderr. */
void check_trace_use(struct check_trace *trace);

/* Name the slot that is about to run; NULL: it has returned. */
void check_trace_inside(const char *slot);

/* What was named last in this thread: a service may call another slot meanwhile. */
const char *check_trace_now(void);

__attribute__((format(HAWSER_PRINTF, 1, 2), noreturn)) void check_fail(const char *format, ...);

#define CHECK(condition, ...)                                                                                          \
  do {                                                                                                                 \
    if (!(condition)) check_fail(__VA_ARGS__);                                                                         \
  } while (0)

#endif
