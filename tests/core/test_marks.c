/* SPDX-License-Identifier: Apache-2.0
 *
 * Marks against a model that is nothing but a list of lengths: random sequences of all that is done to them, each from
 * a seed that a failure names. And what they cost: about a byte a message.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/marks.h"

static uint64_t random_state;

static uint32_t random_next(void) {
  random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(random_state >> 33);
}

/* ---- the model ---- */

enum { MODEL_MAX = 4096 };

/* Lengths of whole messages, the first one's cut by what was taken of it; and what has no end yet. */
struct model {
  uint64_t lengths[MODEL_MAX];
  uint32_t count;
  uint64_t tail; /* bytes behind the last mark */
};

static uint64_t model_bytes(const struct model *model) {
  uint64_t bytes = model->tail;
  for (uint32_t i = 0; i < model->count; i++) bytes += model->lengths[i];
  return bytes;
}

static void model_end(struct model *model) {
  model->lengths[model->count++] = model->tail;
  model->tail = 0;
}

static uint64_t model_limit(const struct model *model, uint64_t bytes) {
  return model->count && model->lengths[0] < bytes ? model->lengths[0] : bytes;
}

/* Returns whether a mark went with them. */
static bool model_take(struct model *model, uint64_t bytes, bool leave_mark) {
  if (!model->count) {
    model->tail -= bytes;
    return false;
  }
  model->lengths[0] -= bytes;
  if (model->lengths[0] || leave_mark) return false;
  memmove(model->lengths, model->lengths + 1, --model->count * sizeof model->lengths[0]);
  return true;
}

static void model_put_back(struct model *model, uint64_t bytes, bool mark) {
  if (mark) {
    memmove(model->lengths + 1, model->lengths, model->count++ * sizeof model->lengths[0]);
    model->lengths[0] = 0;
  }
  *(model->count ? &model->lengths[0] : &model->tail) += bytes;
}

static void compare(const struct marks *marks, const struct model *model, uint64_t seed) {
  uint64_t covered = 0;
  for (uint32_t i = 0; i < model->count; i++) covered += model->lengths[i];
  bool same = marks->count == model->count;
  if (same && model->count) same = marks->next == model->lengths[0] && marks->covered == covered;
  same = same && marks->first <= marks->end && marks->end <= marks->room;
  if (!same) fail_msg("seed %llu: the marks are not the model's", (unsigned long long)seed);
}

/* ---- random sequences ---- */

/* Short ones, long ones, and now and then one beyond 32 bits. */
static uint64_t random_length(void) {
  switch (random_next() % 8) {
  case 0:
    return 0;
  case 1:
    return random_next();
  case 2:
    return (uint64_t)random_next() << (random_next() % 24);
  default:
    return random_next() % 200;
  }
}

static void step(struct marks *marks, struct model *model) {
  uint64_t there = model_bytes(model);
  uint32_t what = random_next() % 10;
  if (what < 4 && model->count < MODEL_MAX - 2) {
    model->tail += random_length();
    if (what < 3) {
      assert_true(marks_add(marks, model_bytes(model)));
      model_end(model);
    }
    return;
  }
  uint64_t bytes = random_next() % 3 ? UINT64_MAX : random_length();
  if (bytes > there) bytes = there;
  assert_int_equal(marks_limit(marks, bytes), model_limit(model, bytes));
  bytes = model_limit(model, bytes);
  if (what == 4) {
    marks_skip(marks, bytes);
    (void)model_take(model, bytes, true);
    return;
  }
  bool ended = model_take(model, bytes, false);
  assert_int_equal(marks_take(marks, bytes), ended);
  if (what < 8) return;
  /* A part of it comes back, as from a lease; meanwhile more may have arrived. */
  if (what == 9 && model->count < MODEL_MAX - 2) {
    model->tail += random_length();
    assert_true(marks_add(marks, model_bytes(model)));
    model_end(model);
  }
  uint64_t part = random_next() % 3 ? bytes : random_next() % (bytes / 2 + 1);
  marks_put_back(marks, part, ended);
  model_put_back(model, part, ended);
}

static void marks_are_what_the_model_says(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 400; seed++) {
    struct marks marks = {0};
    static struct model model;
    memset(&model, 0, sizeof model);
    random_state = seed;
    for (int i = 0; i < 1500; i++) {
      step(&marks, &model);
      compare(&marks, &model, seed);
    }
    while (model.count) {
      uint64_t bytes = model.lengths[0];
      assert_int_equal(marks_take(&marks, bytes), model_take(&model, bytes, false));
      compare(&marks, &model, seed);
    }
    marks_clear(&marks);
    assert_int_equal(marks.count + marks.room, 0);
  }
}

/* Growth while the head moves: what is kept never walks out of its memory, and is not moved for nothing. */
static void a_queue_of_constant_length_does_not_grow(void **state) {
  struct marks marks = {0};
  (void)state;
  for (uint64_t i = 1; i <= 1000; i++) assert_true(marks_add(&marks, i));
  uint32_t room = marks.room;
  for (uint64_t i = 0; i < 1000000; i++) {
    assert_true(marks_take(&marks, 1));
    assert_true(marks_add(&marks, 1000));
  }
  assert_int_equal(marks.count, 1000);
  assert_true(marks.room <= 2 * room);
  marks_clear(&marks);
}

/* ---- cost ---- */

/* MUX-18: a message's end costs its sender a byte of credit, and its holder not much more. */
static void a_million_short_messages_cost_little(void **state) {
  enum { MILLION = 1000000 };
  (void)state;
  for (uint64_t length = 0; length < 3; length++) {
    struct marks marks = {0};
    for (uint64_t i = 1; i <= MILLION; i++) assert_true(marks_add(&marks, i * length));
    assert_true(marks.end - marks.first <= MILLION);
    assert_true(marks.room <= 4 * MILLION);
    for (uint64_t i = 0; i < MILLION; i++) assert_true(marks_take(&marks, length));
    assert_int_equal(marks.count, 0);
    marks_clear(&marks);
  }
}

/* As many as their memory can be counted for; then there is "no memory", and nothing is broken. */
static void marks_end_where_their_room_does(void **state) {
  uint8_t *coded = malloc(16);
  struct marks marks = {.count = 2, .next = 1, .covered = 2, .coded = coded, .room = UINT32_C(1) << 31};
  (void)state;
  assert_non_null(coded);
  marks.first = 8;
  marks.end = marks.room; /* pretended: nothing of it is looked at */
  struct marks before = marks;
  assert_false(marks_add(&marks, 100));
  assert_memory_equal(&marks, &before, sizeof marks);
  free(coded);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(marks_are_what_the_model_says),
      cmocka_unit_test(a_queue_of_constant_length_does_not_grow),
      cmocka_unit_test(a_million_short_messages_cost_little),
      cmocka_unit_test(marks_end_where_their_room_does),
  };
  return cmocka_run_group_tests_name("marks", tests, NULL, NULL);
}
