/* SPDX-License-Identifier: Apache-2.0
 *
 * Which directories were searched for plugins, and what was refused there: a scheme that nobody serves costs one search
 * and not one for each dial, and its error still names the refusals. A search that a shortage cut short does not count.
 */
#ifndef HAWSER_PLUGINS_SEARCHED_H
#define HAWSER_PLUGINS_SEARCHED_H

#include "plugins/registry.h"

struct searched {
  char *directory;
  unsigned refused;
  bool short_of;            /* one of them for a shortage, so it is to be searched again */
  struct plugin_error last; /* the last refusal */
  struct searched *next;
};

/* All under the registry's lock. */

/* NULL: not searched yet. */
struct searched *searched_find(const char *directory);

/* The record of a directory, new or emptied. NULL: out of memory. */
struct searched *searched_renew(const char *directory);

/* In a forked child. */
void searched_forget(void);

#endif
