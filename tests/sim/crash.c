/* SPDX-License-Identifier: Apache-2.0
 *
 * The handler runs on a stack of its own and replaces the process, so that what is broken is not used any more.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "tests/sim/crash.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/sim/telling.h"

enum { STACK_BYTES = 256 * 1024 };

static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};

/* Not static, as it belongs to no story. */
static struct crash {
  const struct telling *telling;
  struct telling_options options;
  char stack[STACK_BYTES];
} * crash;

void crash_begin(void) {
  crash = mmap(NULL, sizeof *crash, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (crash == MAP_FAILED) abort();
}

void crash_would_be(const struct telling *telling) {
  crash->telling = telling;
}

static void on_crash(int number) {
  struct telling_options *options = &crash->options;
  telling_options(crash->telling, options);
  printf("it crashed, with signal %d\n", number);
  telling_print(crash->telling);
  fflush(stdout);
  char *arguments[TELLING_OPTIONS_MAX + 3] = {"stories", "--shrink"};
  for (unsigned i = 0; i < options->count; i++) arguments[2 + i] = options->each[i];
  (void)execv("/proc/self/exe", arguments);
  _exit(1);
}

static void handle(void (*handler)(int)) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK | SA_NODEFER};
  for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++) (void)sigaction(signals[i], &action, NULL);
}

void crash_is_caught(void) {
  const stack_t stack = {.ss_sp = crash->stack, .ss_size = sizeof crash->stack};
  (void)sigaltstack(&stack, NULL);
  handle(on_crash);
}

void crash_is_plain(void) {
  handle(SIG_DFL);
}
