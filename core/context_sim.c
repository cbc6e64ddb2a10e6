/* SPDX-License-Identifier: Apache-2.0
 *
 * Contexts over ucontext, which begins them, and longjmp, which goes on with them: without a call of the system.
 *
 * Stacks lie where no run sees a difference: always at the same addresses, in the order of their making.
 */
#define _GNU_SOURCE /* MAP_STACK */
#include "core/context_sim.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "core/scheduler_sim.h"

enum { STACK_BYTES = 256 * 1024, GUARD_BYTES = 4096, EACH_BYTES = GUARD_BYTES + STACK_BYTES };

static char *const region = (char *)(uintptr_t)0x600000000000;
static unsigned made;

static char *next_stack(void) {
  if (!made) {
    char *all = mmap(region, (size_t)SIM_THREADS_MAX * EACH_BYTES, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (all != region) abort();
    for (unsigned i = 0; i < SIM_THREADS_MAX; i++)
      if (mprotect(region + (size_t)i * EACH_BYTES, GUARD_BYTES, PROT_NONE) != 0) abort();
  }
  return region + (size_t)made++ * EACH_BYTES + GUARD_BYTES;
}

void context_make(struct context *context, void (*run)(void)) {
  if (!context->stack) context->stack = next_stack();
  context->begun = false;
  if (getcontext(&context->first) != 0) abort();
  context->first.uc_stack.ss_sp = context->stack;
  context->first.uc_stack.ss_size = STACK_BYTES;
  context->first.uc_link = NULL;
  makecontext(&context->first, run, 0);
}

void context_switch(struct context *from, struct context *to) {
  from->begun = true;
  if (_setjmp(from->here) != 0) return;
  if (to->begun) _longjmp(to->here, 1);
  to->begun = true;
  (void)setcontext(&to->first);
  abort();
}
