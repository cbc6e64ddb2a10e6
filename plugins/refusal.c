/* SPDX-License-Identifier: Apache-2.0
 *
 * The text of a refusal, bounded and on one line.
 */
#include "plugins/refusal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The reason is worth more than the path, so a path has at most this many bytes of the line. */
enum { PATH_SHOWN = 200 };

static void text_append(struct plugin_error *error, const char *format, va_list arguments) {
  size_t used = strlen(error->text);
  (void)vsnprintf(error->text + used, sizeof error->text - used, format, arguments);
  for (char *at = error->text + used; *at != '\0'; at++) {
    unsigned char byte = (unsigned char)*at;
    if (byte < 0x20 || byte == 0x7f) *at = '?';
  }
}

void refusal_add(struct plugin_error *error, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  text_append(error, format, arguments);
  va_end(arguments);
}

bool refusal_say(struct plugin_error *error, const char *path, const char *format, ...) {
  va_list arguments;
  error->text[0] = '\0';
  error->short_of = false;
  if (path != NULL) {
    size_t length = strlen(path);
    if (length > PATH_SHOWN)
      refusal_add(error, "plugin ...%s: ", path + length - PATH_SHOWN);
    else
      refusal_add(error, "plugin %s: ", path);
  }
  va_start(arguments, format);
  text_append(error, format, arguments);
  va_end(arguments);
  return false;
}

bool refusal_no_memory(struct plugin_error *error, const char *path) {
  refusal_say(error, path, "out of memory");
  error->short_of = true;
  return false;
}
