/* SPDX-License-Identifier: Apache-2.0
 *
 * Encoding and checking of the preface and of the bodies of native frames.
 */
#include "core/mux/native.h"

#include <string.h>

enum { PREFACE_VERSION = 1, PAIR_OVERHEAD = 4, FRAME_MAX_LEAST = 64 * 1024 };

/* What a setting is called on the wire. */
enum setting_id { SETTING_FRAME_MAX = 1, SETTING_STREAMS_MAX = 2, SETTING_CAPABILITIES = 3 };

static const uint8_t magic[8] = {PREFACE_FIRST, 'H', 'A', 'W', 'S', 'E', 'R', '\n'};

static uint16_t load16(const uint8_t *in) {
  return (uint16_t)(in[0] << 8 | in[1]);
}

static uint32_t load32(const uint8_t *in) {
  return (uint32_t)load16(in) << 16 | load16(in + 2);
}

static void store16(uint8_t *out, uint32_t value) {
  out[0] = (uint8_t)(value >> 8);
  out[1] = (uint8_t)value;
}

static void store32(uint8_t *out, uint32_t value) {
  store16(out, value >> 16);
  store16(out + 2, value & 0xffff);
}

/* ---- the preface: magic, version, the lowest version that will do, capabilities ---- */

void preface_encode(uint8_t out[PREFACE_SIZE], uint32_t capabilities) {
  memcpy(out, magic, sizeof magic);
  store16(out + 8, PREFACE_VERSION);
  store16(out + 10, PREFACE_VERSION);
  store32(out + 12, capabilities);
}

const char *preface_decode(const uint8_t in[PREFACE_SIZE], uint32_t *capabilities) {
  *capabilities = load32(in + 12);
  if (memcmp(in, magic, sizeof magic) != 0) return "not a native preface";
  if (load16(in + 8) < PREFACE_VERSION) return "a native preface of version 0";
  if (load16(in + 10) > PREFACE_VERSION) return "a native preface of a later version";
  return *capabilities & NATIVE_V1 ? NULL : "a native preface without the capability of this version";
}

/* ---- OPEN ---- */

void open_encode_fixed(uint8_t out[OPEN_FIXED_SIZE], const struct open_fixed *fixed) {
  store32(out, fixed->credit);
  store16(out + 4, fixed->head_len);
  store16(out + 6, fixed->name_len);
}

const char *open_decode_fixed(const uint8_t in[OPEN_FIXED_SIZE], struct open_fixed *fixed) {
  *fixed = (struct open_fixed){.credit = load32(in), .head_len = load16(in + 4), .name_len = load16(in + 6)};
  if (fixed->head_len > OPEN_HEAD_MAX) return "open with too much metadata";
  return fixed->name_len > fixed->head_len ? "open with a name beyond its head" : NULL;
}

uint32_t open_head_size(const char *name, size_t name_len, const struct hws_pair *pairs, uint32_t count) {
  uint64_t size = name ? name_len : 0;
  if (size > OPEN_HEAD_MAX || count > OPEN_PAIRS_MAX) return 0;
  for (uint32_t i = 0; i < count; i++) {
    if (!pairs[i].key_len) return 0;
    size += PAIR_OVERHEAD + (uint64_t)pairs[i].key_len + pairs[i].value_len;
  }
  return size > OPEN_HEAD_MAX ? 0 : (uint32_t)size;
}

static uint8_t *put(uint8_t *out, const char *bytes, size_t len) {
  if (len) memcpy(out, bytes, len);
  return out + len;
}

void open_encode_head(uint8_t *out, const char *name, size_t name_len, const struct hws_pair *pairs, uint32_t count) {
  out = put(out, name, name ? name_len : 0);
  for (uint32_t i = 0; i < count; i++) {
    store16(out, pairs[i].key_len);
    store16(out + 2, pairs[i].value_len);
    out = put(out + PAIR_OVERHEAD, pairs[i].key, pairs[i].key_len);
    out = put(out, pairs[i].value, pairs[i].value_len);
  }
}

/* The pair at `at`, and where the next one begins; 0: it does not fit. */
static uint32_t pair_read(const uint8_t *head, uint32_t head_len, uint32_t at, struct hws_pair *pair) {
  if (head_len - at < PAIR_OVERHEAD) return 0;
  uint32_t key_len = load16(head + at);
  uint32_t value_len = load16(head + at + 2);
  at += PAIR_OVERHEAD;
  if (head_len - at < key_len + value_len) return 0;
  *pair = (struct hws_pair){.key = (const char *)head + at,
                            .value = (const char *)head + at + key_len,
                            .key_len = key_len,
                            .value_len = value_len};
  return at + key_len + value_len;
}

const char *open_check_head(const uint8_t *head, const struct open_fixed *fixed) {
  struct hws_pair pair = {0};
  uint32_t count = 0;
  if (fixed->name_len && memchr(head, 0, fixed->name_len)) return "open with a zero in its name";
  for (uint32_t at = fixed->name_len; at < fixed->head_len; count++) {
    at = pair_read(head, fixed->head_len, at, &pair);
    if (!at) return "open with metadata cut short";
    if (!pair.key_len) return "open with an empty key";
    if (count == OPEN_PAIRS_MAX) return "open with too many pairs of metadata";
  }
  return NULL;
}

bool open_pair_at(const uint8_t *head, uint32_t head_len, uint32_t name_len, uint32_t index, struct hws_pair *pair) {
  for (uint32_t at = name_len; at < head_len; index--) {
    at = pair_read(head, head_len, at, pair);
    if (!at || !index) return at != 0;
  }
  return false;
}

/* ---- RESET ---- */

void reset_encode(uint8_t *out, const struct reset *reset) {
  store32(out, (uint32_t)(reset->code >> 32));
  store32(out + 4, (uint32_t)reset->code);
  out[8] = reset->direction;
  put(out + RESET_FIXED_SIZE, reset->reason, reset->reason_len);
}

const char *reset_decode(const uint8_t *in, uint32_t len, struct reset *reset) {
  *reset = (struct reset){.code = (uint64_t)load32(in) << 32 | load32(in + 4),
                          .direction = in[8],
                          .reason = (const char *)in + RESET_FIXED_SIZE,
                          .reason_len = len - RESET_FIXED_SIZE};
  return reset->direction < RESET_STOP || reset->direction > RESET_BOTH ? "reset of an unknown direction" : NULL;
}

/* ---- SETTINGS ---- */

static void setting_put(uint8_t *out, enum setting_id id, uint32_t value) {
  store16(out, id);
  store32(out + 2, value);
}

void settings_encode(uint8_t out[SETTINGS_SIZE], const struct native_settings *settings) {
  setting_put(out, SETTING_FRAME_MAX, settings->frame_max);
  setting_put(out + SETTING_SIZE, SETTING_STREAMS_MAX, settings->streams_max);
  setting_put(out + 2 * (size_t)SETTING_SIZE, SETTING_CAPABILITIES, settings->capabilities);
}

const char *settings_decode(const uint8_t *in, uint32_t len, struct native_settings *settings) {
  for (uint32_t at = 0; at + SETTING_SIZE <= len; at += SETTING_SIZE) {
    uint32_t value = load32(in + at + 2);
    switch (load16(in + at)) {
    case SETTING_FRAME_MAX:
      settings->frame_max = value;
      break;
    case SETTING_STREAMS_MAX:
      settings->streams_max = value;
      break;
    case SETTING_CAPABILITIES:
      settings->capabilities = value;
      break;
    default:
      break;
    }
  }
  return settings->frame_max < FRAME_MAX_LEAST ? "settings with frames of less than 64 KiB" : NULL;
}

/* ---- DRAIN ---- */

void drain_encode(uint8_t out[DRAIN_SIZE], uint32_t last_stream) {
  store32(out, last_stream);
}

uint32_t drain_decode(const uint8_t in[DRAIN_SIZE]) {
  return load32(in);
}
