/* SPDX-License-Identifier: Apache-2.0
 *
 * A stream: what everything that can be read and written has in common, whatever carries it. Ops, buffers, half-closes,
 * ends and leases are here, once; a class (a raw connection, a stream of a session) moves the bytes.
 */
#ifndef HAWSER_CORE_STREAM_H
#define HAWSER_CORE_STREAM_H

#include "core/buffer.h"
#include "core/cause.h"
#include "core/handle.h"
#include "core/marks.h"
#include "core/op.h"
#include "core/scope.h"
#include "core/source.h"

enum stream_in {
  IN_OPEN,
  IN_EOF,  /* the peer ended its direction; `received` may hold more */
  IN_ENDED /* by stream->cause_in; `received` may hold more, unless it was discarded */
};

enum stream_out {
  OUT_OPEN,
  OUT_ENDING, /* the end stands behind what was sent */
  OUT_SHUT,   /* the end is on its way */
  OUT_ENDED   /* by stream->cause_out */
};

struct stream;

/* How far it has come what was sent on a stream (MUX-27). */
struct stream_way {
  uint64_t sent;  /* the asker's own count of bytes, or where its carrier carries others too, that of all of them */
  uint64_t taken; /* of these, what the peer's side took */
  uint64_t kept;  /* bytes that have not come into that count: they wait in memory of ours */
  bool blocked;   /* those wait for credit of the peer's, and not for others before them */
};

/* Why a class is kicked. */
enum stream_kick {
  KICK_NOW,    /* there is something to send */
  KICK_LATER,  /* there is, and more follows (HWS_MORE) */
  KICK_CONTROL /* something was received or consumed: what is held back for more to follow stays so */
};

/* What carries it. With the stream's lock held, save where it says otherwise. */
struct stream_class {
  struct object_class object;
  /* Does a recv that is cancelled give its memory back at once? Only then may it be somebody else's. */
  bool (*revocable)(const struct stream *stream);
  bool buffered; /* bytes only come by the loop: a recv that finds none need not ask */
  /* Does it keep the ends of messages? */
  bool (*messages)(const struct stream *stream);
  /* Copy what can be copied: all of total, or with `partial` as much as goes; returns how many. sends is empty. */
  uint64_t (*take)(struct stream *stream, const struct hws_vec *vec, uint32_t count, uint64_t total, bool partial);
  /* Is there a place for the end of a message, behind what is about to be taken? */
  bool (*may_end)(struct stream *stream);
  /* What was taken until now ends a message. False: not now; never after may_end. */
  bool (*take_end)(struct stream *stream);
  /* Would a send of one byte be taken now? */
  bool (*writable)(struct stream *stream);
  /* sends grew, or the state became OUT_ENDING. */
  void (*push)(struct stream *stream);
  /* A send or shutdown is to end early. True: it was taken off the list, its bytes stand in its event, the caller ends
   * it. False: op->cancel was set, the class ends it in a moment. */
  bool (*unsend)(struct stream *stream, struct op *op, int status);
  /* Does what carries it take the bytes of a file by itself? NULL: no. */
  bool (*sends_files)(struct stream *stream);
  /* recvs grew, and nothing is buffered. */
  void (*want)(struct stream *stream);
  /* A recv or acquire is to end early. As unsend. */
  bool (*unwant)(struct stream *stream, struct op *op, int status);
  /* Bytes were put back before all that is still to come. True: what comes is being read into the memory of the first
   * recv, and is taken back; the class serves the recvs then. NULL: that is never so. */
  bool (*recall)(struct stream *stream);
  /* The reader is done with bytes. */
  void (*consumed)(struct stream *stream, uint64_t bytes);
  /* What was left of the stream was ended here, by stream_last_cause: tell the peer. */
  void (*abort)(struct stream *stream);
  /* One direction is over here, by the cause; tell the peer. False: it cannot be told. */
  bool (*stop)(struct stream *stream, bool sending, struct cause *cause);
  /* A direction ends now: take its ops off the list whose memory is in use this moment. They end when it no longer is.
   */
  void (*hold_in)(struct stream *stream);
  void (*hold_out)(struct stream *stream);
  /* The close is given up, and waits for nothing: what was taken and is out counts as lost now, whatever becomes of it.
   * NULL: nothing is out of which that is not known. */
  void (*lose)(struct stream *stream);
  /* Would a close end at once? Once it would, it always does. */
  bool (*over)(const struct stream *stream);
  /* The user closed it: get rid of it once all is sent; stream_closed when that is done. Again when it is hurried. */
  void (*close)(struct stream *stream, struct op_list *ended);
  /* Would a kick do anything? One that would not can be left out. */
  bool (*due)(const struct stream *stream, enum stream_kick kick);
  /* No lock held: do what the others have put off. */
  void (*kick)(struct stream *stream, enum stream_kick kick);
  int (*text)(struct stream *stream, uint32_t which, char *text, uint32_t size); /* no lock held */
  /* Asked by the driver of the loop alone, which alone destroys what is asked. way->sent comes filled in. No lock of
   * the stream's held. */
  void (*way)(struct stream *stream, struct stream_way *way);
  /* The index-th pair of metadata that it was opened with; it points into the stream. HWS_E_INVAL: past the last. */
  int (*metadata)(struct stream *stream, uint32_t index, struct hws_pair *pair);
  int (*peer)(struct stream *stream, struct hws_peer *peer); /* no lock held */
};

struct stream {
  struct object object;
  const struct stream_class *class;
  struct lock *lock; /* the connection's or session's: everything below */
  uint8_t in;
  uint8_t out;
  bool ready;     /* connected or accepted */
  bool usable;    /* it is ready, and no session has it: a call that pinned it before that finds it stale */
  bool dialled;   /* by us: a session on it is a client's unless told otherwise */
  bool closing;   /* the user has closed it */
  bool closed;    /* the class has let go of it */
  bool unread;    /* when the user closed it something had come that was not read */
  bool discarded; /* what was received was dropped: there is nothing to put a lease's rest back to */
  bool carries;  /* a session on it was closed and is still sending: its own session waits for that when it is closed */
  bool forsaken; /* the user ended sending without waiting for what was taken: dropping that is no loss */
  bool hurried;  /* what closes it has waited long enough: its close is told now (stream_hurry) */
  uint8_t depth; /* sessions below it */
  uint32_t leases;
  uint64_t taken;       /* how often bytes were taken from the head; a lease can go back only if none were since */
  uint64_t lost;        /* bytes that were taken and dropped; the close tells */
  struct op_list recvs; /* nothing is received while one pends */
  struct op_list sends;
  struct op_list watches;
  struct op *closer;    /* the close op */
  struct op *maker;     /* the open or accept that waits for it to come; pinned */
  struct cause *unmade; /* why that is given up, while it is; borrowed */
  struct slices received;
  struct marks *marks;     /* ends of messages in `received`; NULL: there has been none */
  struct cause *cause;     /* the first, of either direction; NULL: none ended but properly */
  struct cause *cause_in;  /* of receiving, with IN_ENDED */
  struct cause *cause_out; /* of sending, with OUT_ENDED */
  struct life *life;       /* NULL: none */
};

/* A handle with its pin, all zero else. */
int stream_init(struct stream *stream, const struct stream_class *class, struct runtime *runtime, struct lock *lock);

/* The last of a class's free. */
void stream_fini(struct stream *stream);

/* ---- for classes; lock held ---- */

/* Bytes have arrived, lying in `buffer`; eom: they end a message, or if there are none what came before does. False:
 * no memory; the connection has to end. */
bool stream_feed(struct stream *stream, struct buffer *buffer, const uint8_t *data, uint32_t len, bool eom,
                 struct op_list *ended);

/* End recvs with what is there; none of them lends its memory. */
void stream_serve(struct stream *stream, struct op_list *ended);

/* The peer ended its direction. */
void stream_eof(struct stream *stream, struct op_list *ended);

/* The end of the send direction is on its way. */
void stream_shut(struct stream *stream, struct op_list *ended);

/* The send direction failed; what can be received still can. */
void stream_end_out(struct stream *stream, struct cause *cause, struct op_list *ended);

/* The receive direction failed: what was received is dropped. Nothing, if it has ended. */
void stream_end_in(struct stream *stream, struct cause *cause, struct op_list *ended);

/* Drop what was received and not read before the peer's end, which no longer says that all of it can be had. */
void stream_void(struct stream *stream, struct cause *cause, struct op_list *ended);

/* What has not ended is over; takes a reference of its own. discard: drop what was received and not read, unless its
 * end had come (MUX-10). */
void stream_end(struct stream *stream, struct cause *cause, bool discard, struct op_list *ended);

/* Of one whose close is given up: how many bytes that has to say are lost. */
uint64_t stream_give_up(struct stream *stream);

/* The class is done with a stream that the user has closed. */
void stream_closed(struct stream *stream, struct op_list *ended);

/* It has come, or never will: forget its maker. */
void stream_made(struct stream *stream);

/* What ended it before it came, if it was that which asked its maker to end with the status; the caller's reference.
 * NULL: the maker was asked itself. No lock held. */
struct cause *stream_unmade(struct stream *stream, int status);

/* Why ops of that direction find it ended, borrowed; NULL: they do not. Without a cause of its own it ended properly.
 */
const struct cause *stream_in_cause(const struct stream *stream);
const struct cause *stream_out_cause(const struct stream *stream);

/* What ended the direction that a reset of both still had to end: what the peer is told. NULL: both ended properly. */
const struct cause *stream_last_cause(const struct stream *stream);

/* Both directions are over, in whatever way? */
bool stream_is_over(const struct stream *stream);

/* ---- what was received (stream_in.c); lock held ---- */

/* Is there something to be received: bytes, or the end of a message? */
static inline bool stream_has_input(const struct stream *stream) {
  return stream->received.bytes || (stream->marks && stream->marks->count);
}

/* Drop all of it; returns what its reader need not take any more, in credit. */
uint64_t stream_drop_input(struct stream *stream);
void stream_drop_marks(struct stream *stream); /* of which there are some, or have been */

/* Copy out what one recv may have: what is there, up to the end of a message. */
void stream_read(struct stream *stream, const struct hws_vec *vec, uint32_t count, struct hws_event *event);

/* ---- ops (stream_ops.c); no lock held; return what hws_* returns ---- */

int stream_send(struct stream *stream, const struct hws_vec *vec, uint32_t count, const struct request *request);
int stream_sendfile(struct stream *stream, const struct file_part *part, const struct request *request);
int stream_recv(struct stream *stream, const struct hws_vec *vec, uint32_t count, const struct request *request);
int stream_acquire(struct stream *stream, const struct request *request);
int stream_shutdown(struct stream *stream, const struct request *request);
int stream_watch(struct stream *stream, const struct request *request);

/* The handle is stale already; consumes its pin. */
int stream_close(struct stream *stream, const struct request *request);

/* Is there nothing left that a close would wait for? */
bool stream_is_done(struct stream *stream);

/* End it here; consumes the cause. Idempotent. */
void stream_reset(struct stream *stream, struct cause *cause);

/* End one direction here, or both; consumes the cause. HWS_E_UNSUPPORTED where the peer cannot be told. Idempotent. */
int stream_stop(struct stream *stream, uint32_t directions, struct cause *cause);

/* Give it a life scope; an end that came before is applied at once. */
void stream_live(struct stream *stream, struct scope *scope);

/* Ops of the core itself. True: ended, the event stands in the op. */
bool stream_send_inside(struct stream *stream, struct op *op);
bool stream_recv_inside(struct stream *stream, struct op *op);
void stream_revoke_inside(struct op *op, int status);
bool stream_shutdown_inside(struct stream *stream, struct op *op);
bool stream_close_inside(struct stream *stream, struct op *op, bool abort); /* consumes the handle's pin */

/* Its close, begun already or not, waits for no peer any more. What the system has it goes on delivering, or the
 * session that the stream is of; what a connection has not handed to the system is lost, and the close says so. */
void stream_hurry(struct stream *stream);

/* Could something be sent, now or later? */
bool stream_is_sendable(struct stream *stream);

/* Why that direction of the stream cannot go on, as an op that ended with `status` saw it; the caller's reference. */
struct cause *stream_cause(struct stream *stream, bool sending, int status);

/* For op->revoke of anything that pends on a stream. */
void stream_revoke(struct op *op);

/* ---- leases (lease.c); lock held ---- */

/* Hand out the first slice. HWS_OK, HWS_E_NOMEM, HWS_E_LIMIT. */
int lease_make(struct stream *stream, struct hws_event *event);

/* No lock held; the handle is pinned. */
int lease_release(struct object *lease, uint64_t consumed);

#endif
