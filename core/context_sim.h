/* SPDX-License-Identifier: Apache-2.0
 *
 * A stack of its own for each simulated thread, and switching between them.
 */
#ifndef HAWSER_CORE_CONTEXT_SIM_H
#define HAWSER_CORE_CONTEXT_SIM_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <ucontext.h>

struct context {
  ucontext_t first; /* where it begins */
  jmp_buf here;     /* where it goes on */
  bool begun;
  void *stack; /* kept from run to run; NULL: none yet, or the process's own */
};

/* Begin at `run`, which never returns, at the next switch to it. Aborts without memory. */
void context_make(struct context *context, void (*run)(void));

void context_switch(struct context *from, struct context *to);

#endif
