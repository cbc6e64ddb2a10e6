/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths: UTF-8 here, UTF-16 there. And why the system refused.
 */
#ifndef HAWSER_PLUGINS_TEXT_WIN32_H
#define HAWSER_PLUGINS_TEXT_WIN32_H

#include <wchar.h>

/* Allocated; NULL: no memory, or text that is no UTF-8. */
wchar_t *text_to_wide(const char *text);

/* Allocated; NULL: no memory, or text that is no UTF-16. */
char *text_from_wide(const wchar_t *text);

/* One line for an error of GetLastError. */
struct text_error {
  char text[256];
};
struct text_error text_of_error(unsigned long error);

#endif
