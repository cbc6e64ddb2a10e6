/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses of named pipes: from the text of a URL to the name that Windows takes, and back. Pure, and for any system.
 *
 * npipe:////./pipe/NAME is \\.\pipe\NAME. A name has at most 247 units of UTF-16, and may have several parts, between
 * slashes. Windows would make other names of some, or step out of the pipes by them; those are refused.
 */
#ifndef HAWSER_NPIPE_ADDRESS_H
#define HAWSER_NPIPE_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

enum {
  NPIPE_PATH_MAX = 256, /* units of UTF-16, \\.\pipe\ among them */
  NPIPE_PREFIX = 9,     /* of that */
  NPIPE_NAME_MAX = NPIPE_PATH_MAX - NPIPE_PREFIX,
  NPIPE_TEXT_MAX = NPIPE_PREFIX + 3 * NPIPE_NAME_MAX,       /* bytes of UTF-8 */
  NPIPE_URL_MAX = 8 + NPIPE_PREFIX + 9 * NPIPE_NAME_MAX + 1 /* with its zero byte */
};

struct npipe_address {
  uint16_t path[NPIPE_PATH_MAX + 1]; /* zero-terminated */
  uint32_t length;                   /* units, without the zero */
};

/* Read "//./pipe/NAME". 0, or a negative hws_io_status with one line in `why`. */
int32_t npipe_address_parse(const char *text, size_t bytes, struct npipe_address *address, char *why, size_t why_size);

/* As a URL that can be dialled, printable whatever the name holds, and zero-terminated. Returns its length. */
size_t npipe_address_url(const struct npipe_address *address, char url[NPIPE_URL_MAX]);

#endif
