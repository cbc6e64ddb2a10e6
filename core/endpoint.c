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

void endpoint_fault(struct endpoint *endpoint, const char *what) {
  struct runtime *runtime = endpoint->owner->runtime;
  runtime_count(runtime, COUNT_PLUGIN_FAULTS, 1);
  runtime_note(runtime, cause_make(HWS_E_PLUGIN, 0, HWS_CODE_INTERNAL, "plugin %s (%s): %s",
                                   endpoint->plugin->manifest->name, endpoint->plugin->path, what));
}

bool transfer_busy(const struct transfer *transfer) {
  return atomic_load_explicit(&transfer->state, memory_order_seq_cst) != TRANSFER_IDLE &&
         !atomic_load_explicit(&transfer->given_up, memory_order_relaxed);
}

bool transfer_is_begun(const struct transfer *transfer) {
  unsigned state = atomic_load_explicit(&transfer->state, memory_order_seq_cst);
  return state == TRANSFER_PENDING || state == TRANSFER_CANCELING;
}

static bool step(struct transfer *transfer, unsigned from, unsigned to) {
  return atomic_compare_exchange_strong_explicit(&transfer->state, &from, to, memory_order_acq_rel,
                                                 memory_order_acquire);
}

void endpoint_post(struct endpoint *endpoint, struct task *task) {
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
  endpoint_fault(endpoint, wrong);
  io->status = HWS_IO_FAULT;
  io->bytes = 0;
}

/* A close that found the transfer busy goes on now. Dekker: the close says that it comes and then looks for transfers;
 * a transfer says that it is idle and then looks for a close. */
void endpoint_let_close(struct endpoint *endpoint) {
  if (atomic_load_explicit(&endpoint->state, memory_order_seq_cst) == ENDPOINT_CLOSING)
    endpoint_post(endpoint, &endpoint->close_task);
}

void transfer_run(struct task *task) {
  struct transfer *transfer = (struct transfer *)((char *)task - offsetof(struct transfer, task));
  struct endpoint *endpoint = transfer->endpoint;
  struct object *owner = endpoint->owner;
  if (!atomic_load_explicit(&transfer->given_up, memory_order_relaxed)) {
    judge(endpoint, &transfer->io);
    atomic_store_explicit(&transfer->cancel, false, memory_order_relaxed);
    atomic_store_explicit(&transfer->state, TRANSFER_IDLE, memory_order_seq_cst);
    transfer->done(transfer);
    endpoint_let_close(endpoint);
  }
  object_unpin(owner);
}

static void transfer_completed(struct transfer *transfer) {
  endpoint_post(transfer->endpoint, &transfer->task);
}

void endpoint_complete(struct endpoint *endpoint, struct hws_io *io) {
  struct transfer *transfer = (struct transfer *)io;
  if (transfer != &endpoint->transfers[HWS_READ] && transfer != &endpoint->transfers[HWS_WRITE]) {
    endpoint_fault(endpoint, "completed an io of another endpoint");
    return;
  }
  if (step(transfer, TRANSFER_SUBMITTING, TRANSFER_EARLY)) return;
  /* A cancel that has nothing to say goes to CANCELING and back, as often as it is asked. */
  unsigned state = TRANSFER_PENDING;
  while (!atomic_compare_exchange_weak_explicit(&transfer->state, &state, TRANSFER_COMPLETED, memory_order_acq_rel,
                                                memory_order_acquire)) {
    if (state == TRANSFER_PENDING || state == TRANSFER_CANCELING) continue;
    endpoint_fault(endpoint, "completed an io that had ended");
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
    endpoint_fault(endpoint, "completed an io inside submit and then returned it as ended");
  } else if (answer != 1) {
    endpoint_fault(endpoint, "submit returned neither 0 nor 1");
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
    endpoint_fault(endpoint, "completed an io inside cancel and then returned it as ended");
  }
}

static void run_ready(struct endpoint *endpoint, unsigned which, bool hangup) {
  struct direction *direction = &endpoint->directions[which];
  if (atomic_load_explicit(&direction->armed, memory_order_relaxed) && atomic_exchange(&direction->armed, false))
    poller_disarm_write(endpoint->loop->poller, endpoint->descriptor, endpoint);
  endpoint->plugin->vtable.on_ready(endpoint->ep, which | (hangup ? HWS_READY_HANGUP : 0U));
}

/* ---- what may block is for the pool ---- */

/* Send for the pool. The direction is not held any more: a thread that came while it is would be sent away, and have to
 * be sent for again, for as long as it is the faster one. The owner was pinned for this. */
__attribute__((noinline)) static void send_for_pool(struct endpoint *endpoint, unsigned which) {
  struct direction *direction = &endpoint->directions[which];
  if (atomic_exchange_explicit(&direction->job_posted, true, memory_order_acq_rel))
    object_unpin(endpoint->owner);
  else
    (void)pool_post(endpoint->owner->runtime->files, &direction->job); /* has a thread, and takes whatever waits */
}

/* Of what was left, all that may be done here and now. *parks: the pool is to be sent for. */
static unsigned take_work(struct endpoint *endpoint, unsigned which, unsigned bits, enum runner runner, bool *parks) {
  struct direction *direction = &endpoint->directions[which];
  unsigned work = bits & (DO_READY | DO_SUBMIT | SAW_HANGUP);
  if (runner == RUN_POOL) {
    work |= direction->parked;
    direction->parked = 0;
  } else if ((work || (bits & DO_PARKED)) &&
             (direction->parked || atomic_load_explicit(&endpoint->transfers[which].blocks, memory_order_acquire))) {
    direction->parked |= work;
    if (direction->parked && !*parks) {
      object_pin(endpoint->owner);
      *parks = true;
    }
    work = 0;
  }
  return work;
}

/* A submit that is still parked never reaches the plugin. False: it is not parked. */
static bool take_back_held(struct endpoint *endpoint, struct transfer *transfer) {
  struct direction *direction = &endpoint->directions[transfer->direction];
  if (!(direction->parked & DO_SUBMIT)) return false;
  direction->parked &= ~(unsigned)DO_SUBMIT;
  transfer->io.status = HWS_IO_CANCELED;
  atomic_store_explicit(&transfer->state, TRANSFER_COMPLETED, memory_order_seq_cst);
  transfer_completed(transfer);
  return true;
}

static void cancel_held(struct endpoint *endpoint, struct transfer *transfer) {
  if (!take_back_held(endpoint, transfer)) run_cancel(endpoint, transfer);
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

__attribute__((noinline)) static void run_packets(struct endpoint *endpoint, unsigned which) {
  struct hws_packet *list = packet_take(&endpoint->directions[which]);
  while (list) {
    struct packet_end end = packet_next(&list);
    endpoint->plugin->vtable.on_packet(endpoint->ep, end.packet, end.bytes, end.os_error);
    if (endpoint->retired && atomic_fetch_sub(&endpoint->packets_left, 1) == 1) endpoint_let_close(endpoint);
  }
}

/* What is hardly ever asked for. */
enum { DO_RARE = DO_TAKE_BACK | DO_POST | DO_TIMER };

__attribute__((noinline)) static void run_rare(struct endpoint *endpoint, struct transfer *transfer, unsigned bits) {
  if (bits & DO_TAKE_BACK) (void)take_back_held(endpoint, transfer);
  /* Also when the cancel came before the submit it is meant for had its turn. */
  if (atomic_load_explicit(&transfer->cancel, memory_order_acquire)) cancel_held(endpoint, transfer);
  if (bits & DO_POST) endpoint_post(endpoint, &endpoint->post_task);
  if (bits & DO_TIMER) endpoint_post(endpoint, &endpoint->timer_task);
}

bool direction_run(struct endpoint *endpoint, unsigned which, enum runner runner) {
  struct direction *direction = &endpoint->directions[which];
  struct transfer *transfer = &endpoint->transfers[which];
  bool ended = false;
  bool parks = false;
  for (;;) {
    unsigned bits = atomic_fetch_and_explicit(&direction->state, HELD | BLOCKS, memory_order_acq_rel);
    unsigned work = take_work(endpoint, which, bits, runner, &parks);
    if ((work & DO_READY) && endpoint->ep) run_ready(endpoint, which, work & SAW_HANGUP);
    if (bits & DO_PACKETS) run_packets(endpoint, which);
    if (work & DO_SUBMIT) submit_held(endpoint, transfer, runner, &ended);
    if ((bits & DO_RARE) || atomic_load_explicit(&transfer->cancel, memory_order_acquire))
      run_rare(endpoint, transfer, bits);
    unsigned only = runner == RUN_POOL ? HELD | BLOCKS : HELD;
    if (atomic_compare_exchange_strong_explicit(&direction->state, &only, 0, memory_order_acq_rel,
                                                memory_order_relaxed))
      break;
  }
  if (parks) send_for_pool(endpoint, which);
  return ended;
}

bool direction_enter(struct endpoint *endpoint, unsigned which, unsigned bit) {
  return !(atomic_fetch_or_explicit(&endpoint->directions[which].state, HELD | bit, memory_order_acq_rel) & HELD);
}

bool direction_try_seize(struct endpoint *endpoint, unsigned which) {
  unsigned seen = 0;
  while (!atomic_compare_exchange_weak_explicit(&endpoint->directions[which].state, &seen, HELD, memory_order_acq_rel,
                                                memory_order_relaxed)) {
    if (seen & BLOCKS) return false;
    seen = 0;
    park_yield();
  }
  return true;
}

void direction_seize(struct endpoint *endpoint, unsigned which) {
  while (!direction_try_seize(endpoint, which)) park_yield();
}

void direction_pool_run(struct job *job) {
  struct direction *direction = (struct direction *)((char *)job - offsetof(struct direction, job));
  struct endpoint *endpoint = direction->endpoint;
  struct object *owner = endpoint->owner;
  unsigned which = direction == &endpoint->directions[HWS_WRITE] ? HWS_WRITE : HWS_READ;
  atomic_store_explicit(&direction->job_posted, false, memory_order_release);
  if (direction_enter(endpoint, which, DO_PARKED)) {
    atomic_fetch_or_explicit(&direction->state, BLOCKS, memory_order_acq_rel);
    direction_run(endpoint, which, RUN_POOL);
    if (endpoint->begun) endpoint->begun(endpoint);
    endpoint_let_close(endpoint);
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

void endpoint_take_back(struct transfer *transfer) {
  if (direction_enter(transfer->endpoint, transfer->direction, DO_TAKE_BACK))
    direction_run(transfer->endpoint, transfer->direction, RUN_ANYBODY);
}

static bool submit(struct transfer *transfer, enum runner runner) {
  struct endpoint *endpoint = transfer->endpoint;
  runtime_count(endpoint->owner->runtime, COUNT_TRANSFERS, 1);
  bool held = !direction_enter(endpoint, transfer->direction, DO_SUBMIT);
  if (!held && direction_run(endpoint, transfer->direction, runner)) {
    endpoint_let_close(endpoint);
    return true;
  }
  /* A close that came between our owner's claim and this submit did not see it: one of the two must. */
  if (atomic_load_explicit(&endpoint->state, memory_order_seq_cst) == ENDPOINT_CLOSING) endpoint_cancel(transfer);
  return false;
}

bool endpoint_submit(struct transfer *transfer) {
  return submit(transfer, RUN_SUBMITTER);
}

void endpoint_submit_later(struct transfer *transfer) {
  submit(transfer, RUN_ANYBODY);
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
