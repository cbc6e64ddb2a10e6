/* SPDX-License-Identifier: Apache-2.0
 *
 * The examples of docs/wire.md, read from the document itself: every line decodes to what stands behind it and encodes
 * to the bytes in front.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/mux/frame.h"
#include "core/mux/native.h"

enum { EXAMPLE_MAX = 64 };

struct example {
  char side; /* 'C', 'S'; 0 in blocks without sides */
  uint8_t bytes[EXAMPLE_MAX];
  size_t length;
  const char *text;
};

static bool is_hex(char c) {
  return c != '\0' && strchr("0123456789abcdef", c) != NULL;
}

static struct example read_example(char *line, bool with_side) {
  struct example example = {.length = 0};

  line[strcspn(line, "\n")] = '\0';
  if (with_side) {
    example.side = line[0];
    assert_true((line[0] == 'C' || line[0] == 'S') && line[1] == ' ');
    line += 2;
  }
  while (is_hex(line[0]) && is_hex(line[1]) && line[2] == ' ') {
    assert_true(example.length < EXAMPLE_MAX);
    example.bytes[example.length++] = (uint8_t)strtoul(line, NULL, 16);
    line += 3;
  }
  while (*line == ' ') line++;
  example.text = line;
  return example;
}

/* Calls `check` for each line of the document's blocks that are marked so, and returns how many there were. */
static size_t for_each(const char *mark, bool with_side, void (*check)(const struct example *)) {
  FILE *document = fopen(TEST_SOURCE_DIR "/docs/wire.md", "r");
  char fence[32];
  char line[512];
  bool inside = false;
  size_t count = 0;

  assert_non_null(document);
  snprintf(fence, sizeof fence, "```%s\n", mark);
  while (fgets(line, sizeof line, document) != NULL) {
    if (strncmp(line, "```", 3) == 0) {
      inside = strcmp(line, fence) == 0;
    } else if (inside) {
      const struct example example = read_example(line, with_side);

      check(&example);
      count++;
    }
  }
  fclose(document);
  return count;
}

static const char *const type_names[FRAME_CRITICAL] = {"Data",
                                                       "WindowUpdate",
                                                       "Ping",
                                                       "GoAway",
                                                       [FRAME_OPEN] = "Open",
                                                       [FRAME_RESET] = "Reset",
                                                       [FRAME_SETTINGS] = "Settings",
                                                       [FRAME_DRAIN] = "Drain"};
static unsigned seen_types;
static unsigned seen_flags;

/* A line that is put together, piece by piece. */
struct text {
  char text[512];
  size_t length;
};

__attribute__((format(HAWSER_PRINTF, 2, 3))) static void say(struct text *text, const char *format, ...) {
  va_list args;
  va_start(args, format);
  text->length += (size_t)vsnprintf(text->text + text->length, sizeof text->text - text->length, format, args);
  va_end(args);
  assert_true(text->length < sizeof text->text);
}

static void describe_header(const struct frame *frame, struct text *text) {
  static const struct {
    unsigned flag;
    const char *name;
  } flags[] = {{FRAME_SYN, "SYN"}, {FRAME_ACK, "ACK"}, {FRAME_FIN, "FIN"}, {FRAME_RST, "RST"}, {FRAME_EOM, "EOM"}};
  assert_true(frame->type < FRAME_CRITICAL);
  if (type_names[frame->type])
    say(text, "%s", type_names[frame->type]);
  else
    say(text, "Type 0x%x", frame->type);
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    if (frame->flags & flags[i].flag) say(text, " %s", flags[i].name);
  say(text, " stream %u length %u", frame->stream, frame->length);
}

static void describe_open(const uint8_t *body, uint32_t length, struct text *text) {
  struct open_fixed fixed;
  struct hws_pair pair;
  assert_null(open_decode_fixed(body, &fixed));
  const uint8_t *head = body + OPEN_FIXED_SIZE;
  uint32_t payload = length - OPEN_FIXED_SIZE - fixed.head_len;
  assert_null(open_check_head(head, &fixed));
  say(text, " credit %u", fixed.credit);
  if (fixed.name_len) say(text, " name \"%.*s\"", (int)fixed.name_len, (const char *)head);
  for (uint32_t i = 0; open_pair_at(head, fixed.head_len, fixed.name_len, i, &pair); i++)
    say(text, " \"%.*s\"=\"%.*s\"", (int)pair.key_len, pair.key, (int)pair.value_len, pair.value);
  if (payload) say(text, " payload \"%.*s\"", (int)payload, (const char *)head + fixed.head_len);
}

static void describe_reset(const uint8_t *body, uint32_t length, struct text *text) {
  static const char *const directions[] = {"", "stop", "abort", "both"};
  struct reset reset;
  assert_null(reset_decode(body, length, &reset));
  say(text, " code %llu %s", (unsigned long long)reset.code, directions[reset.direction]);
  if (reset.reason_len) say(text, " \"%.*s\"", (int)reset.reason_len, reset.reason);
}

static void describe_settings(const uint8_t *body, uint32_t length, struct text *text) {
  struct native_settings settings = {0};
  uint8_t again[SETTINGS_SIZE];
  assert_null(settings_decode(body, length, &settings));
  if (settings.capabilities) {
    settings_encode(again, &settings);
    assert_int_equal(length, sizeof again);
    assert_memory_equal(again, body, sizeof again);
  }
  say(text, " 1=%u 2=%u", settings.frame_max, settings.streams_max);
  if (settings.capabilities) say(text, " 3=%u", settings.capabilities);
}

static void describe(const struct frame *frame, const uint8_t *body, struct text *text) {
  describe_header(frame, text);
  if (frame->type == FRAME_DATA && frame->length > 0) say(text, " \"%.*s\"", (int)frame->length, (const char *)body);
  if (frame->type == FRAME_OPEN) describe_open(body, frame->length, text);
  if (frame->type == FRAME_RESET) describe_reset(body, frame->length, text);
  if (frame->type == FRAME_SETTINGS) describe_settings(body, frame->length, text);
  if (frame->type == FRAME_DRAIN) say(text, " last %u", drain_decode(body));
}

static void check_frame_of(const struct example *example, bool native) {
  const uint8_t *data = example->bytes;
  size_t length = example->length;
  uint8_t again[FRAME_HEADER_SIZE];
  struct text text = {.length = 0};
  struct parser parser;

  parser_init(&parser);
  parser.native = native;
  assert_int_equal(parser_next(&parser, &data, &length), PARSE_FRAME);
  assert_int_equal(parser.body_left, length);
  describe(&parser.frame, data, &text);
  assert_string_equal(text.text, example->text);
  frame_encode(again, &parser.frame);
  assert_memory_equal(again, example->bytes, sizeof again);
  if (parser.body_left > 0) assert_int_equal(parser_next(&parser, &data, &length), PARSE_BODY);
  assert_int_equal(parser.body_left, 0);
  assert_int_equal(length, 0);
  /* Streams are opened with the opener's own ids. */
  if ((parser.frame.type <= FRAME_WINDOW || native) && parser.frame.stream && (parser.frame.flags & FRAME_SYN) != 0)
    assert_int_equal(parser.frame.stream % 2, example->side == 'C' ? 1 : 0);
  if (parser.frame.type < 32) seen_types |= 1u << parser.frame.type;
  seen_flags |= parser.frame.flags;
}

static void check_frame(const struct example *example) {
  check_frame_of(example, false);
}

static void check_native(const struct example *example) {
  check_frame_of(example, true);
}

static void check_preface(const struct example *example) {
  uint32_t capabilities = 0;
  uint8_t again[PREFACE_SIZE];
  char text[64];

  assert_int_equal(example->length, PREFACE_SIZE);
  const char *error = preface_decode(example->bytes, &capabilities);
  snprintf(text, sizeof text, "capabilities %u", capabilities);
  assert_string_equal(error ? error : text, example->text);
  preface_encode(again, capabilities);
  if (!error && capabilities == NATIVE_V1) assert_memory_equal(again, example->bytes, sizeof again);
}

/* The fault of a body whose header is legal. */
static const char *body_fault(const struct frame *frame, const uint8_t *body, size_t length) {
  struct native_settings settings = {.frame_max = 65536};
  struct open_fixed fixed;
  struct reset reset;
  const char *error;

  assert_int_equal(length, frame->length);
  if (frame->type == FRAME_RESET) return reset_decode(body, frame->length, &reset);
  if (frame->type == FRAME_SETTINGS) return settings_decode(body, frame->length, &settings);
  assert_int_equal(frame->type, FRAME_OPEN);
  error = open_decode_fixed(body, &fixed);
  return error ? error : open_check_head(body + OPEN_FIXED_SIZE, &fixed);
}

static void check_native_fault(const struct example *example) {
  const uint8_t *data = example->bytes;
  size_t length = example->length;
  struct parser parser;

  parser_init(&parser);
  parser.native = true;
  const enum parse_event event = parser_next(&parser, &data, &length);
  assert_string_equal(event == PARSE_BAD ? parser.error : body_fault(&parser.frame, data, length), example->text);
}

static void check_fault(const struct example *example) {
  const uint8_t *data = example->bytes;
  size_t length = example->length;
  struct parser parser;

  assert_int_equal(length, FRAME_HEADER_SIZE);
  parser_init(&parser);
  assert_int_equal(parser_next(&parser, &data, &length), PARSE_BAD);
  assert_string_equal(parser.error, example->text);
}

static void frames_decode_to_what_the_document_says(void **state) {
  (void)state;
  assert_true(for_each("frames", true, check_frame) >= 20);
  assert_int_equal(seen_types, 0xf);
  assert_int_equal(seen_flags, FRAME_SYN | FRAME_ACK | FRAME_FIN | FRAME_RST);
}

static void faults_are_refused_with_the_document_s_words(void **state) {
  (void)state;
  assert_true(for_each("faults", false, check_fault) >= 8);
}

static void native_frames_decode_to_what_the_document_says(void **state) {
  (void)state;
  seen_types = seen_flags = 0;
  assert_true(for_each("native", true, check_native) >= 20);
  for (unsigned type = FRAME_OPEN; type <= FRAME_DRAIN; type++)
    if (type_names[type]) assert_true(seen_types & 1u << type);
  assert_int_equal(seen_flags & FRAME_EOM, FRAME_EOM);
}

static void prefaces_and_native_faults_are_the_document_s(void **state) {
  (void)state;
  assert_true(for_each("preface", false, check_preface) >= 6);
  assert_true(for_each("native-faults", false, check_native_fault) >= 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(frames_decode_to_what_the_document_says),
      cmocka_unit_test(faults_are_refused_with_the_document_s_words),
      cmocka_unit_test(native_frames_decode_to_what_the_document_says),
      cmocka_unit_test(prefaces_and_native_faults_are_the_document_s),
  };

  return cmocka_run_group_tests_name("wire_document", tests, NULL, NULL);
}
