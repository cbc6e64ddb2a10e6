/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole session at the mercy of its peer; see talk.h.
 */
#include "tests/fuzz/talk.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/hawser.h"
#include "core/mux/frame.h"
#include "core/mux/native.h"

enum {
  POLICY_SERVER = 1,     /* the session is the server's */
  POLICY_DEAF = 2,       /* the peer does not read before the end */
  POLICY_BYTEWISE = 4,   /* its bytes come one at a time */
  POLICY_TIGHT = 8,      /* small limits */
  POLICY_ABORT = 16,     /* the session is aborted, else the peer hangs up */
  POLICY_CLOSE = 32,     /* the session is closed while the peer still talks */
  POLICY_NO_OPEN = 64,   /* it opens no stream of its own */
  POLICY_ONE_LEASE = 128 /* a lease is kept until all is over */
};

enum { STREAMS = 64, PIECE = 64, EVENTS = 32, TAG_ACCEPT = 1, TAG_OTHER = 2, TAG_WATCH = 3, TAG_CLOSE = 4 };

#define SECONDS(n) (UINT64_C(1000000000) * (n))
#define MUST(condition)                                                                                                \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      (void)fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                                                    \
      abort();                                                                                                         \
    }                                                                                                                  \
  } while (0)

static hws_handle runtime;
static hws_handle listener;
static hws_handle queue;

struct talk {
  const struct talk_wire *wire;
  uint8_t policy;
  const uint8_t *rest; /* what decides about streams: the input again */
  size_t left;
  hws_handle peer;
  hws_handle session;
  hws_handle streams[STREAMS];
  unsigned count;
  hws_handle accepting;
  hws_handle lease;
  unsigned pending; /* events that are to come */
  bool watched;     /* the session's end was told */
};

/* Where ops of streams put what they receive and take what they send: alive until the last event. */
static uint8_t memory[4096];

static struct hws_how how_queue(struct talk *talk, uint64_t tag) {
  talk->pending++;
  return (struct hws_how){.size = sizeof(struct hws_how), .queue = queue, .tag = tag};
}

static void begin(void) {
  struct hws_runtime_config config = {
      .size = sizeof config, .flags = HWS_RUNTIME_CALLER_DRIVEN, .plugin_dir = TEST_PLUGIN_DIR};
  struct hws_how how = {.size = sizeof how, .flags = HWS_BLOCK};
  struct hws_event event;
  MUST(hws_runtime_open(&config, &runtime) == HWS_OK);
  MUST(hws_queue_open(runtime, &queue) == HWS_OK);
  MUST(hws_listen(runtime, "mem://fuzz?buffer=4096", 0, &how, &event, NULL, &listener) == 1 && event.status == HWS_OK);
}

static uint8_t decide(struct talk *talk) {
  if (!talk->left) return 0;
  talk->left--;
  return *talk->rest++;
}

static void accept_next(struct talk *talk) {
  struct hws_how how = how_queue(talk, TAG_ACCEPT);
  MUST(hws_accept(talk->session, 0, &how, NULL, NULL, &talk->accepting) == 0);
}

/* One that the wire does not know yet is busy: nothing was begun, and no event comes. */
static void submitted(struct talk *talk, hws_result result) {
  if (result == HWS_E_BUSY || result == HWS_E_UNSUPPORTED)
    talk->pending--;
  else
    MUST(result == 0);
}

static void lease(struct talk *talk, hws_handle stream) {
  struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
  struct hws_event event = {0};
  if (hws_acquire(stream, &how, &event, NULL) != 1 || event.status != HWS_OK) return;
  if (!event.bytes) { /* a message without any */
    MUST(event.flags == HWS_EVENT_EOM && event.code == 0);
    return;
  }
  MUST(event.data != 0);
  MUST(memchr((const void *)(uintptr_t)event.data, 256, event.bytes) || event.bytes); /* every byte can be read */
  if ((talk->policy & POLICY_ONE_LEASE) && !talk->lease)
    talk->lease = event.code;
  else
    MUST(hws_release(event.code, decide(talk) % (event.bytes + 1)) == HWS_OK);
}

/* Something with a stream: ops pend, end at once or fail, all of which is fine. */
static void use_plainly(struct talk *talk, hws_handle stream, unsigned what, struct hws_vec vec) {
  struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
  struct hws_event event = {0};
  switch (what) {
  case 0:
    (void)hws_recv(stream, &vec, 1, &how, &event, NULL);
    break;
  case 1:
    (void)hws_send(stream, &vec, 1, &how, &event, NULL);
    break;
  case 2:
    how = how_queue(talk, TAG_OTHER);
    submitted(talk, hws_recv(stream, &vec, 1, &how, NULL, NULL));
    break;
  case 3:
    how = how_queue(talk, TAG_OTHER);
    vec.len = sizeof memory;
    submitted(talk, hws_send(stream, &vec, 1, &how, NULL, NULL));
    break;
  case 4:
    how = how_queue(talk, TAG_OTHER);
    submitted(talk, hws_shutdown(stream, &how, NULL, NULL));
    break;
  case 5:
    MUST(hws_reset(stream, decide(talk), NULL) == HWS_OK);
    break;
  case 6:
    lease(talk, stream);
    break;
  default:
    break;
  }
}

static void open_named(struct talk *talk, const struct hws_vec *payload) {
  static const struct hws_pair pairs[] = {{"key", "value", 3, 5}, {"k", "", 1, 0}};
  struct hws_open_config config = {.size = sizeof config,
                                   .name = decide(talk) % 2 ? "a name" : NULL,
                                   .metadata = pairs,
                                   .metadata_count = decide(talk) % 3,
                                   .payload = payload,
                                   .payload_count = 1};
  struct hws_how how = how_queue(talk, TAG_OTHER);
  hws_handle stream = 0;
  if (decide(talk) % 2) how.flags = HWS_EOM;
  if (talk->count == STREAMS || !talk->session) {
    talk->pending--;
    return;
  }
  submitted(talk, hws_open(talk->session, &config, &how, NULL, NULL, &stream));
  if (stream) talk->streams[talk->count++] = stream;
}

static void look(struct talk *talk, hws_handle stream) {
  static uint8_t text[64];
  struct hws_pair pair = {0};
  hws_result size = hws_metadata(stream, decide(talk) % 3, text, sizeof text, &pair);
  if (size >= 0) MUST((uint64_t)size == (uint64_t)pair.key_len + pair.value_len);
  (void)hws_text(stream, HWS_TEXT_NAME, (char *)text, sizeof text);
}

static void use_natively(struct talk *talk, hws_handle stream, unsigned what, struct hws_vec vec) {
  struct hws_how how = {.size = sizeof how, .flags = HWS_TRY | HWS_EOM};
  struct hws_event event = {0};
  switch (what) {
  case 8:
    (void)hws_send(stream, &vec, 1, &how, &event, NULL);
    break;
  case 9:
    (void)hws_send(stream, NULL, 0, &how, &event, NULL);
    break;
  case 10:
    how = how_queue(talk, TAG_OTHER);
    how.flags = HWS_EOM;
    vec.len = sizeof memory;
    submitted(talk, hws_send(stream, &vec, 1, &how, NULL, NULL));
    break;
  case 11:
    (void)hws_stop(stream, HWS_STOP_RECV, decide(talk), "enough");
    break;
  case 12:
    (void)hws_stop(stream, HWS_STOP_SEND, decide(talk), NULL);
    break;
  case 13:
    open_named(talk, &vec);
    break;
  case 14:
    look(talk, stream);
    break;
  default:
    if (!talk->session || decide(talk) % 8) break;
    how = how_queue(talk, TAG_OTHER);
    submitted(talk, hws_shutdown(talk->session, &how, NULL, NULL));
    break;
  }
}

static void use(struct talk *talk, hws_handle stream) {
  struct hws_vec vec = {.ptr = memory, .len = 1 + decide(talk)};
  unsigned what = decide(talk) % (talk->wire->mode == HWS_MODE_YAMUX ? 8U : 16U);
  if (what < 8)
    use_plainly(talk, stream, what, vec);
  else
    use_natively(talk, stream, what, vec);
}

static void take_events(struct talk *talk, int64_t timeout_ns) {
  struct hws_event events[EVENTS];
  hws_result count = hws_queue_wait(queue, events, EVENTS, timeout_ns);
  MUST(count >= 0);
  talk->pending -= (unsigned)count;
  for (hws_result i = 0; i < count; i++) {
    if (events[i].tag == TAG_WATCH) talk->watched = true;
    if (events[i].tag != TAG_ACCEPT) continue;
    if (events[i].status != HWS_OK || talk->count == STREAMS) {
      if (talk->accepting) MUST(hws_close(talk->accepting, NULL, NULL, NULL) == HWS_OK);
    } else {
      talk->streams[talk->count++] = talk->accepting;
      use(talk, talk->accepting);
    }
    if (events[i].status == HWS_OK && talk->session) accept_next(talk);
  }
}

static void peer_reads(struct talk *talk) {
  static uint8_t sink[65536];
  struct hws_vec vec = {.ptr = sink, .len = sizeof sink};
  struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
  struct hws_event event;
  while (hws_recv(talk->peer, &vec, 1, &how, &event, NULL) == 1 && event.status == HWS_OK) continue;
}

static void peer_says(struct talk *talk, const uint8_t *data, size_t size) {
  struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
  unsigned idle = 0;
  while (size && idle < 100) {
    size_t piece = talk->policy & POLICY_BYTEWISE ? 1 : size < PIECE ? size : PIECE;
    struct hws_vec vec = {.ptr = (void *)(uintptr_t)data, .len = piece};
    struct hws_event event = {0};
    int result = hws_send(talk->peer, &vec, 1, &how, &event, NULL);
    if (result == 1 && event.status != HWS_OK) return;
    MUST(result == 1 || result == HWS_E_AGAIN);
    uint64_t said = result == 1 ? event.bytes : 0;
    idle = said ? 0 : idle + 1;
    data += said;
    size -= said;
    take_events(talk, 0);
    if (talk->count) use(talk, talk->streams[decide(talk) % talk->count]);
    if (!(talk->policy & POLICY_DEAF)) peer_reads(talk);
  }
}

/* A peer of one that sniffs may begin with what ends any other: it sniffs under small limits, too. */
static const char *settings_of(const struct talk *talk) {
  static const char *const texts[2][2] = {
      {"keepalive=0", "keepalive=0&sniff=1"},
      {"keepalive=0&backlog=2&streams_max=3&useless_rate=5&resets_burst=2&window_max=256k&linger=1ms",
       "keepalive=0&backlog=2&streams_max=3&useless_rate=5&resets_burst=2&window_max=256k&linger=1ms&sniff=1"}};
  return texts[talk->policy & POLICY_TIGHT ? 1 : 0][talk->wire->sniff ? 1 : 0];
}

static void connect_pair(struct talk *talk) {
  struct hws_how how = how_queue(talk, TAG_OTHER);
  struct hws_event event;
  hws_handle stream = 0;
  MUST(hws_accept(listener, 0, &how, NULL, NULL, &stream) == 0);
  how = (struct hws_how){.size = sizeof how, .flags = HWS_BLOCK};
  MUST(hws_dial(runtime, "mem://fuzz", 0, &how, &event, NULL, &talk->peer) == 1 && event.status == HWS_OK);
  while (talk->pending) take_events(talk, (int64_t)SECONDS(10));
  struct hws_session_config config = {.size = sizeof config,
                                      .mode = talk->wire->mode,
                                      .role = talk->policy & POLICY_SERVER ? HWS_ROLE_SERVER : HWS_ROLE_CLIENT,
                                      .settings = settings_of(talk)};
  MUST(hws_session(stream, &config, &talk->session) == HWS_OK);
}

static void open_some(struct talk *talk) {
  struct hws_vec vec = {.ptr = memory, .len = 100};
  struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
  struct hws_event event = {0};
  for (unsigned i = 0; i < 3; i++) {
    hws_handle stream = 0;
    hws_result result = hws_open(talk->session, NULL, &how, &event, NULL, &stream);
    if (result == HWS_E_AGAIN && talk->wire->mode == HWS_MODE_AUTO) return;
    MUST(result == 1 && event.status == HWS_OK);
    if (i) (void)hws_send(stream, &vec, 1, &how, &event, NULL);
    talk->streams[talk->count++] = stream;
  }
}

static void close_session(struct talk *talk) {
  struct hws_how how = how_queue(talk, TAG_CLOSE);
  if (talk->policy & POLICY_ABORT) how.flags = HWS_ABORT;
  MUST(hws_close(talk->session, &how, NULL, NULL) == 0);
  talk->session = 0;
}

/* Whatever was said: when both ends let go, every event comes, and no connection is left. */
static void end(struct talk *talk) {
  uint64_t until = hws_now() + SECONDS(20);
  uint64_t endpoints = 0;
  if (talk->policy & POLICY_ABORT && talk->session) close_session(talk);
  MUST(hws_close(talk->peer, NULL, NULL, NULL) == HWS_OK);
  while (!talk->watched) {
    take_events(talk, (int64_t)SECONDS(1));
    MUST(hws_now() < until);
  }
  for (unsigned i = 0; i < talk->count; i++) MUST(hws_close(talk->streams[i], NULL, NULL, NULL) == HWS_OK);
  if (talk->session) close_session(talk);
  do {
    take_events(talk, talk->pending ? (int64_t)SECONDS(1) : 0);
    MUST(hws_stat(runtime, "endpoints", &endpoints) == HWS_OK);
    MUST(hws_now() < until);
  } while (talk->pending || endpoints > 1); /* the listener's */
  if (talk->lease) MUST(hws_release(talk->lease, 0) == HWS_OK);
}

/* What an honest peer begins with, so that the input need not find it out. */
static void introduce(struct talk *talk) {
  uint8_t said[2 * FRAME_HEADER_SIZE + PREFACE_SIZE + FRAME_HEADER_SIZE + SETTINGS_SIZE];
  size_t at = 0;
  if (talk->wire->introduction == TALK_PREFACE) {
    preface_encode(said, NATIVE_V1);
    at = PREFACE_SIZE;
  } else {
    frame_encode(said, &(struct frame){FRAME_PING, FRAME_SYN, 0, PAIR_MAGIC});
    frame_encode(said + FRAME_HEADER_SIZE, &(struct frame){FRAME_PING, FRAME_SYN, 0, NATIVE_V1});
    at = 2 * (size_t)FRAME_HEADER_SIZE;
  }
  frame_encode(said + at, &(struct frame){FRAME_SETTINGS, 0, 0, SETTINGS_SIZE});
  settings_encode(said + at + FRAME_HEADER_SIZE, &(struct native_settings){65536, 10, NATIVE_V1});
  at += FRAME_HEADER_SIZE + SETTINGS_SIZE;
  peer_says(talk, said, at);
}

void talk_to_session(const struct talk_wire *wire, const uint8_t *data, size_t size) {
  struct talk talk = {.wire = wire};
  if (!size) return;
  if (!runtime) begin();
  talk.policy = data[0];
  talk.rest = data + 1;
  talk.left = size - 1;
  connect_pair(&talk);
  struct hws_how how = how_queue(&talk, TAG_WATCH);
  MUST(hws_watch(talk.session, &how, NULL, NULL) == 0);
  accept_next(&talk);
  if (wire->introduction != TALK_NOTHING) introduce(&talk);
  if (!(talk.policy & POLICY_NO_OPEN)) open_some(&talk);
  if (talk.policy & POLICY_CLOSE) {
    peer_says(&talk, data + 1, (size - 1) / 2);
    close_session(&talk);
    peer_says(&talk, data + 1 + (size - 1) / 2, size - 1 - (size - 1) / 2);
  } else {
    peer_says(&talk, data + 1, size - 1);
  }
  end(&talk);
}
