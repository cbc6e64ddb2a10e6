/* SPDX-License-Identifier: Apache-2.0
 *
 * The codec of frames: what is legal, and that the parser's answer does not depend on how its input was cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/mux/frame.h"

enum { ALL_FLAGS = FRAME_SYN | FRAME_ACK | FRAME_FIN | FRAME_RST };

static uint32_t random_state = 2463534242u;

static uint32_t random_next(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return random_state;
}

/* ---- headers ---- */

static void encode_puts_every_field_in_its_place(void **state) {
  static const uint8_t expected[FRAME_HEADER_SIZE] = {0, 1, 0, 9, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0};
  const struct frame frame = {FRAME_WINDOW, FRAME_SYN | FRAME_RST, 0x12345678, 0x9abcdef0};
  uint8_t bytes[FRAME_HEADER_SIZE];

  (void)state;
  frame_encode(bytes, &frame);
  assert_memory_equal(bytes, expected, sizeof bytes);
}

static void assert_same_frame(const struct frame *a, const struct frame *b) {
  assert_int_equal(a->type, b->type);
  assert_int_equal(a->flags, b->flags);
  assert_int_equal(a->stream, b->stream);
  assert_int_equal(a->length, b->length);
}

static void decode_gives_back_what_was_encoded(void **state) {
  (void)state;
  for (int i = 0; i < 100000; i++) {
    const struct frame frame = {(uint8_t)random_next(), (uint16_t)random_next(), random_next(), random_next()};
    struct frame decoded;
    uint8_t bytes[FRAME_HEADER_SIZE];

    frame_encode(bytes, &frame);
    frame_decode_native(bytes, &decoded);
    assert_same_frame(&frame, &decoded);
  }
}

/* The rules, written a second time and in another way. */
static int is_legal(const struct frame *frame) {
  uint16_t known = frame->flags & ALL_FLAGS; /* a bit that nobody has defined is no violation */
  switch (frame->type) {
  case FRAME_DATA:
  case FRAME_WINDOW:
    return frame->stream > 0;
  case FRAME_PING:
    return frame->stream == 0 && (known == FRAME_SYN || known == FRAME_ACK);
  case FRAME_GOAWAY:
    return frame->stream == 0;
  default:
    return 0;
  }
}

static void decode_judges_every_type_and_flag(void **state) {
  static const uint32_t ids[] = {0, 1, 2, 0x80000000u, UINT32_MAX};

  (void)state;
  for (unsigned type = 0; type <= UINT8_MAX; type++)
    for (uint32_t flags = 0; flags <= UINT16_MAX; flags = flags < 64 ? flags + 1 : flags * 2 + 1)
      for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        const struct frame frame = {(uint8_t)type, (uint16_t)flags, ids[i], 7};
        struct frame decoded;
        uint8_t bytes[FRAME_HEADER_SIZE];

        frame_encode(bytes, &frame);
        assert_int_equal(frame_decode(bytes, &decoded) == NULL, is_legal(&frame));
        assert_int_equal(decoded.flags, flags & ALL_FLAGS);
      }
}

static void decode_names_the_fault(void **state) {
  static const struct {
    uint8_t version;
    struct frame frame;
    const char *error;
  } faults[] = {
      {1, {FRAME_DATA, 0, 1, 0}, "unknown version"},
      {255, {FRAME_PING, FRAME_SYN, 0, 0}, "unknown version"},
      {0, {4, 0, 1, 0}, "unknown type"},
      {0, {0x10, FRAME_SYN, 1, 0}, "unknown type"},
      {0, {FRAME_DATA, 0, 0, 5}, "data for stream 0"},
      {0, {FRAME_WINDOW, FRAME_SYN, 0, 5}, "window update for stream 0"},
      {0, {FRAME_PING, FRAME_SYN, 1, 5}, "ping with a stream id"},
      {0, {FRAME_PING, 0, 0, 5}, "ping that is neither a question nor an answer"},
      {0, {FRAME_PING, FRAME_SYN | FRAME_ACK, 0, 5}, "ping that is neither a question nor an answer"},
      {0, {FRAME_PING, FRAME_FIN, 0, 5}, "ping that is neither a question nor an answer"},
      {0, {FRAME_GOAWAY, 0, 3, 0}, "go-away with a stream id"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    struct frame decoded;
    uint8_t bytes[FRAME_HEADER_SIZE];

    frame_encode(bytes, &faults[i].frame);
    bytes[0] = faults[i].version;
    assert_string_equal(frame_decode(bytes, &decoded), faults[i].error);
    assert_same_frame(&decoded, &faults[i].frame);
  }
}

static void decode_accepts_what_peers_send(void **state) {
  static const struct frame frames[] = {
      {FRAME_WINDOW, FRAME_SYN, 1, 0},             /* hashicorp opens */
      {FRAME_WINDOW, FRAME_SYN, 1, 16515072},      /* hashicorp with a larger window opens */
      {FRAME_DATA, FRAME_SYN, 3, 100},             /* rust opens with its first bytes */
      {FRAME_DATA, FRAME_SYN | FRAME_FIN, 3, 100}, /* an opener may end at once */
      {FRAME_WINDOW, FRAME_ACK, 2, 0},             /* hashicorp accepts */
      {FRAME_DATA, FRAME_ACK, 2, 9},               /* js accepts with its first bytes */
      {FRAME_WINDOW, FRAME_SYN | FRAME_FIN, 5, 0}, /* opened and half-closed before any byte */
      {FRAME_WINDOW, FRAME_ACK | FRAME_FIN, 5, 0}, /* the same, accepting */
      {FRAME_DATA, FRAME_FIN, 5, 0},               /* rust half-closes */
      {FRAME_DATA, FRAME_FIN | FRAME_ACK, 5, 0},   /* the same, unacknowledged so far */
      {FRAME_DATA, FRAME_RST, 5, 0},               /* rust resets */
      {FRAME_WINDOW, FRAME_RST, 5, 0x1002},        /* go-yamux resets with a code */
      {FRAME_WINDOW, 0, 0xffffffff, 0xffffffff},   /* the largest of all */
      {FRAME_PING, FRAME_SYN, 0, 0},               /* hashicorp asks, counting from 0 */
      {FRAME_PING, FRAME_ACK, 0, 0xffffffff},      /* an answer echoes any number */
      {FRAME_GOAWAY, 0, 0, 0},                     /* everybody says goodbye */
      {FRAME_GOAWAY, 0, 0, 77},                    /* go-yamux: codes of applications */
  };

  (void)state;
  for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
    struct frame decoded;
    uint8_t bytes[FRAME_HEADER_SIZE];

    frame_encode(bytes, &frames[i]);
    assert_null(frame_decode(bytes, &decoded));
    assert_same_frame(&decoded, &frames[i]);
  }
}

/* ---- the parser ---- */

/* What a parser said, in a form that does not depend on how its input was cut: a mark and the header for each frame,
 * the bytes of bodies, a mark and the text for a fault. */
struct story {
  uint8_t bytes[8192];
  size_t length;
};

static void tell(struct story *story, const void *bytes, size_t length) {
  assert_true(story->length + length <= sizeof story->bytes);
  memcpy(story->bytes + story->length, bytes, length);
  story->length += length;
}

/* Feeds one piece and checks what holds at every event. */
static void feed(struct parser *parser, struct story *story, const uint8_t *data, size_t length) {
  const uint8_t *const end = data + length;

  for (;;) {
    const uint8_t *const before = data;
    const uint32_t left_before = parser->body_left;
    uint8_t header[FRAME_HEADER_SIZE];
    const enum parse_event event = parser_next(parser, &data, &length);

    assert_true(data >= before && data <= end);
    assert_ptr_equal(data + length, end);
    switch (event) {
    case PARSE_MORE:
      assert_int_equal(length, 0);
      return;
    case PARSE_FRAME:
      frame_encode(header, &parser->frame);
      tell(story, "F", 1);
      tell(story, header, sizeof header);
      assert_int_equal(parser->body_left, parser->frame.type == FRAME_DATA ? parser->frame.length : 0);
      break;
    case PARSE_BODY:
      assert_ptr_equal(parser->body, before);
      assert_ptr_equal(parser->body + parser->body_len, data);
      assert_true(parser->body_len > 0);
      assert_int_equal(parser->body_left, left_before - parser->body_len);
      tell(story, parser->body, parser->body_len);
      break;
    case PARSE_BAD:
      assert_non_null(parser->error);
      tell(story, "X", 1);
      tell(story, parser->error, strlen(parser->error));
      return;
    }
  }
}

/* A copy of its own size, so that an instrumented build sees a read past its end. */
static void feed_copy(struct parser *parser, struct story *story, const uint8_t *data, size_t length) {
  uint8_t *copy = malloc(length > 0 ? length : 1);

  assert_non_null(copy);
  memcpy(copy, data, length);
  feed(parser, story, copy, length);
  free(copy);
}

static size_t put_frame(uint8_t *out, uint8_t type, uint16_t flags, uint32_t stream, uint32_t length) {
  const struct frame frame = {type, flags, stream, length};

  frame_encode(out, &frame);
  if (type != FRAME_DATA) return FRAME_HEADER_SIZE;
  for (uint32_t i = 0; i < length; i++) out[FRAME_HEADER_SIZE + i] = (uint8_t)(stream * 31 + i);
  return FRAME_HEADER_SIZE + length;
}

static size_t put_conversation(uint8_t *out) {
  size_t at = 0;

  at += put_frame(out + at, FRAME_WINDOW, FRAME_SYN, 1, 0);
  at += put_frame(out + at, FRAME_DATA, 0, 1, 30);
  at += put_frame(out + at, FRAME_PING, FRAME_SYN, 0, 99);
  at += put_frame(out + at, FRAME_DATA, FRAME_SYN, 3, 1);
  at += put_frame(out + at, FRAME_DATA, FRAME_FIN, 1, 0);
  at += put_frame(out + at, FRAME_DATA, 0, 3, 13);
  at += put_frame(out + at, FRAME_WINDOW, FRAME_RST, 3, 70000);
  at += put_frame(out + at, FRAME_GOAWAY, 0, 0, 1);
  return at;
}

static void parse_whole(struct story *story, const uint8_t *data, size_t length) {
  struct parser parser;

  story->length = 0;
  parser_init(&parser);
  feed_copy(&parser, story, data, length);
}

static void assert_same_story(const struct story *a, const struct story *b) {
  assert_int_equal(a->length, b->length);
  assert_memory_equal(a->bytes, b->bytes, a->length);
}

static void whole_input_gives_frames_and_bodies(void **state) {
  uint8_t bytes[512];
  struct story story;
  const size_t length = put_conversation(bytes);

  (void)state;
  parse_whole(&story, bytes, length);
  /* Every byte of the input is in the story, and a mark for each of the eight frames. */
  assert_int_equal(story.length, length + 8);
  assert_int_equal(story.bytes[0], 'F');
  assert_memory_equal(story.bytes + 1, bytes, FRAME_HEADER_SIZE);
}

static void every_cut_in_two_and_in_three_tells_the_same(void **state) {
  uint8_t bytes[512];
  struct story whole;
  const size_t length = put_conversation(bytes);

  (void)state;
  parse_whole(&whole, bytes, length);
  for (size_t first = 0; first <= length; first++)
    for (size_t second = first; second <= length; second++) {
      struct story story = {.length = 0};
      struct parser parser;

      parser_init(&parser);
      feed_copy(&parser, &story, bytes, first);
      feed_copy(&parser, &story, bytes + first, second - first);
      feed_copy(&parser, &story, bytes + second, length - second);
      assert_same_story(&story, &whole);
    }
}

static void byte_by_byte_tells_the_same(void **state) {
  uint8_t bytes[512];
  struct story whole;
  struct story story = {.length = 0};
  struct parser parser;
  const size_t length = put_conversation(bytes);

  (void)state;
  parse_whole(&whole, bytes, length);
  parser_init(&parser);
  for (size_t i = 0; i < length; i++) feed_copy(&parser, &story, bytes + i, 1);
  assert_same_story(&story, &whole);
}

static size_t put_random_frames(uint8_t *out, size_t room) {
  size_t at = 0;

  while (room - at >= 2 * FRAME_HEADER_SIZE + 64) {
    const uint8_t type = (uint8_t)(random_next() % 4);
    const uint16_t flags = (uint16_t)(type == FRAME_PING ? 1 + random_next() % 2 : random_next() % (ALL_FLAGS + 1));

    at += put_frame(out + at, type, flags, type <= FRAME_WINDOW ? 1 + random_next() % 9 : 0, random_next() % 64);
  }
  /* One in four ends in a fault. */
  if (random_next() % 4 == 0) at += put_frame(out + at, FRAME_PING, FRAME_RST, 0, 1);
  return at;
}

static void random_cuts_tell_the_same(void **state) {
  uint8_t bytes[1024];

  (void)state;
  for (int i = 0; i < 3000; i++) {
    const size_t length = put_random_frames(bytes, sizeof bytes);
    const uint32_t longest = 1 + random_next() % 100;
    struct story whole;
    struct story story = {.length = 0};
    struct parser parser;

    parse_whole(&whole, bytes, length);
    parser_init(&parser);
    for (size_t at = 0; at < length && parser.error == NULL;) {
      size_t piece = random_next() % (longest + 1);

      if (piece > length - at) piece = length - at;
      feed_copy(&parser, &story, bytes + at, piece);
      at += piece;
    }
    assert_same_story(&story, &whole);
  }
}

static void no_input_is_no_event(void **state) {
  const uint8_t *data = NULL;
  size_t length = 0;
  struct parser parser;

  (void)state;
  parser_init(&parser);
  assert_int_equal(parser_next(&parser, &data, &length), PARSE_MORE);
  assert_null(data);
}

static void empty_data_is_a_frame_alone(void **state) {
  uint8_t bytes[FRAME_HEADER_SIZE];
  const uint8_t *data = bytes;
  size_t length = put_frame(bytes, FRAME_DATA, 0, 1, 0);
  struct parser parser;

  (void)state;
  parser_init(&parser);
  assert_int_equal(parser_next(&parser, &data, &length), PARSE_FRAME);
  assert_int_equal(parser.body_left, 0);
  assert_int_equal(parser_next(&parser, &data, &length), PARSE_MORE);
}

static void window_update_of_any_size_has_no_body(void **state) {
  uint8_t bytes[2 * FRAME_HEADER_SIZE];
  const uint8_t *data = bytes;
  size_t length = put_frame(bytes, FRAME_WINDOW, 0, 1, UINT32_MAX);
  struct parser parser;

  (void)state;
  length += put_frame(bytes + length, FRAME_PING, FRAME_ACK, 0, UINT32_MAX);
  parser_init(&parser);
  assert_int_equal(parser_next(&parser, &data, &length), PARSE_FRAME);
  assert_int_equal(parser_next(&parser, &data, &length), PARSE_FRAME);
  assert_int_equal(parser.frame.type, FRAME_PING);
  assert_int_equal(parser_next(&parser, &data, &length), PARSE_MORE);
}

/* The largest body there can be passes through without being held. */
static void largest_body_passes_through(void **state) {
  static uint8_t piece[1 << 20];
  uint8_t header[FRAME_HEADER_SIZE];
  const struct frame frame = {FRAME_DATA, 0, 1, UINT32_MAX};
  const uint8_t *data = header;
  size_t length = sizeof header;
  uint64_t seen = 0;
  struct parser parser;

  (void)state;
  frame_encode(header, &frame);
  parser_init(&parser);
  assert_int_equal(parser_next(&parser, &data, &length), PARSE_FRAME);
  while (parser.body_left > 0) {
    data = piece;
    length = sizeof piece;
    assert_int_equal(parser_next(&parser, &data, &length), PARSE_BODY);
    seen += parser.body_len;
  }
  assert_int_equal(seen, UINT32_MAX);
  /* One byte of the last piece belongs to the next frame. */
  assert_int_equal(length, 1);
}

static void fault_is_final_and_eats_nothing_more(void **state) {
  uint8_t bytes[128];
  const uint8_t *data = bytes;
  size_t length = put_frame(bytes, FRAME_DATA, 0, 1, 4);
  struct parser parser;

  (void)state;
  length += put_frame(bytes + length, FRAME_DATA, 0, 0, 0);
  length += put_frame(bytes + length, FRAME_PING, FRAME_SYN, 0, 0);
  parser_init(&parser);
  assert_int_equal(parser_next(&parser, &data, &length), PARSE_FRAME);
  assert_int_equal(parser_next(&parser, &data, &length), PARSE_BODY);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(parser_next(&parser, &data, &length), PARSE_BAD);
    assert_string_equal(parser.error, "data for stream 0");
    assert_int_equal(length, FRAME_HEADER_SIZE);
  }
}

static void fault_is_found_at_every_cut(void **state) {
  uint8_t bytes[64];
  const size_t length = put_frame(bytes, FRAME_GOAWAY, 0, 9, 0);

  (void)state;
  for (size_t cut = 1; cut < length; cut++) {
    const uint8_t *data = bytes;
    size_t left = cut;
    struct parser parser;

    parser_init(&parser);
    assert_int_equal(parser_next(&parser, &data, &left), PARSE_MORE);
    left = length - cut;
    assert_int_equal(parser_next(&parser, &data, &left), PARSE_BAD);
    assert_string_equal(parser.error, "go-away with a stream id");
    assert_int_equal(parser.frame.stream, 9);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(encode_puts_every_field_in_its_place),
      cmocka_unit_test(decode_gives_back_what_was_encoded),
      cmocka_unit_test(decode_judges_every_type_and_flag),
      cmocka_unit_test(decode_names_the_fault),
      cmocka_unit_test(decode_accepts_what_peers_send),
      cmocka_unit_test(whole_input_gives_frames_and_bodies),
      cmocka_unit_test(every_cut_in_two_and_in_three_tells_the_same),
      cmocka_unit_test(byte_by_byte_tells_the_same),
      cmocka_unit_test(random_cuts_tell_the_same),
      cmocka_unit_test(no_input_is_no_event),
      cmocka_unit_test(empty_data_is_a_frame_alone),
      cmocka_unit_test(window_update_of_any_size_has_no_body),
      cmocka_unit_test(largest_body_passes_through),
      cmocka_unit_test(fault_is_final_and_eats_nothing_more),
      cmocka_unit_test(fault_is_found_at_every_cut),
  };

  return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
