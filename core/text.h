/* SPDX-License-Identifier: Apache-2.0
 *
 * What of a text can be shown to a person: UTF-8, on one line, and nothing in it that a terminal or a viewer obeys.
 */
#ifndef HAWSER_CORE_TEXT_H
#define HAWSER_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether all of it can be. No zero can. */
bool text_is_clean(const char *text, size_t len);

/* Put '?' for each byte of what cannot be. Zero-terminated; a '?' is no longer than what it stands for. */
void text_clean(char *text);

#endif
