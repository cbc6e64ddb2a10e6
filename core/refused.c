/* SPDX-License-Identifier: Apache-2.0
 *
 * What is said of refusals, whatever keeps it.
 */
#include "core/refused.h"

#include <stdarg.h>
#include <stdio.h>

enum { WORDS_MAX = sizeof(((struct hws_detail *)0)->text) };

static void put(struct cause *cause) {
  if (refused_keep(cause)) return;
  (void)refused_keep(cause_plain(cause->status));
  cause_unref(cause);
}

int refused_set(struct cause *cause) {
  int status = cause->status;
  (void)refused_said(status);
  put(cause);
  return status;
}

int refused_say(int status, const char *format, ...) {
  char words[WORDS_MAX];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(words, sizeof words, format, args);
  va_end(args);
  return refused_set(cause_make(status, 0, 0, "%s", words));
}

int refused_close(const char *name, int status) {
  if (refused_said(0) == status) return status;
  /* HWS_E_AGAIN comes often, and is nobody's fault: no memory is taken for its words. */
  bool again = status == HWS_E_AGAIN;
  put(again ? cause_plain(status) : cause_make(status, 0, 0, "%s: %s", name, status_text(status)));
  return status;
}

void refused_tell(struct hws_detail *detail) {
  const struct cause *cause = refused_kept();
  cause_tell(cause, detail);
  if (cause && !detail->text[0]) (void)snprintf(detail->text, sizeof detail->text, "%s", status_text(cause->status));
}
