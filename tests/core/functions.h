/* SPDX-License-Identifier: Apache-2.0
 *
 * Every function that takes a handle, so that tests can go through all of them.
 */
#ifndef HAWSER_TESTS_CORE_FUNCTIONS_H
#define HAWSER_TESTS_CORE_FUNCTIONS_H

#include "tests/core/zoo.h"

struct function {
  const char *name;
  hws_result (*call)(hws_handle handle);
  unsigned takes; /* bits of enum type */
};

extern const struct function functions[];
extern const size_t function_count;

/* How ops are submitted; set it before a call. */
extern struct hws_how *functions_how;

static inline bool function_takes(const struct function *function, enum type type) {
  return function->takes & (1U << type);
}

#endif
