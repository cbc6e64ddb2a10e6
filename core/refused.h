/* SPDX-License-Identifier: Apache-2.0
 *
 * Refusals: why a call was refused, in words, for the thread that made it and for no other (OP-12).
 *
 * Who refuses says the words where it knows them, by refused_say or refused_set. The call's way out, refused_answer,
 * puts general ones in their place where nobody did. What was said stays until the thread's next refused call.
 */
#ifndef HAWSER_CORE_REFUSED_H
#define HAWSER_CORE_REFUSED_H

#include <stdbool.h>

#include "core/cause.h"

/* These return the status. */
int refused_set(struct cause *cause); /* consumes it */
int refused_say(int status, const char *format, ...) __attribute__((format(HAWSER_PRINTF, 2, 3)));

/* The call of that name was refused. */
int refused_close(const char *name, int status);

/* The way out of every call that can be refused. */
static inline int refused_answer(const char *name, int result) {
  return result < 0 ? refused_close(name, result) : result;
}

/* The calling thread's last. */
void refused_tell(struct hws_detail *detail);

/* ---- what the system keeps for a thread (refused_posix.c, refused_win32.c) ---- */

/* The thread's, lent; NULL: there has been none. */
struct cause *refused_kept(void);

/* In its place; takes the reference. False: memory could not be given back when the thread ends, so it is not kept, and
 * the caller's still. Never for a cause that has none. */
bool refused_keep(struct cause *cause);

/* The status for which somebody has said the words, until the call is out; 0: nobody. Returns the one before. */
int refused_said(int status);

#endif
