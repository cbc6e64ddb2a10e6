/* SPDX-License-Identifier: Apache-2.0
 *
 * A scripted peer: the other end of a session, speaking bytes of yamux or of native over a plain socket that no part
 * of the library serves. It sends whatever the test wants, legal or not, and holds every frame that the session
 * sends against the rules of docs/wire.md ("Send strictly"), so that each test checks them all:
 *
 *   no flags that do not belong, no body on FIN or RST, FIN once, nothing after RST, data within credit and at most
 *   64 KiB a frame, ids of the session's own parity and ascending, an open before anything else of its stream, one
 *   ping in flight, pongs that were asked for and in order, nothing after go-away.
 *
 * Of a native session also: settings first and once, heads that are legal, a byte of credit for each end of a message,
 * no data after an abort, no credit after a stop, resets of one direction once, an ACK only where it brings credit.
 */
#ifndef HAWSER_TESTS_MUX_PEER_H
#define HAWSER_TESTS_MUX_PEER_H

#include "core/mux/frame.h"
#include "core/mux/native.h"
#include "tests/mux/wire.h"
#include "tests/mux/world.h"

#define WINDOW_INITIAL UINT32_C(262144)
#define NATIVE_INITIAL UINT32_C(65536)

enum { BODY_MAX = 65536, PEER_STREAMS = 8192, PEER_PINGS = 4096 };

/* What the peer knows of a stream, of the session's sending. */
struct heard {
  uint32_t id;
  bool fin;
  bool rst;
  bool stopped;      /* the session reads no more: RESET, "stop" */
  bool aborted;      /* it sends no more: RESET, "abort" */
  uint64_t credit;   /* what the session may still send */
  uint64_t received; /* bytes of data */
  uint64_t messages; /* ends of them */
};

struct peer {
  struct world *world;
  hws_handle session;
  struct wire *wire; /* NULL: hung up */
  bool session_is_client;
  bool native;  /* both have introduced themselves */
  bool settled; /* the session's settings were heard */
  bool drained; /* its drain was heard, with this id: */
  uint32_t drained_at;
  uint32_t last_said; /* the highest id that the peer has opened by peer_say_open */
  bool keeps_pings;   /* the session's pings are frames for the test; else they are answered and passed over */
  struct heard streams[PEER_STREAMS];
  uint32_t stream_count;
  uint32_t last_open;
  uint32_t asked[PEER_PINGS]; /* pings of ours without an answer */
  uint32_t asked_first;
  uint32_t asked_count;
  uint32_t next_opaque;
  unsigned pairs; /* pings of the session's that are its pair, still to come */
  bool pinged;    /* a ping of the session's has no answer yet */
  bool went_away;
  uint64_t frames;
  uint8_t body[BODY_MAX]; /* of the frame that was read last */
  size_t have;
  uint8_t in[FRAME_HEADER_SIZE + BODY_MAX];
};

/* The session that is tested has that role, and talks to the peer. */
struct peer *peer_open(struct world *world, uint32_t role, const char *settings);
struct peer *peer_open_in(struct world *world, uint32_t mode, uint32_t role, const char *settings);

/* The peer is gone; the session stays. */
void peer_hang_up(struct peer *peer);

/* Hang up, and end the session without a word. */
void peer_close(struct peer *peer);

/* ---- saying: false when the session has hung up ---- */

bool peer_say_raw(struct peer *peer, const void *bytes, size_t length);
bool peer_say(struct peer *peer, unsigned type, unsigned flags, uint32_t stream, uint32_t length);
bool peer_say_data(struct peer *peer, unsigned flags, uint32_t stream, const void *bytes, uint32_t length);
bool peer_ping(struct peer *peer);                                    /* asks; the answer is expected in order */
size_t peer_try(struct peer *peer, const void *bytes, size_t length); /* what the socket takes at once */

/* ---- hearing ---- */

/* The next frame, checked; its body lies in peer->body. False: the session hung up. */
bool peer_hear(struct peer *peer, struct frame *frame);
/* The same without waiting. */
bool peer_hear_now(struct peer *peer, struct frame *frame);

void peer_expect(struct peer *peer, unsigned type, unsigned flags, uint32_t stream, uint32_t length);
void peer_expect_data(struct peer *peer, uint32_t stream, const char *text);
/* Data frames of that stream and nothing else, of that pattern. */
void peer_expect_pattern(struct peer *peer, uint32_t stream, uint64_t seed, uint64_t offset, uint64_t length);
/* Nothing else was sent before the answer to a ping, so the session has seen all that was said. */
void peer_expect_quiet(struct peer *peer);
/* Hear, and forget, what was sent until then. */
void peer_settle(struct peer *peer);
/* The session has hung up, without another frame. */
void peer_expect_end(struct peer *peer);

/* The peer opens a stream and hears the ACK; the test accepts it. */
hws_handle peer_opens(struct peer *peer, uint32_t id);
/* The session opens a stream; the peer hears it. *id is its number. */
hws_handle peer_is_opened(struct peer *peer, uint32_t *id);

struct heard *peer_stream(struct peer *peer, uint32_t id);

/* ---- native (peer_native.c) ---- */

/* A native session, and a peer that has introduced itself to it and heard its introduction. */
struct peer *peer_open_native(struct world *world, uint32_t role, const char *settings);

/* What an open carries; the zero value is one without anything. */
struct opening {
  uint32_t credit;
  const char *name;
  const struct hws_pair *pairs;
  uint32_t pair_count;
  const void *payload;
  uint32_t payload_len;
  bool eom;
};

enum { OPENING_MAX = FRAME_HEADER_SIZE + OPEN_FIXED_SIZE + OPEN_HEAD_MAX + BODY_MAX + 1024 };

/* The bytes of a whole frame; returns how many. `out` has OPENING_MAX. */
size_t opening_bytes(uint8_t *out, uint32_t stream, const struct opening *opening);

bool peer_say_open(struct peer *peer, uint32_t stream, const struct opening *opening);
bool peer_say_reset(struct peer *peer, uint32_t stream, uint64_t code, enum reset_direction direction,
                    const char *reason);
bool peer_say_drain(struct peer *peer, uint32_t last_stream);
/* Any frame with a body. */
bool peer_say_body(struct peer *peer, unsigned type, unsigned flags, uint32_t stream, const void *body,
                   uint32_t length);

/* The session's reset, with that code, direction and reason ("": any). */
void peer_expect_reset(struct peer *peer, uint32_t stream, uint64_t code, enum reset_direction direction,
                       const char *reason);

/* The session opens a stream; the peer hears the OPEN, which lies in peer->body. */
hws_handle peer_is_opened_native(struct peer *peer, uint32_t *id);
/* The peer opens a stream; the test accepts it. */
hws_handle peer_opens_native(struct peer *peer, uint32_t id);

/* What peer.c asks of peer_native.c: the rules for frames that only native sessions send. */
void peer_check_native(struct peer *peer, const struct frame *frame);

#endif
