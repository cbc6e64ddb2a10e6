/* SPDX-License-Identifier: Apache-2.0
 *
 * What docs/wire.md says that a session answers, where a peer that is written from it could go wrong: ids, ends,
 * refusals, limits, messages, resets and introductions. Each row is a talk: what the peer says, what the application
 * does, and all that the session says. The session is the server's; the peer opens streams with odd ids.
 */
#include "tests/mux/peer.h"

#include <stdlib.h>
#include <string.h>

enum { SAID = 6, HEARD = 6, ANY = -1 };

/* NULL text: no body; a header that announces `length` bytes none of which comes. */
struct said {
  uint8_t type;
  uint16_t flags;
  uint32_t stream;
  uint32_t length;
  const char *body;
};

/* What the application does between what is said first and then, with the first stream that it accepts. */
enum act {
  NOTHING,
  ACCEPT,
  CLOSE,
  RESET_WIDE, /* with a code of more than 32 bits */
  GO_AWAY,    /* and keeps the stream */
  OPEN_TWO    /* streams of its own */
};

enum fate { GOES_ON, GOAWAY };

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in the order in which a row is read */
struct row {
  const char *name;
  const char *settings;
  bool native;
  struct said first[SAID];
  enum act act;
  struct said then[SAID];
  struct said
      heard[HEARD]; /* at most, where it ends by GoAway; pongs are not among them, but every ping has to have one */
  bool at_most;     /* what is heard may be overtaken by the end of its stream */
  int useless;
  enum fate fate;
  const char *read; /* by the application at the end: bytes, "." for the end of a message, then the status */
  uint64_t code;    /* of that status */
};

#define WINDOW(flags, id, length)                                                                                      \
  { FRAME_WINDOW, flags, id, length, NULL }
#define DATA(flags, id, text)                                                                                          \
  { FRAME_DATA, flags, id, sizeof(text) - 1, text }
#define HEADER(type, flags, id, length)                                                                                \
  { type, flags, id, length, NULL }
#define PING(opaque)                                                                                                   \
  { FRAME_PING, FRAME_SYN, 0, opaque, NULL }
#define OPEN(flags, id, payload)                                                                                       \
  { FRAME_OPEN, FRAME_SYN | (flags), id, sizeof("12345678" payload) - 1, "\0\0\0\0\0\0\0\0" payload }
#define RESET(id, code, direction)                                                                                     \
  { FRAME_RESET, 0, id, 9, "\0\0\0\0\0\0\0" code direction }
#define STOP "\1"
#define ABORT "\2"
#define BOTH "\3"
#define DRAIN(last)                                                                                                    \
  { FRAME_DRAIN, 0, 0, 4, "\0\0\0" last }

static const struct row rows[] = {
    /* ---- ids ---- */
    {"ids in any order", .first = {WINDOW(FRAME_SYN, 9, 0), WINDOW(FRAME_SYN, 5, 0)},
     .heard = {WINDOW(FRAME_ACK, 9, 0), WINDOW(FRAME_ACK, 5, 0)}},
    {"an id whose stream goes on", .first = {WINDOW(FRAME_SYN, 3, 0), WINDOW(FRAME_SYN, 3, 0)},
     .heard = {WINDOW(FRAME_ACK, 3, 0)}, .fate = GOAWAY},
    {"an id whose stream is half over", .first = {WINDOW(FRAME_SYN | FRAME_FIN, 3, 0), WINDOW(FRAME_SYN, 3, 0)},
     .heard = {WINDOW(FRAME_ACK, 3, 0)}, .fate = GOAWAY},
    {"an id whose stream is over by both ends", .first = {WINDOW(FRAME_SYN | FRAME_FIN, 3, 0)}, .act = CLOSE,
     .then = {WINDOW(FRAME_SYN, 3, 0)},
     .heard = {WINDOW(FRAME_ACK, 3, 0), WINDOW(FRAME_FIN, 3, 0), WINDOW(FRAME_ACK, 3, 0)}},
    {"an id whose stream is over by a reset",
     .first = {WINDOW(FRAME_SYN, 3, 0), WINDOW(FRAME_RST, 3, 9), WINDOW(FRAME_SYN, 3, 0)},
     .heard = {WINDOW(FRAME_ACK, 3, 0), WINDOW(FRAME_ACK, 3, 0)}, .at_most = true, .useless = ANY},
    {"an id of the other side", .first = {WINDOW(FRAME_SYN, 2, 0)}, .fate = GOAWAY},
    /* ---- ends ---- */
    {"an end behind an end", .first = {WINDOW(FRAME_SYN, 3, 0), WINDOW(FRAME_FIN, 3, 0), WINDOW(FRAME_FIN, 3, 0)},
     .heard = {WINDOW(FRAME_ACK, 3, 0)}, .useless = 1},
    {"an end on Data behind an end",
     .first = {WINDOW(FRAME_SYN, 3, 0), WINDOW(FRAME_FIN, 3, 0), DATA(FRAME_FIN, 3, "late")},
     .heard = {WINDOW(FRAME_ACK, 3, 0)}, .useless = 1},
    {"data behind an end", .first = {WINDOW(FRAME_SYN, 3, 0), WINDOW(FRAME_FIN, 3, 0), DATA(0, 3, "late")},
     .act = ACCEPT, .heard = {WINDOW(FRAME_ACK, 3, 0)}, .read = "HWS_E_EOF"},
    {"data behind an end, beyond the credit",
     .first = {WINDOW(FRAME_SYN, 3, 0), WINDOW(FRAME_FIN, 3, 0), HEADER(FRAME_DATA, 0, 3, WINDOW_INITIAL + 1)},
     .heard = {WINDOW(FRAME_ACK, 3, 0)}, .fate = GOAWAY},
    {"frames for a stream that is over",
     .first = {WINDOW(FRAME_SYN, 3, 0), WINDOW(FRAME_RST, 3, 9), DATA(0, 3, "late"), WINDOW(0, 3, 5),
               WINDOW(FRAME_FIN, 3, 0), WINDOW(FRAME_RST, 3, 0)},
     .heard = {WINDOW(FRAME_ACK, 3, 0)}, .at_most = true, .useless = ANY},
    {"frames for a stream that never was", .first = {DATA(0, 5, "what"), WINDOW(0, 5, 5), WINDOW(FRAME_FIN, 5, 0)},
     .useless = 3},
    /* ---- resets ---- */
    {"a reset on Data has no code", .first = {WINDOW(FRAME_SYN, 3, 0), DATA(0, 3, "lost")}, .act = ACCEPT,
     .then = {DATA(FRAME_RST, 3, "too")}, .heard = {WINDOW(FRAME_ACK, 3, 0)}, .read = "HWS_E_RESET", .code = 0},
    {"a reset has a code of 32 bits", .first = {WINDOW(FRAME_SYN, 3, 0)}, .act = ACCEPT,
     .then = {WINDOW(FRAME_RST, 3, 0xffffffff)}, .heard = {WINDOW(FRAME_ACK, 3, 0)}, .read = "HWS_E_RESET",
     .code = 0xffffffff},
    {"a code that 32 bits do not hold", .first = {WINDOW(FRAME_SYN, 3, 0)}, .act = RESET_WIDE,
     .heard = {WINDOW(FRAME_ACK, 3, 0), WINDOW(FRAME_RST, 3, HWS_CODE_INTERNAL)}},
    {"all flags at once", .first = {DATA(FRAME_SYN | FRAME_ACK | FRAME_FIN, 3, "all")}, .act = ACCEPT,
     .heard = {WINDOW(FRAME_ACK, 3, 0)}, .read = "allHWS_E_EOF"},
    /* ---- refusals ---- */
    {"more streams than are taken", "streams_max=1", .first = {WINDOW(FRAME_SYN, 3, 0), WINDOW(FRAME_SYN, 5, 0)},
     .heard = {WINDOW(FRAME_ACK, 3, 0), WINDOW(FRAME_RST, 5, HWS_CODE_REFUSED)}, .useless = 0},
    {"more streams than the backlog holds", "backlog=1", .first = {WINDOW(FRAME_SYN, 3, 0), WINDOW(FRAME_SYN, 5, 0)},
     .heard = {WINDOW(FRAME_ACK, 3, 0), WINDOW(FRAME_RST, 5, HWS_CODE_REFUSED)}},
    {"opens while it goes away", .first = {WINDOW(FRAME_SYN, 3, 0)}, .act = GO_AWAY, .then = {WINDOW(FRAME_SYN, 5, 0)},
     .heard = {WINDOW(FRAME_ACK, 3, 0), WINDOW(FRAME_RST, 5, HWS_CODE_SHUTTING_DOWN)}},
    {"a stream that was reset counts while the application has it", "streams_max=1", .first = {WINDOW(FRAME_SYN, 3, 0)},
     .act = ACCEPT, .then = {WINDOW(FRAME_RST, 3, 9), WINDOW(FRAME_SYN, 5, 0)},
     .heard = {WINDOW(FRAME_ACK, 3, 0), WINDOW(FRAME_RST, 5, HWS_CODE_REFUSED)}},
    /* ---- pings ---- */
    {"pings like the pair", .first = {PING(PAIR_MAGIC), PING(NATIVE_V1), PING(PAIR_MAGIC)}, .useless = 3},
    {"pings like the pair, in native", .native = true, .first = {PING(PAIR_MAGIC), PING(NATIVE_V1)}, .useless = 2},
    /* ---- native: messages ---- */
    {"an empty message in OPEN", .native = true, .first = {OPEN(FRAME_EOM, 3, "")}, .act = ACCEPT,
     .then = {WINDOW(FRAME_FIN, 3, 0)}, .read = ".HWS_E_EOF"},
    {"a message in OPEN", .native = true, .first = {OPEN(FRAME_EOM, 3, "hi")}, .act = ACCEPT,
     .then = {WINDOW(FRAME_FIN, 3, 0)}, .read = "hi.HWS_E_EOF"},
    {"an end of a message with SYN", .native = true, .first = {DATA(FRAME_SYN | FRAME_EOM, 3, "hi")}, .act = ACCEPT,
     .then = {WINDOW(FRAME_FIN, 3, 0)}, .read = "hi.HWS_E_EOF"},
    {"an end of a message with SYN and no byte", .native = true, .first = {DATA(FRAME_SYN | FRAME_EOM, 3, "")},
     .act = ACCEPT, .then = {WINDOW(FRAME_FIN, 3, 0)}, .read = ".HWS_E_EOF"},
    {"an end of a message with FIN", .native = true, .first = {OPEN(0, 3, ""), DATA(FRAME_EOM | FRAME_FIN, 3, "hi")},
     .act = ACCEPT, .read = "hi.HWS_E_EOF"},
    {"an end of a message with FIN and no byte", .native = true,
     .first = {OPEN(0, 3, "hi"), DATA(FRAME_EOM | FRAME_FIN, 3, "")}, .act = ACCEPT, .read = "hi.HWS_E_EOF"},
    {"an end of a message with RST", .native = true, .first = {OPEN(0, 3, "lost")}, .act = ACCEPT,
     .then = {DATA(FRAME_EOM | FRAME_RST, 3, "too")}, .read = "HWS_E_RESET"},
    /* ---- native: resets of one direction ---- */
    {"data behind an abort", .native = true, .first = {OPEN(0, 3, "lost"), RESET(3, "\7", ABORT), DATA(0, 3, "late")},
     .act = ACCEPT, .read = "HWS_E_RESET", .code = 7},
    {"data behind an abort, beyond the credit", .native = true,
     .first = {OPEN(0, 3, ""), RESET(3, "\7", ABORT), HEADER(FRAME_DATA, 0, 3, NATIVE_INITIAL + 1)}, .fate = GOAWAY},
    {"an end behind an abort", .native = true,
     .first = {OPEN(0, 3, ""), RESET(3, "\7", ABORT), WINDOW(FRAME_FIN, 3, 0)}, .act = ACCEPT, .useless = 1,
     .read = "HWS_E_RESET", .code = 7},
    {"an abort behind an end", .native = true,
     .first = {OPEN(0, 3, "kept"), WINDOW(FRAME_FIN, 3, 0), RESET(3, "\7", ABORT)}, .act = ACCEPT,
     .read = "keptHWS_E_EOF"},
    {"a stop twice", .native = true, .first = {OPEN(0, 3, ""), RESET(3, "\7", STOP), RESET(3, "\10", STOP)},
     .useless = 1},
    {"a reset of a stream that is over", .native = true,
     .first = {OPEN(0, 3, ""), RESET(3, "\7", BOTH), RESET(3, "\7", BOTH)}, .useless = ANY},
    {"a stop and an abort count like a reset of both", "streams_max=1", .native = true, .first = {OPEN(0, 3, "")},
     .act = ACCEPT, .then = {RESET(3, "\7", STOP), RESET(3, "\7", ABORT), OPEN(0, 5, "")},
     .heard = {WINDOW(FRAME_RST, 5, HWS_CODE_REFUSED)}},
    /* ---- native: going away ---- */
    {"opens while it goes away, in native", .native = true, .first = {OPEN(0, 3, "")}, .act = GO_AWAY,
     .then = {OPEN(0, 5, "")}, .heard = {DRAIN("\3"), WINDOW(FRAME_RST, 5, HWS_CODE_SHUTTING_DOWN)}},
    {"DRAIN again, with a higher id", .native = true, .act = OPEN_TWO,
     .then = {DRAIN("\2"), DRAIN("\144"), DATA(0, 2, "goes on"), DATA(0, 4, "dropped")}, .useless = ANY,
     .read = "goes onHWS_E_AGAIN"},
    {"DRAIN a third time", .native = true, .then = {DRAIN("\0"), DRAIN("\0"), DRAIN("\0")}, .useless = 1},
    /* ---- native: frames ---- */
    {"a type that is not known, of any length", .native = true, .first = {{0x7f, 0xffff, 77, 3, "abc"}}, .useless = 1},
    {"a body of more than 64 KiB within the credit", "window_first=256k", .native = true,
     .first = {{FRAME_OPEN, FRAME_SYN, 3, 8, "\0\0\0\0\0\0\0\0"}, HEADER(FRAME_DATA, 0, 3, 200000)}, .useless = ANY,
     .heard = {WINDOW(FRAME_ACK, 3, 196608)}},
};

static void say(struct peer *peer, const struct said *said) {
  static const uint8_t zeros[WINDOW_INITIAL];
  if (said->type == FRAME_PING) {
    peer->asked[(peer->asked_first + peer->asked_count++) % PEER_PINGS] = said->length;
  } else if (said->type == FRAME_WINDOW && (said->flags & FRAME_SYN)) {
    *peer_stream(peer, said->stream) = (struct heard){.id = said->stream, .credit = WINDOW_INITIAL};
  }
  if ((said->flags & FRAME_SYN) && said->stream > peer->last_said) peer->last_said = said->stream;
  (void)peer_say(peer, said->type, said->flags, said->stream, said->length);
  if (said->body)
    (void)peer_say_raw(peer, said->body, said->length);
  else if (said->type == FRAME_DATA && said->length < sizeof zeros)
    (void)peer_say_raw(peer, zeros, said->length);
}

static bool is_said(const struct said *said) {
  return said->type || said->flags || said->stream || said->length;
}

static void say_all(struct peer *peer, const struct said said[SAID]) {
  for (unsigned i = 0; i < SAID && is_said(&said[i]); i++) say(peer, &said[i]);
}

struct talk {
  const struct row *row;
  struct peer *peer;
  unsigned heard; /* bits of row.heard */
  hws_handle stream;
  uint64_t useless; /* before */
};

static bool is_alike(const struct peer *peer, const struct frame *frame, const struct said *wanted) {
  return frame->type == wanted->type && frame->flags == wanted->flags && frame->stream == wanted->stream &&
         frame->length == wanted->length && (!wanted->body || memcmp(peer->body, wanted->body, wanted->length) == 0);
}

/* Answers stand before other frames, so the order is not the document's to say. */
static void expect_heard(struct talk *talk, const struct frame *frame) {
  for (unsigned i = 0; i < HEARD && is_said(&talk->row->heard[i]); i++) {
    if ((talk->heard & 1U << i) || !is_alike(talk->peer, frame, &talk->row->heard[i])) continue;
    talk->heard |= 1U << i;
    return;
  }
  fail_msg("%s: it said type %u flags %u stream %u length %u", talk->row->name, frame->type, frame->flags,
           (unsigned)frame->stream, (unsigned)frame->length);
}

/* All that it says, up to the answer to a last ping or its farewell. */
static void hear_all(struct talk *talk, bool to_the_end) {
  struct peer *peer = talk->peer;
  struct frame frame = {.type = FRAME_PING};
  for (int round = 0; round < 2 && frame.type != FRAME_GOAWAY; round++) { /* a pong stands before what it follows */
    if (!to_the_end) (void)peer_ping(peer);
    while ((to_the_end || peer->asked_count) && peer_hear(peer, &frame) && frame.type != FRAME_GOAWAY)
      if (frame.type != FRAME_PING) expect_heard(talk, &frame);
  }
  if (frame.type != FRAME_GOAWAY && to_the_end) fail_msg("%s: it hung up without a word", talk->row->name);
  if (frame.type == FRAME_GOAWAY && !to_the_end) fail_msg("%s: %s", talk->row->name, detail_of(peer->session).text);
  if (to_the_end) assert_int_equal(frame.length, 1);
  if (to_the_end) peer_expect_end(peer);
}

static void act(struct world *world, struct talk *talk) {
  hws_handle session = talk->peer->session;
  switch (talk->row->act) {
  case NOTHING:
    break;
  case OPEN_TWO: {
    uint32_t id = 0;
    talk->stream = peer_is_opened_native(talk->peer, &id);
    (void)peer_is_opened_native(talk->peer, &id);
    break;
  }
  case ACCEPT:
    talk->stream = accept_stream(session);
    break;
  case CLOSE:
    close_handle(accept_stream(session));
    break;
  case RESET_WIDE:
    assert_int_equal(hws_reset(accept_stream(session), UINT64_C(1) << 40, NULL), HWS_OK);
    break;
  case GO_AWAY:
    talk->stream = accept_stream(session);
    (void)post_shutdown(world, session);
    break;
  }
}

/* At most so many characters of it. */
static void append(char *text, size_t size, const char *more, size_t most) {
  size_t at = strlen(text);
  for (size_t i = 0; i < most && more[i] && at + 1 < size; i++) text[at++] = more[i];
  text[at] = 0;
}

/* Bytes, a point for each end of a message, and the status that ends it. */
static void expect_read(const struct talk *talk) {
  char text[128] = "";
  struct hws_event event;
  do {
    uint8_t bytes[32];
    struct hws_vec vec = {.ptr = bytes, .len = sizeof bytes};
    struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
    hws_result result = hws_recv(talk->stream, &vec, 1, &how, &event, NULL);
    if (result < 0) event = (struct hws_event){.status = result};
    bool ok = event.status == HWS_OK;
    append(text, sizeof text, (const char *)bytes, ok ? event.bytes : 0);
    append(text, sizeof text, ".", ok && (event.flags & HWS_EVENT_EOM));
  } while (event.status == HWS_OK);
  append(text, sizeof text, hws_status_name(event.status), SIZE_MAX);
  if (strcmp(text, talk->row->read) != 0 || event.code != talk->row->code)
    fail_msg("%s: read \"%s\", code %llu", talk->row->name, text, (unsigned long long)event.code);
}

static void sessions_answer_as_is_written(void **state) {
  struct world *world = *state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct row *row = &rows[i];
    struct talk talk = {.row = row};
    talk.peer = row->native ? peer_open_native(world, HWS_ROLE_SERVER, row->settings)
                            : peer_open(world, HWS_ROLE_SERVER, row->settings);
    uint64_t before = stat_of(talk.peer->session, "useless_frames");
    say_all(talk.peer, row->first);
    if (row->fate == GOES_ON) hear_all(&talk, false);
    uint64_t pings = row->fate == GOES_ON ? 4 : 0; /* of our own: a ping counts too */
    act(world, &talk);
    say_all(talk.peer, row->then);
    hear_all(&talk, row->fate == GOAWAY);
    for (unsigned k = 0; row->fate == GOES_ON && !row->at_most && k < HEARD && is_said(&row->heard[k]); k++)
      if (!(talk.heard & 1U << k)) fail_msg("%s: it did not say frame %u", row->name, k);
    uint64_t useless = stat_of(talk.peer->session, "useless_frames") - before - pings;
    if (row->fate == GOES_ON && row->useless != ANY && useless != (uint64_t)row->useless)
      fail_msg("%s: %llu useless frames", row->name, (unsigned long long)useless);
    if (row->read) expect_read(&talk);
    peer_close(talk.peer);
  }
}

/* ---- what a row does not say ---- */

static void hear_bytes(struct peer *peer, uint8_t *bytes, size_t length) {
  uint64_t until = hws_now() + LIMIT_NS;
  for (size_t have = 0; have < length;) {
    long got = wire_recv(peer->wire, bytes + have, length - have);
    if (got > 0) have += (size_t)got;
    if (got < 0) fail_msg("the session hung up before it had introduced itself");
    if (hws_now() > until) fail_msg("the session does not introduce itself");
    world_turn(peer->world);
  }
}

/* A stream that its opener reset counts until the application lets go of it; one that ended in order does not. */
static void reset_streams_count(void **state) {
  struct world *world = *state;
  for (int native = 0; native < 2; native++) {
    struct peer *peer = native ? peer_open_native(world, HWS_ROLE_SERVER, "streams_max=1")
                               : peer_open(world, HWS_ROLE_SERVER, "streams_max=1");
    struct opening nothing = {.credit = 0};
    hws_handle stream = native ? peer_opens_native(peer, 3) : peer_opens(peer, 3);
    shut_down(stream);
    peer_expect(peer, FRAME_WINDOW, FRAME_FIN, 3, 0);
    assert_true(peer_say(peer, FRAME_WINDOW, FRAME_FIN, 3, 0));
    hws_handle reset = native ? peer_opens_native(peer, 5) : peer_opens(peer, 5);
    assert_true(peer_say(peer, FRAME_WINDOW, FRAME_RST, 5, 9));
    assert_true(native ? peer_say_open(peer, 7, &nothing) : peer_say(peer, FRAME_WINDOW, FRAME_SYN, 7, 0));
    peer_expect(peer, FRAME_WINDOW, FRAME_RST, 7, HWS_CODE_REFUSED);
    close_handle(reset);
    close_handle(native ? peer_opens_native(peer, 9) : peer_opens(peer, 9));
    close_handle(stream);
    peer_close(peer);
  }
}

/* The largest OPEN that is legal, and one byte more, which its first eight bytes give away. */
static void the_largest_open(void **state) {
  struct world *world = *state;
  static uint8_t body[OPEN_FIXED_SIZE + OPEN_HEAD_MAX + NATIVE_INITIAL];
  for (int more = 0; more < 2; more++) {
    struct peer *peer = peer_open_native(world, HWS_ROLE_SERVER, NULL);
    memset(body, 'n', sizeof body);
    open_encode_fixed(body, &(struct open_fixed){.head_len = OPEN_HEAD_MAX, .name_len = OPEN_HEAD_MAX});
    assert_true(peer_say(peer, FRAME_OPEN, FRAME_SYN, 3, sizeof body + (uint32_t)more));
    assert_true(peer_say_raw(peer, body, more ? OPEN_FIXED_SIZE : sizeof body));
    if (more) {
      peer_expect(peer, FRAME_GOAWAY, 0, 0, 1);
      peer_expect_end(peer);
      expect_detail(peer->session, HWS_E_PROTOCOL, "open with a body beyond the window");
    } else {
      hws_handle stream = accept_stream(peer->session);
      assert_int_equal(hws_text(stream, HWS_TEXT_NAME, NULL, 0), OPEN_HEAD_MAX);
      uint8_t got[16];
      assert_int_equal(recv_once(stream, got, sizeof got).bytes, sizeof got);
      close_handle(stream);
    }
    peer_close(peer);
  }
}

/* What SETTINGS say of capabilities is not compared with the preface; bits and numbers to come are passed over. */
static void settings_may_say_more(void **state) {
  struct world *world = *state;
  static const uint8_t settings[][18] = {{0, 3, 0, 0, 0, 0, 0, 3, 0xff, 0xff, 0xff, 0xff, 0, 3, 0, 0, 0, 0},
                                         {0, 9, 1, 2, 3, 4, 0xff, 0xff, 0, 0, 0, 1},
                                         {0}};
  static const uint32_t lengths[] = {18, 12, 0};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    struct peer *peer = peer_open_in(world, HWS_MODE_NATIVE, HWS_ROLE_SERVER, NULL);
    uint8_t preface[PREFACE_SIZE];
    preface_encode(preface, NATIVE_V1 | 0x80000000);
    assert_true(peer_say_raw(peer, preface, sizeof preface));
    assert_true(peer_say_body(peer, FRAME_SETTINGS, 0, 0, settings[i], lengths[i]));
    hear_bytes(peer, preface, sizeof preface);
    peer->native = true;
    peer_settle(peer);
    close_handle(peer_opens_native(peer, 3));
    peer_close(peer);
  }
}

/* A preface that is not acceptable is answered by its own and a go-away, also where it was what told that it is native,
 * and where all of it came at once. */
static void a_bad_preface_is_answered(void **state) {
  struct world *world = *state;
  static const uint8_t bad[][PREFACE_SIZE] = {
      {PREFACE_FIRST, 'H', 'A', 'W', 'S', 'E', 'R', '\r', 0, 1, 0, 1, 0, 0, 0, 1},
      {PREFACE_FIRST, 'H', 'A', 'W', 'S', 'E', 'R', '\n', 0, 3, 0, 2, 0, 0, 0, 1}};
  for (int sniffs = 0; sniffs < 2; sniffs++)
    for (size_t i = 0; i < 2; i++)
      for (size_t step = PREFACE_SIZE; step; step = step == 1 ? 0 : 1) {
        struct peer *peer =
            peer_open_in(world, sniffs ? HWS_MODE_AUTO : HWS_MODE_NATIVE, HWS_ROLE_SERVER, sniffs ? "sniff=1" : NULL);
        uint8_t preface[PREFACE_SIZE];
        uint32_t capabilities = 0;
        for (size_t at = 0; at < PREFACE_SIZE; at += step) {
          assert_true(peer_say_raw(peer, bad[i] + at, step));
          world_turn(world);
        }
        hear_bytes(peer, preface, sizeof preface);
        assert_null(preface_decode(preface, &capabilities));
        peer->native = true;
        struct frame frame;
        do assert_true(peer_hear(peer, &frame));
        while (frame.type == FRAME_SETTINGS);
        assert_int_equal(frame.type, FRAME_GOAWAY);
        assert_int_equal(frame.length, 1);
        peer_expect_end(peer);
        peer_close(peer);
      }
}

/* A session that was closed refuses what comes while it sends the rest, and says that it goes away. */
static void closed_sessions_refuse(void **state) {
  struct world *world = *state;
  static uint8_t much[WINDOW_INITIAL];
  struct peer *peer = peer_open(world, HWS_ROLE_SERVER, NULL);
  hws_handle stream = peer_opens(peer, 3);
  pattern_fill(5, 0, much, sizeof much);
  uint64_t sending = post_send(world, stream, much, sizeof much);
  peer_expect_pattern(peer, 3, 5, 0, sizeof much);
  world_await_status(world, sending, HWS_OK);
  send_all(stream, "behind the credit", 17);
  (void)post_close(world, stream);
  (void)post_close(world, peer->session);
  peer->session = 0;
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_SYN, 5, 0));
  peer_expect(peer, FRAME_WINDOW, FRAME_RST, 5, HWS_CODE_SHUTTING_DOWN);
  assert_true(peer_say(peer, FRAME_WINDOW, 0, 3, 100));
  peer_expect_data(peer, 3, "behind the credit");
  peer_expect(peer, FRAME_WINDOW, FRAME_FIN, 3, 0);
  peer_expect(peer, FRAME_GOAWAY, 0, 0, 0);
  peer_close(peer);
}

/* Who ends its direction of the connection has ended the session. */
static void connections_are_not_half_closed(void **state) {
  struct world *world = *state;
  struct pair raw = pair_raw(world, LOCAL);
  hws_handle session = session_of(raw.server, HWS_ROLE_SERVER, NULL);
  static const uint8_t open[] = {0, 0, 0, FRAME_SYN, 0, 0, 0, 3, 0, 0, 0, 4, 'l', 'a', 's', 't'};
  send_all(raw.client, open, sizeof open);
  shut_down(raw.client);
  hws_handle stream = accept_stream(session);
  expect_bytes(stream, "last");
  assert_status(recv_status(stream), HWS_E_CANCELED);
  assert_status(send_status(stream), HWS_E_CANCELED);
  expect_detail(session, HWS_E_CLOSED, "the peer closed the connection");
  hws_handle all[] = {stream, session, raw.client};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) close_handle(all[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(sessions_answer_as_is_written),
      BOTH_MODES(reset_streams_count),
      BOTH_MODES(the_largest_open),
      BOTH_MODES(settings_may_say_more),
      BOTH_MODES(a_bad_preface_is_answered),
      BOTH_MODES(closed_sessions_refuse),
      BOTH_MODES(connections_are_not_half_closed),
  };
  return cmocka_run_group_tests_name("wire_answers", tests, NULL, NULL);
}
