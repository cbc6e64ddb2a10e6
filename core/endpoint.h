/* SPDX-License-Identifier: Apache-2.0
 *
 * The host's side of a plugin's endpoint: two directions, each a combining lock, and the transfers that run in them.
 *
 * Whoever finds a direction held leaves its request as a bit; the holder does it before it lets go. So a sender's
 * thread writes while the loop reads, nobody waits, and a descriptor is never closed under a call.
 *
 * An io that reads a file may block in the plugin. What has to be called for it is parked and done by a thread of the
 * pool, which holds the direction as anybody does, but marks it: the driver does not wait for such a holder, and what
 * needs both directions comes again when it lets go.
 */
#ifndef HAWSER_CORE_ENDPOINT_H
#define HAWSER_CORE_ENDPOINT_H

#include "core/cause.h"
#include "core/handle.h"
#include "core/loop.h"
#include "core/op.h"
#include "core/pool.h"
#include "core/source.h"
#include "plugins/registry.h"

enum transfer_state {
  TRANSFER_IDLE,       /* the host has it */
  TRANSFER_SUBMITTING, /* claimed, waiting for the direction, or inside the plugin's submit */
  TRANSFER_EARLY,      /* completed before submit returned */
  TRANSFER_PENDING,    /* the plugin has it */
  TRANSFER_CANCELING,  /* inside the plugin's cancel */
  TRANSFER_COMPLETED   /* ended; its done is on its way */
};

/* One io and who wants it. Reused for io after io of its direction. */
struct transfer {
  struct hws_io io; /* first: a plugin's io is turned back into its transfer */
  struct endpoint *endpoint;
  uint8_t direction;
  atomic_uint state;
  atomic_bool cancel;   /* asked for while it was busy: a submit that waits for its direction sees it */
  atomic_bool blocks;   /* it reads a file: the plugin is called for it on a thread of the pool only */
  atomic_bool given_up; /* never completed, and no longer waited for; what it does from here on is not looked at */
  struct task task;     /* runs done */
  void (*done)(struct transfer *transfer); /* from the loop; a pin of the owner is held meanwhile */
  void *scratch;
};

struct direction {
  atomic_uint state; /* HELD and what was left for the holder */
  atomic_bool armed; /* a rearm is in force; a dial, which holds the read direction, asks for that of write too */
  unsigned parked;   /* what was left, and may block: for the pool. Held under the direction */
  struct job job;    /* does that; the owner is pinned while it is out */
  atomic_bool job_posted;
  struct endpoint *endpoint;
  _Atomic(struct hws_packet *) packets; /* that came back, newest first (packet.c) */
};

enum endpoint_state {
  ENDPOINT_NEW, /* no plugin endpoint yet */
  ENDPOINT_OPEN,
  ENDPOINT_CLOSING, /* transfers are being cancelled, the driver will destroy it */
  ENDPOINT_GONE     /* destroyed or abandoned */
};

struct route;

struct endpoint {
  struct object *owner; /* pinned from open to gone */
  struct loop *loop;
  const struct plugin *plugin;
  void *ep; /* the plugin's */
  atomic_uint state;
  struct direction directions[2];
  struct transfer transfers[2]; /* by direction */
  int64_t descriptor;           /* watched; -1: none */
  uint64_t watch;               /* the poller's word for that, where it has one */
  bool unwatching;              /* the last word of a watch is still to come. Driver only */
  bool lean; /* its plugin waits for readiness, so a read without room costs nothing that a read with room would not */
  atomic_bool abort;
  atomic_int packets_left; /* once retired: how many are still to come */
  bool retired;            /* written under both directions */
  bool abandoned;
  bool abandon_watched;  /* the timer below was armed */
  uint8_t abandon_steps; /* of that timer that are left */
  struct route *route;   /* whose parameters it may ask for; NULL for accepted ones */
  size_t place;          /* of its scheme in the route */
  bool filter;
  struct endpoint *under; /* a filter's: what it stands on */
  struct endpoint *over;  /* the filter that stands on it: from then on all transfers are that one's */
  struct cause *explained;
  struct lookup *lookup; /* of a name, for the plugin */
  struct lock lock;      /* the two above; a filter's: what is out below */
  struct task post_task;
  struct task timer_task; /* a timer that had to wait */
  struct task close_task;
  struct timer timer; /* the plugin's */
  struct timer abandon_timer;
  void (*gone)(struct endpoint *endpoint); /* from the loop, owner still pinned; of the lowest, as the last to go */
  void (*begun)(
      struct endpoint *endpoint); /* from the pool: what waited for it was begun, or ended; NULL: nobody asks */
};

/* Before anything else. done and gone are the owner's. */
void endpoint_init(struct endpoint *endpoint, struct object *owner, const struct plugin *plugin,
                   void (*read_done)(struct transfer *), void (*write_done)(struct transfer *),
                   void (*gone)(struct endpoint *));

/* The plugin has made `ep` for it. HWS_E_NOMEM: the plugin's scratch; then ep is the caller's to destroy. */
int endpoint_open(struct endpoint *endpoint, void *ep);

/* It came to nothing after endpoint_init, though a watch may have been begun. Destroys ep, if there is one. */
void endpoint_unopened(struct endpoint *endpoint, void *ep);

/* Open it together with the op that begins it, which is returned. NULL: *status says why not, and ep was destroyed. */
struct op *endpoint_begin(struct endpoint *endpoint, void *ep, const struct request *request, enum hws_kind kind,
                          void (*revoke)(struct op *op), int *status);

/* Refuse the call with what the plugin explained about `status`, which is returned. */
int endpoint_refuse(struct endpoint *endpoint, int status, const char *what);

/* Claim an idle transfer and fill in its io; endpoint_submit must follow. Under the lock that the owner decides by:
 * from here on a close waits for the transfer, and a cancel counts for it. */
void transfer_prepare(struct transfer *transfer, enum hws_io_kind kind, const struct hws_iov *vec, uint32_t count);

/* The same, for a part of a file. */
void transfer_prepare_file(struct transfer *transfer, const struct file_part *part);

/* Start the io that stands in the transfer. True: it ended, its results stand there and done will not be called. False:
 * done will be called. */
bool endpoint_submit(struct transfer *transfer);

/* The same, but done is called in any case: by the loop, never from within. */
void endpoint_submit_later(struct transfer *transfer);

/* End a transfer early, if it is not over. done is called as ever. */
void endpoint_cancel(struct transfer *transfer);

/* End it early if it waits for a thread of the pool; what has begun goes on. done is called as ever. */
void endpoint_take_back(struct transfer *transfer);

/* Has the plugin begun it, and not ended it? */
bool transfer_is_begun(const struct transfer *transfer);

/* Is it with the plugin? */
bool transfer_busy(const struct transfer *transfer);

/* A plugin says that an io ended (host->complete). Any thread. */
void endpoint_complete(struct endpoint *endpoint, struct hws_io *io);

/* Readiness from the poller; driver only. */
void endpoint_ready(struct endpoint *endpoint, unsigned bits);

/* The last word of its watch; driver only. */
void endpoint_unwatched(struct endpoint *endpoint);

/* A plugin's packet came back from the port; driver only. */
void endpoint_packet(struct endpoint *endpoint, struct hws_packet *packet, uint64_t bytes, int32_t os_error);

/* Destroy it, and all that it stands on, as soon as no transfer is out; gone is called then. Idempotent. Never blocks.
 */
void endpoint_close(struct endpoint *endpoint, bool abort);

/* A plugin broke its contract: counted, named. */
void endpoint_fault(struct endpoint *endpoint, const char *what);

/* What the plugin explained, or what the system says of the error. */
struct cause *endpoint_explain(struct endpoint *endpoint, int status, int os_error, const char *what);
struct cause *endpoint_cause(struct endpoint *endpoint, const struct transfer *transfer, const char *what);

/* Free what endpoint_init and the route hold; after gone, or when never opened. */
void endpoint_free(struct endpoint *endpoint);

/* Give up what the plugin looks up. */
void endpoint_unresolve(struct endpoint *endpoint);

/* ---- between endpoint.c, endpoint_life.c and filter.c ---- */

/* Bits of a direction. */
enum direction_bit {
  HELD = 1,
  DO_READY = 2,
  DO_SUBMIT = 4,
  DO_CANCEL = 8,
  SAW_HANGUP = 16, /* with DO_READY */
  DO_PARKED = 32,  /* the pool has come for what is parked */
  BLOCKS = 64,     /* with HELD: by a thread of the pool, which may be inside a blocking call */
  DO_POST = 128,   /* on_post, or on_timer, could not be called: let them come again */
  DO_TIMER = 256,
  DO_PACKETS = 512,
  DO_TAKE_BACK = 1024
};

/* Who runs a direction. */
enum runner {
  RUN_ANYBODY,
  RUN_SUBMITTER, /* its own submit may end inline */
  RUN_POOL       /* may block */
};

void transfer_run(struct task *task);

/* Queue one of its tasks, with a pin of the owner for it. */
void endpoint_post(struct endpoint *endpoint, struct task *task);

/* What a close may have waited for has come about. */
void endpoint_let_close(struct endpoint *endpoint);

/* Leave a bit; true: nobody held the direction, the caller holds it now. */
bool direction_enter(struct endpoint *endpoint, unsigned which, unsigned bit);

/* Hold a direction against everybody. Holders only make calls that do not block, so this is short; where one may be
 * inside a call that does, direction_try_seize gives up. */
bool direction_try_seize(struct endpoint *endpoint, unsigned which);
void direction_seize(struct endpoint *endpoint, unsigned which);

/* Do what is left to do and let go. Returns whether the runner's own submit ended inline. */
bool direction_run(struct endpoint *endpoint, unsigned which, enum runner runner);

/* A direction's job. */
void direction_pool_run(struct job *job);

/* The services, for registry_*: one table per process (host.c). */
const struct hws_host *host_services(void);

#endif
