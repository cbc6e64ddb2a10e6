/* SPDX-License-Identifier: Apache-2.0
 *
 * Which directories were searched for plugins, and what was refused there: a scheme that nobody serves costs one search
 * and not one for each dial, and its error still names the refusals.
 */
#ifndef HAWSER_PLUGINS_SEARCHED_H
#define HAWSER_PLUGINS_SEARCHED_H

#include "plugins/registry.h"

struct searched {
  char *directory;
  unsigned refused;
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
