/* SPDX-License-Identifier: Apache-2.0
 *
 * How endpoints come and go: opened, told of timers and posts, closed, abandoned.
 *
 * Endpoints that stand on each other close together. All are told at once, from the top down; then each goes as soon as
 * its own ios are over, what stands on it has gone, and, if it is a filter, nothing of it is out below any more.
 */
#include "core/endpoint.h"

#include <stddef.h>
#include <stdlib.h>

#include "core/filter.h"
#include "core/park.h"
#include "core/refused.h"
#include "core/route.h"
#include "core/runtime.h"

/* Five seconds, of steps in which somebody drove: a loop that nobody drives completes nothing, and that is no fault of
 * the plugin's. */
enum { ABANDON_STEPS = 25, BLAME_STEPS = 2 };
#define ABANDON_STEP_NS UINT64_C(200000000)

static void close_run(struct task *task);
static void abandon_fire(struct timer *timer);

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

/* ---- opening ---- */

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
    direction_seize(endpoint, which);
    endpoint->directions[which].endpoint = endpoint;
    endpoint->directions[which].job.run = direction_pool_run;
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
  timer_disarm(&endpoint->loop->timers, &endpoint->timer);
  if (endpoint->descriptor >= 0) {
    (void)poller_unwatch(endpoint->loop->poller, endpoint, false);
    endpoint->descriptor = -1;
    /* The driver may have an event of it in hand: the owner must outlast this turn. */
    endpoint_post(endpoint, &endpoint->post_task);
  }
  if (ep) endpoint->plugin->vtable.destroy(ep, 1);
}

struct op *endpoint_begin(struct endpoint *endpoint, void *ep, const struct request *request, enum hws_kind kind,
                          void (*revoke)(struct op *op), int *status) {
  struct op *op = NULL;
  *status = route_check(endpoint->route);
  if (*status == HWS_OK) op = op_new(request, endpoint->owner->runtime, endpoint->owner, kind, revoke, status);
  if (op && (*status = endpoint_open(endpoint, ep)) != HWS_OK) {
    op_discard(op);
    op = NULL;
  }
  if (!op) endpoint_unopened(endpoint, ep);
  return op;
}

int endpoint_refuse(struct endpoint *endpoint, int status, const char *what) {
  struct cause *cause = endpoint_explain(endpoint, status < 0 ? status : HWS_E_PLUGIN, 0, what);
  return refused_set(cause);
}

/* ---- closing ---- */

static void close_one(struct endpoint *endpoint, bool abort) {
  unsigned state = ENDPOINT_OPEN;
  if (abort) atomic_store(&endpoint->abort, true); /* first: from the next step on the driver may be done with it */
  if (!atomic_compare_exchange_strong(&endpoint->state, &state, ENDPOINT_CLOSING)) return;
  endpoint_cancel(&endpoint->transfers[HWS_READ]);
  endpoint_cancel(&endpoint->transfers[HWS_WRITE]);
  endpoint_post(endpoint, &endpoint->close_task);
}

void endpoint_close(struct endpoint *endpoint, bool abort) {
  for (struct endpoint *below; endpoint; endpoint = below) {
    below = endpoint->under;
    close_one(endpoint, abort);
  }
}

static void finish(struct endpoint *endpoint) {
  struct object *owner = endpoint->owner;
  struct endpoint *under = endpoint->under;
  endpoint_unresolve(endpoint);
  timer_disarm(&endpoint->loop->timers, &endpoint->timer);
  timer_disarm(&endpoint->loop->timers, &endpoint->abandon_timer);
  if (endpoint->descriptor >= 0) (void)poller_unwatch(endpoint->loop->poller, endpoint, false); /* it was abandoned */
  atomic_store(&endpoint->state, ENDPOINT_GONE);
  runtime_count(owner->runtime, COUNT_ENDPOINTS, UINT64_MAX);
  if (!endpoint->abandoned) endpoint->plugin->vtable.destroy(endpoint->ep, endpoint->abort);
  if (under)
    endpoint_let_close(under);
  else
    endpoint->gone(endpoint);
  object_unpin(owner);
}

static bool is_busy(const struct endpoint *endpoint) {
  return transfer_busy(&endpoint->transfers[HWS_READ]) || transfer_busy(&endpoint->transfers[HWS_WRITE]);
}

static void watch_abandon(struct endpoint *endpoint) {
  if (endpoint->abandon_watched) return;
  endpoint->abandon_watched = true;
  endpoint->abandon_steps = ABANDON_STEPS;
  loop_timer(endpoint->loop, &endpoint->abandon_timer, clock_now() + ABANDON_STEP_NS);
}

/* A step is over: what was to be done in it has had a turn, however late this one is. True: it was the last. */
static bool abandon_step(struct endpoint *endpoint) {
  uint64_t now = clock_now();
  uint64_t next = endpoint->abandon_timer.at + ABANDON_STEP_NS;
  /* A filter that waits is not to blame: what it stands on is, soon, and then it has a turn to go on by itself. */
  bool waits = endpoint->under && is_busy(endpoint->under);
  if (waits && endpoint->abandon_steps <= BLAME_STEPS)
    endpoint->abandon_steps = BLAME_STEPS;
  else if (--endpoint->abandon_steps == 0)
    return true;
  loop_timer(endpoint->loop, &endpoint->abandon_timer, next > now ? next : now + ABANDON_STEP_NS);
  return false;
}

/* No transfer is out and both directions are held. True: packets still are. */
static bool retire(struct endpoint *endpoint) {
  int32_t (*slot)(void *ep, uint32_t abort) = endpoint->plugin->vtable.retire;
  if (!endpoint->retired && slot) {
    int32_t left = slot(endpoint->ep, endpoint->abort);
    if (left < 0) endpoint_fault(endpoint, "said that fewer than no packets are to come");
    atomic_store(&endpoint->packets_left, left < 0 ? 0 : left);
  }
  endpoint->retired = true;
  return atomic_load(&endpoint->packets_left) > 0;
}

/* Both directions are held. True: the watch has not had its last word. */
static bool unwatch(struct endpoint *endpoint) {
  if (endpoint->descriptor >= 0) endpoint->unwatching = !poller_unwatch(endpoint->loop->poller, endpoint, true);
  endpoint->descriptor = -1;
  return endpoint->unwatching;
}

void endpoint_unwatched(struct endpoint *endpoint) {
  endpoint->unwatching = false;
  endpoint_let_close(endpoint);
}

/* Takes both directions, never to let go of them again. False: something is still to come, and it did let go. */
static bool quiet_for_good(struct endpoint *endpoint) {
  if (endpoint->abandoned) return true; /* its directions may be held for ever */
  direction_seize(endpoint, HWS_READ);
  direction_seize(endpoint, HWS_WRITE);
  bool watched = unwatch(endpoint);
  if (!watched && !retire(endpoint)) return true;
  direction_run(endpoint, HWS_WRITE, RUN_ANYBODY);
  direction_run(endpoint, HWS_READ, RUN_ANYBODY);
  return false;
}

/* Driver only; what it waits for posts close_task again. */
static void go_on_closing(struct endpoint *endpoint) {
  if (atomic_load(&endpoint->state) != ENDPOINT_CLOSING) return; /* twice posted: by the last transfer and the close */
  if (is_busy(endpoint)) {
    watch_abandon(endpoint);
  } else if (!endpoint->over || atomic_load(&endpoint->over->state) == ENDPOINT_GONE) {
    if (endpoint->filter && !filter_end(endpoint)) return;
    if (quiet_for_good(endpoint))
      finish(endpoint);
    else
      watch_abandon(endpoint);
  }
}

static void close_run(struct task *task) {
  struct endpoint *endpoint = (struct endpoint *)((char *)task - offsetof(struct endpoint, close_task));
  struct object *owner = endpoint->owner;
  go_on_closing(endpoint);
  object_unpin(owner);
}

/* The plugin's side stays as it is, with the io's memory: it may still write there. One pin of the owner is never given
 * back, so that this memory lives as long as the process (OP-1). */
static void abandon_fire(struct timer *timer) {
  struct endpoint *endpoint = (struct endpoint *)((char *)timer - offsetof(struct endpoint, abandon_timer));
  if (atomic_load(&endpoint->state) != ENDPOINT_CLOSING) return;
  if (!abandon_step(endpoint)) return;
  endpoint->abandon_watched = false;
  int packets = atomic_load(&endpoint->packets_left);
  if (!is_busy(endpoint) && packets == 0 && !endpoint->unwatching) return;
  struct runtime *runtime = endpoint->owner->runtime;
  if (!endpoint->abandoned) object_pin(endpoint->owner);
  endpoint->abandoned = true;
  for (unsigned which = HWS_READ; which <= HWS_WRITE; which++) {
    struct transfer *transfer = &endpoint->transfers[which];
    if (!transfer_busy(transfer)) continue;
    runtime_count(runtime, COUNT_IOS_ABANDONED, 1);
    atomic_store(&transfer->given_up, true);
    transfer->io.status = HWS_IO_FAULT;
    transfer->io.bytes = 0;
    transfer->done(transfer);
  }
  runtime_count(runtime, COUNT_IOS_ABANDONED, (uint64_t)packets);
  endpoint_fault(endpoint, "never completed an io; it was abandoned");
  go_on_closing(endpoint);
}

void endpoint_free(struct endpoint *endpoint) {
  for (unsigned which = HWS_READ; which <= HWS_WRITE; which++) free(endpoint->transfers[which].scratch);
  cause_unref(endpoint->explained);
  route_unref(endpoint->route);
}

/* What the highest has to say that has something to say. */
static struct cause *take_explained(struct endpoint *endpoint) {
  struct cause *explained = NULL;
  for (; endpoint && !explained; endpoint = endpoint->under) {
    lock_take(&endpoint->lock);
    explained = endpoint->explained;
    endpoint->explained = NULL;
    lock_drop(&endpoint->lock);
  }
  return explained;
}

struct cause *endpoint_explain(struct endpoint *endpoint, int status, int os_error, const char *what) {
  const char *plugin = endpoint->plugin->manifest->name;
  const char *(*error_text)(void *, int32_t) = endpoint->plugin->vtable.error_text;
  struct cause *explained = take_explained(endpoint);
  char room[OS_ERROR_TEXT_MAX];
  const char *text = os_error && error_text ? error_text(endpoint->plugin->vtable.self, os_error) : NULL;
  if (!text && os_error) text = os_error_text(os_error, room);
  if (!text) text = status_text(status);
  if (explained) text = explained->text;
  struct cause *cause = cause_make(status, os_error, 0, "%s: %s: %s", plugin, what, text);
  cause_unref(explained);
  return cause;
}

struct cause *endpoint_cause(struct endpoint *endpoint, const struct transfer *transfer, const char *what) {
  int status = transfer->io.status < 0 ? transfer->io.status : HWS_E_IO;
  struct cause *cause = endpoint_explain(endpoint, status, transfer->io.os_error, what);
  /* Of a connection: it was cut off, or takes no more, at its far end. */
  return status == HWS_E_RESET || status == HWS_E_CLOSED ? cause_by_peer(cause) : cause;
}
