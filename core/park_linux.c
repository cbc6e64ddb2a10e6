/* SPDX-License-Identifier: Apache-2.0
 *
 * Parking on futexes, and the rest of park.h.
 */
#define _GNU_SOURCE /* the strerror_r that returns the text */
#include "core/park.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { NS_PER_S = 1000000000 };

enum park_result park_wait(atomic_uint *word, unsigned expected, uint64_t deadline_ns) {
  struct timespec until = {.tv_sec = (time_t)(deadline_ns / NS_PER_S), .tv_nsec = (long)(deadline_ns % NS_PER_S)};
  const struct timespec *limit = deadline_ns == PARK_FOREVER ? NULL : &until;
  /* WAIT_BITSET takes an absolute time on CLOCK_MONOTONIC; plain WAIT a relative one. */
  long rc =
      syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, expected, limit, NULL, FUTEX_BITSET_MATCH_ANY);
  if (rc == 0 || errno == EAGAIN) return PARK_WOKEN;
  return errno == ETIMEDOUT ? PARK_TIMEOUT : PARK_INTERRUPTED;
}

void park_wake(atomic_uint *word, int count) {
  syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, count, NULL, NULL, 0);
}

void park_yield(void) {
  sched_yield();
}

uint64_t clock_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

const char *os_error_text(int os_error, char room[OS_ERROR_TEXT_MAX]) {
  return strerror_r(os_error, room, OS_ERROR_TEXT_MAX);
}
