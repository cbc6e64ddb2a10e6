/* SPDX-License-Identifier: Apache-2.0
 *
 * The codec of the preface and of the bodies of native frames: every way to be wrong has its own words, and what is
 * legal comes back as it went in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/mux/native.h"

static uint32_t random_state = 2463534242U;

static uint32_t random_next(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return random_state;
}

static void random_fill(void *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) ((uint8_t *)bytes)[i] = (uint8_t)random_next();
}

/* ---- the preface ---- */

static const uint8_t right_preface[PREFACE_SIZE] = {0x8e, 'H', 'A', 'W', 'S', 'E', 'R', '\n', 0, 1, 0, 1, 0, 0, 0, 1};

static void preface_has_its_bytes(void **state) {
  uint8_t bytes[PREFACE_SIZE];
  uint32_t capabilities = 0;
  (void)state;
  preface_encode(bytes, NATIVE_V1);
  assert_memory_equal(bytes, right_preface, sizeof bytes);
  assert_null(preface_decode(bytes, &capabilities));
  assert_int_equal(capabilities, NATIVE_V1);
  /* Capabilities of later versions are no fault. */
  preface_encode(bytes, 0x80000001);
  assert_null(preface_decode(bytes, &capabilities));
  assert_int_equal(capabilities, 0x80000001);
  /* One of a later version that would do with this one is welcome. */
  bytes[9] = 7;
  assert_null(preface_decode(bytes, &capabilities));
  /* And one that would do with less. */
  bytes[11] = 0;
  assert_null(preface_decode(bytes, &capabilities));
}

static void preface_names_the_fault(void **state) {
  static const struct {
    uint8_t at;
    uint8_t value;
    const char *error;
  } faults[] = {
      {0, 0x00, "not a native preface"},
      {0, 0x8f, "not a native preface"},
      {6, 'r', "not a native preface"},
      {7, '\r', "not a native preface"},
      {9, 0, "a native preface of version 0"},
      {10, 1, "a native preface of a later version"},
      {11, 2, "a native preface of a later version"},
      {15, 0, "a native preface without the capability of this version"},
      {15, 0xfe, "a native preface without the capability of this version"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    uint8_t bytes[PREFACE_SIZE];
    uint32_t capabilities = 0;
    memcpy(bytes, right_preface, sizeof bytes);
    bytes[faults[i].at] = faults[i].value;
    assert_string_equal(preface_decode(bytes, &capabilities), faults[i].error);
  }
}

/* The first byte tells it from everything else that may come (wire.md). */
static void preface_is_like_nothing_else(void **state) {
  static const uint8_t others[] = {0x00, 0x01, 0x02, 0x16, 'D', 'G', 'P'};
  (void)state;
  for (size_t i = 0; i < sizeof others; i++) assert_int_not_equal(others[i], PREFACE_FIRST);
  assert_true(PREFACE_FIRST >= 0x80); /* nor ASCII */
}

/* ---- OPEN ---- */

static void open_fixed_round_trips(void **state) {
  static const uint8_t expected[OPEN_FIXED_SIZE] = {0x12, 0x34, 0x56, 0x78, 0x3f, 0xff, 0x01, 0x02};
  struct open_fixed found;
  uint8_t bytes[OPEN_FIXED_SIZE];
  (void)state;
  open_encode_fixed(bytes, &(struct open_fixed){.credit = 0x12345678, .head_len = 0x3fff, .name_len = 0x102});
  assert_memory_equal(bytes, expected, sizeof bytes);
  for (int i = 0; i < 100000; i++) {
    struct open_fixed fixed = {
        .credit = random_next(), .head_len = random_next() & 0xffff, .name_len = random_next() & 0xffff};
    open_encode_fixed(bytes, &fixed);
    const char *error = open_decode_fixed(bytes, &found);
    assert_memory_equal(&found, &fixed, sizeof fixed);
    if (fixed.head_len > 16384)
      assert_string_equal(error, "open with too much metadata");
    else if (fixed.name_len > fixed.head_len)
      assert_string_equal(error, "open with a name beyond its head");
    else
      assert_null(error);
  }
}

/* What may be asked for: sizes at the limits, counts, empty keys. */
static void open_head_size_has_limits(void **state) {
  static char big[20000];
  struct hws_pair pairs[OPEN_PAIRS_MAX + 1];
  (void)state;
  memset(big, 'x', sizeof big);
  assert_int_equal(open_head_size(NULL, 0, NULL, 0), 0);
  assert_int_equal(open_head_size("", 0, NULL, 0), 0);
  assert_int_equal(open_head_size("name", 4, NULL, 0), 4);
  assert_int_equal(open_head_size(big, OPEN_HEAD_MAX, NULL, 0), OPEN_HEAD_MAX);
  assert_int_equal(open_head_size(big, OPEN_HEAD_MAX + 1, NULL, 0), 0);
  assert_int_equal(open_head_size(big, SIZE_MAX, NULL, 0), 0);
  for (unsigned i = 0; i <= OPEN_PAIRS_MAX; i++) pairs[i] = (struct hws_pair){"k", "", 1, 0};
  assert_int_equal(open_head_size(NULL, 0, pairs, OPEN_PAIRS_MAX), OPEN_PAIRS_MAX * 5);
  assert_int_equal(open_head_size(NULL, 0, pairs, OPEN_PAIRS_MAX + 1), 0);
  pairs[1].key_len = 0;
  assert_int_equal(open_head_size(NULL, 0, pairs, 2), 0);
  pairs[0] = (struct hws_pair){big, big, 1, OPEN_HEAD_MAX - 5 - 2};
  assert_int_equal(open_head_size("ab", 2, pairs, 1), OPEN_HEAD_MAX);
  pairs[0].value_len++;
  assert_int_equal(open_head_size("ab", 2, pairs, 1), 0);
  pairs[0] = (struct hws_pair){big, big, UINT32_MAX, UINT32_MAX};
  pairs[1] = pairs[0];
  assert_int_equal(open_head_size(NULL, 0, pairs, 2), 0);
}

struct head_case {
  const char *error; /* NULL: legal */
  uint32_t name_len;
  uint32_t head_len;
  uint8_t head[16];
};

static const struct head_case heads[] = {
    {NULL, 0, 0, {0}},
    {NULL, 3, 3, {'a', 'b', 'c'}},
    {NULL, 0, 5, {0, 1, 0, 0, 'k'}},
    {NULL, 1, 9, {'n', 0, 2, 0, 2, 'k', 0, 0, 'v'}}, /* keys and values are any bytes */
    {"open with a zero in its name", 3, 3, {'a', 0, 'c'}},
    {"open with a zero in its name", 1, 1, {0}},
    {"open with metadata cut short", 0, 1, {0}},
    {"open with metadata cut short", 0, 3, {0, 1, 0}},
    {"open with metadata cut short", 0, 4, {0, 1, 0, 0}},
    {"open with metadata cut short", 0, 5, {0, 1, 0, 1, 'k'}},
    {"open with metadata cut short", 0, 6, {0xff, 0xff, 0xff, 0xff, 'k', 'v'}},
    {"open with metadata cut short", 2, 7, {'n', 'm', 0, 1, 0, 1, 'k'}},
    {"open with metadata cut short", 0, 8, {0, 1, 0, 0, 'k', 0, 1, 0}},
    {"open with an empty key", 0, 4, {0, 0, 0, 0}},
    {"open with an empty key", 0, 5, {0, 0, 0, 1, 'v'}},
    {"open with an empty key", 0, 9, {0, 1, 0, 0, 'k', 0, 0, 0, 0}},
};

static void open_heads_are_checked(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
    struct open_fixed fixed = {.head_len = heads[i].head_len, .name_len = heads[i].name_len};
    /* In memory of its own size: a read past its end is seen. */
    uint8_t *head = malloc(fixed.head_len ? fixed.head_len : 1);
    assert_non_null(head);
    memcpy(head, heads[i].head, fixed.head_len);
    const char *error = open_check_head(head, &fixed);
    if (heads[i].error)
      assert_string_equal(error, heads[i].error);
    else
      assert_null(error);
    free(head);
  }
  static uint8_t many[(OPEN_PAIRS_MAX + 1) * 5];
  for (size_t i = 0; i <= OPEN_PAIRS_MAX; i++) many[i * 5 + 1] = 1;
  assert_null(open_check_head(many, &(struct open_fixed){.head_len = OPEN_PAIRS_MAX * 5}));
  assert_string_equal(open_check_head(many, &(struct open_fixed){.head_len = sizeof many}),
                      "open with too many pairs of metadata");
}

static void expect_pair(const struct hws_pair *found, const struct hws_pair *wanted) {
  assert_int_equal(found->key_len, wanted->key_len);
  assert_int_equal(found->value_len, wanted->value_len);
  if (wanted->key_len) assert_memory_equal(found->key, wanted->key, wanted->key_len);
  if (wanted->value_len) assert_memory_equal(found->value, wanted->value, wanted->value_len);
}

static void open_heads_round_trip(void **state) {
  static char pool[4096];
  (void)state;
  for (int round = 0; round < 2000; round++) {
    struct hws_pair pairs[OPEN_PAIRS_MAX];
    uint32_t count = random_next() % (OPEN_PAIRS_MAX + 1);
    char name[300];
    size_t name_len = random_next() % sizeof name;
    random_fill(pool, sizeof pool);
    for (size_t i = 0; i < name_len; i++) name[i] = (char)(1 + random_next() % 255);
    for (uint32_t i = 0; i < count; i++)
      pairs[i] = (struct hws_pair){pool + random_next() % 2048, pool + random_next() % 2048, 1 + random_next() % 100,
                                   random_next() % 100};
    uint32_t size = open_head_size(name, name_len, pairs, count);
    assert_true(size > 0 || (!name_len && !count));
    uint8_t *head = malloc(size ? size : 1);
    assert_non_null(head);
    open_encode_head(head, name, name_len, pairs, count);
    struct open_fixed fixed = {.head_len = size, .name_len = (uint32_t)name_len};
    assert_null(open_check_head(head, &fixed));
    assert_memory_equal(head, name, name_len);
    struct hws_pair found;
    for (uint32_t i = 0; i < count; i++) {
      assert_true(open_pair_at(head, size, fixed.name_len, i, &found));
      expect_pair(&found, &pairs[i]);
    }
    assert_false(open_pair_at(head, size, fixed.name_len, count, &found));
    assert_false(open_pair_at(head, size, fixed.name_len, UINT32_MAX, &found));
    /* Cut anywhere within the metadata it is none any more, or one with fewer pairs. */
    for (fixed.head_len = fixed.name_len; fixed.head_len < size; fixed.head_len++) {
      const char *error = open_check_head(head, &fixed);
      if (error) assert_string_equal(error, "open with metadata cut short");
    }
    free(head);
  }
}

/* Random heads: whatever passes can be read to its end. */
static void open_heads_that_pass_can_be_read(void **state) {
  uint32_t passed = 0;
  (void)state;
  for (int round = 0; round < 300000; round++) {
    struct open_fixed fixed = {.head_len = random_next() % 24};
    fixed.name_len = random_next() % (fixed.head_len + 1);
    uint8_t *head = malloc(fixed.head_len ? fixed.head_len : 1);
    assert_non_null(head);
    for (uint32_t i = 0; i < fixed.head_len; i++) head[i] = random_next() % 3 ? random_next() % 4 : 0;
    if (!open_check_head(head, &fixed)) {
      struct hws_pair pair;
      uint32_t bytes = fixed.name_len;
      for (uint32_t i = 0; open_pair_at(head, fixed.head_len, fixed.name_len, i, &pair); i++)
        bytes += 4 + pair.key_len + pair.value_len;
      assert_int_equal(bytes, fixed.head_len);
      passed++;
    }
    free(head);
  }
  assert_true(passed > 1000);
}

/* ---- RESET ---- */

static void resets_round_trip(void **state) {
  static const uint8_t expected[] = {1, 2, 3, 4, 5, 6, 7, 8, 3, 'w', 'h', 'y'};
  uint8_t bytes[RESET_FIXED_SIZE + RESET_REASON_MAX];
  struct reset found;
  (void)state;
  reset_encode(bytes, &(struct reset){UINT64_C(0x0102030405060708), RESET_BOTH, "why", 3});
  assert_memory_equal(bytes, expected, sizeof expected);
  for (int round = 0; round < 20000; round++) {
    static char reason[RESET_REASON_MAX];
    struct reset reset = {.code = (uint64_t)random_next() << 32 | random_next(),
                          .direction = (uint8_t)(random_next() % 6),
                          .reason = reason,
                          .reason_len = round % 10 ? random_next() % 40 : random_next() % (RESET_REASON_MAX + 1)};
    random_fill(reason, reset.reason_len);
    reset_encode(bytes, &reset);
    const char *error = reset_decode(bytes, RESET_FIXED_SIZE + reset.reason_len, &found);
    assert_true(found.code == reset.code);
    assert_int_equal(found.direction, reset.direction);
    assert_int_equal(found.reason_len, reset.reason_len);
    if (reset.reason_len) assert_memory_equal(found.reason, reason, reset.reason_len);
    if (reset.direction >= 1 && reset.direction <= 3)
      assert_null(error);
    else
      assert_string_equal(error, "reset of an unknown direction");
  }
}

/* ---- SETTINGS ---- */

static void settings_round_trip(void **state) {
  static const uint8_t expected[SETTINGS_SIZE] = {0, 1, 0, 1, 0, 0, 0, 2, 0, 0, 4, 0, 0, 3, 0, 0, 0, 1};
  uint8_t bytes[SETTINGS_SIZE];
  (void)state;
  settings_encode(bytes, &(struct native_settings){65536, 1024, NATIVE_V1});
  assert_memory_equal(bytes, expected, sizeof bytes);
  for (int round = 0; round < 20000; round++) {
    struct native_settings settings = {random_next(), random_next(), random_next()};
    struct native_settings found = {1, 2, 3};
    if (round % 2) settings.frame_max %= 1 << 17;
    settings_encode(bytes, &settings);
    const char *error = settings_decode(bytes, sizeof bytes, &found);
    assert_memory_equal(&found, &settings, sizeof found);
    if (settings.frame_max >= 65536)
      assert_null(error);
    else
      assert_string_equal(error, "settings with frames of less than 64 KiB");
  }
}

/* What is not named keeps its value, what is not known is passed over, what stands twice has its last value. */
static void settings_are_optional(void **state) {
  static const uint8_t odd[] = {0xff, 0xff, 9, 9, 9, 9, 0, 2, 0, 0, 0, 7, 0, 0, 1, 1, 1, 1, 0, 2, 0, 0, 0, 8};
  struct native_settings found = {65536, 1, 2};
  (void)state;
  assert_null(settings_decode(odd, 0, &found));
  assert_int_equal(found.streams_max, 1);
  assert_null(settings_decode(odd, sizeof odd, &found));
  assert_int_equal(found.frame_max, 65536);
  assert_int_equal(found.streams_max, 8);
  assert_int_equal(found.capabilities, 2);
}

/* ---- DRAIN ---- */

static void drains_round_trip(void **state) {
  static const uint32_t ids[] = {0, 1, 2, 0x12345678, UINT32_MAX};
  static const uint8_t expected[DRAIN_SIZE] = {0x12, 0x34, 0x56, 0x78};
  uint8_t bytes[DRAIN_SIZE];
  (void)state;
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    drain_encode(bytes, ids[i]);
    assert_int_equal(drain_decode(bytes), ids[i]);
    if (ids[i] == 0x12345678) assert_memory_equal(bytes, expected, sizeof bytes);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(preface_has_its_bytes),
      cmocka_unit_test(preface_names_the_fault),
      cmocka_unit_test(preface_is_like_nothing_else),
      cmocka_unit_test(open_fixed_round_trips),
      cmocka_unit_test(open_head_size_has_limits),
      cmocka_unit_test(open_heads_are_checked),
      cmocka_unit_test(open_heads_round_trip),
      cmocka_unit_test(open_heads_that_pass_can_be_read),
      cmocka_unit_test(resets_round_trip),
      cmocka_unit_test(settings_round_trip),
      cmocka_unit_test(settings_are_optional),
      cmocka_unit_test(drains_round_trip),
  };
  return cmocka_run_group_tests_name("native_codec", tests, NULL, NULL);
}
