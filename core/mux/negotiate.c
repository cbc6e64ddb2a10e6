/* SPDX-License-Identifier: Apache-2.0
 *
 * Which wire is spoken. docs/wire.md, "Modes", has the bytes; here are the transitions:
 *
 *   mode     begins in   and goes on
 *   yamux    DONE
 *   auto     PAIR        -> HALF (the peer began a pair) -> SETTINGS; -> DONE, plain (any other frame)
 *   sniffing SNIFF       -> SETTINGS (a preface came, and ours is said); -> PAIR as if ours were said (a frame came);
 *                        -> PAIR, and ours is said (nothing came)
 *   native   PREFACE     -> SETTINGS
 *   SETTINGS -> DONE, native
 *
 * Until it is decided nothing leaves but the hello, so no stream changes wires.
 */
#include <string.h>

#include "core/mux/mux.h"
#include "core/park.h"

/* Of which ping of the pair a plain peer owes the echo. */
enum { ECHO_MAGIC = 1, ECHO_CAPABILITIES = 2 };

static void decide(struct mux *mux, bool native) {
  mux->native = mux->parser.native = native;
  mux->first_window = native ? WINDOW_NATIVE : WINDOW_PLAIN;
  mux->streams_max = (uint32_t)mux->settings[SET_STREAMS];
  mux->backlog_max = (uint32_t)mux->settings[SET_BACKLOG];
  if (!mux->streams_max) mux->streams_max = native ? STREAMS_NATIVE : STREAMS_PLAIN;
  if (!mux->backlog_max) mux->backlog_max = native ? STREAMS_NATIVE : STREAMS_PLAIN;
  mux->peer = (struct native_settings){.frame_max = FRAME_BODY_MAX, .streams_max = STREAMS_NATIVE};
  mux->negotiation = native ? NEGOTIATE_SETTINGS : NEGOTIATE_DONE;
  alive_decided(mux);
  if (!native) alive_introduced(mux);
  if (!native) return;
  mux->hello |= HELLO_SETTINGS;
  mux->drain_wanted = mux->leaving; /* before the peer could be told (MUX-15) */
  alive_handshake(mux);
}

static void ask(struct mux *mux) {
  mux->negotiation = NEGOTIATE_PAIR;
  mux->hello = HELLO_PAIR;
  mux->echoes = ECHO_MAGIC | ECHO_CAPABILITIES;
}

void negotiate_start(struct mux *mux, uint32_t mode) {
  if (mux->settings[SET_SNIFF] && mode != HWS_MODE_YAMUX) {
    mux->negotiation = NEGOTIATE_SNIFF;
    alive_handshake(mux);
  } else if (mode == HWS_MODE_YAMUX) {
    decide(mux, false);
  } else if (mode == HWS_MODE_NATIVE) {
    decide(mux, true);
    mux->negotiation = NEGOTIATE_PREFACE;
    mux->hello |= HELLO_PREFACE;
  } else {
    ask(mux);
  }
}

/* Who speaks native at once, or asks, would have spoken by now: what is left is a plain peer that has nothing to say
 * and will echo our pair, or nobody. */
bool negotiate_ask(struct mux *mux) {
  if (mux->negotiation != NEGOTIATE_SNIFF || mux->state != SESSION_RUNNING) return false;
  ask(mux);
  alive_handshake(mux);
  return true;
}

/* ---- what comes before frames ---- */

static const char *take_preface(struct mux *mux, const uint8_t **data, size_t *len) {
  uint32_t capabilities;
  size_t part = PREFACE_SIZE - (size_t)mux->preface_have;
  if (part > *len) part = *len;
  memcpy(mux->preface + mux->preface_have, *data, part);
  mux->preface_have = (uint8_t)(mux->preface_have + part);
  *data += part;
  *len -= part;
  if (mux->preface[0] != PREFACE_FIRST)
    return mux->preface[0] == 0 ? "the peer speaks plain yamux, or asks first; this side speaks native at once"
                                : "the peer speaks neither native nor yamux";
  if (mux->preface_have < PREFACE_SIZE) return NULL;
  const char *error = preface_decode(mux->preface, &capabilities);
  if (!error) mux->negotiation = NEGOTIATE_SETTINGS;
  return error;
}

const char *negotiate_bytes(struct mux *mux, const uint8_t **data, size_t *len, struct op_list *ended) {
  if (!*len || mux->negotiation >= NEGOTIATE_SETTINGS) return NULL;
  bool begins = **data == PREFACE_FIRST;
  if (!mux->begun && mux->negotiation != NEGOTIATE_PREFACE) alive_handshake(mux);
  mux->begun = true;
  if (mux->negotiation == NEGOTIATE_SNIFF && begins) {
    decide(mux, true);
    mux->negotiation = NEGOTIATE_PREFACE;
    mux->hello |= HELLO_PREFACE;
    mux_admit(mux, ended);
  } else if (mux->negotiation == NEGOTIATE_SNIFF) {
    mux->negotiation = NEGOTIATE_PAIR;
  }
  if (mux->negotiation == NEGOTIATE_PREFACE) return take_preface(mux, data, len);
  if (mux->negotiation == NEGOTIATE_PAIR && !mux->parser.have && begins)
    return "the peer speaks native at once; this side asks first, or speaks plain yamux";
  return NULL;
}

/* ---- frames that belong to it ---- */

static void go_plain(struct mux *mux, struct op_list *ended) {
  if (mux->hello & HELLO_PAIR) mux->echoes = 0; /* not said yet, and no reason to ask any more */
  mux->hello = 0;
  decide(mux, false);
  mux_admit(mux, ended);
}

/* The peer knows the pair, and so echoes none. */
static void take_pair(struct mux *mux, bool native, struct op_list *ended) {
  if (!mux->echoes) mux->hello |= HELLO_PAIR; /* sniffed: it is our turn */
  mux->echoes = 0;
  decide(mux, native);
  mux_admit(mux, ended);
}

bool negotiate_frame(struct mux *mux, const struct frame *frame, const char **error, struct op_list *ended) {
  bool asks = frame->type == FRAME_PING && frame->flags == FRAME_SYN;
  switch (mux->negotiation) {
  case NEGOTIATE_PAIR:
    if (asks && frame->length == PAIR_MAGIC) {
      mux->negotiation = NEGOTIATE_HALF;
      return true;
    }
    go_plain(mux, ended);
    return false;
  case NEGOTIATE_HALF:
    if (asks)
      take_pair(mux, frame->length & NATIVE_V1, ended);
    else
      *error = "half a pair: the peer's capabilities did not follow";
    return true;
  default:
    if (frame->type == FRAME_SETTINGS || frame->type == FRAME_GOAWAY) return false;
    *error = "the first native frame is not SETTINGS";
    return true;
  }
}

/* In either order: one peer answers each ping from a thread of its own. */
bool negotiate_is_echo(struct mux *mux, uint32_t opaque) {
  uint8_t echo = opaque == PAIR_MAGIC ? ECHO_MAGIC : opaque == NATIVE_V1 ? ECHO_CAPABILITIES : 0;
  if (!(mux->echoes & echo)) return false;
  mux->echoes &= (uint8_t)~echo;
  return true;
}

const char *negotiate_settings(struct mux *mux, const uint8_t *body, uint32_t len, struct op_list *ended) {
  if (mux->negotiation == NEGOTIATE_DONE) return "settings for a second time";
  const char *error = settings_decode(body, len, &mux->peer);
  mux->negotiation = NEGOTIATE_DONE;
  alive_introduced(mux);
  if (!mux->peer.streams_max)
    mux->takes_none = cause_remote(HWS_E_REFUSED, HWS_CODE_REFUSED, "the peer takes no streams");
  mux_admit(mux, ended); /* it may take more streams than we thought */
  return error;
}

/* ---- saying it ---- */

static void cut_ping(struct mux *mux, uint32_t opaque) {
  batch_add_header(mux, NULL, &(struct frame){.type = FRAME_PING, .flags = FRAME_SYN, .length = opaque});
}

void negotiate_cut(struct mux *mux) {
  uint32_t first = mux->batch_count;
  if (mux->hello & HELLO_PAIR) {
    cut_ping(mux, PAIR_MAGIC);
    cut_ping(mux, NATIVE_V1);
  }
  if (mux->hello & HELLO_PREFACE) {
    preface_encode(mux->own_preface, NATIVE_V1);
    batch_add(mux, NULL, mux->own_preface, PREFACE_SIZE)->starts_frame = true; /* it is none, but stands as one */
  }
  if (mux->hello & HELLO_SETTINGS) {
    struct native_settings ours = {
        .frame_max = FRAME_TAKEN_MAX, .streams_max = mux->streams_max, .capabilities = NATIVE_V1};
    settings_encode(mux->own_settings + FRAME_HEADER_SIZE, &ours);
    frame_encode(mux->own_settings, &(struct frame){.type = FRAME_SETTINGS, .length = SETTINGS_SIZE});
    batch_add_whole(mux, NULL, mux->own_settings, sizeof mux->own_settings);
  }
  for (; first < mux->batch_count; first++) mux->pieces[first].is_hello = true;
  mux->hello = 0;
}
