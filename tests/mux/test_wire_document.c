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

static const char *const type_names[] = {"Data", "WindowUpdate", "Ping", "GoAway"};
static unsigned seen_types;
static unsigned seen_flags;

static void describe(const struct frame *frame, const uint8_t *body, char *out, size_t size) {
  static const char *const flag_names[] = {" SYN", " ACK", " FIN", " RST"};
  size_t length = (size_t)snprintf(out, size, "%s", type_names[frame->type]);

  for (unsigned bit = 0; bit < 4; bit++)
    if (frame->flags >> bit & 1) length += (size_t)snprintf(out + length, size - length, "%s", flag_names[bit]);
  length += (size_t)snprintf(out + length, size - length, " stream %u length %u", frame->stream, frame->length);
  if (frame->type == FRAME_DATA && frame->length > 0)
    snprintf(out + length, size - length, " \"%.*s\"", (int)frame->length, (const char *)body);
}

static void check_frame(const struct example *example) {
  const uint8_t *data = example->bytes;
  size_t length = example->length;
  uint8_t again[FRAME_HEADER_SIZE];
  char text[256];
  struct parser parser;

  parser_init(&parser);
  assert_int_equal(parser_next(&parser, &data, &length), PARSE_FRAME);
  describe(&parser.frame, data, text, sizeof text);
  assert_string_equal(text, example->text);
  frame_encode(again, &parser.frame);
  assert_memory_equal(again, example->bytes, sizeof again);
  if (parser.frame.type == FRAME_DATA && parser.frame.length > 0)
    assert_int_equal(parser_next(&parser, &data, &length), PARSE_BODY);
  assert_int_equal(parser.body_left, 0);
  assert_int_equal(length, 0);
  /* Streams are opened with the opener's own ids. */
  if (parser.frame.type <= FRAME_WINDOW && (parser.frame.flags & FRAME_SYN) != 0)
    assert_int_equal(parser.frame.stream % 2, example->side == 'C' ? 1 : 0);
  seen_types |= 1u << parser.frame.type;
  seen_flags |= parser.frame.flags;
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(frames_decode_to_what_the_document_says),
      cmocka_unit_test(faults_are_refused_with_the_document_s_words),
  };

  return cmocka_run_group_tests_name("wire_document", tests, NULL, NULL);
}
