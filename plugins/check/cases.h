/* SPDX-License-Identifier: Apache-2.0
 *
 * The cases, by subject. What each shows stands in docs/conformance.md.
 */
#ifndef HAWSER_CHECK_CASES_H
#define HAWSER_CHECK_CASES_H

#include "plugins/check/fixture.h"

enum check_case_flag {
  CHECK_EVERY_ARMING = 1, /* run once for each way in which a host may arm, if the plugin needs readiness at all */
  CHECK_NO_HOST = 2,      /* fixture->host is NULL */
  CHECK_NEEDS_WATCH = 4,  /* only for plugins that use the host's readiness */
  CHECK_TRANSPORT = 8,    /* about listening, dialling or descriptors: not for filters */
  CHECK_FILTER = 16       /* for filters only */
};

struct check_case {
  const char *name;
  uint64_t needs; /* hws_cap */
  unsigned flags; /* check_case_flag */
  void (*run)(struct fixture *fixture);
};

/* Each ends with an entry without a name. */
extern const struct check_case check_cases_manifest[];
extern const struct check_case check_cases_connect[];
extern const struct check_case check_cases_data[];
extern const struct check_case check_cases_messages[];
extern const struct check_case check_cases_file[];
extern const struct check_case check_cases_readiness[];
extern const struct check_case check_cases_end[];
extern const struct check_case check_cases_cancel[];
extern const struct check_case check_cases_shortage[];
extern const struct check_case check_cases_threads[];
extern const struct check_case check_cases_filter[];

/* The manifest under test. */
const struct hws_plugin *check_manifest(const struct check_config *config);

/* Descriptors of this process. Linux counts them; 0 elsewhere. */
unsigned check_descriptors_open(void);
/* Use up every descriptor that this process may have, and give them back. */
void check_descriptors_exhaust(void);
void check_descriptors_restore(void);

#endif
