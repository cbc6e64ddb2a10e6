/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tool says on standard error: one line at a time, "hawser COMMAND: ...".
 */
#ifndef HAWSER_TOOL_LOG_H
#define HAWSER_TOOL_LOG_H

#include <stdbool.h>

enum { EXIT_RUN_TIME = 1, EXIT_BAD_INPUT = 2 };

/* Set what stands before every line. The string must outlive the process. */
void log_name(const char *command);

/* One line, without its newline. What a terminal obeys, which a peer may have chosen, is replaced. */
void log_line(const char *format, ...) __attribute__((format(HAWSER_PRINTF, 1, 2)));

/* The same for what a peer can provoke: of such lines there are 100 in a burst and 10 a second, and the next one says
 * how many were left out. */
void log_provoked(const char *format, ...) __attribute__((format(HAWSER_PRINTF, 1, 2)));

/* Say how many were left out since the last line that was said; nothing if none were. */
void log_settle(void);

/* Whether there was a line so far. */
bool log_has_spoken(void);

#endif
