/* SPDX-License-Identifier: Apache-2.0
 *
 * A turn of the loop, and the run queue.
 */
#include "core/loop.h"

#include <stddef.h>

#include "abi/hawser.h"
#include "core/park.h"

int loop_init(struct loop *loop, bool caller_driven) {
  loop->caller_driven = caller_driven;
  atomic_store(&loop->timers.next, TIMER_NEVER);
  loop->poller = poller_new();
  return loop->poller ? HWS_OK : HWS_E_LIMIT;
}

void loop_free(struct loop *loop) {
  /* Dekker: a kick says that it is under way and then looks whether somebody polls; we say that nobody does, nor ever
   * will, and then look for kicks. One that comes later touches nothing but the loop's words. */
  atomic_store_explicit(&loop->polling, false, memory_order_seq_cst);
  while (atomic_load_explicit(&loop->kicking, memory_order_seq_cst)) park_yield();
  if (loop->poller) poller_free(loop->poller);
  timers_free(&loop->timers);
}

void loop_kick_polling(struct loop *loop) {
  atomic_fetch_add_explicit(&loop->kicking, 1, memory_order_seq_cst);
  if (atomic_exchange_explicit(&loop->polling, false, memory_order_seq_cst)) {
    atomic_fetch_add_explicit(&loop->kicks, 1, memory_order_relaxed);
    poller_wake(loop->poller);
  }
  atomic_fetch_sub_explicit(&loop->kicking, 1, memory_order_release);
}

bool task_post(struct loop *loop, struct task *task) {
  if (atomic_exchange_explicit(&task->queued, 1, memory_order_acq_rel)) return false;
  struct task *head = atomic_load_explicit(&loop->tasks, memory_order_relaxed);
  do task->next = head;
  while (!atomic_compare_exchange_weak_explicit(&loop->tasks, &head, task, memory_order_seq_cst, memory_order_relaxed));
  loop_kick(loop);
  return true;
}

int loop_timer(struct loop *loop, struct timer *timer, uint64_t at) {
  bool failed;
  bool first = timer_arm(&loop->timers, timer, at, &failed);
  if (failed) return HWS_E_NOMEM;
  if (first) loop_kick(loop);
  return HWS_OK;
}

/* One batch: what is posted meanwhile waits for the next, so that readiness gets its turn. */
__attribute__((noinline)) static void batch_run(struct loop *loop) {
  struct task *newest = atomic_exchange_explicit(&loop->tasks, NULL, memory_order_acquire);
  struct task *oldest = NULL;
  while (newest) {
    struct task *next = newest->next;
    newest->next = oldest;
    oldest = newest;
    newest = next;
  }
  while (oldest) {
    struct task *task = oldest;
    oldest = task->next;
    atomic_store_explicit(&task->queued, 0, memory_order_release);
    task->run(task);
  }
}

static void tasks_run(struct loop *loop) {
  if (atomic_load_explicit(&loop->tasks, memory_order_relaxed)) batch_run(loop);
}

static bool nothing_to_do(struct loop *loop, struct waiter *waiter) {
  return !atomic_load_explicit(&loop->tasks, memory_order_seq_cst) &&
         !(waiter && atomic_load_explicit(&waiter->state, memory_order_seq_cst) == WAITER_READY);
}

/* The baton is held, so nobody else counts. */
static void count_turn(struct loop *loop) {
  uint64_t turns = atomic_load_explicit(&loop->turns, memory_order_relaxed);
  atomic_store_explicit(&loop->turns, turns + 1, memory_order_relaxed);
}

/* Where the waiter has what it waits for there is no need to look for readiness; but not twice in a row, as a turn that
 * always finds something to do would hide from everybody else (MUX-18). */
static bool may_skip(struct loop *loop, const struct waiter *waiter) {
  bool ready = waiter && atomic_load_explicit(&waiter->state, memory_order_relaxed) == WAITER_READY;
  loop->skipped = ready && !loop->skipped;
  return loop->skipped;
}

bool loop_turn(struct loop *loop, struct waiter *waiter, uint64_t until) {
  count_turn(loop);
  loop->before_turn(loop);
  tasks_run(loop);
  int count = 0;
  /* Dekker: we say that we may sleep and then look; others queue first and then look whether we sleep. */
  atomic_store_explicit(&loop->polling, true, memory_order_seq_cst);
  uint64_t next = atomic_load_explicit(&loop->timers.next, memory_order_seq_cst);
  uint64_t limit = next < until ? next : until;
  bool rests = nothing_to_do(loop, waiter);
  loop->busy = rests ? 0 : loop->busy + 1;
  if (!rests) limit = 0;
  if (!may_skip(loop, waiter)) count = poller_wait(loop->poller, limit);
  /* Awake: what is posted from here on is seen without a kick. */
  atomic_store_explicit(&loop->polling, false, memory_order_relaxed);
  unsigned strays = count > 0 ? poller_dispatch(loop->poller, count) : 0;
  if (strays) atomic_fetch_add_explicit(&loop->strays, strays, memory_order_relaxed);
  /* The end of a wait with a limit tells whether a time has come: no need to look at the clock. */
  bool look = limit == 0 || poller_timer_fired(loop->poller);
  if (look && atomic_load_explicit(&loop->timers.next, memory_order_relaxed) != TIMER_NEVER)
    timers_run(&loop->timers, clock_now());
  tasks_run(loop);
  return count >= 0;
}

void loop_nudge(struct loop *loop) {
  if (!baton_take(loop)) return;
  loop_turn(loop, NULL, 0);
  baton_release(loop);
}
