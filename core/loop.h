/* SPDX-License-Identifier: Apache-2.0
 *
 * The loop: tasks, timers, readiness, and the baton that says who drives it.
 *
 * One thread at a time drives, and holds the baton while it does. Every thread that has something to wait for is a
 * waiter: it takes the baton if that is free, else it sleeps on its own word until what it waits for has come or the
 * baton is handed to it. An I/O thread is a waiter that waits for the end of the runtime.
 */
#ifndef HAWSER_CORE_LOOP_H
#define HAWSER_CORE_LOOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/lock.h"
#include "core/timer.h"

struct endpoint;
struct poller;

/* Work for the driver; embedded in what it serves. Posted while queued: once is enough. */
struct task {
  struct task *next;
  void (*run)(struct task *task);
  atomic_uchar queued;
};

/* What a waiter's word says. */
enum waiter_state {
  WAITER_AWAKE = 0, /* looks for itself before it sleeps */
  WAITER_ASLEEP,    /* in park_wait */
  WAITER_DRIVING,   /* holds the baton, maybe inside the poller */
  WAITER_BATON,     /* woken to take the baton */
  WAITER_READY      /* what it waits for has come; never left again */
};

struct waiter {
  atomic_uint state;
  struct loop *loop;
  struct waiter *next; /* among the loop's sleepers */
  struct waiter *prev;
  bool listed;
  bool looks_up; /* its caller wants to look around where the loop never rests */
};

struct loop {
  void (*before_turn)(struct loop *loop); /* the runtime's: let out what was held back */
  struct poller *poller;
  struct timers timers;
  _Atomic(struct task *) tasks; /* newest first */
  atomic_uint kicking;          /* threads that may be about to wake the poller */
  atomic_bool polling;          /* the driver may sleep in the poller: whoever clears this must wake it */
  struct lock lock;             /* the three below */
  struct waiter *sleepers;
  bool driven;
  bool caller_driven;
  bool skipped;            /* the last turn did not look for readiness; the driver's, like what follows */
  uint32_t busy;           /* turns in a row that found something to do before they could rest */
  atomic_uint inside;      /* threads in loop_enter, and INSIDE_WATCHED */
  _Atomic(uint64_t) turns; /* counters, for stats */
  _Atomic(uint64_t) kicks;
  _Atomic(uint64_t) strays;
};

int loop_init(struct loop *loop, bool caller_driven); /* hws_status */
void loop_free(struct loop *loop);

/* Queue a task. True if it was not queued yet: then the caller has pinned what the task belongs to, and run unpins. */
bool task_post(struct loop *loop, struct task *task);

/* Make the driver look around. One that does not poll looks by itself before it does: Dekker, see loop_turn. */
void loop_kick_polling(struct loop *loop);

static inline void loop_kick(struct loop *loop) {
  if (atomic_load_explicit(&loop->polling, memory_order_seq_cst)) loop_kick_polling(loop);
}

/* Arm a timer and tell the driver where that matters. HWS_OK or HWS_E_NOMEM. */
int loop_timer(struct loop *loop, struct timer *timer, uint64_t at);

/* Run what is queued, wait for readiness until `until` (0: not at all), run what came of it. Caller holds the baton.
 * `waiter` is looked at once more before sleeping. False: a signal interrupted the wait. */
bool loop_turn(struct loop *loop, struct waiter *waiter, uint64_t until);

/* If nobody drives, drive one turn without waiting: so that a close in a caller-driven runtime takes effect. */
void loop_nudge(struct loop *loop);

/* ---- waiting (wait.c) ---- */

enum wait_result {
  WAIT_READY,
  WAIT_LATE,
  WAIT_INTERRUPTED,
  WAIT_BUSY /* only for one that looks up: the loop has been busy for many turns, and a signal would not be noticed */
};

/* The baton by hand, for loop_nudge. False: somebody drives. */
bool baton_take(struct loop *loop);
void baton_release(struct loop *loop);

/* Around what the end of the loop waits for: waits, and what a thread that waited still does to what is the loop's. */
void loop_enter(struct loop *loop);
void loop_leave(struct loop *loop);

/* For the end of the loop: sleep until no thread is between loop_enter and loop_leave, and until the baton is free,
 * which is taken then and never given back. A call that comes late finds nothing to wait for, and so leaves by itself.
 */
enum { INSIDE_WATCHED = 1 << 30 }; /* in loop->inside: whoever leaves as the last wakes it */
void waiters_gone(struct loop *loop);
void baton_keep(struct loop *loop);

void waiter_init(struct waiter *waiter, struct loop *loop);

/* Drive or sleep until the waiter is signalled, `until` passes, or a signal arrives; or see WAIT_BUSY. */
enum wait_result waiter_wait(struct waiter *waiter, uint64_t until);

/* The same between loop_enter and loop_leave: a thread counts once. */
enum wait_result waiter_wait_inside(struct waiter *waiter, uint64_t until);

/* What it waits for has come. The waiter may be gone when this returns. */
void waiter_signal(struct waiter *waiter);

/* The same for one that cannot leave yet, as the caller holds a lock that it takes first: the word that is to be woken
 * once that lock was dropped, by its address only; NULL: none. */
atomic_uint *waiter_ready(struct waiter *waiter);

/* ---- the poller (loop_epoll.c, loop_iocp.c) ---- */

enum ready_bits { READY_READ = 1, READY_WRITE = 2, READY_HANGUP = 4 /* and both of the others */ };

struct poller *poller_new(void);
void poller_free(struct poller *poller);
int poller_watch(struct poller *poller, int64_t descriptor, struct endpoint *endpoint, bool both, int *os_error);
void poller_arm_write(struct poller *poller, int64_t descriptor, struct endpoint *endpoint); /* epoll only */
void poller_disarm_write(struct poller *poller, int64_t descriptor, struct endpoint *endpoint);

/* Take its descriptor out. True: nothing comes of it any more. False: something may still, until the driver has called
 * endpoint_unwatched; that is promised only if it is asked for. */
bool poller_unwatch(struct poller *poller, struct endpoint *endpoint, bool tell);

/* What readiness is told by on this system. */
enum readiness_means { READINESS_EPOLL = 1, READINESS_NOTIFICATIONS = 2, READINESS_AFD = 3 };
enum readiness_means poller_readiness(void);

/* Wait until `until`. How many events came; negative: a signal interrupted. */
int poller_wait(struct poller *poller, uint64_t until);

/* Hand the events of the last wait to endpoint_ready, or endpoint_packet. Returns how many belonged to nobody. */
unsigned poller_dispatch(struct poller *poller, int count);
void poller_wake(struct poller *poller);

/* Did the last wait, if it had a limit, end because a time has come? */
bool poller_timer_fired(const struct poller *poller);

/* Where the system has completion ports: what the handle's calls end with is handed to endpoint_packet from now on. */
int poller_bind(struct poller *poller, int64_t handle, int *os_error);

#endif
