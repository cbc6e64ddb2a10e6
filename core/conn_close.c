/* SPDX-License-Identifier: Apache-2.0
 *
 * How a raw connection is closed without an abort.
 *
 * What was taken goes out first. Meanwhile what comes in is read and dropped: were it not, two ends that close face to
 * face would wait for each other's room for ever. Where the transport says that a close of its own may cost what the
 * peer has not got (HWS_QUERY_LINGER), the end of the write direction goes out next, and what comes in is dropped until
 * the peer's end has come, or until it has all and is silent.
 *
 * Limits, so that a close always ends: for so long nothing moved in either direction; so many bytes were dropped; it
 * took so long in all. What was taken and has not gone out then is lost, and the close's event says so. A session has a
 * limit of its own, `drain`: once that has passed, the close of its connection waits for nothing (stream_hurry).
 */
#include <stddef.h>

#include "core/conn.h"
#include "core/park.h"

#define MS UINT64_C(1000000)
#define LINGER_FIRST_NS (10 * MS)    /* how soon it is looked at; twice as late each time */
#define LINGER_MOST_NS (500 * MS)    /* and how late at most */
#define LINGER_SETTLED_NS (50 * MS)  /* the peer has all, and was silent for so long */
#define LINGER_UNKNOWN_NS (500 * MS) /* the same where nobody knows what it has */
#define LINGER_STALL_NS (5000 * MS)  /* all is with the system, and nothing moved */
#define FLUSH_STALL_NS (30000 * MS)  /* nothing moved, and what was taken is still ours */
#define LINGER_ALL_NS (600000 * MS)  /* in all */
#define LINGER_BYTES (UINT64_C(64) << 20)

/* Nothing is left to write that the close waits for. What is out on a connection that has ended leads nowhere, and may
 * stay out for as long as it is not cancelled. */
bool conn_is_flushed(const struct conn *conn) {
  if (conn->stream.out == OUT_ENDED) return true;
  return !conn->writing && !conn->stream.sends.first && !conn_unwritten(conn);
}

bool conn_drops_input(const struct conn *conn) {
  return conn->leave != LEAVE_NOT && conn->leave != LEAVE_DONE && !conn->aborting;
}

bool conn_wants_end(const struct conn *conn) {
  return conn->leave == LEAVE_ENDING && !conn->aborting;
}

void conn_moved(struct conn *conn) {
  conn->moved = clock_now();
}

/* True: known. */
static bool ask_untaken(struct conn *conn, uint64_t *untaken) {
  *untaken = HWS_LINGER_UNKNOWN;
  int32_t answer = conn->endpoint.plugin->vtable.query(conn->endpoint.ep, HWS_QUERY_LINGER, untaken, sizeof *untaken);
  return answer >= 0 && *untaken != HWS_LINGER_UNKNOWN;
}

static bool peer_has_ended(const struct conn *conn) {
  return conn->stream.in != IN_OPEN || conn->failed;
}

static void arm(struct conn *conn, uint64_t now) {
  (void)loop_timer(conn->endpoint.loop, &conn->leave_timer, now + conn->leave_wait);
  conn->leave_wait = conn->leave_wait * 2 < LINGER_MOST_NS ? conn->leave_wait * 2 : LINGER_MOST_NS;
}

/* It is given up, with what it still owed. */
static void cut_short(struct conn *conn, int status) {
  struct op *op = conn->stream.closer;
  bool owes = conn_owed(conn);
  conn->leave = LEAVE_DONE;
  conn_lose_copy(conn);
  if (owes && op) op->outcome = status;
}

static void linger_look(struct conn *conn, uint64_t now) {
  uint64_t untaken = 0;
  bool known = ask_untaken(conn, &untaken);
  if (known && untaken < conn->untaken) conn_moved(conn);
  conn->untaken = untaken;
  uint64_t silent = now > conn->moved ? now - conn->moved : 0;
  bool settled = known ? !untaken && silent >= LINGER_SETTLED_NS : silent >= LINGER_UNKNOWN_NS;
  if (settled) conn->leave = LEAVE_DONE;
}

static void look(struct conn *conn) {
  uint64_t now = clock_now();
  if (conn->leave == LEAVE_LINGERING) linger_look(conn, now);
  uint64_t silent = now > conn->moved ? now - conn->moved : 0;
  if (conn->leave == LEAVE_DONE) return;
  bool owes = conn->leave == LEAVE_FLUSHING;
  if (silent >= (owes ? FLUSH_STALL_NS : LINGER_STALL_NS) || now - conn->leave_began >= LINGER_ALL_NS)
    cut_short(conn, HWS_E_TIMEOUT);
  else
    arm(conn, now);
}

static void leave_fire(struct timer *timer) {
  struct conn *conn = (struct conn *)((char *)timer - offsetof(struct conn, leave_timer));
  lock_take(&conn->lock);
  if (conn_drops_input(conn) && !conn->gone) look(conn);
  lock_drop(&conn->lock);
  conn_pump(conn);
}

static void begin(struct conn *conn) {
  conn->leave = LEAVE_FLUSHING;
  conn->leave_began = conn->moved = clock_now();
  conn->leave_wait = LINGER_FIRST_NS;
  conn->leave_timer = (struct timer){.object = &conn->stream.object, .fire = leave_fire};
  if (!conn_is_flushed(conn) || conn->lingers) arm(conn, conn->moved);
}

/* All that was taken is with the system. */
static enum conn_leave after_flush(const struct conn *conn) {
  if (!conn->lingers || peer_has_ended(conn) || conn->stream.out == OUT_ENDED) return LEAVE_DONE;
  return conn->stream.out < OUT_SHUT ? LEAVE_ENDING : LEAVE_LINGERING;
}

bool conn_leave_step(struct conn *conn) {
  enum conn_leave before = conn->leave;
  if (conn->aborting || conn->gone || before == LEAVE_DONE) return false;
  if (before == LEAVE_NOT) begin(conn);
  if (conn->leave == LEAVE_FLUSHING && conn_is_flushed(conn)) conn->leave = (uint8_t)after_flush(conn);
  if (conn->leave == LEAVE_ENDING && !conn->writing && conn->stream.out == OUT_ENDED) conn->leave = LEAVE_DONE;
  if (conn->leave == LEAVE_LINGERING && peer_has_ended(conn)) conn->leave = LEAVE_DONE;
  if (conn->leave != LEAVE_DONE && conn->stream.hurried) cut_short(conn, HWS_E_TIMEOUT);
  if (conn->dropped > LINGER_BYTES) cut_short(conn, HWS_E_LIMIT);
  return conn->leave != before;
}

void conn_end_said(struct conn *conn, int32_t status, struct op_list *ended) {
  if (status == HWS_IO_CANCELED) return; /* it is said again */
  if (status == HWS_IO_OK) stream_shut(&conn->stream, ended);
  conn->leave = status == HWS_IO_OK ? LEAVE_LINGERING : LEAVE_DONE;
  conn_moved(conn);
}

void conn_left(struct conn *conn) {
  (void)timer_disarm(&conn->endpoint.loop->timers, &conn->leave_timer);
}
