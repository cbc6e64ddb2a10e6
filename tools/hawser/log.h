/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tool says on standard error: one line at a time, "hawser COMMAND: ...".
 */
#ifndef HAWSER_TOOL_LOG_H
#define HAWSER_TOOL_LOG_H

enum { EXIT_RUN_TIME = 1, EXIT_BAD_INPUT = 2 };

/* Set what stands before every line. The string must outlive the process. */
void log_name(const char *command);

/* One line, without its newline. Control characters, which a peer may have chosen, are replaced. */
void log_line(const char *format, ...) __attribute__((format(HAWSER_PRINTF, 1, 2)));

#endif
