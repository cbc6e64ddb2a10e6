/* SPDX-License-Identifier: Apache-2.0
 *
 * The scripted peer's native half: how it introduces itself, what it can say, and the rules that it holds a native
 * session to; see peer.h.
 */
#include "tests/mux/peer.h"

#include <stdlib.h>
#include <string.h>

/* ---- the introduction ---- */

static void hear_preface(struct peer *peer) {
  uint8_t preface[PREFACE_SIZE];
  uint64_t until = hws_now() + LIMIT_NS;
  uint32_t capabilities = 0;
  for (size_t have = 0; have < sizeof preface;) {
    long got = wire_recv(peer->wire, preface + have, sizeof preface - have);
    if (got > 0) {
      have += (size_t)got;
      continue;
    }
    if (got < 0) fail_msg("the session hung up before its preface was whole");
    if (hws_now() > until) fail_msg("the session does not introduce itself");
    world_turn(peer->world);
  }
  assert_null(preface_decode(preface, &capabilities));
  assert_int_equal(capabilities, NATIVE_V1);
}

struct peer *peer_open_native(struct world *world, uint32_t role, const char *settings) {
  struct peer *peer = peer_open_in(world, HWS_MODE_NATIVE, role, settings);
  uint8_t said[PREFACE_SIZE + FRAME_HEADER_SIZE + SETTINGS_SIZE];
  struct frame frame;
  preface_encode(said, NATIVE_V1);
  frame_encode(said + PREFACE_SIZE, &(struct frame){.type = FRAME_SETTINGS, .length = SETTINGS_SIZE});
  settings_encode(said + PREFACE_SIZE + FRAME_HEADER_SIZE,
                  &(struct native_settings){.frame_max = BODY_MAX, .streams_max = 1024, .capabilities = NATIVE_V1});
  assert_true(peer_say_raw(peer, said, sizeof said));
  hear_preface(peer);
  peer->native = true;
  assert_true(peer_hear(peer, &frame));
  assert_int_equal(frame.type, FRAME_SETTINGS);
  peer_expect_quiet(peer);
  return peer;
}

/* ---- saying ---- */

size_t opening_bytes(uint8_t *out, uint32_t stream, const struct opening *opening) {
  size_t name_len = opening->name ? strlen(opening->name) : 0;
  uint32_t head = open_head_size(opening->name, name_len, opening->pairs, opening->pair_count);
  struct open_fixed fixed = {.credit = opening->credit, .head_len = head, .name_len = (uint32_t)name_len};
  struct frame frame = {.type = FRAME_OPEN,
                        .flags = (uint16_t)(FRAME_SYN | (opening->eom ? FRAME_EOM : 0)),
                        .stream = stream,
                        .length = OPEN_FIXED_SIZE + head + opening->payload_len};
  frame_encode(out, &frame);
  open_encode_fixed(out + FRAME_HEADER_SIZE, &fixed);
  uint8_t *at = out + FRAME_HEADER_SIZE + OPEN_FIXED_SIZE;
  if (head) open_encode_head(at, opening->name, name_len, opening->pairs, opening->pair_count);
  if (opening->payload_len) memcpy(at + head, opening->payload, opening->payload_len);
  return FRAME_HEADER_SIZE + (size_t)frame.length;
}

bool peer_say_open(struct peer *peer, uint32_t stream, const struct opening *opening) {
  uint8_t *bytes = malloc(OPENING_MAX);
  assert_non_null(bytes);
  size_t length = opening_bytes(bytes, stream, opening);
  peer_stream(peer, stream)->credit += opening->credit;
  if (stream > peer->last_said) peer->last_said = stream;
  bool said = peer_say_raw(peer, bytes, length);
  free(bytes);
  return said;
}

bool peer_say_body(struct peer *peer, unsigned type, unsigned flags, uint32_t stream, const void *body,
                   uint32_t length) {
  const struct frame frame = {(uint8_t)type, (uint16_t)flags, stream, length};
  uint8_t header[FRAME_HEADER_SIZE];
  frame_encode(header, &frame);
  return peer_say_raw(peer, header, sizeof header) && peer_say_raw(peer, body, length);
}

bool peer_say_reset(struct peer *peer, uint32_t stream, uint64_t code, enum reset_direction direction,
                    const char *reason) {
  uint8_t body[RESET_FIXED_SIZE + RESET_REASON_MAX];
  struct reset reset = {.code = code, .direction = (uint8_t)direction, .reason = reason};
  reset.reason_len = (uint32_t)strlen(reason);
  assert_true(reset.reason_len <= RESET_REASON_MAX);
  reset_encode(body, &reset);
  return peer_say_body(peer, FRAME_RESET, 0, stream, body, RESET_FIXED_SIZE + reset.reason_len);
}

bool peer_say_drain(struct peer *peer, uint32_t last_stream) {
  uint8_t body[DRAIN_SIZE];
  drain_encode(body, last_stream);
  return peer_say_body(peer, FRAME_DRAIN, 0, 0, body, sizeof body);
}

/* ---- the rules ---- */

/* The head is legal, and the payload and its end are within the first window. */
static void check_open(struct peer *peer, struct heard *stream, const struct frame *frame) {
  struct open_fixed fixed;
  assert_null(open_decode_fixed(peer->body, &fixed));
  assert_true(OPEN_FIXED_SIZE + fixed.head_len <= frame->length);
  assert_null(open_check_head(peer->body + OPEN_FIXED_SIZE, &fixed));
  uint32_t end = frame->flags & FRAME_EOM ? 1 : 0;
  uint32_t payload = frame->length - OPEN_FIXED_SIZE - fixed.head_len;
  assert_true(payload + end <= stream->credit);
  stream->credit -= payload + end;
  stream->received += payload;
  stream->messages += end;
}

/* Each direction once. */
static void check_reset(struct peer *peer, struct heard *stream, const struct frame *frame) {
  struct reset reset;
  assert_null(reset_decode(peer->body, frame->length, &reset));
  assert_null(memchr(reset.reason, 0, reset.reason_len));
  if (reset.direction == RESET_BOTH) stream->rst = true;
  if (reset.direction == RESET_STOP) {
    assert_false(stream->stopped);
    stream->stopped = true;
  }
  if (reset.direction == RESET_ABORT) {
    assert_false(stream->aborted);
    stream->aborted = true;
  }
}

void peer_check_native(struct peer *peer, const struct frame *frame) {
  struct native_settings settings = {0};
  switch (frame->type) {
  case FRAME_OPEN:
    check_open(peer, peer_stream(peer, frame->stream), frame);
    break;
  case FRAME_RESET:
    check_reset(peer, peer_stream(peer, frame->stream), frame);
    break;
  case FRAME_SETTINGS:
    assert_false(peer->settled);
    peer->settled = true;
    assert_int_equal(frame->length, SETTINGS_SIZE);
    assert_null(settings_decode(peer->body, frame->length, &settings));
    assert_true(settings.streams_max > 0);
    assert_int_equal(settings.capabilities, NATIVE_V1);
    break;
  case FRAME_DRAIN:
    assert_false(peer->drained);
    peer->drained = true;
    peer->drained_at = drain_decode(peer->body);
    assert_true(peer->drained_at <= peer->last_said);
    break;
  default:
    fail_msg("the session sent a frame of type %u", frame->type);
  }
}

/* ---- what tests expect ---- */

void peer_expect_reset(struct peer *peer, uint32_t stream, uint64_t code, enum reset_direction direction,
                       const char *reason) {
  struct frame frame;
  struct reset reset;
  if (!peer_hear(peer, &frame)) fail_msg("the session hung up: %s", detail_of(peer->session).text);
  if (frame.type != FRAME_RESET || frame.stream != stream)
    fail_msg("heard type %u flags %u stream %u length %u, wanted a reset of stream %u", frame.type, frame.flags,
             (unsigned)frame.stream, (unsigned)frame.length, (unsigned)stream);
  assert_null(reset_decode(peer->body, frame.length, &reset));
  assert_int_equal(reset.code, code);
  assert_int_equal(reset.direction, direction);
  if (!*reason) return;
  assert_int_equal(reset.reason_len, strlen(reason));
  assert_memory_equal(reset.reason, reason, reset.reason_len);
}

hws_handle peer_is_opened_native(struct peer *peer, uint32_t *id) {
  struct frame frame = {0};
  hws_handle stream = open_stream(peer->session);
  assert_true(peer_hear(peer, &frame));
  assert_int_equal(frame.type, FRAME_OPEN);
  assert_int_equal(frame.flags, FRAME_SYN);
  assert_int_equal(frame.length, OPEN_FIXED_SIZE);
  *id = frame.stream;
  return stream;
}

hws_handle peer_opens_native(struct peer *peer, uint32_t id) {
  assert_true(peer_say_open(peer, id, &(struct opening){0}));
  return accept_stream(peer->session);
}
