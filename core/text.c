/* SPDX-License-Identifier: Apache-2.0
 *
 * Checking texts, by character.
 */
#include "core/text.h"

#include <stdint.h>
#include <string.h>

struct range {
  uint32_t first;
  uint32_t last;
};

/* Controls (C0, DEL, C1), ends of lines and paragraphs, and what turns the direction of writing, so that a text reads
 * otherwise than it is. */
static const struct range refused[] = {{0, 0x1f},        {0x7f, 0x9f},     {0x61c, 0x61c},
                                       {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069}};

/* The first byte says how long a sequence is, and what its least value is: a shorter one could say less. */
static size_t decode(const unsigned char *at, size_t len, uint32_t *value) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t size = at[0] < 0x80 ? 1 : at[0] < 0xc0 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf8 ? 4 : 0;
  if (!size || size > len) return 0;
  *value = size == 1 ? at[0] : at[0] & (0x7fU >> size);
  for (size_t i = 1; i < size; i++) {
    if ((at[i] & 0xc0) != 0x80) return 0;
    *value = *value << 6 | (at[i] & 0x3f);
  }
  bool surrogate = *value >= 0xd800 && *value <= 0xdfff;
  return *value < least[size] || *value > 0x10ffff || surrogate ? 0 : size;
}

/* The bytes of the character at `at`; 0: it is none that can be shown. */
static size_t shown(const unsigned char *at, size_t len) {
  uint32_t value = 0;
  size_t size = decode(at, len, &value);
  for (size_t i = 0; size && i < sizeof refused / sizeof *refused; i++)
    if (value >= refused[i].first && value <= refused[i].last) return 0;
  return size;
}

bool text_is_clean(const char *text, size_t len) {
  while (len) {
    size_t size = shown((const unsigned char *)text, len);
    if (!size) return false;
    text += size;
    len -= size;
  }
  return true;
}

/* A character that is refused goes as a whole, else its later bytes would stand alone; of what is no UTF-8 each byte.
 */
void text_clean(char *text) {
  for (size_t len = strlen(text); len;) {
    uint32_t value;
    size_t whole = decode((const unsigned char *)text, len, &value);
    size_t size = whole ? whole : 1;
    if (!shown((const unsigned char *)text, len)) memset(text, '?', size);
    text += size;
    len -= size;
  }
}
