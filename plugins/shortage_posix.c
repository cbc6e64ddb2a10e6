/* SPDX-License-Identifier: Apache-2.0
 *
 * Which errors of the system are for want of something.
 */
#include "plugins/shortage_posix.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "plugins/refusal.h"

bool shortage_is(int os_error) {
  return os_error == EMFILE || os_error == ENFILE || os_error == ENOMEM;
}

bool shortage_say(struct plugin_error *error, int os_error, const char *path, const char *format, ...) {
  char doing[sizeof error->text];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(doing, sizeof doing, format, arguments);
  va_end(arguments);
  refusal_say(error, path, "%s: %s", doing, strerror(os_error));
  error->short_of = shortage_is(os_error);
  return false;
}
