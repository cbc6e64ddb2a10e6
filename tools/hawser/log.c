/* SPDX-License-Identifier: Apache-2.0
 *
 * One line on standard error. Texts in it can come from a peer, so nothing that a terminal obeys gets through; and a
 * peer can provoke lines, so those have a budget.
 */
#include "tools/hawser/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "abi/hawser.h"

enum { LINE_MAX_BYTES = 1024, BURST = 100 };
static const uint64_t LINE_NS = 100000000; /* what a line costs of time */

static const char *command_name = "";
static bool has_spoken;

void log_name(const char *command) {
  command_name = command;
}

/* ---- texts ---- */

/* How many bytes the character at `at` has; 0: it is no UTF-8. */
static size_t decode(const unsigned char *at, uint32_t *value) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t size = at[0] < 0x80 ? 1 : at[0] < 0xc0 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf8 ? 4 : 0;
  *value = size < 2 ? at[0] : at[0] & (0x7fU >> size);
  for (size_t i = 1; i < size; i++) {
    if ((at[i] & 0xc0) != 0x80) return 0; /* also the zero at the end */
    *value = *value << 6 | (at[i] & 0x3f);
  }
  bool surrogate = *value >= 0xd800 && *value <= 0xdfff;
  return size && (*value < least[size] || *value > 0x10ffff || surrogate) ? 0 : size;
}

/* Controls, ends of lines, and what turns the direction of writing. */
static bool is_obeyed(uint32_t value) {
  if (value < 0x20 || (value >= 0x7f && value < 0xa0) || value == 0x61c) return true;
  if (value == 0x200e || value == 0x200f) return true;
  return (value >= 0x2028 && value <= 0x202e) || (value >= 0x2066 && value <= 0x2069);
}

static void clean(char *line) {
  for (char *at = line; *at;) {
    uint32_t value;
    size_t size = decode((const unsigned char *)at, &value);
    if (!size || is_obeyed(value)) memset(at, '?', size ? size : 1);
    at += size ? size : 1;
  }
}

/* ---- lines ---- */

__attribute__((format(HAWSER_PRINTF, 2, 0))) static void say(uint64_t left_out, const char *format, va_list arguments) {
  char line[LINE_MAX_BYTES];
  char more[64] = "";
  vsnprintf(line, sizeof line, format, arguments);
  clean(line);
  if (left_out) snprintf(more, sizeof more, " (%" PRIu64 " lines like it were left out)", left_out);
  fprintf(stderr, "hawser%s%s: %s%s\n", *command_name ? " " : "", command_name, line, more);
}

void log_line(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  say(0, format, arguments);
  va_end(arguments);
  has_spoken = true;
}

/* The budget: each line moves the time from which on it is whole again, which lies at most a burst ahead. */
static uint64_t whole_at;
static uint64_t left_out;

static bool may_say(void) {
  uint64_t now = hws_now();
  if (whole_at < now) whole_at = now;
  if (whole_at - now > (BURST - 1) * LINE_NS) return false;
  whole_at += LINE_NS;
  return true;
}

void log_provoked(const char *format, ...) {
  if (!may_say()) {
    left_out++;
    return;
  }
  va_list arguments;
  va_start(arguments, format);
  say(left_out, format, arguments);
  va_end(arguments);
  left_out = 0;
}

void log_settle(void) {
  if (left_out) log_line("%" PRIu64 " lines about what peers did were left out", left_out);
  left_out = 0;
}

bool log_has_spoken(void) {
  return has_spoken;
}
