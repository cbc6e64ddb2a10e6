/* SPDX-License-Identifier: Apache-2.0
 *
 * Directions and transfers: exactly-once between the host and a plugin.
 */
#include "core/endpoint.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/packet.h"
#include "core/park.h"
#include "core/runtime.h"

/* Bits of a direction. */
enum {
  HELD = 1,
  DO_READY = 2,
  DO_SUBMIT = 4,
  DO_CANCEL = 8,
  SAW_HANGUP = 16, /* with DO_READY */
  DO_PARKED = 32,  /* the pool has come for what is parked */
  BLOCKS = 64,     /* with HELD: by a thread of the pool, which may be inside a blocking call */
  DO_POST = 128,   /* on_post, or on_timer, could not be called: let them come again */
  DO_TIMER = 256,
  DO_PACKETS = 512
};

/* Who runs a direction. */
enum runner {
  RUN_ANYBODY,
  RUN_SUBMITTER, /* its own submit may end inline */
  RUN_POOL       /* may block */
};

#define ABANDON_AFTER_NS UINT64_C(5000000000)

static void close_run(struct task *task);
static struct cause *explain(struct endpoint *endpoint, int status, int os_error, const char *what);
static void abandon_fire(struct timer *timer);

static void fault(struct endpoint *endpoint, const char *what) {
  struct runtime *runtime = endpoint->owner->runtime;
  runtime_count(runtime, COUNT_PLUGIN_FAULTS, 1);
  runtime_refuse(runtime, cause_make(HWS_E_PLUGIN, 0, HWS_CODE_INTERNAL, "plugin %s (%s): %s",
                                     endpoint->plugin->manifest->name, endpoint->plugin->path, what));
}

bool transfer_busy(const struct transfer *transfer) {
  return atomic_load_explicit(&transfer->state, memory_order_seq_cst) != TRANSFER_IDLE;
}

static bool step(struct transfer *transfer, unsigned from, unsigned to) {
  return atomic_compare_exchange_strong_explicit(&transfer->state, &from, to, memory_order_acq_rel,
                                                 memory_order_acquire);
}

static void post_pinned(struct endpoint *endpoint, struct task *task) {
  object_pin(endpoint->owner);
  if (!task_post(endpoint->loop, task)) object_unpin(endpoint->owner);
}

/* ---- ends of transfers ---- */

static uint64_t room_of(const struct hws_io *io) {
  uint64_t room = 0;
  for (uint32_t i = 0; i < io->vec_count; i++) room += io->vec[i].len;
  return room;
}

/* What a plugin says it did is checked before anybody relies on it. */
static void judge(struct endpoint *endpoint, struct hws_io *io) {
  bool moves = io->kind == HWS_IO_READ || io->kind == HWS_IO_WRITE || io->kind == HWS_IO_SENDFILE;
  uint64_t room = io->kind == HWS_IO_SENDFILE ? io->length : moves ? room_of(io) : 0;
  const char *wrong = NULL;
  if (moves && io->bytes > room) {
    wrong = "says that it moved more bytes than there was room for";
  } else if (io->kind == HWS_IO_WRITE && io->status == HWS_IO_OK && room && !io->bytes) {
    wrong = "ended a write with nothing written and no error";
  } else if (io->kind == HWS_IO_ACCEPT && io->status == HWS_IO_OK && !io->accepted) {
    wrong = "ended an accept with no connection and no error";
  } else if (io->status > 0) {
    wrong = "gave a positive status";
  }
  if (!wrong) return;
  fault(endpoint, wrong);
  io->status = HWS_IO_FAULT;
  io->bytes = 0;
}

/* A close that found the transfer busy goes on now. Dekker: the close says that it comes and then looks for transfers;
 * a transfer says that it is idle and then looks for a close. */
static void let_close(struct endpoint *endpoint) {
  if (atomic_load_explicit(&endpoint->state, memory_order_seq_cst) == ENDPOINT_CLOSING)
    post_pinned(endpoint, &endpoint->close_task);
}

static void transfer_run(struct task *task) {
  struct transfer *transfer = (struct transfer *)((char *)task - offsetof(struct transfer, task));
  struct endpoint *endpoint = transfer->endpoint;
  struct object *owner = endpoint->owner;
  if (!endpoint->abandoned) {
    judge(endpoint, &transfer->io);
    atomic_store_explicit(&transfer->cancel, false, memory_order_relaxed);
    atomic_store_explicit(&transfer->state, TRANSFER_IDLE, memory_order_seq_cst);
    transfer->done(transfer);
    let_close(endpoint);
  }
  object_unpin(owner);
}

static void transfer_completed(struct transfer *transfer) {
  post_pinned(transfer->endpoint, &transfer->task);
}

void endpoint_complete(struct endpoint *endpoint, struct hws_io *io) {
  struct transfer *transfer = (struct transfer *)io;
  if (transfer != &endpoint->transfers[HWS_READ] && transfer != &endpoint->transfers[HWS_WRITE]) {
    fault(endpoint, "completed an io of another endpoint");
    return;
  }
  if (step(transfer, TRANSFER_SUBMITTING, TRANSFER_EARLY)) return;
  /* A cancel that has nothing to say goes to CANCELING and back, as often as it is asked. */
  unsigned state = TRANSFER_PENDING;
  while (!atomic_compare_exchange_weak_explicit(&transfer->state, &state, TRANSFER_COMPLETED, memory_order_acq_rel,
                                                memory_order_acquire)) {
    if (state == TRANSFER_PENDING || state == TRANSFER_CANCELING) continue;
    fault(endpoint, "completed an io that had ended");
    return;
  }
  transfer_completed(transfer);
}

/* ---- what runs under a direction ---- */

/* True: it ended here and now. */
static bool run_submit(struct endpoint *endpoint, struct transfer *transfer) {
  int32_t answer = endpoint->plugin->vtable.submit(endpoint->ep, &transfer->io);
  if (answer == 0) {
    if (step(transfer, TRANSFER_SUBMITTING, TRANSFER_PENDING)) return false;
    return true; /* EARLY */
  }
  if (atomic_load(&transfer->state) == TRANSFER_EARLY) {
    fault(endpoint, "completed an io inside submit and then returned it as ended");
  } else if (answer != 1) {
    fault(endpoint, "submit returned neither 0 nor 1");
    transfer->io.status = HWS_IO_FAULT;
  }
  return true;
}

static void run_cancel(struct endpoint *endpoint, struct transfer *transfer) {
  if (!step(transfer, TRANSFER_PENDING, TRANSFER_CANCELING)) return;
  int32_t answer = endpoint->plugin->vtable.cancel(endpoint->ep, &transfer->io);
  if (answer == 0) {
    step(transfer, TRANSFER_CANCELING, TRANSFER_PENDING);
  } else if (step(transfer, TRANSFER_CANCELING, TRANSFER_COMPLETED)) {
    transfer_completed(transfer);
  } else {
    fault(endpoint, "completed an io inside cancel and then returned it as ended");
  }
}

static void run_ready(struct endpoint *endpoint, unsigned which, bool hangup) {
  struct direction *direction = &endpoint->directions[which];
  if (atomic_load_explicit(&direction->armed, memory_order_relaxed) && atomic_exchange(&direction->armed, false))
    poller_disarm_write(endpoint->loop->poller, endpoint->descriptor, endpoint);
  endpoint->plugin->vtable.on_ready(endpoint->ep, which | (hangup ? HWS_READY_HANGUP : 0U));
}

static void run_packets(struct endpoint *endpoint, unsigned which) {
  struct hws_packet *list = packet_take(&endpoint->directions[which]);
  while (list) {
    struct packet_end end = packet_next(&list);
    endpoint->plugin->vtable.on_packet(endpoint->ep, end.packet, end.bytes, end.os_error);
    if (endpoint->retired && atomic_fetch_sub(&endpoint->packets_left, 1) == 1) let_close(endpoint);
  }
}

/* ---- what may block is for the pool ---- */

/* The direction is held. */
static void park(struct endpoint *endpoint, unsigned which, unsigned bits) {
  struct direction *direction = &endpoint->directions[which];
  direction->parked |= bits;
  if (!direction->parked || atomic_exchange_explicit(&direction->job_posted, true, memory_order_acq_rel)) return;
  object_pin(endpoint->owner);
  (void)pool_post(endpoint->owner->runtime->files, &direction->job); /* has a thread, and takes whatever waits */
}

/* Of what was left, all that may be done here and now. */
static unsigned take_work(struct endpoint *endpoint, unsigned which, unsigned bits, enum runner runner) {
  struct direction *direction = &endpoint->directions[which];
  unsigned work = bits & (DO_READY | DO_SUBMIT | SAW_HANGUP);
  if (runner == RUN_POOL) {
    work |= direction->parked;
    direction->parked = 0;
  } else if ((work || (bits & DO_PARKED)) &&
             (direction->parked || atomic_load_explicit(&endpoint->transfers[which].blocks, memory_order_acquire))) {
    park(endpoint, which, work);
    work = 0;
  }
  return work;
}

/* A submit that is still parked never reaches the plugin. */
static void cancel_held(struct endpoint *endpoint, struct transfer *transfer) {
  struct direction *direction = &endpoint->directions[transfer->direction];
  if (!(direction->parked & DO_SUBMIT)) {
    run_cancel(endpoint, transfer);
    return;
  }
  direction->parked &= ~(unsigned)DO_SUBMIT;
  transfer->io.status = HWS_IO_CANCELED;
  atomic_store_explicit(&transfer->state, TRANSFER_COMPLETED, memory_order_seq_cst);
  transfer_completed(transfer);
}

/* ---- holding a direction ---- */

static void submit_held(struct endpoint *endpoint, struct transfer *transfer, enum runner runner, bool *ended) {
  if (!run_submit(endpoint, transfer)) return;
  *ended = runner == RUN_SUBMITTER;
  if (*ended) judge(endpoint, &transfer->io);
  if (*ended) atomic_store_explicit(&transfer->cancel, false, memory_order_relaxed);
  atomic_store_explicit(&transfer->state, *ended ? TRANSFER_IDLE : TRANSFER_COMPLETED, memory_order_seq_cst);
  if (!*ended) transfer_completed(transfer);
}

/* Do what is left to do and let go. Returns whether the runner's own submit ended inline. */
static bool direction_run(struct endpoint *endpoint, unsigned which, enum runner runner) {
  struct direction *direction = &endpoint->directions[which];
  struct transfer *transfer = &endpoint->transfers[which];
  bool ended = false;
  for (;;) {
    unsigned bits = atomic_fetch_and_explicit(&direction->state, HELD | BLOCKS, memory_order_acq_rel);
    unsigned work = take_work(endpoint, which, bits, runner);
    if ((work & DO_READY) && endpoint->ep) run_ready(endpoint, which, work & SAW_HANGUP);
    if (bits & DO_PACKETS) run_packets(endpoint, which);
    if (work & DO_SUBMIT) submit_held(endpoint, transfer, runner, &ended);
    /* Also when the cancel came before the submit it is meant for had its turn. */
    if (atomic_load_explicit(&transfer->cancel, memory_order_acquire)) cancel_held(endpoint, transfer);
    if (bits & DO_POST) post_pinned(endpoint, &endpoint->post_task);
    if (bits & DO_TIMER) post_pinned(endpoint, &endpoint->timer_task);
    unsigned only = runner == RUN_POOL ? HELD | BLOCKS : HELD;
    if (atomic_compare_exchange_strong_explicit(&direction->state, &only, 0, memory_order_acq_rel,
                                                memory_order_relaxed))
      return ended;
  }
}

/* Leave a bit; true: nobody held the direction, the caller holds it now. */
static bool direction_enter(struct endpoint *endpoint, unsigned which, unsigned bit) {
  return !(atomic_fetch_or_explicit(&endpoint->directions[which].state, HELD | bit, memory_order_acq_rel) & HELD);
}

/* Hold a direction against everybody. Holders only make calls that do not block, so this is short; where one may be
 * inside a call that does, false. */
static bool direction_try_seize(struct endpoint *endpoint, unsigned which) {
  unsigned seen = 0;
  while (!atomic_compare_exchange_weak_explicit(&endpoint->directions[which].state, &seen, HELD, memory_order_acq_rel,
                                                memory_order_relaxed)) {
    if (seen & BLOCKS) return false;
    seen = 0;
    park_yield();
  }
  return true;
}

static void direction_seize(struct endpoint *endpoint, unsigned which) {
  while (!direction_try_seize(endpoint, which)) park_yield();
}

static void pool_run(struct job *job) {
  struct direction *direction = (struct direction *)((char *)job - offsetof(struct direction, job));
  struct endpoint *endpoint = direction->endpoint;
  struct object *owner = endpoint->owner;
  unsigned which = direction == &endpoint->directions[HWS_WRITE] ? HWS_WRITE : HWS_READ;
  atomic_store_explicit(&direction->job_posted, false, memory_order_release);
  if (direction_enter(endpoint, which, DO_PARKED)) {
    atomic_fetch_or_explicit(&direction->state, BLOCKS, memory_order_acq_rel);
    direction_run(endpoint, which, RUN_POOL);
    let_close(endpoint);
  }
  object_unpin(owner);
}

void transfer_prepare(struct transfer *transfer, enum hws_io_kind kind, const struct hws_iov *vec, uint32_t count) {
  transfer->io = (struct hws_io){.size = sizeof transfer->io,
                                 .kind = (uint16_t)kind,
                                 .vec = vec,
                                 .vec_count = count,
                                 .scratch = transfer->scratch};
  atomic_store_explicit(&transfer->blocks, false, memory_order_relaxed);
  atomic_store_explicit(&transfer->state, TRANSFER_SUBMITTING, memory_order_seq_cst);
}

void transfer_prepare_file(struct transfer *transfer, const struct file_part *part) {
  transfer->io = (struct hws_io){.size = sizeof transfer->io,
                                 .kind = HWS_IO_SENDFILE,
                                 .scratch = transfer->scratch,
                                 .offset = part->offset,
                                 .file = part->file,
                                 .length = part->length};
  atomic_store_explicit(&transfer->blocks, true, memory_order_relaxed);
  atomic_store_explicit(&transfer->state, TRANSFER_SUBMITTING, memory_order_seq_cst);
}

void endpoint_cancel(struct transfer *transfer) {
  if (atomic_load_explicit(&transfer->state, memory_order_seq_cst) == TRANSFER_IDLE) return;
  atomic_store_explicit(&transfer->cancel, true, memory_order_release);
  if (direction_enter(transfer->endpoint, transfer->direction, DO_CANCEL))
    direction_run(transfer->endpoint, transfer->direction, RUN_ANYBODY);
}

bool endpoint_submit(struct transfer *transfer) {
  struct endpoint *endpoint = transfer->endpoint;
  runtime_count(endpoint->owner->runtime, COUNT_TRANSFERS, 1);
  bool held = !direction_enter(endpoint, transfer->direction, DO_SUBMIT);
  if (!held && direction_run(endpoint, transfer->direction, RUN_SUBMITTER)) {
    let_close(endpoint);
    return true;
  }
  /* A close that came between our owner's claim and this submit did not see it: one of the two must. */
  if (atomic_load_explicit(&endpoint->state, memory_order_seq_cst) == ENDPOINT_CLOSING) endpoint_cancel(transfer);
  return false;
}

void endpoint_ready(struct endpoint *endpoint, unsigned bits) {
  for (unsigned which = HWS_READ; which <= HWS_WRITE; which++)
    if ((bits & (1U << which)) && direction_enter(endpoint, which, DO_READY | (bits & READY_HANGUP ? SAW_HANGUP : 0U)))
      direction_run(endpoint, which, RUN_ANYBODY);
}

void endpoint_packet(struct endpoint *endpoint, struct hws_packet *packet, uint64_t bytes, int32_t os_error) {
  unsigned which = packet->direction;
  packet_put(&endpoint->directions[which], (struct packet_end){packet, bytes, os_error});
  if (direction_enter(endpoint, which, DO_PACKETS)) direction_run(endpoint, which, RUN_ANYBODY);
}

/* ---- timers and posts of the plugin ---- */

/* `again` comes back to it where the pool holds the write direction. The driver does not wait for the pool. */
static void with_both(struct endpoint *endpoint, void (*call)(void *ep), unsigned again) {
  if (!call) return;
  direction_seize(endpoint, HWS_READ);
  bool seized = direction_try_seize(endpoint, HWS_WRITE) || direction_enter(endpoint, HWS_WRITE, again);
  if (seized) {
    atomic_fetch_and_explicit(&endpoint->directions[HWS_WRITE].state, ~again, memory_order_relaxed);
    call(endpoint->ep);
    direction_run(endpoint, HWS_WRITE, RUN_ANYBODY);
  }
  direction_run(endpoint, HWS_READ, RUN_ANYBODY);
}

static bool is_live(struct endpoint *endpoint) {
  unsigned state = atomic_load(&endpoint->state);
  return state == ENDPOINT_OPEN || state == ENDPOINT_CLOSING;
}

static void timer_due(struct endpoint *endpoint) {
  if (is_live(endpoint)) with_both(endpoint, endpoint->plugin->vtable.on_timer, DO_TIMER);
}

static void timer_fire(struct timer *timer) {
  timer_due((struct endpoint *)((char *)timer - offsetof(struct endpoint, timer)));
}

static void timer_run(struct task *task) {
  struct endpoint *endpoint = (struct endpoint *)((char *)task - offsetof(struct endpoint, timer_task));
  struct object *owner = endpoint->owner;
  timer_due(endpoint);
  object_unpin(owner);
}

static void post_run(struct task *task) {
  struct endpoint *endpoint = (struct endpoint *)((char *)task - offsetof(struct endpoint, post_task));
  struct object *owner = endpoint->owner;
  if (is_live(endpoint)) with_both(endpoint, endpoint->plugin->vtable.on_post, DO_POST);
  object_unpin(owner);
}

/* ---- life ---- */

void endpoint_init(struct endpoint *endpoint, struct object *owner, const struct plugin *plugin,
                   void (*read_done)(struct transfer *), void (*write_done)(struct transfer *),
                   void (*gone)(struct endpoint *)) {
  endpoint->owner = owner;
  endpoint->loop = &owner->runtime->loop;
  endpoint->plugin = plugin;
  endpoint->gone = gone;
  endpoint->descriptor = -1;
  endpoint->post_task.run = post_run;
  endpoint->timer_task.run = timer_run;
  endpoint->close_task.run = close_run;
  endpoint->timer = (struct timer){.object = owner, .fire = timer_fire};
  endpoint->abandon_timer = (struct timer){.object = owner, .fire = abandon_fire};
  for (unsigned which = HWS_READ; which <= HWS_WRITE; which++) {
    struct transfer *transfer = &endpoint->transfers[which];
    transfer->endpoint = endpoint;
    transfer->direction = (uint8_t)which;
    transfer->done = which == HWS_READ ? read_done : write_done;
    transfer->task.run = transfer_run;
    /* Held until it is open: a watch made by adopt may fire before that. */
    atomic_store(&endpoint->directions[which].state, HELD);
    endpoint->directions[which].endpoint = endpoint;
    endpoint->directions[which].job.run = pool_run;
  }
}

int endpoint_open(struct endpoint *endpoint, void *ep) {
  size_t scratch = endpoint->plugin->manifest->io_scratch;
  for (unsigned which = HWS_READ; scratch && which <= HWS_WRITE; which++) {
    endpoint->transfers[which].scratch = calloc(1, scratch);
    if (!endpoint->transfers[which].scratch) return HWS_E_NOMEM;
  }
  endpoint->ep = ep;
  atomic_store(&endpoint->state, ENDPOINT_OPEN);
  object_pin(endpoint->owner);
  runtime_count(endpoint->owner->runtime, COUNT_ENDPOINTS, 1);
  direction_run(endpoint, HWS_READ, RUN_ANYBODY);
  direction_run(endpoint, HWS_WRITE, RUN_ANYBODY);
  return HWS_OK;
}

void endpoint_unopened(struct endpoint *endpoint, void *ep) {
  endpoint_unresolve(endpoint);
  if (endpoint->descriptor >= 0) {
    poller_unwatch(endpoint->loop->poller, endpoint->descriptor);
    endpoint->descriptor = -1;
    /* The driver may have an event of it in hand: the owner must outlast this turn. */
    post_pinned(endpoint, &endpoint->post_task);
  }
  if (ep) endpoint->plugin->vtable.destroy(ep, 1);
}

/* HWS_E_ADDRESS, remembered with the runtime, if the plugin never asked for one of the URL's parameters. */
static int check_url(struct endpoint *endpoint) {
  const char *unused = url_unused(endpoint->url);
  if (!unused) return HWS_OK;
  return runtime_refuse(endpoint->owner->runtime, cause_make(HWS_E_ADDRESS, 0, 0, "%s does not know the parameter '%s'",
                                                             endpoint->plugin->manifest->name, unused));
}

struct op *endpoint_begin(struct endpoint *endpoint, void *ep, const struct request *request, enum hws_kind kind,
                          void (*revoke)(struct op *op, int status), int *status) {
  struct op *op = NULL;
  *status = check_url(endpoint);
  if (*status == HWS_OK) op = op_new(request, endpoint->owner->runtime, endpoint->owner, kind, revoke, status);
  if (op && (*status = endpoint_open(endpoint, ep)) != HWS_OK) {
    op_discard(op);
    op = NULL;
  }
  if (!op) endpoint_unopened(endpoint, ep);
  return op;
}

int endpoint_refuse(struct endpoint *endpoint, int status, const char *what) {
  struct cause *cause = explain(endpoint, status < 0 ? status : HWS_E_PLUGIN, 0, what);
  return runtime_refuse(endpoint->owner->runtime, cause);
}

void endpoint_close(struct endpoint *endpoint, bool abort) {
  unsigned state = ENDPOINT_OPEN;
  if (abort) atomic_store(&endpoint->abort, true); /* first: from the next step on the driver may be done with it */
  if (!atomic_compare_exchange_strong(&endpoint->state, &state, ENDPOINT_CLOSING)) return;
  endpoint_cancel(&endpoint->transfers[HWS_READ]);
  endpoint_cancel(&endpoint->transfers[HWS_WRITE]);
  post_pinned(endpoint, &endpoint->close_task);
}

static void finish(struct endpoint *endpoint) {
  struct object *owner = endpoint->owner;
  endpoint_unresolve(endpoint);
  timer_disarm(&endpoint->loop->timers, &endpoint->timer);
  timer_disarm(&endpoint->loop->timers, &endpoint->abandon_timer);
  if (endpoint->descriptor >= 0) poller_unwatch(endpoint->loop->poller, endpoint->descriptor);
  atomic_store(&endpoint->state, ENDPOINT_GONE);
  runtime_count(owner->runtime, COUNT_ENDPOINTS, UINT64_MAX);
  if (!endpoint->abandoned) endpoint->plugin->vtable.destroy(endpoint->ep, endpoint->abort);
  endpoint->gone(endpoint);
  object_unpin(owner);
}

/* No transfer is out and both directions are held. True: packets still are. */
static bool retire(struct endpoint *endpoint) {
  int32_t (*slot)(void *ep, uint32_t abort) = endpoint->plugin->vtable.retire;
  if (!endpoint->retired && slot) {
    int32_t left = slot(endpoint->ep, endpoint->abort);
    if (left < 0) fault(endpoint, "said that fewer than no packets are to come");
    atomic_store(&endpoint->packets_left, left < 0 ? 0 : left);
  }
  endpoint->retired = true;
  return atomic_load(&endpoint->packets_left) > 0;
}

static bool finish_if_idle(struct endpoint *endpoint) {
  if (transfer_busy(&endpoint->transfers[HWS_READ]) || transfer_busy(&endpoint->transfers[HWS_WRITE])) return false;
  direction_seize(endpoint, HWS_READ);
  direction_seize(endpoint, HWS_WRITE);
  if (!retire(endpoint)) {
    finish(endpoint); /* the directions are never let go of again */
    return true;
  }
  direction_run(endpoint, HWS_WRITE, RUN_ANYBODY);
  direction_run(endpoint, HWS_READ, RUN_ANYBODY);
  return false;
}

static void close_run(struct task *task) {
  struct endpoint *endpoint = (struct endpoint *)((char *)task - offsetof(struct endpoint, close_task));
  struct object *owner = endpoint->owner;
  if (atomic_load(&endpoint->state) != ENDPOINT_CLOSING) {
    /* Twice posted: by the last transfer and by the close itself. */
  } else if (!finish_if_idle(endpoint) && !endpoint->abandon_watched) {
    endpoint->abandon_watched = true;
    loop_timer(endpoint->loop, &endpoint->abandon_timer, clock_now() + ABANDON_AFTER_NS);
  }
  object_unpin(owner);
}

/* The plugin's side stays as it is, with the io's memory: it may still write there. One pin of the owner is never given
 * back, so that this memory lives as long as the process (OP-1). */
static void abandon_fire(struct timer *timer) {
  struct endpoint *endpoint = (struct endpoint *)((char *)timer - offsetof(struct endpoint, abandon_timer));
  if (atomic_load(&endpoint->state) != ENDPOINT_CLOSING) return;
  struct runtime *runtime = endpoint->owner->runtime;
  endpoint->abandoned = true;
  for (unsigned which = HWS_READ; which <= HWS_WRITE; which++) {
    struct transfer *transfer = &endpoint->transfers[which];
    if (!transfer_busy(transfer)) continue;
    runtime_count(runtime, COUNT_IOS_ABANDONED, 1);
    transfer->io.status = HWS_IO_FAULT;
    transfer->done(transfer);
  }
  runtime_count(runtime, COUNT_IOS_ABANDONED, (uint64_t)atomic_load(&endpoint->packets_left));
  fault(endpoint, "never completed an io; it was abandoned");
  object_pin(endpoint->owner);
  finish(endpoint);
}

void endpoint_free(struct endpoint *endpoint) {
  for (unsigned which = HWS_READ; which <= HWS_WRITE; which++) free(endpoint->transfers[which].scratch);
  cause_unref(endpoint->explained);
  if (endpoint->url) url_free(endpoint->url);
  free(endpoint->url);
}

static struct cause *explain(struct endpoint *endpoint, int status, int os_error, const char *what) {
  const char *plugin = endpoint->plugin->manifest->name;
  const char *(*error_text)(void *, int32_t) = endpoint->plugin->vtable.error_text;
  lock_take(&endpoint->lock);
  struct cause *explained = endpoint->explained;
  endpoint->explained = NULL;
  lock_drop(&endpoint->lock);
  const char *text = os_error && error_text ? error_text(endpoint->plugin->vtable.self, os_error) : NULL;
  if (!text && os_error) text = os_error_text(os_error);
  if (!text) text = status_text(status);
  if (explained) text = explained->text;
  struct cause *cause = cause_make(status, os_error, 0, "%s: %s: %s", plugin, what, text);
  cause_unref(explained);
  return cause;
}

struct cause *endpoint_cause(struct endpoint *endpoint, const struct transfer *transfer, const char *what) {
  return explain(endpoint, transfer->io.status < 0 ? transfer->io.status : HWS_E_IO, transfer->io.os_error, what);
}
