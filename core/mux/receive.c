/* SPDX-License-Identifier: Apache-2.0
 *
 * What received frames do to the session and its streams. Everything about a frame is validated before anything is held
 * for it.
 */
#include "core/mux/mux.h"
#include "core/text.h"

enum { FAREWELLS = 2 };

const char receive_no_memory[] = "no memory for what was received";

static bool is_ours(const struct mux *mux, uint32_t id) {
  return (id & 1) == (mux->client ? 1U : 0U);
}

/* ---- new streams ---- */

/* In any order: a peer that opens from many threads gives out ids before it sends them. */
const char *receive_check_open(const struct mux *mux, uint32_t id) {
  if (is_ours(mux, id)) return "open with an id of the wrong side";
  return table_find(mux, id) ? "open of a stream that exists" : NULL;
}

/* Streams open at once that the peer may have. Plain yamux has no way to tell it how many, and counts both sides'. */
static bool is_crowded(const struct mux *mux) {
  uint64_t streams = (uint64_t)mux->streams + atomic_load_explicit(&mux->stranded, memory_order_relaxed);
  if (mux->native) streams -= mux->opened;
  return streams >= mux->streams_max || mux->inbound_count >= mux->backlog_max;
}

/* An identifier that looks like another, or that a terminal obeys, serves nobody but who made it. */
static bool is_named_well(const struct mux_native *native) {
  return !native || text_is_clean((const char *)native->head->data, native->name_len);
}

static uint32_t why_refused(const struct mux *mux, bool named_well) {
  if (mux->leaving || mux->state == SESSION_DRAINING) return HWS_CODE_SHUTTING_DOWN;
  return named_well ? HWS_CODE_REFUSED : HWS_CODE_PROTOCOL;
}

struct mux_stream *receive_open(struct mux *mux, uint32_t id, struct mux_native *native, struct op_list *ended) {
  struct mux_stream *stream = NULL;
  if (id > mux->last_peer_id) mux->last_peer_id = id;
  bool named_well = is_named_well(native);
  bool too_much = !hold_may_open(&mux->holder, native ? native->head_len : 0);
  if (too_much) runtime_count(mux->session.object.runtime, COUNT_HELD_REFUSALS, 1);
  /* One that cannot answer takes streams as before: nobody would hear that they were refused (MUX-10, MUX-19). */
  bool takes = named_well && !too_much && !mux->leaving && mux->state != SESSION_DRAINING;
  if (takes && !is_crowded(mux)) stream = mux_admit_peer(mux, id, native, ended);
  if (stream && mux->state == SESSION_DEAF) mux_deafen(stream, ended);
  if (stream) return stream;
  mux_native_free(native);
  mux_count(mux, SESSION_STREAMS_REFUSED, 1);
  guard_provoked(mux);
  guard_forgotten(mux, mux->first_window);
  guard_reply(mux, id, why_refused(mux, named_well));
  return NULL;
}

/* NULL with no error when it was refused. */
static struct mux_stream *open_plainly(struct mux *mux, const struct frame *frame, const char **error,
                                       struct op_list *ended) {
  *error = receive_check_open(mux, frame->stream);
  if (!*error && frame->type == FRAME_DATA && frame->length > mux->first_window)
    *error = "open with a body beyond the window";
  return *error ? NULL : receive_open(mux, frame->stream, NULL, ended);
}

/* ---- ends ---- */

static void receive_cut_off(struct mux *mux, struct mux_stream *stream) {
  mux_count(mux, SESSION_RESETS_IN, 1);
  if (stream->accepted && !stream->stranded) {
    stream->stranded = true;
    atomic_fetch_add_explicit(&mux->stranded, 1, memory_order_relaxed);
  }
  /* MUX-28: one that the application took is paid for: it keeps its place among the peer's until that lets go. */
  if (!stream->opener && !stream->accepted) guard_reset(mux);
}

void receive_check_cut_off(struct mux *mux, struct mux_stream *stream) {
  bool ended = (stream->heard & HEARD_STOP) && (stream->heard & (HEARD_FIN | HEARD_ABORT));
  if (ended && !stream->opener && stream->stream.out == OUT_ENDED) receive_cut_off(mux, stream);
}

void receive_reset(struct mux *mux, struct mux_stream *stream, struct cause *cause, struct op_list *ended) {
  receive_cut_off(mux, stream);
  stream->heard |= HEARD_STOP | HEARD_ABORT;
  stream->dead = true; /* nothing of it needs to be sent any more, and no reset either */
  stream->on_wire = false;
  /* What the peer had ended is complete and stays, but nothing could relieve a session of it later (MUX-30). */
  if (hold_is_pressed(&mux->holder)) stream_void(&stream->stream, cause, ended);
  stream_end(&stream->stream, cause, true, ended);
  mux_stream_drop_blocks(stream);
  cause_unref(cause);
  mux_stream_drop(stream, ended);
}

/* Flags other than SYN, once the frame's own effect is done. */
static void apply_flags(struct mux *mux, struct mux_stream *stream, const struct frame *frame, const char **error,
                        struct op_list *ended) {
  if (frame->flags & FRAME_RST) {
    uint32_t code = frame->type == FRAME_WINDOW ? frame->length : 0;
    receive_reset(mux, stream, cause_remote(HWS_E_RESET, code, "reset by the peer"), ended);
  } else if (frame->flags & FRAME_FIN) {
    bool again = stream->heard & (HEARD_FIN | HEARD_ABORT);
    stream->heard |= HEARD_FIN;
    stream_eof(&stream->stream, ended);
    if (again)
      *error = guard_useless(mux);
    else
      receive_check_cut_off(mux, stream);
    mux_stream_settle(stream, ended);
  }
}

/* ---- frames ---- */

/* MUX-12: what an honest peer had under way when a stream ended is only counted; the budget is for ids that never were,
 * and for more than can have been under way. */
void receive_unknown(struct mux *mux, const struct frame *frame, const char **error) {
  uint32_t id = frame->stream;
  bool was_open = is_ours(mux, id) ? id < mux->next_id : id <= mux->last_peer_id;
  uint64_t bytes = frame->type == FRAME_DATA ? (uint64_t)frame->length + (frame->flags & FRAME_EOM ? 1 : 0) : 0;
  if (was_open && guard_late(mux, bytes))
    mux_count(mux, SESSION_USELESS_FRAMES, 1);
  else
    *error = guard_useless(mux);
}

/* Neither bytes nor credit, nor a flag that says something. The first ACK of our stream does; that may come late. */
static bool is_useless(struct mux_stream *stream, const struct frame *frame) {
  if (frame->length || (frame->flags & (uint16_t)~FRAME_ACK)) return false;
  if (!(frame->flags & FRAME_ACK)) return true;
  bool first = stream->opener && !(stream->heard & HEARD_ACK);
  stream->heard |= HEARD_ACK;
  return !first;
}

void receive_begin_body(struct mux *mux, struct mux_stream *stream, uint16_t flags) {
  /* Its end, if it has one, comes after its body. */
  mux->body = stream;
  mux->body_flags = flags;
  mux_hold(stream);
}

static void feed(struct mux *mux, struct mux_stream *stream, const uint8_t *data, uint32_t len, bool eom,
                 const char **error, struct op_list *ended) {
  bool unread = stream->stream.closing && !stream->dead;
  if (!stream_feed(&stream->stream, mux->chunk, data, len, eom, ended)) *error = receive_no_memory;
  if (*error) return;
  /* Nobody will read it: the peer should know. */
  if (unread && stream->on_wire) mux_stream_refuse_data(stream, ended);
  if (unread) guard_provoked(mux);
}

static void on_data(struct mux *mux, struct mux_stream *stream, const struct frame *frame, const char **error,
                    struct op_list *ended) {
  bool eom = frame->flags & FRAME_EOM;
  *error = flow_receive(stream, (uint64_t)frame->length + eom);
  if (!*error && is_useless(stream, frame)) *error = guard_useless(mux);
  if (*error) return;
  if (frame->length)
    receive_begin_body(mux, stream, frame->flags);
  else if (eom)
    feed(mux, stream, NULL, 0, true, error, ended);
}

static void on_stream_frame(struct mux *mux, const struct frame *frame, const char **error, struct op_list *ended) {
  struct mux_stream *stream = table_find(mux, frame->stream);
  if (frame->flags & FRAME_SYN) {
    stream = open_plainly(mux, frame, error, ended);
    if (!stream) return;
  }
  if (!stream) {
    receive_unknown(mux, frame, error);
    return;
  }
  if (stream->opener && !stream->acked) {
    stream->acked = true;
    mux->unacked--;
    mux_admit(mux, ended);
  }
  if (frame->type == FRAME_DATA) {
    on_data(mux, stream, frame, error, ended);
    if (mux->body) return;
  } else if (!(frame->flags & FRAME_RST)) {
    *error = flow_credit(stream, frame->length);
    if (!*error && is_useless(stream, frame)) *error = guard_useless(mux);
  }
  if (!*error) apply_flags(mux, stream, frame, error, ended);
}

static void on_ping(struct mux *mux, const struct frame *frame, const char **error) {
  mux_count(mux, SESSION_PINGS_IN, 1);
  if (frame->flags & FRAME_ACK) {
    if (!negotiate_is_echo(mux, frame->length) && !alive_pong(mux, frame->length)) *error = guard_useless(mux);
    return;
  }
  *error = guard_useless(mux);
  if (!*error) guard_pong(mux, frame->length);
}

const char *receive_farewell(struct mux *mux) {
  mux->peer_away = true;
  if (mux->farewells == FAREWELLS) return guard_useless(mux);
  mux->farewells++;
  return NULL;
}

static void on_goaway(struct mux *mux, const struct frame *frame, const char **error, struct op_list *ended) {
  *error = receive_farewell(mux);
  if (!frame->length) {
    mux_admit(mux, ended); /* those that wait learn that there will be no room */
    return;
  }
  struct cause *cause = cause_by_peer(cause_make(
      HWS_E_PROTOCOL, 0, frame->length, "the peer ended the session with go-away code %u", (unsigned)frame->length));
  mux_end(mux, cause, END_REMOTE, ended);
  cause_unref(cause);
}

void receive_frame(struct mux *mux, const char **error, struct op_list *ended) {
  const struct frame *frame = &mux->parser.frame;
  mux_count(mux, SESSION_FRAMES_IN, 1);
  if (mux->negotiation != NEGOTIATE_DONE && negotiate_frame(mux, frame, error, ended)) return;
  if (frame->type == FRAME_PING)
    on_ping(mux, frame, error);
  else if (frame->type == FRAME_GOAWAY)
    on_goaway(mux, frame, error, ended);
  else if (frame->type >= FRAME_NATIVE)
    receive_native_frame(mux, error, ended);
  else
    on_stream_frame(mux, frame, error, ended);
}

/* ---- bodies ---- */

void receive_drop_body(struct mux *mux) {
  if (mux->body) mux_let_go(mux->body);
  mux->body = NULL;
}

void receive_body(struct mux *mux, const char **error, struct op_list *ended) {
  const struct parser *parser = &mux->parser;
  const uint8_t *data = parser->body;
  uint32_t len = (uint32_t)parser->body_len;
  if (parser->frame.type >= FRAME_NATIVE) receive_native_body(mux, &data, &len, error, ended);
  struct mux_stream *stream = mux->body;
  if (*error) return;
  if (!stream) {
    mux_count(mux, SESSION_DROPPED_BYTES, len);
    return;
  }
  bool last = !parser->body_left;
  if (stream->stream.in != IN_OPEN) mux_count(mux, SESSION_DROPPED_BYTES, len); /* reset, and not forgotten yet */
  feed(mux, stream, data, len, last && (mux->body_flags & FRAME_EOM), error, ended);
  if (*error) return;
  receive_end_part(mux, error, ended);
}

void receive_end_part(struct mux *mux, const char **error, struct op_list *ended) {
  struct mux_stream *stream = mux->body;
  if (mux->parser.body_left) return;
  struct frame frame = {.type = FRAME_DATA, .flags = mux->body_flags};
  if (stream->on_wire) apply_flags(mux, stream, &frame, error, ended);
  receive_drop_body(mux);
}
