/* SPDX-License-Identifier: Apache-2.0
 *
 * Time in a session: keep-alive, writes that stall, streams that linger, drains that must end.
 */
#include <assert.h>
#include <stddef.h>

#include "core/mux/mux.h"
#include "core/park.h"

#define DEAF_NS UINT64_C(1000000000) /* after a failed write reading ends when nothing has come for so long */
#define FROM_TIMER(timer, member) ((struct mux *)((char *)(timer)-offsetof(struct mux, member)))

static struct loop *loop_of(struct mux *mux) {
  return &mux->session.object.runtime->loop;
}

static void end_for(struct mux *mux, const char *why, struct op_list *ended) {
  struct cause *cause = cause_make(HWS_E_TIMEOUT, 0, 0, "%s", why);
  mux_end(mux, cause, END_REMOTE, ended);
  cause_unref(cause);
}

/* ---- keep-alive: any byte that comes in is life ----
 *
 * As long as the ping itself has not arrived its answer cannot come: until then, what the peer's side takes of that
 * what stands before it is life as well (MUX-27). Afterwards it is not: a system takes bytes for a process that hangs.
 * But what stands before a ping on our side stands before it on the peer's too, and between the two, so one that had to
 * wait is given as long again. So is the answer on a connection that is shared, as long as it may stand behind others'.
 */

enum { PATIENCE_MAX = 3, BUSY_LOOKS = 30 };

static uint64_t bytes_in(const struct mux *mux) {
  return atomic_load_explicit(&mux->counters[SESSION_BYTES_IN], memory_order_relaxed);
}

static void ask(struct mux *mux) {
  mux->alive_seen = way_progress(mux);
  mux->ping_patience = mux->way_behind;
  mux->ping_out = true;
  mux->ping_wanted = negotiate_is_decided(mux); /* else the pair is the question */
  mux->ping_opaque++;
  mux->ping_sent = clock_now();
  way_ask(mux);
  way_await(mux, &mux->ping_wait);
  mux_count(mux, SESSION_PINGS_OUT, 1);
}

/* The answer has not come. Is there another sign of life since the last look? */
static bool is_alive(struct mux *mux) {
  bool heard = bytes_in(mux) != mux->read_bytes_seen;
  uint64_t now = way_progress(mux);
  bool moved = now > mux->alive_seen;
  bool arrived = way_question_arrived(mux);
  mux->alive_seen = now;
  if (moved && !arrived && mux->ping_patience < PATIENCE_MAX) mux->ping_patience++;
  if (heard) way_await(mux, &mux->ping_wait);
  if (heard || (moved && !arrived) || way_is_busy(mux, &mux->ping_wait, BUSY_LOOKS)) return true;
  if (!mux->ping_patience) return false;
  mux->ping_patience--;
  return true;
}

static void alive_fire(struct timer *timer) {
  struct mux *mux = FROM_TIMER(timer, alive_timer);
  struct op_list ended = {0};
  lock_take(&mux->lock);
  uint64_t next = mux->settings[SET_KEEPALIVE];
  /* One that sniffs has asked nothing. */
  bool running = mux->state == SESSION_RUNNING && mux->negotiation != NEGOTIATE_SNIFF;
  if (running && mux->ping_out && !is_alive(mux)) {
    end_for(mux, "the peer was silent: no answer to a ping in time", &ended);
  } else if (running) {
    if (!mux->ping_out) ask(mux);
    mux->read_bytes_seen = bytes_in(mux);
    next = mux->settings[SET_KEEPALIVE_TIMEOUT];
  }
  if (mux->state == SESSION_RUNNING) loop_timer(loop_of(mux), &mux->alive_timer, clock_now() + next);
  mux_leave(mux, &ended);
  writer_kick(mux, KICK_NOW);
}

/* The question is answered: the next comes after a whole interval. */
static void alive_answered(struct mux *mux) {
  mux->ping_out = false;
  if (mux->state == SESSION_RUNNING)
    loop_timer(loop_of(mux), &mux->alive_timer, clock_now() + mux->settings[SET_KEEPALIVE]);
}

bool alive_pong(struct mux *mux, uint32_t opaque) {
  if (!mux->ping_out || opaque != mux->ping_opaque) return false;
  atomic_store_explicit(&mux->counters[SESSION_RTT_NS], clock_now() - mux->ping_sent, memory_order_relaxed);
  alive_answered(mux);
  return true;
}

void alive_decided(struct mux *mux) {
  if (mux->ping_out) alive_answered(mux);
}

/* ---- writes that make no progress ----
 *
 * Looks are a quarter of the time apart, and it takes five still ones: systems tell in large steps what was taken. */

enum { STALL_LOOKS = 4 };

static void stall_arm(struct mux *mux) {
  loop_timer(loop_of(mux), &mux->stall_timer, clock_now() + mux->settings[SET_WRITE_TIMEOUT] / STALL_LOOKS);
}

/* Also the first look finds out: what was reached never falls, and stands from the last one on. Credit for what stands
 * still comes as all words of the peer's do. */
static bool is_moving(struct mux *mux) {
  uint64_t now = way_progress(mux);
  uint64_t in = bytes_in(mux);
  bool moved = now > mux->stall_seen || in != mux->stall_bytes_seen;
  mux->stall_seen = now;
  mux->stall_bytes_seen = in;
  if (moved) way_await(mux, &mux->stall_wait);
  return moved || way_is_busy(mux, &mux->stall_wait, BUSY_LOOKS * STALL_LOOKS);
}

static void stall_fire(struct timer *timer) {
  struct mux *mux = FROM_TIMER(timer, stall_timer);
  struct op_list ended = {0};
  lock_take(&mux->lock);
  /* rare: the end disarms it as it fires */
  bool writing = atomic_load(&mux->writer) == WRITER_OUT && mux->state != SESSION_ENDED;
  mux->stall_watched = writing;
  mux->stall_still = is_moving(mux) ? 0 : (uint8_t)(mux->stall_still + 1);
  if (writing && mux->stall_still > STALL_LOOKS)
    end_for(mux, "a write made no progress: the peer does not read", &ended);
  else if (writing)
    stall_arm(mux);
  mux_leave(mux, &ended);
}

/* Armed at most once at a time: a write that goes on for a moment costs no timer of its own. */
void alive_writing(struct mux *mux) {
  if (mux->stall_watched || mux->state == SESSION_ENDED) return;
  mux->stall_watched = true;
  mux->stall_still = 0;
  way_await(mux, &mux->stall_wait);
  stall_arm(mux);
}

/* ---- closed streams whose other half stays silent ---- */

static void linger_arm(struct mux *mux) {
  if (mux->lingering) loop_timer(loop_of(mux), &mux->linger_timer, mux->lingering->linger_until);
}

/* It has credit, or stands in the batch: what holds it up is the carrier, whose silence is looked at elsewhere. */
static bool waits_for_us(const struct mux_stream *stream) {
  return stream->in_batch || schedule_is_due(stream);
}

static void give_up(struct mux_stream *stream, struct op_list *ended) {
  struct cause *cause = cause_make(HWS_E_TIMEOUT, 0, HWS_CODE_CANCELED,
                                   "the stream was closed, and the peer neither took what was sent nor ended it");
  mux_stream_give_up(stream, cause, ended);
  cause_unref(cause);
}

static void linger_fire(struct timer *timer) {
  struct mux *mux = FROM_TIMER(timer, linger_timer);
  struct op_list ended = {0};
  uint64_t now = clock_now();
  lock_take(&mux->lock);
  for (struct mux_stream *stream; (stream = mux->lingering) && stream->linger_until <= now;) {
    alive_unlinger(stream);
    if (waits_for_us(stream))
      alive_linger(stream);
    else
      give_up(stream, &ended);
  }
  linger_arm(mux);
  mux_leave(mux, &ended);
  writer_kick(mux, KICK_NOW);
}

/* In order of time, as all linger equally long. */
void alive_linger(struct mux_stream *stream) {
  struct mux *mux = stream->mux;
  assert(!stream->lingering && !stream->gone);
  stream->lingering = true;
  stream->linger_until = clock_now() + mux->settings[SET_LINGER];
  stream->next_inbound = NULL;
  stream->prev_inbound = mux->lingering_last;
  *(mux->lingering_last ? &mux->lingering_last->next_inbound : &mux->lingering) = stream;
  mux->lingering_last = stream;
  if (mux->lingering == stream) linger_arm(mux); /* else the timer stands for one before it */
}

/* Only silence is limited: whoever takes what is sent, or has just been told of its end, has its time anew. */
void alive_linger_on(struct mux_stream *stream) {
  alive_unlinger(stream);
  alive_linger(stream);
}

void alive_unlinger(struct mux_stream *stream) {
  struct mux *mux = stream->mux;
  if (!stream->lingering) return;
  stream->lingering = false;
  *(stream->prev_inbound ? &stream->prev_inbound->next_inbound : &mux->lingering) = stream->next_inbound;
  *(stream->next_inbound ? &stream->next_inbound->prev_inbound : &mux->lingering_last) = stream->prev_inbound;
}

/* ---- drains ---- */

static void drain_fire(struct timer *timer) {
  struct mux *mux = FROM_TIMER(timer, drain_timer);
  struct op_list ended = {0};
  lock_take(&mux->lock);
  bool deferred = mux->state == SESSION_DRAINING && atomic_load(&mux->writer) != WRITER_OUT;
  if (deferred) writer_run(mux, &ended); /* what can be written at once is */
  bool closing = mux->state == SESSION_ENDED;
  if (mux->state == SESSION_DEAF && bytes_in(mux) != mux->read_bytes_seen) {
    alive_deaf(mux);
  } else if (closing) {
    part_cut(mux, cause_plain(
                      HWS_E_TIMEOUT)); /* the system goes on delivering what it has, unless something still comes in */
  } else {
    if (mux->state == SESSION_DRAINING) mux_cut_short(mux, cause_plain(HWS_E_TIMEOUT));
    end_for(mux, "the drain took too long", &ended);
    mux->abort_under = true;
  }
  mux_leave(mux, &ended);
  if (closing) stream_hurry(mux->under);
}

void alive_limit(struct mux *mux, uint64_t ns) {
  loop_timer(loop_of(mux), &mux->drain_timer, clock_now() + ns);
}

void alive_deaf(struct mux *mux) {
  mux->read_bytes_seen = bytes_in(mux);
  alive_limit(mux, DEAF_NS);
}

void alive_unlimit(struct mux *mux) {
  timer_disarm(&loop_of(mux)->timers, &mux->drain_timer);
}

/* ---- introductions ---- */

/* Our own introduction is still on its way to the peer, and moves; or the peer's may be to us. */
static bool is_under_way(struct mux *mux) {
  uint64_t now = way_progress(mux);
  bool moved = now > mux->handshake_seen;
  mux->handshake_seen = now;
  return (moved && mux->way_behind) || way_is_busy(mux, &mux->handshake_wait, BUSY_LOOKS);
}

static void handshake_arm(struct mux *mux) {
  loop_timer(loop_of(mux), &mux->handshake_timer, clock_now() + mux->settings[SET_HANDSHAKE]);
}

static void handshake_fire(struct timer *timer) {
  struct mux *mux = FROM_TIMER(timer, handshake_timer);
  struct op_list ended = {0};
  lock_take(&mux->lock);
  bool introduced = mux->negotiation == NEGOTIATE_DONE;
  if (!introduced && is_under_way(mux))
    handshake_arm(mux);
  else if (!introduced && !negotiate_ask(mux))
    end_for(mux, "the peer did not introduce itself in time", &ended);
  mux_leave(mux, &ended);
  writer_kick(mux, KICK_NOW);
}

void alive_handshake(struct mux *mux) {
  way_await(mux, &mux->handshake_wait);
  handshake_arm(mux);
}

void alive_introduced(struct mux *mux) {
  timer_disarm(&loop_of(mux)->timers, &mux->handshake_timer);
}

/* ---- peers that provoke answers ---- */

static void pace_fire(struct timer *timer) {
  struct mux *mux = FROM_TIMER(timer, pace_timer);
  struct op_list ended = {0};
  lock_take(&mux->lock);
  mux->pacing = false;
  mux_leave(mux, &ended);
}

bool alive_pace(struct mux *mux, uint64_t ns) {
  return loop_timer(loop_of(mux), &mux->pace_timer, clock_now() + ns) == HWS_OK;
}

/* ---- all of them ---- */

void alive_start(struct mux *mux) {
  struct object *object = &mux->session.object;
  mux->alive_timer = (struct timer){.object = object, .fire = alive_fire};
  mux->stall_timer = (struct timer){.object = object, .fire = stall_fire};
  mux->linger_timer = (struct timer){.object = object, .fire = linger_fire};
  mux->drain_timer = (struct timer){.object = object, .fire = drain_fire};
  mux->pace_timer = (struct timer){.object = object, .fire = pace_fire};
  mux->handshake_timer = (struct timer){.object = object, .fire = handshake_fire};
  if (mux->settings[SET_KEEPALIVE])
    loop_timer(loop_of(mux), &mux->alive_timer, clock_now() + mux->settings[SET_KEEPALIVE]);
}

void alive_stop(struct mux *mux) {
  struct timers *timers = &loop_of(mux)->timers;
  timer_disarm(timers, &mux->alive_timer);
  timer_disarm(timers, &mux->stall_timer);
  timer_disarm(timers, &mux->linger_timer);
  timer_disarm(timers, &mux->handshake_timer);
  timer_disarm(timers, &mux->pace_timer);
}
