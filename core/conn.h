/* SPDX-License-Identifier: Apache-2.0
 *
 * A raw connection: a stream whose bytes a plugin's endpoint moves.
 */
#ifndef HAWSER_CORE_CONN_H
#define HAWSER_CORE_CONN_H

#include "core/endpoint.h"
#include "core/filter.h"
#include "core/runtime.h"
#include "core/stream.h"

enum { CONN_PIECES = 64 }; /* of a vector, handed down at once */

/* How far a close without an abort has come (conn_close.c). */
enum conn_leave {
  LEAVE_NOT,       /* nobody closes it, or it is dropped at once */
  LEAVE_FLUSHING,  /* what was taken goes out */
  LEAVE_ENDING,    /* the end of the write direction goes out */
  LEAVE_LINGERING, /* all is said, and the peer's end is awaited */
  LEAVE_DONE       /* nothing is waited for */
};

struct conn {
  struct stream stream;
  struct lock lock;
  struct endpoint endpoint; /* the transport's */
  struct filter *filters;   /* on top of it, by their places in the route; or NULL */
  size_t filter_count;
  struct endpoint *top; /* whom to ask for reads and writes */
  struct member member;
  struct op *connecting; /* the dial op, while it pends */
  bool dialing;          /* the dial's transfer is out */
  /* Who owns a transfer: claimed under the lock, submitted without it. */
  bool reading;
  bool writing;
  bool failed;       /* reading has ended for good */
  bool readable;     /* there may be something to read: it has been told, or the last read took all it had room for */
  bool aborting;     /* discard what was not sent */
  bool over;         /* the runtime ends */
  bool gone;         /* the endpoint was destroyed, or there never was one */
  struct op *reader; /* whose memory is being read into; NULL: the buffer's */
  struct op *writer; /* whose memory is being written from, or whose end is on its way; NULL: `copy` is written */
  struct op *copier; /* whose bytes lie in `copy` and count when they are written; NULL: they were counted before */
  struct buffer *copy;
  struct source *copy_source; /* the bytes lie in its file instead, from here on; its reference */
  struct file_part copy_file;
  uint32_t copy_at; /* what of it has not been written */
  uint32_t copy_end;
  bool copy_more;    /* its last byte does not end a message */
  bool copy_counted; /* a send was told that they were taken */
  bool broken;       /* bytes that were counted so never went out: the peer must not take our end for a proper one */
  struct buffer *buffer;
  uint8_t leave;        /* conn_leave */
  bool lingers;         /* asked once, when it was connected: a close may cost what the peer has not got */
  uint64_t dropped;     /* bytes that came while it closes */
  uint64_t moved;       /* when bytes last went in either direction, while it closes */
  uint64_t untaken;     /* what the peer had not got when that was last asked */
  uint64_t leave_began; /* when, and after what time it is looked at next */
  uint64_t leave_wait;
  struct timer leave_timer;
  bool messages; /* it keeps them; like the next three asked once, when it was connected */
  char *local;
  char *remote;
  struct hws_peer_id peer;
  struct hws_iov read_iov[CONN_PIECES];
  struct hws_iov write_iov[CONN_PIECES];
};

/* A connection yet to come: a stream that is not ready. */
int conn_new(struct runtime *runtime, struct conn **conn);

/* Submit a dial. Returns what hws_dial does. */
int conn_dial(struct runtime *runtime, const char *url, struct scope *life, const struct request *request,
              hws_handle *stream);

/* One that the op, an accept of a listener with that route, waits for. */
int conn_await(struct runtime *runtime, struct route *route, struct op *op, struct conn **conn);

/* Take over what the accept gave. HWS_OK, or why not: then the connection has ended. */
int conn_adopt(struct conn *conn, void *accepted);

/* It will never come: end it. Consumes the cause. */
void conn_fail(struct conn *conn, struct cause *cause);

/* ---- between the files of connections; lock held unless said otherwise ---- */

extern const struct stream_class conn_class;

/* Does the plugin take its hands off memory when it is told to? Only then is it given a user's. */
bool conn_may_revoke(const struct conn *conn);

/* Claim the next read or write, if one is wanted. */
bool conn_claim_read(struct conn *conn, struct op_list *ended);
bool conn_claim_write(struct conn *conn, struct op_list *ended);

/* Apply what came of it; the transfer is idle again. */
void conn_read_result(struct conn *conn, struct op_list *ended);
void conn_write_result(struct conn *conn, struct op_list *ended);

/* The stream ended while the op's memory was in use. */
void conn_end_orphan(struct conn *conn, struct op *op, struct op_list *ended);

/* What the op has not handed down yet, as far as it goes. */
uint32_t conn_map_vec(const struct op *op, struct hws_iov *iov);

/* Bytes that were copied and are still to be written; and those of them that a send counted. */
uint64_t conn_unwritten(const struct conn *conn);
uint64_t conn_owed(const struct conn *conn);

/* Those will never go out. */
void conn_lose_copy(struct conn *conn);

/* End the op of a file that was to end, or whose stream did, while nobody knew whether the plugin had begun with it.
 * True: nobody does yet. */
bool conn_must_settle(const struct conn *conn);
bool conn_settle_file(struct conn *conn, struct op_list *ended);
void conn_drop_copy(struct conn *conn);

/* ---- conn_close.c; lock held ---- */

bool conn_is_flushed(const struct conn *conn);
bool conn_drops_input(const struct conn *conn);
bool conn_wants_end(const struct conn *conn); /* the write direction is to be ended now */
bool conn_leave_step(struct conn *conn);      /* of one that closes; true: it came further, there may be work */
void conn_moved(struct conn *conn);
void conn_end_said(struct conn *conn, int32_t status, struct op_list *ended);
void conn_left(struct conn *conn); /* its endpoint is gone */

/* Of the class. */
bool conn_unsend(struct stream *stream, struct op *op, int status);
void conn_hold_out(struct stream *stream); /* no op waits for what is out: what has begun counts as taken */
bool conn_unwant(struct stream *stream, struct op *op, int status);

/* Do what there is to do; no lock held. */
void conn_pump(struct conn *conn);

/* The transfers' ends; no lock held. */
void conn_read_done(struct transfer *transfer);
void conn_write_done(struct transfer *transfer);

/* The dial's transfer ended. */
void conn_connected(struct conn *conn, struct op_list *ended);
void conn_free(struct object *object);

#endif
