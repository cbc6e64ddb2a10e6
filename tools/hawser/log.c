/* SPDX-License-Identifier: Apache-2.0
 *
 * One line on standard error. Texts in it can come from a peer, so nothing that a terminal obeys gets through.
 */
#include "tools/hawser/log.h"

#include <stdarg.h>
#include <stdio.h>

static const char *command_name = "";

void log_name(const char *command) {
  command_name = command;
}

void log_line(const char *format, ...) {
  char line[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  for (char *c = line; *c; c++) {
    if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = '?';
  }
  fprintf(stderr, "hawser%s%s: %s\n", *command_name ? " " : "", command_name, line);
}
