/* SPDX-License-Identifier: Apache-2.0
 *
 * Acts: calls of the ABI, each with its record.
 */
#include <string.h>

#include "tests/sim/world.h"

#define MILLISECOND UINT64_C(1000000)

struct hws_how how_for(struct record *record, const struct act *act, unsigned side) {
  struct hws_how how = {.size = sizeof how, .tag = record_index(record)};
  if (act->way == WAY_TRY) how.flags = HWS_TRY;
  if (act->way == WAY_BLOCK) how.flags = HWS_BLOCK | (act->number & 4 ? HWS_INTERRUPTIBLE : 0);
  if (act->way < WAY_TRY) how.queue = world.queues[side][act->queue];
  how.deadline_ns = act->deadline_ns;
  /* A BLOCK that nothing ends would end the story. */
  if (act->way == WAY_BLOCK && (!how.deadline_ns || how.deadline_ns > stage_block_ns)) how.deadline_ns = stage_block_ns;
  if (how.deadline_ns) how.deadline_ns += stage_now();
  how.scope = act->scope ? world.scopes[side][act->scope] : 0;
  record->tries = act->way == WAY_TRY;
  record->blocks = act->way == WAY_BLOCK;
  record->queue = act->queue;
  record->scope = act->scope;
  record->deadline = how.deadline_ns;
  record->thread = act->thread;
  record->signalled = stage_signal_pends();
  return how;
}

static struct hws_event *out_for(const struct act *act, struct hws_event *event) {
  *event = (struct hws_event){0};
  return act->way == WAY_QUEUE ? NULL : event;
}

static struct end *end_of(const struct act *act) {
  return &world.ends[act->pair * 2 + act->side];
}

/* ---- streams ---- */

static void do_send(const struct act *act, uint64_t size) {
  struct end *end = end_of(act);
  if (!end->handle || end->send_count == sizeof end->sends / sizeof end->sends[0]) return;
  struct record *record = record_new(HWS_KIND_SEND, end, size);
  if (!record) return;
  if (size) end->sends[end->send_count++] = (uint16_t)record_index(record);
  struct hws_how how = how_for(record, act, act->side);
  if (act->more && size) how.flags |= HWS_MORE;
  struct hws_event event, *out = out_for(act, &event);
  uint64_t first = size > 3 && (act->number & 1) ? size / 3 : size;
  struct hws_vec vec[2] = {{.ptr = record->memory, .len = first}, {.ptr = record->memory + first, .len = size - first}};
  record_returned(record, hws_send(end->handle, vec, size == first ? 1 : 2, &how, out, &record->op), &event);
}

static void do_sendfile(const struct act *act) {
  struct end *end = end_of(act);
  if (!end->handle || end->send_count == sizeof end->sends / sizeof end->sends[0]) return;
  uint64_t size = act->size < 150000 ? act->size : 150000;
  struct record *record = record_new(HWS_KIND_SENDFILE, end, size);
  if (!record) return;
  end->sends[end->send_count++] = (uint16_t)record_index(record);
  record->seed = STAGE_FILE_SEED;
  struct hws_how how = how_for(record, act, act->side);
  struct hws_event event, *out = out_for(act, &event);
  record_returned(record, hws_sendfile(end->handle, stage_file(), 0, size, &how, out, &record->op), &event);
}

static void recv_as(struct end *end, const struct act *act, uint64_t size) {
  if (!end->handle || end->recv_count == sizeof end->recvs / sizeof end->recvs[0]) return;
  struct record *record = record_new(HWS_KIND_RECV, end, size);
  if (!record) return;
  if (size) end->recvs[end->recv_count++] = (uint16_t)record_index(record);
  struct hws_how how = how_for(record, act, end->side);
  struct hws_event event, *out = out_for(act, &event);
  struct hws_vec vec = {.ptr = record->memory, .len = size};
  record_returned(record, hws_recv(end->handle, &vec, 1, &how, out, &record->op), &event);
}

void end_recv(struct end *end, unsigned way, uint32_t size, uint64_t deadline_ns) {
  struct act act = {.way = (uint8_t)way, .deadline_ns = deadline_ns};
  recv_as(end, &act, size);
}

static void do_acquire(const struct act *act) {
  struct end *end = end_of(act);
  if (!end->handle || end->recv_count == sizeof end->recvs / sizeof end->recvs[0]) return;
  struct record *record = record_new(HWS_KIND_ACQUIRE, end, 0);
  if (!record) return;
  end->recvs[end->recv_count++] = (uint16_t)record_index(record);
  struct hws_how how = how_for(record, act, act->side);
  struct hws_event event, *out = out_for(act, &event);
  record_returned(record, hws_acquire(end->handle, &how, out, &record->op), &event);
}

/* ---- leases ---- */

static bool holds_lease(const struct record *record) {
  return record->kind == HWS_KIND_ACQUIRE && record->state == RECORD_ENDED && !record->released;
}

static bool has_left(const struct end *end) {
  return end->closed || end->aborted || end->reset || end->stopped;
}

static void release(struct record *record, uint64_t consumed) {
  record->released = true; /* before the call: another thread must not do it too */
  hws_handle lease = record->event.code;
  record->taken = consumed;
  hws_result result = hws_release(lease, consumed);
  if (result == HWS_E_BUSY && consumed < record->event.bytes) {
    record->taken = record->event.bytes;
    result = hws_release(lease, record->event.bytes);
  }
  struct end *end = record->end;
  /* What goes back to a stream that ends meanwhile may be dropped, and was counted as not taken. */
  if (end && consumed < record->event.bytes && (happened.session_ended || has_left(end) || has_left(end->peer)))
    end->unsure = true;
  if (end && record->taken < record->event.bytes) end->read_again = true;
  if (result != HWS_OK) fault("releasing the lease of op %u: %d", record_index(record), result);
}

static void do_release(const struct act *act) {
  for (unsigned i = records_count(); i-- > 0;) {
    struct record *record = record_at(i);
    if (!holds_lease(record)) continue;
    release(record, act->number % 3 == 0 ? record->event.bytes : act->number % (record->event.bytes + 1));
    return;
  }
}

void leases_release_all(void) {
  for (unsigned i = 0; i < records_count(); i++)
    if (holds_lease(record_at(i))) release(record_at(i), record_at(i)->event.bytes);
}

/* ---- ends ---- */

static void shut_as(struct end *end, const struct act *act) {
  if (!end->handle) return;
  struct record *record = record_new(HWS_KIND_SHUTDOWN, end, 0);
  if (!record) return;
  end->shut = true;
  struct hws_how how = how_for(record, act, end->side);
  struct hws_event event, *out = out_for(act, &event);
  record_returned(record, hws_shutdown(end->handle, &how, out, &record->op), &event);
}

void end_shutdown(struct end *end, unsigned way, uint64_t deadline_ns) {
  struct act act = {.way = (uint8_t)way, .deadline_ns = deadline_ns};
  shut_as(end, &act);
}

static void close_as(struct end *end, const struct act *act, uint32_t flags) {
  if (!end->handle) return;
  struct record *record = record_new(HWS_KIND_CLOSE, end, 0);
  if (!record) return;
  hws_handle handle = end->handle;
  end->handle = 0;
  end->closed = true;
  if ((flags & HWS_ABORT) || act->deadline_ns || act->scope) end->aborted = true;
  struct hws_how how = how_for(record, act, end->side);
  how.flags |= flags;
  struct hws_event event, *out = out_for(act, &event);
  record_returned(record, hws_close(handle, &how, out, &record->op), &event);
  bool begun = record->state != RECORD_REFUSED || record->result == HWS_E_HANDLE;
  if (begun) return;
  end->handle = handle; /* it would have had to wait, or there was no memory */
  end->closed = end->aborted = false;
}

void end_close(struct end *end, unsigned way, uint32_t flags, uint64_t deadline_ns) {
  struct act act = {.way = (uint8_t)way, .deadline_ns = deadline_ns};
  close_as(end, &act, flags);
}

static void do_reset(const struct act *act) {
  struct end *end = end_of(act);
  if (!end->handle) return;
  end->reset = true;
  (void)hws_reset(end->handle, 70000 + act->number % 5, "told to");
}

static void do_stop(const struct act *act) {
  struct end *end = end_of(act);
  if (!end->handle) return;
  bool before = end->stopped;
  end->stopped = true;
  hws_result result = hws_stop(end->handle, 1 + (uint32_t)(act->number % 3), 70005, "stopped");
  if (result == HWS_E_UNSUPPORTED) end->stopped = before;
}

/* ---- objects ---- */

typedef hws_result (*ask)(hws_handle object, const struct hws_how *how, struct hws_event *out, hws_handle *op);

/* False: the call refused it. */
static bool ask_object(const struct act *act, uint16_t kind, struct end *end, hws_handle object, ask call) {
  struct record *record = object ? record_new(kind, end, 0) : NULL;
  if (!record) return false;
  record->object = object;
  struct hws_how how = how_for(record, act, act->side);
  struct hws_event event, *out = out_for(act, &event);
  record_returned(record, call(object, &how, out, &record->op), &event);
  return record->state != RECORD_REFUSED;
}

/* With HWS_TRY it may be refused, and stays open then. */
static void close_object(const struct act *act, hws_handle *object) {
  hws_handle handle = *object;
  *object = 0;
  if (handle && !ask_object(act, HWS_KIND_CLOSE, NULL, handle, hws_close)) *object = handle;
}

bool close_extra(unsigned side, hws_handle handle) {
  struct act act = {.way = WAY_QUEUE, .side = (uint8_t)side};
  return ask_object(&act, HWS_KIND_CLOSE, NULL, handle, hws_close);
}

static void keep(hws_handle made) {
  if (made && world.extra_count < EXTRAS_MAX) world.extras[world.extra_count++] = made;
}

static void do_open(const struct act *act) {
  bool raw = world.story->carrier == CARRIER_RAW;
  struct record *record = record_new(raw ? HWS_KIND_DIAL : HWS_KIND_OPEN, NULL, 0);
  if (!record) return;
  struct hws_how how = how_for(record, act, act->side);
  struct hws_event event, *out = out_for(act, &event);
  hws_handle made = 0;
  hws_result result = raw ? hws_dial(world.runtimes[act->side], act->number & 1 ? world.dials : "mem://nobody", 0, &how,
                                     out, &record->op, &made)
                          : hws_open(world.sessions[act->side], NULL, &how, out, &record->op, &made);
  record_returned(record, result, &event);
  keep(made);
}

static void do_accept(const struct act *act) {
  bool raw = world.story->carrier == CARRIER_RAW;
  struct record *record = record_new(HWS_KIND_ACCEPT, NULL, 0);
  if (!record) return;
  unsigned side = raw ? 1 : act->side;
  struct hws_how how = how_for(record, act, side);
  struct hws_event event, *out = out_for(act, &event);
  hws_handle made = 0;
  record_returned(record, hws_accept(raw ? world.listener : world.sessions[side], 0, &how, out, &record->op, &made),
                  &event);
  keep(made);
}

static void do_listen(const struct act *act) {
  struct record *record = record_new(HWS_KIND_LISTEN, NULL, 0);
  if (!record) return;
  struct hws_how how = how_for(record, act, act->side);
  struct hws_event event, *out = out_for(act, &event);
  hws_handle made = 0;
  record_returned(record,
                  hws_listen(world.runtimes[act->side], act->number & 1 ? "mem://other" : "mem://third", 0, &how, out,
                             &record->op, &made),
                  &event);
  keep(made);
}

static void do_cancel(const struct act *act) {
  unsigned count = records_count();
  if (!count) return;
  unsigned back = (unsigned)(act->number % 6);
  struct record *record = record_at(count - 1 - (back < count ? back : 0));
  hws_handle op = stage_peek(&record->op);
  if (!op || record->state != RECORD_ASKED) return;
  record->cancelled = true;
  if (record->kind == HWS_KIND_CLOSE && record->end) record->end->aborted = true;
  (void)hws_cancel(op);
}

static void do_scope_cancel(const struct act *act) {
  unsigned scope = act->scope ? act->scope : 1;
  happened.scope_cancelled[scope] = true;
  if (scope == 2) happened.scope_cancelled[3] = true;
  (void)hws_scope_cancel(world.scopes[act->side][scope], 70009, "enough");
}

static void end_session(const struct act *act, bool reset) {
  hws_handle session = world.sessions[act->side];
  if (!session) return;
  happened.session_ended = true;
  if (reset) {
    (void)hws_reset(session, 70010, "over");
    return;
  }
  close_object(act, &world.sessions[act->side]);
}

static void do_signal(const struct act *act) {
  unsigned thread = (unsigned)(act->number % world.story->threads);
  struct stage_thread *target = world.threads[thread];
  if (!target || target == stage_self()) return;
  for (unsigned i = 0; i < records_count(); i++)
    if (record_at(i)->thread == (int)thread && record_at(i)->state == RECORD_ASKED) record_at(i)->signalled = true;
  stage_signal(target);
}

/* As a foreign event loop does it: sleep on the queue's descriptor, then take what is there. */
static void watch_and_harvest(const struct act *act) {
  int64_t descriptor;
  if (hws_queue_waitable(world.queues[act->side][act->queue], &descriptor) != HWS_OK) return;
  stage_poll(descriptor, stage_now() + 20 * MILLISECOND);
  (void)world_harvest(act->side, act->queue, 1 + act->size % 16, 0);
}

static void harvest(const struct act *act) {
  if (act->way == WAY_TRY)
    watch_and_harvest(act);
  else
    (void)world_harvest(act->side, act->queue, 1 + act->size % 16, (int64_t)(act->number % 3 ? 0 : 20 * MILLISECOND));
}

void act_do(const struct act *act) {
  struct end *end = end_of(act);
  switch (act->kind) {
  case ACT_SEND:
    do_send(act, act->size);
    break;
  case ACT_PROBE:
    do_send(act, 0);
    break;
  case ACT_SENDFILE:
    do_sendfile(act);
    break;
  case ACT_RECV:
    recv_as(end, act, act->size);
    break;
  case ACT_LOOK:
    recv_as(end, act, 0);
    break;
  case ACT_ACQUIRE:
    do_acquire(act);
    break;
  case ACT_RELEASE:
    do_release(act);
    break;
  case ACT_SHUTDOWN:
    shut_as(end, act);
    break;
  case ACT_WATCH:
    (void)ask_object(act, HWS_KIND_WATCH, end, end->handle, hws_watch);
    break;
  case ACT_CLOSE:
    close_as(end, act, 0);
    break;
  case ACT_ABORT:
    close_as(end, act, HWS_ABORT);
    break;
  case ACT_RESET:
    do_reset(act);
    break;
  case ACT_STOP:
    do_stop(act);
    break;
  case ACT_FLUSH:
    if (end->handle) (void)hws_flush(end->handle);
    break;
  case ACT_OPEN:
    do_open(act);
    break;
  case ACT_ACCEPT:
    do_accept(act);
    break;
  case ACT_LISTEN:
    do_listen(act);
    break;
  case ACT_CANCEL:
    do_cancel(act);
    break;
  case ACT_SCOPE_CANCEL:
    do_scope_cancel(act);
    break;
  case ACT_SCOPE_WATCH:
    (void)ask_object(act, HWS_KIND_WATCH, NULL, world.scopes[act->side][1], hws_watch);
    break;
  case ACT_SESSION_SHUTDOWN:
    happened.session_ended = happened.session_ended || world.sessions[act->side];
    (void)ask_object(act, HWS_KIND_SHUTDOWN, NULL, world.sessions[act->side], hws_shutdown);
    break;
  case ACT_SESSION_WATCH:
    (void)ask_object(act, HWS_KIND_WATCH, NULL, world.sessions[act->side], hws_watch);
    break;
  case ACT_SESSION_CLOSE:
    end_session(act, false);
    break;
  case ACT_SESSION_RESET:
    end_session(act, true);
    break;
  case ACT_LISTENER_CLOSE:
    happened.listener_closed = true;
    close_object(act, &world.listener);
    break;
  case ACT_LISTENER_WATCH:
    (void)ask_object(act, HWS_KIND_WATCH, NULL, world.listener, hws_watch);
    break;
  case ACT_HARVEST:
    harvest(act);
    break;
  case ACT_SLEEP:
    stage_sleep(act->number % (3 * MILLISECOND));
    break;
  case ACT_SIGNAL:
    do_signal(act);
    break;
  default:
    break;
  }
}
