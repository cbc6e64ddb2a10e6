/* SPDX-License-Identifier: Apache-2.0
 *
 * The distances between marks, seven bits a byte, least first; the last byte of each has its top bit clear.
 */
#include "core/marks.h"

#include <stdlib.h>
#include <string.h>

enum { CODE_MAX = 10, ROOM_MIN = 64 };

static uint32_t code(uint8_t out[CODE_MAX], uint64_t value) {
  uint32_t len = 0;
  for (; value >= 0x80; value >>= 7) out[len++] = (uint8_t)(value | 0x80);
  out[len++] = (uint8_t)value;
  return len;
}

static uint64_t decode(const uint8_t *in, uint32_t *len) {
  uint64_t value = 0;
  for (*len = 0;; ++*len) {
    value |= (uint64_t)(in[*len] & 0x7f) << (7 * *len);
    if (in[*len] < 0x80) break;
  }
  ++*len;
  return value;
}

/* Room for one more code at the end. What is kept begins behind room for one more at the front, for marks_put_back. */
bool marks_reserve(struct marks *marks) {
  uint32_t used = marks->end - marks->first;
  if (marks->room - marks->end >= CODE_MAX) return true;
  uint32_t room = marks->room;
  if (room < 2 * (uint64_t)used + 2 * (uint64_t)CODE_MAX) {
    if (room > UINT32_MAX / 2) return false;
    room = room ? room * 2 : ROOM_MIN;
  }
  uint8_t *coded = room == marks->room ? marks->coded : malloc(room);
  if (!coded) return false;
  if (used) memmove(coded + CODE_MAX, marks->coded + marks->first, used);
  if (coded != marks->coded) free(marks->coded);
  marks->coded = coded;
  marks->room = room;
  marks->first = CODE_MAX;
  marks->end = CODE_MAX + used;
  return true;
}

bool marks_add(struct marks *marks, uint64_t bytes) {
  if (!marks_reserve(marks)) return false;
  if (marks->count)
    marks->end += code(marks->coded + marks->end, bytes - marks->covered);
  else
    marks->next = bytes;
  marks->covered = bytes;
  marks->count++;
  return true;
}

void marks_skip(struct marks *marks, uint64_t bytes) {
  if (!marks->count) return;
  marks->next -= bytes;
  marks->covered -= bytes;
}

bool marks_take(struct marks *marks, uint64_t bytes) {
  if (!marks->count) return false;
  marks_skip(marks, bytes);
  if (marks->next) return false;
  if (--marks->count) {
    uint32_t len;
    marks->next = decode(marks->coded + marks->first, &len);
    marks->first += len;
  }
  return true;
}

void marks_put_back(struct marks *marks, uint64_t bytes, bool mark) {
  if (mark && marks->count) {
    uint8_t coded[CODE_MAX];
    uint32_t len = code(coded, marks->next);
    marks->first -= len;
    memcpy(marks->coded + marks->first, coded, len);
    marks->next = 0;
  } else if (mark) {
    marks->next = marks->covered = 0;
  }
  if (mark) marks->count++;
  if (!marks->count) return;
  marks->next += bytes;
  marks->covered += bytes;
}

void marks_clear(struct marks *marks) {
  free(marks->coded);
  *marks = (struct marks){0};
}
