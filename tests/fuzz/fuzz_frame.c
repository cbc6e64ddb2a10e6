/* SPDX-License-Identifier: Apache-2.0
 *
 * The frame parser against any bytes, in any pieces: the first byte of the input says how the rest is cut, and by its
 * highest bit whether both ends speak native. Whatever comes, the parser must tell the same as it does of the whole,
 * and a legal header must encode to what it was.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/mux/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct story {
  uint8_t *bytes;
  size_t length;
};

static void check(int holds) {
  if (!holds) abort();
}

static void tell(struct story *story, const void *bytes, size_t length) {
  memcpy(story->bytes + story->length, bytes, length);
  story->length += length;
}

static void feed(struct parser *parser, struct story *story, const uint8_t *piece, size_t length) {
  const uint8_t *const end = piece + length;
  uint8_t header[FRAME_HEADER_SIZE];

  for (;;) {
    const uint8_t *const before = piece;
    const enum parse_event event = parser_next(parser, &piece, &length);

    check(piece >= before && piece <= end && length == (size_t)(end - piece));
    switch (event) {
    case PARSE_MORE:
      check(length == 0);
      return;
    case PARSE_FRAME:
      frame_encode(header, &parser->frame);
      check((parser->native ? frame_decode_native : frame_decode)(header, &parser->frame) == NULL);
      tell(story, header, sizeof header);
      break;
    case PARSE_BODY:
      check(parser->body == before && parser->body + parser->body_len == piece && parser->body_len > 0);
      tell(story, parser->body, parser->body_len);
      break;
    case PARSE_BAD:
      check(parser->error != NULL);
      return;
    }
  }
}

/* The pieces lie in allocations of their own size, so that a read past one is seen. */
static void feed_copy(struct parser *parser, struct story *story, const uint8_t *piece, size_t length) {
  uint8_t *copy = malloc(length > 0 ? length : 1);

  check(copy != NULL);
  memcpy(copy, piece, length);
  feed(parser, story, copy, length);
  free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct story whole = {malloc(size + 1), 0};
  struct story pieces = {malloc(size + 1), 0};
  struct parser parser;
  uint32_t cut;
  bool native;

  check(whole.bytes != NULL && pieces.bytes != NULL);
  if (size == 0) goto out;
  cut = *data++;
  size--;
  native = cut & 0x80;
  parser_init(&parser);
  parser.native = native;
  feed_copy(&parser, &whole, data, size);
  /* All that was eaten was told, but for a header that did not end or was bad. */
  check(whole.length <= size && (parser.error != NULL || whole.length + parser.have == size));

  parser_init(&parser);
  parser.native = native;
  for (size_t at = 0; at < size && parser.error == NULL;) {
    size_t length = 1 + cut % 29;

    cut = cut * 1103515245u + 12345u;
    if (length > size - at) length = size - at;
    feed_copy(&parser, &pieces, data + at, length);
    at += length;
  }
  check(pieces.length == whole.length && memcmp(pieces.bytes, whole.bytes, whole.length) == 0);
out:
  free(whole.bytes);
  free(pieces.bytes);
  return 0;
}
