/* SPDX-License-Identifier: Apache-2.0
 *
 * The conformance kit: runs a transport or a filter against the rules of hawser_plugin.h on a small host of its own,
 * and says which it breaks. docs/conformance.md lists the cases.
 */
#ifndef HAWSER_CHECK_H
#define HAWSER_CHECK_H

#include <stdbool.h>
#include <stdio.h>

#include "plugins/hawser_plugin.h"

struct check_config {
  const char *plugin;                /* absolute path of the file; NULL: `manifest` */
  const struct hws_plugin *manifest; /* of a plugin in this process; NULL: `plugin` */
  const char *under;                 /* for a filter: absolute path of the transport that it is to stand on */
  const char *listen_url; /* where the cases listen, one after another; a filter's with its scheme in front */
  const char *dial_url;   /* where they dial; NULL: what the listener says it is */
  const char *dial_more;  /* parameters that are added to that, with their "?"; NULL: none */
  bool watches;           /* with this URL it asks for readiness, though its manifest does not need it */
  const char *only;       /* run only cases whose name begins with this; NULL: all */
  unsigned patience_ms;   /* of one wait in a case; 0: 10000 */
  uint64_t without;       /* hws_cap: what of the plugin's capabilities the parameters of these URLs take away */
};

struct check_report {
  unsigned passed;
  unsigned failed;
  unsigned not_offered; /* the plugin's capabilities leave the case out */
};

/* Run the cases, each in a process of its own so that a crash or a hang is one failed case, and print a line for each:
 *   ok NAME
 *   FAIL NAME: what was wrong
 *   -- NAME: not offered (what is missing)
 * The calling process must not have other threads. 0: no case failed. */
int check_run(const struct check_config *config, FILE *out, struct check_report *report);

#endif
