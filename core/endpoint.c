/* SPDX-License-Identifier: Apache-2.0
 *
 * Directions and transfers: exactly-once between the host and a plugin.
 */
#include "core/endpoint.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/park.h"
#include "core/runtime.h"

/* Bits of a direction. */
enum { HELD = 1, DO_READY = 2, DO_SUBMIT = 4, DO_CANCEL = 8, SAW_HANGUP = 16 /* with DO_READY */ };

void endpoint_fault(struct endpoint *endpoint, const char *what) {
  struct runtime *runtime = endpoint->owner->runtime;
  runtime_count(runtime, COUNT_PLUGIN_FAULTS, 1);
  runtime_refuse(runtime, cause_make(HWS_E_PLUGIN, 0, HWS_CODE_INTERNAL, "plugin %s (%s): %s",
                                     endpoint->plugin->manifest->name, endpoint->plugin->path, what));
}

bool transfer_busy(const struct transfer *transfer) {
  return atomic_load_explicit(&transfer->state, memory_order_seq_cst) != TRANSFER_IDLE &&
         !atomic_load_explicit(&transfer->given_up, memory_order_relaxed);
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
  bool moves = io->kind == HWS_IO_READ || io->kind == HWS_IO_WRITE;
  uint64_t room = moves ? room_of(io) : 0;
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
  if (direction->armed) {
    direction->armed = false;
    poller_disarm_write(endpoint->loop->poller, endpoint->descriptor, endpoint);
  }
  endpoint->plugin->vtable.on_ready(endpoint->ep, which | (hangup ? HWS_READY_HANGUP : 0U));
}

bool direction_run(struct endpoint *endpoint, unsigned which, bool mine) {
  struct direction *direction = &endpoint->directions[which];
  struct transfer *transfer = &endpoint->transfers[which];
  bool ended = false;
  for (;;) {
    unsigned bits = atomic_fetch_and_explicit(&direction->state, HELD, memory_order_acq_rel);
    if ((bits & DO_READY) && endpoint->ep) run_ready(endpoint, which, bits & SAW_HANGUP);
    if ((bits & DO_SUBMIT) && run_submit(endpoint, transfer)) {
      ended = mine;
      if (mine) judge(endpoint, &transfer->io);
      if (mine) atomic_store_explicit(&transfer->cancel, false, memory_order_relaxed);
      atomic_store_explicit(&transfer->state, mine ? TRANSFER_IDLE : TRANSFER_COMPLETED, memory_order_seq_cst);
      if (!mine) transfer_completed(transfer);
    }
    /* Also when the cancel came before the submit it is meant for had its turn. */
    if (atomic_load_explicit(&transfer->cancel, memory_order_acquire)) run_cancel(endpoint, transfer);
    unsigned only = HELD;
    if (atomic_compare_exchange_strong_explicit(&direction->state, &only, 0, memory_order_acq_rel,
                                                memory_order_relaxed))
      return ended;
  }
}

/* Leave a bit; true: nobody held the direction, the caller holds it now. */
static bool direction_enter(struct endpoint *endpoint, unsigned which, unsigned bit) {
  return !(atomic_fetch_or_explicit(&endpoint->directions[which].state, HELD | bit, memory_order_acq_rel) & HELD);
}

void direction_seize(struct endpoint *endpoint, unsigned which) {
  unsigned free = 0;
  while (!atomic_compare_exchange_weak_explicit(&endpoint->directions[which].state, &free, HELD, memory_order_acq_rel,
                                                memory_order_relaxed)) {
    free = 0;
    park_yield();
  }
}

void transfer_prepare(struct transfer *transfer, enum hws_io_kind kind, const struct hws_iov *vec, uint32_t count) {
  transfer->io = (struct hws_io){.size = sizeof transfer->io,
                                 .kind = (uint16_t)kind,
                                 .vec = vec,
                                 .vec_count = count,
                                 .scratch = transfer->scratch};
  atomic_store_explicit(&transfer->state, TRANSFER_SUBMITTING, memory_order_seq_cst);
}

void endpoint_cancel(struct transfer *transfer) {
  if (atomic_load_explicit(&transfer->state, memory_order_seq_cst) == TRANSFER_IDLE) return;
  atomic_store_explicit(&transfer->cancel, true, memory_order_release);
  if (direction_enter(transfer->endpoint, transfer->direction, DO_CANCEL))
    direction_run(transfer->endpoint, transfer->direction, false);
}

static bool submit(struct transfer *transfer, bool mine) {
  struct endpoint *endpoint = transfer->endpoint;
  runtime_count(endpoint->owner->runtime, COUNT_TRANSFERS, 1);
  bool held = !direction_enter(endpoint, transfer->direction, DO_SUBMIT);
  if (!held && direction_run(endpoint, transfer->direction, mine)) {
    endpoint_let_close(endpoint);
    return true;
  }
  /* A close that came between our owner's claim and this submit did not see it: one of the two must. */
  if (atomic_load_explicit(&endpoint->state, memory_order_seq_cst) == ENDPOINT_CLOSING) endpoint_cancel(transfer);
  return false;
}

bool endpoint_submit(struct transfer *transfer) {
  return submit(transfer, true);
}

void endpoint_submit_later(struct transfer *transfer) {
  submit(transfer, false);
}

void endpoint_ready(struct endpoint *endpoint, unsigned bits) {
  for (unsigned which = HWS_READ; which <= HWS_WRITE; which++)
    if ((bits & (1U << which)) && direction_enter(endpoint, which, DO_READY | (bits & READY_HANGUP ? SAW_HANGUP : 0U)))
      direction_run(endpoint, which, false);
}
