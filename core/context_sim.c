/* SPDX-License-Identifier: Apache-2.0
 *
 * Contexts over ucontext.
 */
#define _GNU_SOURCE /* MAP_STACK */
#include "core/context_sim.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { STACK_BYTES = 256 * 1024, GUARD_BYTES = 4096 };

void context_make(struct context *context, void (*run)(void)) {
  if (!context->stack) {
    char *all = mmap(NULL, GUARD_BYTES + STACK_BYTES, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    if (all == MAP_FAILED || mprotect(all, GUARD_BYTES, PROT_NONE) != 0) abort();
    context->stack = all + GUARD_BYTES;
    context->stack_bytes = STACK_BYTES;
  }
  if (getcontext(&context->system) != 0) abort();
  context->system.uc_stack.ss_sp = context->stack;
  context->system.uc_stack.ss_size = context->stack_bytes;
  context->system.uc_link = NULL;
  makecontext(&context->system, run, 0);
}

void context_switch(struct context *from, struct context *to) {
  if (swapcontext(&from->system, &to->system) != 0) abort();
}
