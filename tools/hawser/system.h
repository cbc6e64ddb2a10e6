/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tool asks of the operating system beside the library: signals and paths.
 */
#ifndef HAWSER_TOOL_SYSTEM_H
#define HAWSER_TOOL_SYSTEM_H

#include <stdbool.h>
#include <stdint.h>

struct system_requests {
  unsigned stops; /* how often the tool was asked to end since the last look */
  bool report;    /* counters were asked for */
};

/* Catch the requests to stop (interrupt, terminate) and to report. Each ends a wait: by interrupting it, or by a call
 * of `wake` from another thread. */
void system_catch_signals(void (*wake)(uint64_t argument), uint64_t argument);

/* Take what was asked for since the last look. */
struct system_requests system_take_requests(void);

/* The absolute path of a file that exists, for free(); NULL with errno. */
char *system_absolute_path(const char *path);

/* Whether it is more than the name of a file. */
bool system_is_path(const char *text);

/* What stands behind the last separator of a path. */
const char *system_file_of(const char *path);

#endif
