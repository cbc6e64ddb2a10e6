/* SPDX-License-Identifier: Apache-2.0
 *
 * Causes, and the static ones that need no memory.
 */
#include "core/cause.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

enum { TEXT_MAX = sizeof(((struct hws_detail *)0)->text) };

/* Two for every status, the second of a peer that brought it about; refs 0 marks them as never freed. */
#define PLAIN(n) [n] = {{.status = -(n)}, {.status = -(n), .flags = HWS_EVENT_REMOTE}}
static struct cause plain[][2] = {PLAIN(1),  PLAIN(2),  PLAIN(3),  PLAIN(4),  PLAIN(5),  PLAIN(6),
                                  PLAIN(7),  PLAIN(8),  PLAIN(9),  PLAIN(10), PLAIN(11), PLAIN(12),
                                  PLAIN(13), PLAIN(14), PLAIN(15), PLAIN(16), PLAIN(17), PLAIN(18),
                                  PLAIN(19), PLAIN(20), PLAIN(21), PLAIN(22), PLAIN(23)};
enum { STATUSES = sizeof plain / sizeof plain[0] };

static struct cause *plain_of(int status, bool remote) {
  unsigned index = (unsigned)-status;
  return &plain[index < STATUSES ? index : (unsigned)-HWS_E_INTERNAL][remote];
}

struct cause *cause_plain(int status) {
  return plain_of(status, false);
}

struct cause *cause_plain_remote(int status) {
  return plain_of(status, true);
}

static struct cause *cause_new(int status, size_t text_size) {
  struct cause *cause = calloc(1, sizeof *cause + text_size);
  if (!cause) return NULL;
  cause->refs = 1;
  cause->status = status;
  return cause;
}

struct cause *cause_make(int status, int os_error, uint64_t code, const char *format, ...) {
  char text[TEXT_MAX];
  va_list args;
  va_start(args, format);
  int len = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (len < 0) text[0] = 0; /* never: every format here is one that the system knows */
  text_clean(text);         /* it may hold what peers, plugins and paths say */
  size_t size = strnlen(text, sizeof text - 1) + 1;
  struct cause *cause = cause_new(status, size);
  if (!cause) return cause_plain(status);
  cause->os_error = os_error;
  cause->code = code;
  memcpy(cause->text, text, size - 1);
  return cause;
}

struct cause *cause_by_peer(struct cause *cause) {
  if (!cause->refs) return cause_plain_remote(cause->status);
  cause->flags |= HWS_EVENT_REMOTE;
  return cause;
}

struct cause *cause_remote(int status, uint64_t code, const char *reason) {
  return cause_by_peer(cause_make(status, 0, code, "%s", reason));
}

struct cause *cause_ref(struct cause *cause) {
  if (cause && cause->refs) atomic_fetch_add_explicit(&cause->refs, 1, memory_order_relaxed);
  return cause;
}

void cause_unref(struct cause *cause) {
  if (!cause || !atomic_load_explicit(&cause->refs, memory_order_relaxed)) return;
  if (atomic_fetch_sub_explicit(&cause->refs, 1, memory_order_acq_rel) == 1) free(cause);
}

void cause_tell(const struct cause *cause, struct hws_detail *detail) {
  detail->status = cause ? cause->status : HWS_OK;
  detail->os_error = cause ? cause->os_error : 0;
  detail->flags = cause ? cause->flags : 0;
  detail->code = cause ? cause->code : 0;
  detail->text[0] = 0;
  if (cause && cause->refs) snprintf(detail->text, sizeof detail->text, "%s", cause->text);
}
