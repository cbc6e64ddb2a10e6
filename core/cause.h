/* SPDX-License-Identifier: Apache-2.0
 *
 * Why something ended or failed: a status with what a person needs to know. Shared by reference, never changed.
 */
#ifndef HAWSER_CORE_CAUSE_H
#define HAWSER_CORE_CAUSE_H

#include <stdatomic.h>
#include <stdint.h>

#include "abi/hawser.h"

struct cause {
  atomic_uint refs;
  int32_t status;
  int32_t os_error;
  uint16_t flags; /* hws_event_flag */
  uint64_t code;
  char text[];
};

/* The table of statuses (status.c). Never NULL. */
const char *status_name(int32_t status);
const char *status_text(int32_t status);

/* Never NULL: without memory, a cause with the status alone. */
struct cause *cause_make(int status, int os_error, uint64_t code, const char *format, ...)
    __attribute__((format(HAWSER_PRINTF, 4, 5)));

/* A reset by the peer, or anything else that it caused. reason may be NULL. */
struct cause *cause_remote(int status, uint64_t code, const char *reason);

/* One that was just made, and nobody else has: it was the peer that brought it about. Returns what to use instead. */
struct cause *cause_by_peer(struct cause *cause);

/* The cause that has nothing to say but its status, and that of a peer. */
struct cause *cause_plain(int status);
struct cause *cause_plain_remote(int status);

struct cause *cause_ref(struct cause *cause);
void cause_unref(struct cause *cause); /* NULL is fine */

/* Into a detail whose size was checked. cause may be NULL. */
void cause_tell(const struct cause *cause, struct hws_detail *detail);

#endif
