/* SPDX-License-Identifier: Apache-2.0
 *
 * The structures that the files of a session share. All of it stands under the session's lock, save where it says so.
 *
 *   reader.c    carrier bytes -> frames                     schedule.c  who is next
 *   direct.c    bodies straight into a user's memory        cut.c       streams into frames
 *   receive.c   what plain frames do
 *   receive_native.c   what native ones do                  writer.c    who writes, and when
 *   negotiate.c which of the two is spoken                  batch.c     what is being written, and taking it back
 *   flow.c      credit, both ways                           table.c     streams by id
 *   guard.c     limits against a hostile peer               alive.c     keep-alive, stalls, linger
 *   hold.c      the runtime's limit of what peers cost
 *   session.c   start                                       open.c      opening streams
 *   accept.c    taking them in                              stream.c    the stream class
 *   drain.c     going away in order                         end.c       close, end, who learns what
 *   way.c       how far what was sent has come
 *   part.c      from the last word to the end of the carrier
 */
#ifndef HAWSER_CORE_MUX_MUX_H
#define HAWSER_CORE_MUX_MUX_H

#include "core/hold.h"
#include "core/mux/frame.h"
#include "core/mux/limits.h"
#include "core/mux/native.h"
#include "core/mux/session.h"
#include "core/runtime.h"

/* Which wire is spoken; the transitions stand in negotiate.c. */
enum negotiation {
  NEGOTIATE_SNIFF,    /* silent: the peer's first byte decides */
  NEGOTIATE_PAIR,     /* our pair of pings leaves, and nothing else: the peer's first frame decides */
  NEGOTIATE_HALF,     /* the peer has begun a pair too: its capabilities come next */
  NEGOTIATE_PREFACE,  /* native, both ends at once: the peer's preface is to come */
  NEGOTIATE_SETTINGS, /* native: the peer's settings are to come first */
  NEGOTIATE_DONE
};

/* What is to be said before anything else, in this order. */
enum hello { HELLO_PAIR = 1, HELLO_PREFACE = 2, HELLO_SETTINGS = 4 };

enum session_state {
  SESSION_RUNNING,
  SESSION_DEAF,     /* a write failed: what can be read still is, for a while */
  SESSION_DRAINING, /* closed here: what was taken goes out, then the go-away */
  SESSION_ENDED     /* the cause is known to all; the carrier is being closed */
};

/* What comes of the carrier once the session has ended in order; the transitions stand in part.c. */
enum parting {
  PART_NONE,      /* it was never wanted: the carrier is closed as soon as the session has ended */
  PART_WANTED,    /* the last word is out; mux_leave begins it */
  PART_LISTENING, /* our direction is being ended, or has ended: what the peer still says is read and dropped */
  PART_OVER       /* the carrier is being closed */
};

/* What a stream wants to say besides data. */
enum stream_want { WANT_SYN = 1, WANT_ACK = 2, WANT_WINDOW = 4, WANT_RST = 8, WANT_STOP = 16, WANT_ABORT = 32 };

/* Which of its ends the peer has said; each is worth saying once. */
enum stream_heard { HEARD_STOP = RESET_STOP, HEARD_ABORT = RESET_ABORT, HEARD_FIN = 4, HEARD_ACK = 8 };

struct mux;

/* What a stream of a native session may have besides; made when it is needed. */
struct mux_native {
  struct buffer *head; /* name and pairs of the open; NULL: none */
  uint32_t head_len;
  uint32_t name_len;
  struct marks ends;   /* ends of messages in what was copied and not cut */
  struct cause *stop;  /* why we stopped reading, and what the peer is told */
  struct cause *abort; /* the same of sending */
};

struct mux_stream {
  struct stream stream;
  struct mux *mux;           /* pinned */
  struct mux_native *native; /* NULL: nothing of it yet */
  uint32_t id;               /* 0 until its SYN is cut, or has come */
  uint32_t cost;             /* what it counts for by itself, as the peer opened it */
  uint32_t holds;            /* places of the session that it stands in; together one pin */
  uint8_t wants;
  uint8_t heard : 4; /* stream_heard */
  bool opener : 1;
  bool acked : 1;
  bool fin_cut : 1;
  bool open_waits : 1; /* its open stands behind control frames that are being cut: a stop has to wait */
  bool dead : 1;       /* reset here: what it has not sent is dropped */
  bool out_void : 1;   /* sending is over without a FIN: it was aborted, or the peer will not read */
  bool gone : 1;       /* forgotten: nothing of it is on the wire any more */
  bool in_control : 1;
  bool in_data : 1;
  bool starved : 1; /* a send of nothing waits for room that all streams share */
  bool on_wire : 1; /* its SYN was cut or has come, and it is not over there */
  bool known : 1;   /* counted, and in the list of all */
  bool lingering : 1;
  bool accepted : 1; /* the application has it */
  bool stranded : 1; /* reset by the peer while the application has it: counted until that lets go */
  struct mux_stream *next_in_table;
  struct mux_stream *next; /* in the list of all */
  struct mux_stream *prev;
  struct mux_stream *next_control;
  struct mux_stream *next_data;
  struct mux_stream *next_starved;
  struct mux_stream *next_inbound; /* waiting for an accept, or (never both) lingering */
  struct mux_stream *prev_inbound;
  /* sending */
  uint32_t credit;            /* what the peer still lets us send */
  uint64_t granted;           /* credit that came, ever */
  uint32_t in_batch;          /* pieces of the batch that speak of this stream */
  struct buffer *first_block; /* taken, not cut */
  struct buffer *last_block;
  uint32_t head_cut;  /* of the first block */
  uint32_t tail_fill; /* of the last */
  uint32_t copied;    /* bytes in blocks, not cut */
  /* receiving */
  uint32_t window;   /* what the peer may still send */
  uint32_t target;   /* the window it is kept at */
  uint32_t consumed; /* since the last update */
  uint32_t dropped;  /* what earned credit though nobody read it */
  union {
    uint64_t updated;      /* when that was, or when it began */
    uint64_t linger_until; /* once it was closed: its window does not grow any more */
  };
};

/* A part of the batch: what to do when its bytes are written, and whom to tell. */
struct piece {
  const uint8_t *data; /* NULL: the header */
  uint32_t len;
  uint32_t copied;           /* bytes of it that count in mux->copied */
  uint32_t done;             /* written of it */
  struct mux_stream *stream; /* pinned; NULL: the session's own */
  struct op *op;             /* a send's own memory; NULL: copied bytes, counted in mux->copied, or a header */
  struct buffer *buffer;     /* to unref */
  bool starts_frame;         /* a header, behind which the frame's body lies in the pieces up to the next one */
  bool is_fin;
  bool is_hello; /* nothing may overtake it (MUX-25) */
  uint8_t header[FRAME_HEADER_SIZE];
};

enum writer_state {
  WRITER_IDLE,
  WRITER_OUT,     /* a batch is with the carrier, or being handed to it */
  WRITER_DEFERRED /* the loop will write */
};

struct reply {
  uint32_t stream;
  uint32_t code;
};

/* Waiting for a word of the peer's on a connection that is shared with others: what that brought in. */
struct way_wait {
  uint64_t from;  /* when the wait began */
  uint64_t seen;  /* at the last look */
  uint32_t looks; /* that were granted, as others' bytes came */
};

struct bucket {
  uint64_t tokens; /* in billionths */
  uint64_t at;
};

/* Fields stand by what they are for; ordered by size, one session would take 48 bytes less of some 20 KiB. */
/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding) */
struct mux {
  struct session session;
  struct lock lock;
  struct stream *under; /* its handle's pin is ours */
  enum session_state state;
  bool client;
  bool peer_away;    /* it said go-away or drain: no new opens */
  uint8_t farewells; /* how often; an honest peer says each once */
  uint8_t parting;   /* parting */
  bool close_under;  /* the carrier is to be closed */
  bool under_closed;
  bool abort_under;
  bool forsaken; /* closed with HWS_ABORT: what is dropped is no loss */
  uint8_t depth;
  struct cause *cause;         /* why it ended, first cause; for openers */
  struct cause *cause_serving; /* the same, for acceptors (MUX-21) */
  struct cause *met;           /* what the last open or accept met that made nothing; NULL: nothing */
  uint64_t settings[SESSION_SETTINGS];
  struct member member;
  struct life life;
  struct holder holder;     /* of what the peer makes us hold; atomic */
  uint64_t held_left;       /* when the last search for what could be given up left too much (hold_is_worth) */
  struct mux *next_session; /* of the runtime; under its lock */
  struct mux *prev_session;
  struct mux *next_greedy; /* the loop's */

  /* the wire */
  uint8_t negotiation;  /* negotiation */
  uint8_t hello;        /* what of it is still to be said */
  uint8_t echoes;       /* bits: pongs that a plain peer owes for our pair */
  bool native;          /* decided for it */
  bool begun;           /* the peer has begun to tell its mode, and must go on in time */
  uint8_t preface_have; /* bytes of the peer's preface */
  uint8_t preface[PREFACE_SIZE];
  uint8_t own_preface[PREFACE_SIZE]; /* these two while they are written */
  uint8_t own_settings[FRAME_HEADER_SIZE + SETTINGS_SIZE];
  uint32_t first_window; /* what every stream begins with, once decided */
  uint32_t streams_max;  /* of the peer's, at once; so is backlog_max for those not accepted */
  uint32_t backlog_max;
  struct native_settings peer; /* what it told of itself */
  struct cause *takes_none;    /* settings come once: a peer that takes no streams never will. NULL: it takes some */

  /* streams */
  struct mux_stream **table;
  uint32_t table_size;
  uint32_t table_count;
  uint64_t seed; /* the runtime's */
  struct mux_stream *all;
  struct mux_stream *debtors; /* of a draining session: those before it in the list of all owe nothing any more */
  uint32_t streams;
  uint32_t opened;      /* those of them that we opened */
  atomic_uint stranded; /* streams; also without the lock */
  uint32_t unacked;
  uint64_t next_id; /* 64 bits, to see the end of 32 */
  uint32_t last_peer_id;
  struct mux_stream *inbound;
  struct mux_stream *inbound_last;
  uint32_t inbound_count;
  struct mux_stream *lingering;
  struct mux_stream *lingering_last;
  struct op_list accepts;
  struct op_list opens;  /* waiting for room, or for the wire to be decided */
  struct op_list drains; /* waiting for the last stream to end */
  struct op_list watches;
  bool leaving;      /* no new streams, from either side */
  bool drain_wanted; /* the peer is to be told so */
  struct op *closer;
  struct op close_op;      /* the carrier's close */
  struct op part_op;       /* the end of its send direction */
  struct cause *cut_short; /* why the close did not come to its end; NULL: it did, or goes on */
  bool lost_told;          /* what is lost was not asked for: the close tells of it */
  uint64_t lost;           /* bytes that were taken and dropped by the session's end */
  struct cause *deaf;      /* what the write that failed met */
  uint64_t pool_used;

  /* writing */
  atomic_uint writer; /* writer_state; changed under the lock, read also without */
  struct op write_op;
  struct task drain_task;
  struct lazy lazy;
  bool lazing; /* it stands in the runtime's list */
  struct mux_stream *control;
  struct mux_stream *control_last;
  struct mux_stream *data;
  struct mux_stream *data_last;
  struct mux_stream *starved;
  uint64_t copied; /* taken and not written, all streams */
  uint32_t batch_count;
  uint32_t batch_first;    /* pieces before it are written */
  uint32_t batch_reserved; /* room kept free for pieces that are put back */
  struct buffer *arena;    /* small frames of the batch; goes when the batch is empty */
  uint32_t arena_used;
  bool revoke;           /* the batch is to be taken back to make room for a reset */
  bool revoking;         /* the carrier was told */
  atomic_bool attention; /* mux_leave has more to do than to deliver; read also without the lock */
  bool goaway_cut;
  uint32_t last_word;      /* the reason of the go-away that tells the peer of its fault; 0: none */
  uint32_t inline_flushes; /* small ones, since something was read */
  uint32_t pongs[PONGS_MAX];
  uint32_t pong_count;
  struct reply replies[REPLIES_MAX];
  uint32_t reply_count;
  bool ping_wanted;

  /* reading */
  struct op read_op;
  struct buffer *chunk;
  uint32_t chunk_used;
  struct parser parser;
  struct mux_stream *body; /* whose body is being read; pinned; NULL: dropped */
  uint32_t body_have;      /* of a native frame's own part */
  uint8_t body_part[RESET_FIXED_SIZE + RESET_REASON_MAX];
  struct open_fixed open;  /* of the open that is being read */
  struct buffer *head;     /* its head; NULL: it has none, or it is not known yet */
  struct op *direct;       /* a recv whose memory stands first in the read that is out; NULL: none */
  uint32_t direct_len;     /* of that memory */
  bool unread;             /* that read is to be taken back */
  bool reading;            /* the read op is out, or its result is being parsed */
  bool paused;             /* replies are full, or provoked too fast: no reading for a while */
  uint16_t body_flags;     /* of the frame whose body is being read: its end comes after it */
  const uint8_t *unparsed; /* what a pause left of the chunk */
  size_t unparsed_len;
  struct task read_task;

  /* time */
  struct timer alive_timer;
  struct timer stall_timer;
  struct timer linger_timer;
  struct timer drain_timer;
  struct timer handshake_timer;
  struct timer pace_timer;
  uint64_t read_bytes_seen; /* by the keep-alive; the next three likewise, by whom they name */
  uint64_t alive_seen;
  uint64_t stall_bytes_seen;
  uint64_t stall_seen;
  uint64_t handshake_seen;
  struct way_wait ping_wait;
  struct way_wait stall_wait;
  struct way_wait handshake_wait;
  bool stall_watched;    /* the stall timer is armed, or fires */
  uint8_t stall_still;   /* looks in a row that found nothing moved */
  uint8_t ping_patience; /* silent looks that are still granted */
  bool ping_out;
  uint32_t ping_opaque;
  uint64_t ping_sent;
  struct bucket useless;
  struct bucket resets;
  struct bucket answers;
  uint64_t late; /* what may be under way for streams that are over: guard_forgotten */
  bool pacing;   /* that is used up: no reading until the pace timer fires */

  /* how far what was sent has come (way.c); places are bytes on the carrier, which others may share */
  uint64_t way_given;         /* of ours, it had been given that many at the last look */
  uint64_t way_mark;          /* all of those lie before this place */
  uint64_t way_reached;       /* how far the peer's side took them; never falls */
  uint64_t way_question;      /* the ping is among the first so many of ours */
  uint64_t way_question_mark; /* and lies before this place; 0: not known yet */
  bool way_behind;            /* not all of ours had arrived */
  bool way_own;               /* nobody shares the carrier */

  _Atomic(uint64_t) counters[SESSION_COUNTERS];
  struct piece pieces[BATCH_PIECES];
  struct hws_vec vec[BATCH_PIECES];
};

/* Lock held, so nobody else writes; readers need no more than a whole number. */
static inline void mux_count(struct mux *mux, enum session_counter counter, uint64_t by) {
  uint64_t now = atomic_load_explicit(&mux->counters[counter], memory_order_relaxed) + by;
  atomic_store_explicit(&mux->counters[counter], now, memory_order_relaxed);
}

/* A stream stands in many places of its session for short times: counted without atomics, under the lock. */
static inline void mux_hold(struct mux_stream *stream) {
  if (stream->holds++ == 0) object_pin(&stream->stream.object);
}

static inline void mux_let_go(struct mux_stream *stream) {
  if (--stream->holds == 0) object_unpin(&stream->stream.object);
}

/* A send of nothing asks whether one could write. */
static inline bool mux_is_probe(const struct op *op) {
  return op && op->event.kind == HWS_KIND_SEND && !op->total && !op->eom;
}

/* ---- table.c ---- */
struct mux_stream *table_find(const struct mux *mux, uint32_t id);
int table_add(struct mux *mux, struct mux_stream *stream); /* HWS_OK or HWS_E_NOMEM */
void table_remove(struct mux *mux, struct mux_stream *stream);

/* ---- negotiate.c ---- */
void negotiate_start(struct mux *mux, uint32_t mode);
static inline bool negotiate_is_decided(const struct mux *mux) {
  return mux->negotiation >= NEGOTIATE_PREFACE;
}
/* Take what comes before frames; an error text, or NULL. */
const char *negotiate_bytes(struct mux *mux, const uint8_t **data, size_t *len, struct op_list *ended);
/* Look at a frame while the wire is not settled. True: it was part of that, or *error says what is wrong with it. */
bool negotiate_frame(struct mux *mux, const struct frame *frame, const char **error, struct op_list *ended);
/* The peer did not introduce itself in time: one that sniffs asks, once. False: there is nothing left to be asked. */
bool negotiate_ask(struct mux *mux);
/* Is it a plain peer's answer to our pair? */
bool negotiate_is_echo(struct mux *mux, uint32_t opaque);
/* The peer's settings are whole: an error text, or NULL. */
const char *negotiate_settings(struct mux *mux, const uint8_t *body, uint32_t len, struct op_list *ended);
void negotiate_cut(struct mux *mux); /* the hello, into the batch */

/* ---- schedule.c ---- */
void schedule_control(struct mux_stream *stream, unsigned want);
void schedule_data(struct mux_stream *stream);   /* if it has something to cut, and credit */
void schedule_forget(struct mux_stream *stream); /* stands nowhere any more */
bool schedule_is_due(const struct mux_stream *stream);
bool schedule_is_empty(const struct mux *mux);
bool schedule_has_control(const struct mux *mux);
void schedule_fill(struct mux *mux, struct op_list *ended); /* cut frames into the batch */
void schedule_fill_control(struct mux *mux, struct op_list *ended);
void schedule_fed(struct mux *mux); /* bytes were written: there may be room for those who starve */
void schedule_idle(struct mux *mux, struct op_list *ended); /* nobody writes: they need none */
void schedule_drop_all(struct mux *mux);

/* ---- cut.c ---- */
void cut_session_control(struct mux *mux);
void cut_control(struct mux *mux, struct mux_stream *stream, struct op_list *ended);
void cut_data(struct mux *mux, struct mux_stream *stream, struct op_list *ended);
void cut_answer_probes(struct mux_stream *stream, struct op_list *ended); /* where no room is needed */
bool cut_has_data(const struct mux_stream *stream);                       /* bytes, or the end of a message */
bool cut_has_fin(const struct mux_stream *stream);                        /* its end is next */

/* ---- writer.c, batch.c ---- */
void writer_kick(struct mux *mux, enum stream_kick kick);         /* no lock held */
bool writer_is_due(const struct mux *mux, enum stream_kick kick); /* lock held: would a kick do anything? */
void writer_run(struct mux *mux, struct op_list *ended); /* lock held, dropped meanwhile; the writer must be idle */
void writer_init(struct mux *mux);
/* A go-away of a session that has ended, before its carrier is closed. Lock held, dropped meanwhile. True: it is out.
 */
bool writer_say_last(struct mux *mux, uint32_t reason, struct op_list *ended);
struct piece *batch_add(struct mux *mux, struct mux_stream *stream, const void *data, uint32_t len);
void batch_add_header(struct mux *mux, struct mux_stream *stream, const struct frame *frame);
/* Memory for small frames, one behind the other; NULL: none is left. */
uint8_t *batch_room(struct mux *mux, uint32_t len);
/* A frame that stands in that memory, from its header on. */
struct piece *batch_add_whole(struct mux *mux, struct mux_stream *stream, uint8_t *frame, uint32_t len);
bool batch_has_room(const struct mux *mux);                                 /* for another frame */
bool batch_has_control_room(const struct mux *mux);                         /* for the largest that is gathered */
bool batch_has_piece(const struct mux *mux);                                /* for another piece of a body */
void batch_advance(struct mux *mux, uint64_t bytes, struct op_list *ended); /* that many were written */
void batch_prune(struct mux *mux, struct op_list *ended); /* drop what was cancelled, put control before the rest */
void batch_drop_all(struct mux *mux, struct op_list *ended);
uint64_t batch_copied(const struct mux *mux); /* of mux->copied, what stands in it */

/* ---- stream.c ---- */
struct mux_stream *mux_stream_new(struct mux *mux, bool opener, int *status);
void mux_stream_know(struct mux_stream *stream);                          /* into the list of all */
void mux_stream_settle(struct mux_stream *stream, struct op_list *ended); /* forget it if it is over on the wire */
void mux_stream_drop(struct mux_stream *stream, struct op_list *ended);   /* forget it in any case */
void mux_stream_drop_blocks(struct mux_stream *stream);
void mux_stream_closed(struct mux_stream *stream, struct op_list *ended); /* its close ends, if nothing holds it up */
void mux_forget_inbound(struct mux_stream *stream);                       /* it waits for an accept no longer */
void mux_discard_one(struct mux_stream *stream);                          /* nobody will accept it */
/* End it here and tell the peer: by that cause. */
void mux_stream_give_up(struct mux_stream *stream, struct cause *cause, struct op_list *ended);
void mux_stream_refuse_data(struct mux_stream *stream, struct op_list *ended); /* it was closed, and data came */
void mux_discard_inbound(struct mux *mux); /* nobody will accept what waits for an accept */
extern const struct stream_class mux_stream_class;

/* The native part, made if there is none; NULL: no memory. */
struct mux_native *mux_stream_native(struct mux_stream *stream);

/* ---- flow.c ---- */
void flow_begin(struct mux_stream *stream); /* its windows, once the wire is decided */
/* What we grant beyond the first window: rides in the open or the ACK. */
uint32_t flow_extra(const struct mux_stream *stream);
bool flow_has_room(const struct mux_stream *stream);    /* a byte would be copied, and may be sent */
bool flow_is_writable(const struct mux_stream *stream); /* it would be taken, in whichever way. No writer looks on */
uint64_t flow_take(struct mux_stream *stream, const struct hws_vec *vec, uint32_t count, uint64_t total, bool partial);
bool flow_may_end(struct mux_stream *stream); /* the next flow_take_end will not fail */
bool flow_take_end(struct mux_stream *stream);
void flow_consumed(struct mux_stream *stream, uint64_t bytes);
bool flow_grants(const struct mux_stream *stream);                   /* does what was consumed earn credit? */
bool flow_has_sent(const struct mux_stream *stream);                 /* bytes, ever */
uint32_t flow_grant(struct mux_stream *stream);                      /* the delta of the update that is being cut */
const char *flow_credit(struct mux_stream *stream, uint32_t delta);  /* the peer grants; an error text */
const char *flow_receive(struct mux_stream *stream, uint64_t bytes); /* the peer uses; an error text */
void flow_release(struct mux_stream *stream);

/* ---- guard.c ---- */
void guard_init(struct mux *mux);
const char *guard_useless(struct mux *mux); /* an error text when there were too many */
/* Queue a reset for a stream that we do not keep, or a pong. Once for a frame, before which guard_is_full was not. */
void guard_reply(struct mux *mux, uint32_t stream, uint32_t code);
void guard_pong(struct mux *mux, uint32_t opaque);
bool guard_is_full(const struct mux *mux);
/* Nothing can be written any more: what is queued, and what would be, is dropped. */
void guard_forget(struct mux *mux);
/* The peer made us answer with more than a pong: above a rate its session is not read for a while. */
void guard_provoked(struct mux *mux);
void guard_reset(struct mux *mux); /* likewise, where it took back a stream that nobody had accepted */
/* A stream is over here, or was never taken in, and the peer may have that many bytes under way for it, and some frames
 * without any. Then: one such frame; false: it is beyond all that can be. */
void guard_forgotten(struct mux *mux, uint64_t bytes);
bool guard_late(struct mux *mux, uint64_t bytes);

/* ---- hold.c ---- */
void hold_begin(struct mux *mux);
void hold_end(struct mux *mux);
/* The limit is passed: see to it that who is above its share gives up. Lock held. */
void hold_relieve(struct mux *mux, struct op_list *ended);

/* ---- reader.c ---- */
void reader_init(struct mux *mux);
void reader_free(struct mux *mux);
void reader_start(struct mux *mux);  /* no lock held: read, unless somebody does already */
void reader_resume(struct mux *mux); /* the same, by the loop */

/* ---- direct.c ---- */
enum { DIRECT_TAKEN_BACK = HWS_E_AGAIN }; /* how a read ends that we took back: no carrier ends one so */
void direct_begin(struct mux *mux);       /* the next read may fill a recv first */
uint64_t direct_apply(struct mux *mux, uint64_t bytes, const char **error, struct op_list *ended); /* what it got */
bool direct_holds(const struct mux_stream *stream, const struct op *op);                           /* its memory */
void direct_take_back(struct mux *mux);
bool direct_is_of(const struct mux_stream *stream); /* of a recv of that stream */

/* ---- receive.c, receive_native.c ---- */
extern const char receive_no_memory[]; /* the one error that is no fault of the peer; told apart by its address */
void receive_frame(struct mux *mux, const char **error, struct op_list *ended);
void receive_body(struct mux *mux, const char **error, struct op_list *ended);
void receive_drop_body(struct mux *mux);
/* A part of the body has been dealt with. */
void receive_end_part(struct mux *mux, const char **error, struct op_list *ended);
/* Why a frame may not open that stream; NULL: it may. */
const char *receive_check_open(const struct mux *mux, uint32_t id);
/* Take a new stream of the peer's in, with its native part; NULL: it was refused. */
struct mux_stream *receive_open(struct mux *mux, uint32_t id, struct mux_native *native, struct op_list *ended);
/* The stream is about to get that many bytes: its body is read next. */
void receive_begin_body(struct mux *mux, struct mux_stream *stream, uint16_t flags);
void receive_unknown(struct mux *mux, const struct frame *frame, const char **error);
/* The peer reset the stream, in both directions; takes the cause. */
void receive_reset(struct mux *mux, struct mux_stream *stream, struct cause *cause, struct op_list *ended);
/* If the peer has ended both directions by itself that is as good as a reset: it counts against their rate, and
 * against the peer's streams until the application lets go. */
void receive_check_cut_off(struct mux *mux, struct mux_stream *stream);
/* Another go-away or drain: an error text when there were too many. */
const char *receive_farewell(struct mux *mux);
void receive_native_frame(struct mux *mux, const char **error, struct op_list *ended);
/* Take what belongs to a native frame itself from the front of a part of its body; what is left is a stream's. */
void receive_native_body(struct mux *mux, const uint8_t **data, uint32_t *len, const char **error,
                         struct op_list *ended);

/* ---- alive.c ---- */
void alive_start(struct mux *mux);
void alive_stop(struct mux *mux);
bool alive_pong(struct mux *mux, uint32_t opaque); /* false: it answers nothing */
void alive_decided(struct mux *mux);               /* the pair, which was the question so far, is answered */
void alive_writing(struct mux *mux);               /* a write pends: watch that it makes progress */
void alive_linger(struct mux_stream *stream);
void alive_linger_on(struct mux_stream *stream); /* a sign of life of one that lingers */
void alive_unlinger(struct mux_stream *stream);
void alive_limit(struct mux *mux, uint64_t ns); /* a drain, with the close of the carrier, must end by then */
void alive_unlimit(struct mux *mux);            /* it has */
void alive_deaf(struct mux *mux);               /* reading ends a while after the last that comes */
void alive_handshake(struct mux *mux);          /* the peer must introduce itself in time */
void alive_introduced(struct mux *mux);         /* it has */
bool alive_pace(struct mux *mux, uint64_t ns);  /* reading goes on after that; false: no memory to see to it */

/* ---- way.c: from the loop only, as it asks the carrier; the last two from anywhere ---- */
uint64_t way_progress(struct mux *mux); /* looks anew; grows whenever the peer's side took something of ours */
void way_ask(struct mux *mux);          /* a ping is about to be said, or the pair was; before what it is sent behind */
bool way_question_arrived(struct mux *mux);
void mux_stream_way(struct stream *stream, struct stream_way *way);
void way_await(const struct mux *mux, struct way_wait *wait); /* the wait begins, or begins anew */
/* The peer's word may still stand behind what the connection is bringing for others; so many looks long at most. */
bool way_is_busy(const struct mux *mux, struct way_wait *wait, uint32_t looks);

/* ---- open.c, accept.c ---- */
/* Why nothing can be opened; NULL: it can. The caller's reference, as that of the next. */
struct cause *mux_no_open(const struct mux *mux);
struct cause *mux_going(const struct mux *mux);         /* of one that ended, or that takes no more of either side */
void mux_admit(struct mux *mux, struct op_list *ended); /* opens that wait for room */
/* An op that makes a stream and has to wait. Pins the stream. Lock held. */
void mux_await(struct op_list *list, struct op *op, struct mux_stream *stream, const struct request *request,
               struct op_list *ended);
/* Off the list; the stream is made, or never will be. Its pin goes to the caller. */
struct mux_stream *mux_take_awaited(struct op_list *list, struct op *op);
/* Answer an open or an accept that makes nothing; consumes the cause. Lock held; dropped. */
int mux_refuse(struct mux *mux, const struct request *request, enum hws_kind kind, struct cause *cause);
void mux_stream_discard(struct mux_stream *stream); /* one that was never shown to anybody */
void mux_revoke(struct op *op);                     /* of ops that pend on the session */
/* A stream that the peer opens: the placeholder of an accept that waits, or a new one that waits for an accept. Takes
 * the native part. NULL: no memory. */
struct mux_stream *mux_admit_peer(struct mux *mux, uint32_t id, struct mux_native *native, struct op_list *ended);
void mux_native_free(struct mux_native *native); /* NULL is fine */

/* ---- drain.c ---- */
void drain_check(struct mux *mux, struct op_list *ended); /* a stream has ended: was it the last? */
/* The peer goes away, and has seen our opens up to that id. */
const char *drain_heard(struct mux *mux, uint32_t last_stream, struct op_list *ended); /* an error text */

/* ---- end.c ---- */
enum end_kind {
  END_LOCAL, /* decided here: what was received and not read is discarded */
  END_REMOTE /* by the peer, the carrier, or a fault: what had arrived can still be read */
};
void mux_end(struct mux *mux, struct cause *cause, enum end_kind kind, struct op_list *ended); /* lock held */
void mux_write_failed(struct mux *mux, struct cause *cause, struct op_list *ended);            /* lock held */
void mux_deafen(struct mux_stream *stream, struct op_list *ended); /* after a failed write: it can send nothing */
/* What an end of the carrier, as a read or a write met it, is to the session. */
struct cause *mux_carrier_cause(struct mux *mux, bool writing, int status);
bool mux_drain_next(struct mux *mux, struct op_list *ended); /* nothing else to write; true: there is now */
void mux_end_init(struct mux *mux);
void mux_attend(struct mux *mux); /* mux_leave has something to do */

/* Drop the lock and do what is left: deliver events, take the batch back, close the carrier, resume reading. */
void mux_leave(struct mux *mux, struct op_list *ended);

/* ---- part.c ---- */
void part_init(struct mux *mux);
void part_want(struct mux *mux);  /* it is about to end in order: part from the carrier before that is closed */
bool part_begin(struct mux *mux); /* no lock held; false: it cannot, close the carrier */
void part_end(struct mux *mux);   /* the peer has ended, or the carrier failed. Lock held */
void part_cut(struct mux *mux, struct cause *cause);      /* it is not waited for any longer. Lock held */
void mux_cut_short(struct mux *mux, struct cause *cause); /* the close tells that. Lock held */
bool part_is_under_way(const struct mux *mux);            /* lock held */

#endif
