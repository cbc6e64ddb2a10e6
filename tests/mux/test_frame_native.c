/* SPDX-License-Identifier: Apache-2.0
 *
 * The headers of native sessions: what is legal there and what is not, beside all that holds for plain ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/mux/frame.h"

enum { PLAIN_FLAGS = FRAME_SYN | FRAME_ACK | FRAME_FIN | FRAME_RST };

/* The rules, written a second time and in another way. */
static int is_legal(const struct frame *frame) {
  const int flags = frame->flags;
  const uint32_t length = frame->length;
  if (frame->type >= 0x80) return 0;
  switch (frame->type) {
  case 0x00:
    return frame->stream > 0 && (flags & ~0x400f) == 0;
  case 0x01:
    return frame->stream > 0 && (flags & ~0xf) == 0;
  case 0x02:
    return frame->stream == 0 && (flags == 1 || flags == 2);
  case 0x03:
    return frame->stream == 0 && (flags & ~0xf) == 0;
  case 0x10:
    return frame->stream > 0 && (flags == 1 || flags == 0x4001) && length >= 8;
  case 0x11:
    return frame->stream > 0 && flags == 0 && length >= 9 && length <= 9 + 1024;
  case 0x14:
    return frame->stream == 0 && flags == 0 && length % 6 == 0 && length <= 32 * 6;
  case 0x16:
    return frame->stream == 0 && flags == 0 && length == 4;
  default:
    return frame->type >= 0x10;
  }
}

static void expect_same(const struct frame *a, const struct frame *b) {
  assert_int_equal(a->type, b->type);
  assert_int_equal(a->flags, b->flags);
  assert_int_equal(a->stream, b->stream);
  assert_int_equal(a->length, b->length);
}

static const uint32_t ids[] = {0, 1, 2, 0x80000000U, UINT32_MAX};
static const uint32_t lengths[] = {0, 3, 4, 5, 6, 7, 8, 9, 10, 18, 192, 193, 198, 1032, 1033, 1034, UINT32_MAX};

static void every_type_and_flag_and_size_is_judged(void **state) {
  (void)state;
  for (unsigned type = 0; type <= UINT8_MAX; type++)
    for (unsigned bits = 0; bits < 256; bits++)
      for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
          /* The four flags of plain frames, and the four highest bits: EOM is the second of them. */
          const unsigned flags = (bits & 15) | (bits >> 4) << 12;
          const struct frame frame = {(uint8_t)type, (uint16_t)flags, ids[i], lengths[k]};
          struct frame decoded;
          uint8_t bytes[FRAME_HEADER_SIZE];
          frame_encode(bytes, &frame);
          assert_int_equal(frame_decode_native(bytes, &decoded) == NULL, is_legal(&frame));
          expect_same(&decoded, &frame);
          bytes[0] = 1;
          assert_string_equal(frame_decode_native(bytes, &decoded), "unknown version");
        }
}

/* What is legal in plain yamux is so here, and means the same; save bits that plain peers ignore, which are a fault. */
static void plain_frames_stay_legal(void **state) {
  (void)state;
  for (unsigned type = 0; type <= 4; type++)
    for (unsigned flags = 0; flags <= PLAIN_FLAGS; flags++)
      for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        const struct frame frame = {(uint8_t)type, (uint16_t)flags, ids[i], 7};
        struct frame decoded;
        uint8_t bytes[FRAME_HEADER_SIZE];
        frame_encode(bytes, &frame);
        const char *plain = frame_decode(bytes, &decoded);
        const char *native = frame_decode_native(bytes, &decoded);
        if (plain)
          assert_string_equal(native, plain);
        else
          assert_null(native);
      }
}

static void the_fault_is_named(void **state) {
  static const struct {
    struct frame frame;
    const char *error;
  } faults[] = {
      {{0x04, 0, 1, 0}, "unknown type"},
      {{0x0f, 0, 1, 0}, "unknown type"},
      {{0x80, 0, 0, 0}, "unknown critical type"},
      {{0xff, 0, 0, 0}, "unknown critical type"},
      {{FRAME_DATA, 0x8000, 1, 1}, "unknown flag bits"},
      {{FRAME_DATA, FRAME_EOM | 0x10, 1, 1}, "unknown flag bits"},
      {{FRAME_DATA, FRAME_EOM, 0, 1}, "data for stream 0"},
      {{FRAME_WINDOW, FRAME_EOM, 1, 0}, "unknown flag bits"},
      {{FRAME_PING, FRAME_EOM | FRAME_SYN, 0, 0}, "unknown flag bits"},
      {{FRAME_GOAWAY, FRAME_EOM, 0, 0}, "unknown flag bits"},
      {{FRAME_OPEN, 0, 1, 8}, "open with flags other than SYN and EOM"},
      {{FRAME_OPEN, FRAME_SYN | FRAME_FIN, 1, 8}, "open with flags other than SYN and EOM"},
      {{FRAME_OPEN, FRAME_SYN, 0, 8}, "open of stream 0"},
      {{FRAME_OPEN, FRAME_SYN, 1, 7}, "open that is too short"},
      {{FRAME_RESET, FRAME_RST, 1, 9}, "reset with flags"},
      {{FRAME_RESET, 0, 0, 9}, "reset of stream 0"},
      {{FRAME_RESET, 0, 1, 8}, "reset that is too short"},
      {{FRAME_RESET, 0, 1, 1034}, "reset with a reason that is too long"},
      {{FRAME_SETTINGS, FRAME_ACK, 0, 6}, "settings with flags or a stream id"},
      {{FRAME_SETTINGS, 0, 1, 6}, "settings with flags or a stream id"},
      {{FRAME_SETTINGS, 0, 0, 7}, "settings cut short"},
      {{FRAME_SETTINGS, 0, 0, 198}, "too many settings"},
      {{FRAME_DRAIN, 1, 0, 4}, "drain with flags or a stream id"},
      {{FRAME_DRAIN, 0, 1, 4}, "drain with flags or a stream id"},
      {{FRAME_DRAIN, 0, 0, 0}, "drain of a wrong size"},
      {{FRAME_DRAIN, 0, 0, 8}, "drain of a wrong size"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    struct frame decoded;
    uint8_t bytes[FRAME_HEADER_SIZE];
    frame_encode(bytes, &faults[i].frame);
    assert_string_equal(frame_decode_native(bytes, &decoded), faults[i].error);
    expect_same(&decoded, &faults[i].frame);
    /* None of it is known to a plain session. */
    if (faults[i].frame.type >= FRAME_NATIVE) assert_string_equal(frame_decode(bytes, &decoded), "unknown type");
  }
}

/* ---- the parser ---- */

static size_t put(uint8_t *out, uint8_t type, uint16_t flags, uint32_t stream, uint32_t length) {
  const struct frame frame = {type, flags, stream, length};
  frame_encode(out, &frame);
  if (!frame_has_body(&frame)) return FRAME_HEADER_SIZE;
  for (uint32_t i = 0; i < length; i++) out[FRAME_HEADER_SIZE + i] = (uint8_t)(stream + i);
  return FRAME_HEADER_SIZE + (size_t)length;
}

static size_t put_conversation(uint8_t *out) {
  size_t at = put(out, FRAME_SETTINGS, 0, 0, 18);
  at += put(out + at, FRAME_OPEN, FRAME_SYN | FRAME_EOM, 1, 20);
  at += put(out + at, FRAME_DATA, FRAME_EOM, 1, 0);
  at += put(out + at, FRAME_DATA, FRAME_EOM, 1, 5);
  at += put(out + at, 0x7f, 0xffff, 9, 11); /* of a later version */
  at += put(out + at, 0x33, 0, 0, 0);
  at += put(out + at, FRAME_WINDOW, 0, 1, 5000);
  at += put(out + at, FRAME_RESET, 0, 1, 12);
  at += put(out + at, FRAME_SETTINGS, 0, 0, 0);
  at += put(out + at, FRAME_DRAIN, 0, 0, 4);
  at += put(out + at, FRAME_GOAWAY, 0, 0, 0);
  return at;
}

enum { FRAMES = 11 };

/* What was said, put together again from events. */
static unsigned retell(struct parser *parser, uint8_t *out, size_t *at, const uint8_t *piece, size_t length) {
  unsigned frames = 0;
  uint8_t *copy = malloc(length ? length : 1);
  const uint8_t *data = copy;
  assert_non_null(copy);
  memcpy(copy, piece, length);
  for (;;) {
    const enum parse_event event = parser_next(parser, &data, &length);
    assert_int_not_equal(event, PARSE_BAD);
    if (event == PARSE_MORE) break;
    if (event == PARSE_FRAME) {
      frame_encode(out + *at, &parser->frame);
      *at += FRAME_HEADER_SIZE;
      frames++;
    } else {
      memcpy(out + *at, parser->body, parser->body_len);
      *at += parser->body_len;
    }
  }
  free(copy);
  return frames;
}

static void bodies_follow_their_headers_at_every_cut(void **state) {
  uint8_t bytes[512];
  uint8_t again[512];
  const size_t length = put_conversation(bytes);
  (void)state;
  for (size_t first = 0; first <= length; first++)
    for (size_t second = first; second <= length; second++) {
      struct parser parser;
      size_t at = 0;
      parser_init(&parser);
      parser.native = true;
      unsigned frames = retell(&parser, again, &at, bytes, first);
      frames += retell(&parser, again, &at, bytes + first, second - first);
      frames += retell(&parser, again, &at, bytes + second, length - second);
      assert_int_equal(frames, FRAMES);
      assert_int_equal(at, length);
      assert_memory_equal(again, bytes, length);
    }
}

/* Before both are known to speak native, none of it is legal. */
static void a_plain_parser_refuses_native_types(void **state) {
  uint8_t bytes[64];
  (void)state;
  for (unsigned type = FRAME_NATIVE; type <= UINT8_MAX; type++) {
    const uint8_t *data = bytes;
    size_t length = put(bytes, (uint8_t)type, FRAME_SYN, 1, 20);
    struct parser parser;
    parser_init(&parser);
    assert_int_equal(parser_next(&parser, &data, &length), PARSE_BAD);
    assert_string_equal(parser.error, "unknown type");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_type_and_flag_and_size_is_judged),
      cmocka_unit_test(plain_frames_stay_legal),
      cmocka_unit_test(the_fault_is_named),
      cmocka_unit_test(bodies_follow_their_headers_at_every_cut),
      cmocka_unit_test(a_plain_parser_refuses_native_types),
  };
  return cmocka_run_group_tests_name("frame_native", tests, NULL, NULL);
}
