/* SPDX-License-Identifier: Apache-2.0
 *
 * The bodies of native frames: the first byte of the input says which, the rest is the body. What is legal must encode
 * to what it was, be readable to its end, and stay within its limits.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/mux/native.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds) {
  if (!holds) abort();
}

static void try_preface(const uint8_t *data, size_t size) {
  uint8_t again[PREFACE_SIZE];
  uint32_t capabilities = 0;
  if (size < PREFACE_SIZE || preface_decode(data, &capabilities)) return;
  check(data[0] == PREFACE_FIRST && (capabilities & NATIVE_V1));
  preface_encode(again, capabilities);
  check(memcmp(again, data, 8) == 0 && memcmp(again + 12, data + 12, 4) == 0);
}

/* Name and pairs, taken out and put together again. */
static void try_head(const uint8_t *head, const struct open_fixed *fixed) {
  static struct hws_pair pairs[OPEN_PAIRS_MAX];
  uint32_t count = 0;
  if (open_check_head(head, fixed)) return;
  while (count < OPEN_PAIRS_MAX && open_pair_at(head, fixed->head_len, fixed->name_len, count, &pairs[count])) count++;
  struct hws_pair none;
  check(!open_pair_at(head, fixed->head_len, fixed->name_len, count, &none));
  check(open_head_size((const char *)head, fixed->name_len, pairs, count) == fixed->head_len);
  uint8_t *again = malloc(fixed->head_len ? fixed->head_len : 1);
  check(again != NULL);
  open_encode_head(again, (const char *)head, fixed->name_len, pairs, count);
  check(memcmp(again, head, fixed->head_len) == 0);
  free(again);
}

static void try_open(const uint8_t *data, size_t size) {
  struct open_fixed fixed;
  uint8_t again[OPEN_FIXED_SIZE];
  if (size < OPEN_FIXED_SIZE) return;
  const char *error = open_decode_fixed(data, &fixed);
  open_encode_fixed(again, &fixed);
  check(memcmp(again, data, sizeof again) == 0);
  if (error || fixed.head_len > size - OPEN_FIXED_SIZE) return;
  check(fixed.head_len <= OPEN_HEAD_MAX && fixed.name_len <= fixed.head_len);
  /* Of its own size: a read past it is seen. */
  uint8_t *head = malloc(fixed.head_len ? fixed.head_len : 1);
  check(head != NULL);
  memcpy(head, data + OPEN_FIXED_SIZE, fixed.head_len);
  try_head(head, &fixed);
  free(head);
}

static void try_reset(const uint8_t *data, size_t size) {
  struct reset reset;
  if (size < RESET_FIXED_SIZE || size > RESET_FIXED_SIZE + RESET_REASON_MAX) return;
  const char *error = reset_decode(data, (uint32_t)size, &reset);
  check((error == NULL) == (data[8] >= RESET_STOP && data[8] <= RESET_BOTH));
  uint8_t *again = malloc(size);
  check(again != NULL);
  reset_encode(again, &reset);
  check(memcmp(again, data, size) == 0);
  free(again);
}

static void try_settings(const uint8_t *data, size_t size) {
  struct native_settings settings = {.frame_max = 65536, .streams_max = 1, .capabilities = 1};
  struct native_settings found = {0};
  uint8_t again[SETTINGS_SIZE];
  if (size % SETTING_SIZE || size / SETTING_SIZE > SETTINGS_COUNT_MAX) return;
  if (!settings_decode(data, (uint32_t)size, &settings)) check(settings.frame_max >= 65536);
  settings_encode(again, &settings);
  (void)settings_decode(again, sizeof again, &found);
  check(memcmp(&found, &settings, sizeof found) == 0);
}

static void try_drain(const uint8_t *data, size_t size) {
  uint8_t again[DRAIN_SIZE];
  if (size != DRAIN_SIZE) return;
  drain_encode(again, drain_decode(data));
  check(memcmp(again, data, sizeof again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static void (*const tries[])(const uint8_t *, size_t) = {try_preface, try_open, try_reset, try_settings, try_drain};
  if (!size) return 0;
  uint8_t *copy = malloc(size > 1 ? size - 1 : 1);
  check(copy != NULL);
  memcpy(copy, data + 1, size - 1);
  tries[data[0] % (sizeof tries / sizeof *tries)](copy, size - 1);
  free(copy);
  return 0;
}
