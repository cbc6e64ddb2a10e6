/* SPDX-License-Identifier: Apache-2.0
 *
 * The scripted peer; see peer.h.
 */
#include "tests/mux/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- connecting ---- */

struct peer *peer_open(struct world *world, uint32_t role, const char *settings) {
  return peer_open_in(world, HWS_MODE_YAMUX, role, settings);
}

struct peer *peer_open_in(struct world *world, uint32_t mode, uint32_t role, const char *settings) {
  char plain[128];
  char url[URL_MAX];
  struct hws_how how = how_block();
  struct hws_event event;
  hws_handle stream = 0;
  struct peer *peer = calloc(1, sizeof *peer);
  assert_non_null(peer);
  peer->wire = wire_listen(plain, sizeof plain);
  url_through(url, plain);
  assert_int_equal(hws_dial(world->runtime, url, 0, &how, &event, NULL, &stream), 1);
  assert_status(event.status, HWS_OK);
  wire_accept(peer->wire);
  peer->world = world;
  peer->session_is_client = role != HWS_ROLE_SERVER;
  peer->next_opaque = 0x70656572;
  peer->session = session_in(stream, mode, role, settings);
  return peer;
}

void peer_hang_up(struct peer *peer) {
  wire_close(peer->wire);
  peer->wire = NULL;
}

void peer_close(struct peer *peer) {
  peer_hang_up(peer);
  if (peer->session) abort_handle(peer->session);
  free(peer);
}

/* ---- saying ---- */

/* Let the session work, until the wire is ready or a moment has passed. */
static void give_way(struct peer *peer, bool to_write) {
  if (peer->world->driven)
    world_turn(peer->world);
  else
    wire_wait(peer->wire, to_write);
}

size_t peer_try(struct peer *peer, const void *bytes, size_t length) {
  size_t done = 0;
  while (done < length) {
    long sent = wire_send(peer->wire, (const uint8_t *)bytes + done, length - done);
    if (sent <= 0) break;
    done += (size_t)sent;
  }
  return done;
}

bool peer_say_raw(struct peer *peer, const void *bytes, size_t length) {
  uint64_t until = hws_now() + LIMIT_NS;
  for (size_t done = 0; done < length;) {
    long sent = wire_send(peer->wire, (const uint8_t *)bytes + done, length - done);
    if (sent < 0) return false;
    done += (size_t)sent;
    if (sent == 0) {
      if (hws_now() > until) fail_msg("the session does not read");
      give_way(peer, true);
    }
  }
  return true;
}

bool peer_say(struct peer *peer, unsigned type, unsigned flags, uint32_t stream, uint32_t length) {
  const struct frame frame = {(uint8_t)type, (uint16_t)flags, stream, length};
  uint8_t bytes[FRAME_HEADER_SIZE];
  if (type == FRAME_WINDOW && !(flags & FRAME_RST) && stream) peer_stream(peer, stream)->credit += length;
  frame_encode(bytes, &frame);
  return peer_say_raw(peer, bytes, sizeof bytes);
}

bool peer_say_data(struct peer *peer, unsigned flags, uint32_t stream, const void *bytes, uint32_t length) {
  return peer_say(peer, FRAME_DATA, flags, stream, length) && peer_say_raw(peer, bytes, length);
}

bool peer_ping(struct peer *peer) {
  assert_true(peer->asked_count < PEER_PINGS);
  uint32_t opaque = peer->next_opaque++;
  peer->asked[(peer->asked_first + peer->asked_count++) % PEER_PINGS] = opaque;
  return peer_say(peer, FRAME_PING, FRAME_SYN, 0, opaque);
}

/* ---- hearing ---- */

struct heard *peer_stream(struct peer *peer, uint32_t id) {
  for (uint32_t i = peer->stream_count; i-- > 0;)
    if (peer->streams[i].id == id) return &peer->streams[i];
  assert_true(peer->stream_count < PEER_STREAMS);
  struct heard *stream = &peer->streams[peer->stream_count++];
  *stream = (struct heard){.id = id, .credit = peer->native ? NATIVE_INITIAL : WINDOW_INITIAL};
  return stream;
}

static bool is_sessions_own(const struct peer *peer, uint32_t id) {
  return (id & 1) == (peer->session_is_client ? 1U : 0U);
}

/* Frames of streams, by the rules. */
static void check_stream(struct peer *peer, const struct frame *frame) {
  bool opens = frame->flags & FRAME_SYN;
  if (opens) {
    assert_true(!peer->native || frame->type == FRAME_OPEN);
    assert_true(is_sessions_own(peer, frame->stream));
    assert_true(frame->stream > peer->last_open);
    peer->last_open = frame->stream;
  }
  assert_true(!is_sessions_own(peer, frame->stream) || frame->stream <= peer->last_open);
  struct heard *stream = peer_stream(peer, frame->stream);
  if (stream->rst) fail_msg("a frame for stream %u, which was reset", (unsigned)frame->stream);
  if (frame->type >= FRAME_NATIVE) {
    peer_check_native(peer, frame);
    return;
  }
  const unsigned eom = peer->native && frame->type == FRAME_DATA ? FRAME_EOM : 0;
  assert_true((frame->flags & ~(FRAME_SYN | FRAME_ACK | FRAME_FIN | FRAME_RST | eom)) == 0);
  if (frame->flags & FRAME_ACK) assert_false(is_sessions_own(peer, frame->stream));
  /* A native opener waits for no ACK: it is said where it brings credit. */
  if (peer->native && (frame->flags & FRAME_ACK)) assert_true(frame->length > 0);
  if (stream->stopped && frame->type == FRAME_WINDOW) assert_true(frame->flags & (FRAME_FIN | FRAME_RST));
  if (frame->flags & FRAME_FIN) {
    assert_int_equal(frame->type, FRAME_WINDOW);
    assert_int_equal(frame->length, 0);
    assert_false(stream->fin || stream->aborted);
    stream->fin = true;
  }
  if (frame->flags & FRAME_RST) {
    assert_int_equal(frame->type, FRAME_WINDOW);
    assert_int_equal(frame->flags, FRAME_RST);
    stream->rst = true;
  }
  if (frame->type == FRAME_DATA) {
    uint32_t end = frame->flags & FRAME_EOM ? 1 : 0;
    if (stream->aborted) fail_msg("data for stream %u, whose sending was aborted", (unsigned)frame->stream);
    assert_false(stream->fin);
    assert_in_range(frame->length, end ? 0 : 1, BODY_MAX);
    if (frame->length + end > stream->credit)
      fail_msg("%u bytes and %u ends with %u of credit", frame->length, end, (unsigned)stream->credit);
    stream->credit -= frame->length + end;
    stream->received += frame->length;
    stream->messages += end;
  }
}

static void check_ping(struct peer *peer, const struct frame *frame) {
  if (frame->flags & FRAME_SYN) {
    if (frame->length == PAIR_MAGIC) peer->pairs = 2; /* exempt from one at a time, together with the next */
    if (!peer->pairs) assert_false(peer->pinged);
    if (peer->pairs)
      peer->pairs--;
    else
      peer->pinged = true;
    return;
  }
  if (!peer->asked_count) fail_msg("a pong that was not asked for");
  assert_int_equal(frame->length, peer->asked[peer->asked_first]);
  peer->asked_first = (peer->asked_first + 1) % PEER_PINGS;
  peer->asked_count--;
}

static void check(struct peer *peer, const struct frame *frame) {
  if (peer->went_away) fail_msg("a frame after go-away");
  if (peer->native && !peer->settled) assert_true(frame->type == FRAME_SETTINGS || frame->type == FRAME_GOAWAY);
  peer->frames++;
  if (frame->type == FRAME_PING)
    check_ping(peer, frame);
  else if (frame->type == FRAME_GOAWAY)
    peer->went_away = true;
  else if (frame->type >= FRAME_NATIVE && !frame->stream)
    peer_check_native(peer, frame);
  else
    check_stream(peer, frame);
}

/* 1: a whole frame; 0: not yet; -1: the session has hung up. */
static int take_frame(struct peer *peer, struct frame *frame) {
  for (;;) {
    size_t want = FRAME_HEADER_SIZE;
    if (peer->have >= FRAME_HEADER_SIZE) {
      const char *error = (peer->native ? frame_decode_native : frame_decode)(peer->in, frame);
      if (error) fail_msg("the session sent a wrong header: %s", error);
      if (frame_has_body(frame)) {
        assert_true(frame->length <= BODY_MAX);
        want += frame->length;
      }
    }
    if (peer->have == want) break;
    long got = wire_recv(peer->wire, peer->in + peer->have, want - peer->have);
    if (got == 0) return 0;
    if (got < 0) {
      /* Under chaos a last word may be cut by the abort that follows it. */
      if (peer->have && !through_chaos()) fail_msg("the session hung up within a frame");
      return -1;
    }
    peer->have += (size_t)got;
  }
  memcpy(peer->body, peer->in + FRAME_HEADER_SIZE, peer->have - FRAME_HEADER_SIZE);
  peer->have = 0;
  check(peer, frame);
  return 1;
}

/* Keep-alive is answered here, unless a test looks at it. */
static bool is_for_us(struct peer *peer, const struct frame *frame) {
  if (peer->keeps_pings || frame->type != FRAME_PING || !(frame->flags & FRAME_SYN)) return true;
  peer->pinged = false;
  (void)peer_say(peer, FRAME_PING, FRAME_ACK, 0, frame->length);
  return false;
}

bool peer_hear_now(struct peer *peer, struct frame *frame) {
  while (take_frame(peer, frame) > 0)
    if (is_for_us(peer, frame)) return true;
  return false;
}

bool peer_hear(struct peer *peer, struct frame *frame) {
  uint64_t until = hws_now() + LIMIT_NS;
  for (;;) {
    int taken = take_frame(peer, frame);
    if (taken < 0) return false;
    if (taken > 0 && is_for_us(peer, frame)) return true;
    if (taken == 0) give_way(peer, false);
    if (hws_now() > until) fail_msg("the session sends nothing");
  }
}

static void hear_some(struct peer *peer, struct frame *frame) {
  if (!peer_hear(peer, frame)) fail_msg("the session hung up: %s", detail_of(peer->session).text);
}

void peer_expect(struct peer *peer, unsigned type, unsigned flags, uint32_t stream, uint32_t length) {
  struct frame frame;
  hear_some(peer, &frame);
  if (frame.type != type || frame.flags != flags || frame.stream != stream || frame.length != length)
    fail_msg("heard type %u flags %u stream %u length %u, wanted type %u flags %u stream %u length %u", frame.type,
             frame.flags, (unsigned)frame.stream, (unsigned)frame.length, type, flags, (unsigned)stream,
             (unsigned)length);
}

void peer_expect_data(struct peer *peer, uint32_t stream, const char *text) {
  peer_expect(peer, FRAME_DATA, 0, stream, (uint32_t)strlen(text));
  assert_memory_equal(peer->body, text, strlen(text));
}

void peer_expect_pattern(struct peer *peer, uint32_t stream, uint64_t seed, uint64_t offset, uint64_t length) {
  for (uint64_t done = 0; done < length;) {
    struct frame frame;
    hear_some(peer, &frame);
    assert_int_equal(frame.type, FRAME_DATA);
    assert_int_equal(frame.flags, 0);
    assert_int_equal(frame.stream, stream);
    assert_true(done + frame.length <= length);
    pattern_expect(seed, offset + done, peer->body, frame.length);
    done += frame.length;
  }
}

void peer_expect_quiet(struct peer *peer) {
  assert_int_equal(peer->asked_count, 0);
  assert_true(peer_ping(peer));
  peer_expect(peer, FRAME_PING, FRAME_ACK, 0, peer->next_opaque - 1);
}

void peer_settle(struct peer *peer) {
  struct frame frame;
  assert_true(peer_ping(peer));
  do hear_some(peer, &frame);
  while (peer->asked_count);
}

void peer_expect_end(struct peer *peer) {
  struct frame frame;
  if (peer_hear(peer, &frame))
    fail_msg("heard type %u flags %u stream %u length %u, wanted the end", frame.type, frame.flags,
             (unsigned)frame.stream, (unsigned)frame.length);
}

hws_handle peer_opens(struct peer *peer, uint32_t id) {
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_SYN, id, 0));
  peer_expect(peer, FRAME_WINDOW, FRAME_ACK, id, 0);
  return accept_stream(peer->session);
}

hws_handle peer_is_opened(struct peer *peer, uint32_t *id) {
  struct frame frame = {0};
  hws_handle stream = open_stream(peer->session);
  hear_some(peer, &frame);
  assert_int_equal(frame.type, FRAME_WINDOW);
  assert_int_equal(frame.flags, FRAME_SYN);
  assert_int_equal(frame.length, 0);
  *id = frame.stream;
  return stream;
}
