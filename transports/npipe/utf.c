/* SPDX-License-Identifier: Apache-2.0
 *
 * UTF-8 and UTF-16. Nothing but the one right form of a character is taken: no surrogate in UTF-8 and no longer form
 * of a shorter character, so that no name has two spellings.
 */
#include "transports/npipe/utf.h"

enum { LAST = 0x10ffff, SURROGATES = 0xd800, LOW = 0xdc00, BEHIND = 0xe000 };

static size_t length_8(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) return 3;
  return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

uint32_t utf_read_8(const char *text, size_t bytes, size_t *used) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t length = bytes > 0 ? length_8((unsigned char)text[0]) : 0;
  if (length == 0 || length > bytes) return 0;
  uint32_t character = (unsigned char)text[0];
  if (length > 1) character &= 0x7fU >> length;
  for (size_t i = 1; i < length; i++) {
    unsigned char byte = (unsigned char)text[i];
    if ((byte & 0xc0) != 0x80) return 0;
    character = character << 6 | (byte & 0x3fU);
  }
  if (character < least[length] || character > LAST || (character >= SURROGATES && character < BEHIND)) return 0;
  *used = length;
  return character;
}

uint32_t utf_read_16(const uint16_t *units, size_t count, size_t *used) {
  if (count == 0) return 0;
  *used = 1;
  if (units[0] < SURROGATES || units[0] >= BEHIND) return units[0];
  if (units[0] >= LOW || count < 2 || units[1] < LOW || units[1] >= BEHIND) return 0;
  *used = 2;
  return 0x10000 + ((units[0] & 0x3ffU) << 10 | (units[1] & 0x3ffU));
}

size_t utf_write_16(uint32_t character, uint16_t units[2]) {
  if (character < 0x10000) {
    units[0] = (uint16_t)character;
    return 1;
  }
  units[0] = (uint16_t)(SURROGATES | (character - 0x10000) >> 10);
  units[1] = (uint16_t)(LOW | ((character - 0x10000) & 0x3ffU));
  return 2;
}

size_t utf_write_8(uint32_t character, unsigned char bytes[4]) {
  size_t length = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
  static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
  for (size_t i = length - 1; i > 0; i--, character >>= 6) bytes[i] = (unsigned char)(0x80 | (character & 0x3f));
  bytes[0] = (unsigned char)(first[length] | character);
  return length;
}
