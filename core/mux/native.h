/* SPDX-License-Identifier: Apache-2.0
 *
 * The codec of what native sessions say beyond headers: the preface, and the bodies of their frames. Pure: bytes in,
 * values out, no I/O, no allocation. Everything is bounded, and checked before it is believed. docs/wire.md has it all.
 */
#ifndef HAWSER_CORE_MUX_NATIVE_H
#define HAWSER_CORE_MUX_NATIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/hawser.h"

enum {
  PREFACE_SIZE = 16,
  PREFACE_FIRST = 0x8e, /* its first byte; no frame, no TLS, no HTTP begins with it */
  OPEN_FIXED_SIZE = 8,
  OPEN_HEAD_MAX = 16 * 1024, /* name and metadata, with their lengths */
  OPEN_PAIRS_MAX = 64,
  RESET_FIXED_SIZE = 9,
  RESET_REASON_MAX = 1024,
  SETTING_SIZE = 6,
  SETTINGS_COUNT_MAX = 32,
  DRAIN_SIZE = 4
};

/* The two pings by which a side that speaks native says so to one that may not. */
#define PAIR_MAGIC UINT32_C(0x48575330) /* "HWS0" */

/* Capability bits, of the pair, the preface and the settings. */
enum native_capability { NATIVE_V1 = 1 /* always; without it the other side is plain */ };

void preface_encode(uint8_t out[PREFACE_SIZE], uint32_t capabilities);

/* NULL, or a static text that says what is wrong with it. */
const char *preface_decode(const uint8_t in[PREFACE_SIZE], uint32_t *capabilities);

/* ---- OPEN: fixed part, name, pairs of metadata; what is left of the body is the first payload ---- */

struct open_fixed {
  uint32_t credit;   /* more than the first window */
  uint32_t head_len; /* of name and pairs; the name comes first */
  uint32_t name_len;
};

void open_encode_fixed(uint8_t out[OPEN_FIXED_SIZE], const struct open_fixed *fixed);
const char *open_decode_fixed(const uint8_t in[OPEN_FIXED_SIZE], struct open_fixed *fixed);

/* The size of a head; 0: name and metadata are more than is allowed, or a key is empty. */
uint32_t open_head_size(const char *name, size_t name_len, const struct hws_pair *pairs, uint32_t count);

/* Into `open_head_size` bytes. */
void open_encode_head(uint8_t *out, const char *name, size_t name_len, const struct hws_pair *pairs, uint32_t count);

/* Walk a whole head. NULL when it is legal. */
const char *open_check_head(const uint8_t *head, const struct open_fixed *fixed);

/* The index-th pair of a head that was checked; false: there are fewer. The pair points into the head. */
bool open_pair_at(const uint8_t *head, uint32_t head_len, uint32_t name_len, uint32_t index, struct hws_pair *pair);

/* ---- RESET ---- */

enum reset_direction {
  RESET_STOP = 1,  /* the sender will not read any more: stop sending */
  RESET_ABORT = 2, /* the sender will not send any more, and what it sent is to be dropped */
  RESET_BOTH = 3
};

struct reset {
  uint64_t code;
  uint8_t direction;
  const char *reason; /* not terminated */
  uint32_t reason_len;
};

/* Into RESET_FIXED_SIZE + reason_len bytes. */
void reset_encode(uint8_t *out, const struct reset *reset);
const char *reset_decode(const uint8_t *in, uint32_t len, struct reset *reset);

/* ---- SETTINGS ---- */

struct native_settings {
  uint32_t frame_max;    /* bytes of a body that the sender takes */
  uint32_t streams_max;  /* streams that the receiver of this may have open at once */
  uint32_t capabilities; /* native_capability */
};

enum { SETTINGS_SIZE = 3 * SETTING_SIZE };
void settings_encode(uint8_t out[SETTINGS_SIZE], const struct native_settings *settings);

/* Those that are not named keep their value; unknown ones are passed over. */
const char *settings_decode(const uint8_t *in, uint32_t len, struct native_settings *settings);

/* ---- DRAIN ---- */

void drain_encode(uint8_t out[DRAIN_SIZE], uint32_t last_stream);
uint32_t drain_decode(const uint8_t in[DRAIN_SIZE]);

#endif
