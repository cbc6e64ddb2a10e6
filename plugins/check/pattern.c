/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes that tell where in a stream they belong: the period is no power of two, so that a lost or doubled piece shows.
 */
#include "plugins/check/pattern.h"

#include "plugins/check/fault.h"

static unsigned char byte_at(uint64_t offset) {
  return (unsigned char)((offset * 131 + (offset >> 8) * 17 + (offset >> 16) * 29) % 251);
}

void check_pattern_fill(void *buffer, uint64_t offset, size_t bytes) {
  unsigned char *to = buffer;
  for (size_t i = 0; i < bytes; i++) to[i] = byte_at(offset + i);
}

void check_pattern_compare(const void *buffer, uint64_t offset, size_t bytes) {
  const unsigned char *from = buffer;
  for (size_t i = 0; i < bytes; i++) {
    CHECK(from[i] == byte_at(offset + i), "byte %llu of the stream is not what was sent",
          (unsigned long long)(offset + i));
  }
}
