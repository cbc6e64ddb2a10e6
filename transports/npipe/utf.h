/* SPDX-License-Identifier: Apache-2.0
 *
 * From UTF-8, as URLs have it, to UTF-16, as Windows has it, and back. Pure.
 */
#ifndef HAWSER_NPIPE_UTF_H
#define HAWSER_NPIPE_UTF_H

#include <stddef.h>
#include <stdint.h>

/* The character that begins at `text`, of at most `bytes`; *used is how many bytes it has. 0: it is none, or zero. */
uint32_t utf_read_8(const char *text, size_t bytes, size_t *used);

/* The character that begins at `units`, of at most `count`. */
uint32_t utf_read_16(const uint16_t *units, size_t count, size_t *used);

/* How many were written: at most 2 and 4. */
size_t utf_write_16(uint32_t character, uint16_t units[2]);
size_t utf_write_8(uint32_t character, unsigned char bytes[4]);

#endif
