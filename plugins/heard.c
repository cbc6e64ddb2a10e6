/* SPDX-License-Identifier: Apache-2.0
 *
 * By thread, so that what plugins loaded before log meanwhile, in threads of theirs, is not taken for it.
 */
#include "plugins/heard.h"

#include <stddef.h>
#include <stdio.h>

#include "plugins/registry.h"

static _Thread_local struct heard *listening;

void heard_begin(struct heard *heard) {
  heard->line[0] = '\0';
  listening = heard;
}

void heard_end(void) {
  listening = NULL;
}

void registry_heard(const char *text) {
  if (listening != NULL) (void)snprintf(listening->line, sizeof listening->line, "%s", text);
}
