/* SPDX-License-Identifier: Apache-2.0
 *
 * The baton of core/wait.c and the Dekker pair of core/loop.c: who drives, who sleeps, who wakes whom.
 *
 * WAITERS threads call waiter_wait. What each of them waits for is brought by one producer, by one of four ways: a plain
 * waiter_signal from another thread, a task, a timer, or a descriptor that becomes ready; the last three signal once the
 * driver runs them. Further threads (IMPATIENT) are waited for by nobody: they leave whenever a time-out or a signal may
 * end a wait. With NUDGE one more thread drives a turn by itself, if nobody drives (baton_take, loop_nudge).
 *
 * Shown: every waiter returns (no wake-up is lost: spin finds no invalid end state), nobody is left enlisted, one thread
 * at a time drives, and whenever the loop's lock is free and a waiter sleeps, somebody drives or is on the way to it.
 *
 * Sequentially consistent, as the operations on `polling`, `tasks` and the waiters' words are; where the code loads
 * relaxed (tasks_run) the model may miss what is there. Each BREAK_ switch undoes one line and must make the model fail:
 *   BREAK_DEKKER   loop_turn looks before it says that it may sleep
 *   BREAK_RELEASE  baton_release wakes nobody
 *   BREAK_NAP      who was made heir and signalled in the same moment leaves without passing the baton on
 *   BREAK_HEIR     an heir asks for the baton in a second step
 *   BREAK_NUDGE    who nudges gives the baton back to nobody
 */
#ifndef WAITERS
#define WAITERS 2
#endif
#ifndef IMPATIENT
#define IMPATIENT 1
#endif
#define THREADS (WAITERS + IMPATIENT)

/* enum waiter_state */
#define AWAKE 0
#define ASLEEP 1
#define DRIVING 2
#define BATON 3
#define READY 4

byte state[THREADS + 1]; /* the last is nobody's: who nudges waits for nothing */
bool listed[THREADS];   /* waiter.listed */
bool parked[THREADS];   /* in the futex */
bool inside[THREADS];   /* ghost: in wait_inside */
bool lock;              /* loop.lock; where what it guards is one step, taking it is part of that step */
bool driven;            /* loop.driven */
bool polling;           /* loop.polling */
bool edge;              /* the eventfd of poller_wake became readable and was not seen yet */
byte tasks;             /* loop.tasks: bits of waiters */
byte due;               /* timers that are due: bits of waiters */
byte readable;          /* descriptors that are ready: bits of waiters */
byte drivers;           /* ghost: threads in drive() */

/* The invariant of wait.c. On the way to the baton are: who was handed it, who is awake inside wait_inside, and who was
 * signalled while enlisted, as it passes the baton on before it leaves. */
#define ON_THE_WAY(i) (inside[i] && (state[i] == AWAKE || state[i] == BATON || (state[i] == READY && listed[i])))
#define SLEEPS(i) (listed[i] && state[i] == ASLEEP)
#if THREADS == 2
#define ANY(what) (what(0) || what(1))
#elif THREADS == 3
#define ANY(what) (what(0) || what(1) || what(2))
#else
#define ANY(what) (what(0) || what(1) || what(2) || what(3))
#endif

inline somebody_drives() { assert(driven || !ANY(SLEEPS) || ANY(ON_THE_WAY)) }

/* waiter_signal, by whoever has seen what `who` waits for. */
inline waiter_signal(who) {
  atomic {
    before = state[who];
    state[who] = READY
  }
  if
  :: atomic { before == ASLEEP || before == BATON -> before = AWAKE }
    parked[who] = false
  :: atomic { before == DRIVING -> before = AWAKE }
    loop_kick()
  :: else
  fi
}

inline loop_kick() {
  atomic {
    kicks = polling;
    polling = false
  }
  if
  :: kicks -> atomic { edge = true; kicks = false }
  :: else
  fi
}

/* choose_heir, lock_drop. The list's order does not matter, so any sleeper may be chosen; nobody falls asleep while the
 * lock is held, so looking at all of them is one step. */
inline choose_and_drop(choose) {
  atomic {
    heir = THREADS;
    if
    :: choose && !driven ->
      if
      :: SLEEPS(0) -> heir = 0
      :: SLEEPS(1) -> heir = 1
#if THREADS > 2
      :: SLEEPS(2) -> heir = 2
#endif
#if THREADS > 3
      :: SLEEPS(3) -> heir = 3
#endif
      :: else
      fi
    :: else
    fi;
    if
    :: heir < THREADS -> state[heir] = BATON
    :: else
    fi;
    lock = false;
    somebody_drives()
  }
}

/* The second half of drop_and_wake. */
inline wake_heir() {
  if
  :: atomic { heir < THREADS -> parked[heir] = false; heir = 0 }
  :: atomic { heir == THREADS -> heir = 0 }
  fi
}

/* Run what is in `batch`: each ends what a waiter waits for. */
inline run_batch() {
  do
  :: batch == 0 -> break
  :: batch & 1 -> batch = batch & ~1; waiter_signal(0)
  :: batch & 2 -> batch = batch & ~2; waiter_signal(1)
#if WAITERS > 2
  :: batch & 4 -> batch = batch & ~4; waiter_signal(2)
#endif
  od
}

/* tasks_run, timers_run: what is there, or, as the first look is a relaxed one, nothing. */
inline run_bits(bits) {
  if
  :: atomic { bits != 0 -> batch = bits; bits = 0 }
    run_batch()
  :: true
  fi
}

/* loop_turn. */
inline loop_turn(me, no_time) {
  run_bits(tasks);
#ifdef BREAK_DEKKER
  limit_0 = (tasks != 0);
  polling = true;
#else
  polling = true;
#endif
  saw_due = (due != 0);
#ifndef BREAK_DEKKER
  limit_0 = (tasks != 0);
#endif
  if
  :: state[me] == READY -> limit_0 = true
  :: else
  fi;
  if
  :: state[me] == READY
  :: else -> /* poller_wait */
    if
    :: atomic { edge || readable != 0 -> edge = false; batch = readable; readable = 0 }
    :: limit_0 || saw_due || no_time
    :: me >= WAITERS -> late = true /* the time is over, or a signal came */
    fi
  fi;
  atomic {
    limit_0 = false;
    saw_due = false;
    polling = false
  }
  run_batch(); /* poller_dispatch */
  run_bits(due);
  run_bits(tasks)
}

inline baton_release() {
  atomic {
    !lock -> driven = false;
#ifdef BREAK_RELEASE
    choose_and_drop(false)
#else
    choose_and_drop(true)
#endif
  }
  wake_heir()
}

inline change(who, from, to) {
  atomic {
    if
    :: state[who] == from -> state[who] = to
    :: else
    fi
  }
}

inline drive(me) {
  drivers++;
  assert(drivers == 1);
  change(me, AWAKE, DRIVING);
  do
  :: state[me] == READY -> break
  :: else ->
    if
    :: late -> loop_turn(me, true); break /* too late: a last look */
    :: late -> break                      /* a signal came */
    :: !late -> loop_turn(me, false)
    fi
  od;
  change(me, DRIVING, AWAKE);
  drivers--;
  baton_release()
}

inline nap(me) {
  do
  :: atomic { state[me] == ASLEEP && !late -> parked[me] = true } /* the futex compares and sleeps in one step */
    if
    :: !parked[me]
    :: me >= WAITERS -> late = true; parked[me] = false
    fi
  :: else -> break
  od;
  atomic { !lock -> lock = true; listed[me] = false }
  atomic {
    left = (state[me] == ASLEEP);
    if
    :: left -> state[me] = AWAKE
    :: else
    fi
  }
  atomic {
    drives = (!left && state[me] == BATON);
    if
    :: drives -> state[me] = AWAKE
    :: else
    fi
  }
#ifdef BREAK_HEIR
  choose_and_drop(!drives);
  drives = false;
#elif defined(BREAK_NAP)
  drives = drives && !driven;
  driven = driven || drives;
  choose_and_drop(false);
#else
  atomic {
    drives = drives && !driven;
    driven = driven || drives;
    choose_and_drop(true)
  }
#endif
  wake_heir()
}

/* waiter_wait, wait_inside. */
proctype waiter(byte me) {
  bool drives, late, left, limit_0, saw_due, kicks;
  byte before, heir, batch;
  inside[me] = true;
  do
  :: state[me] == READY -> break
  :: else ->
    atomic {
      !lock ->
      if
      :: !driven -> driven = true; drives = true
      :: driven && state[me] == AWAKE -> state[me] = ASLEEP; listed[me] = true
      :: else
      fi
    }
    if
    :: drives
    :: else -> nap(me)
    fi;
    if
    :: drives -> drive(me); break
    :: !drives && left -> break
    :: else
    fi
  od;
  inside[me] = false
}

#ifdef NUDGE
/* loop_nudge. */
proctype nudger() {
  bool taken, late, limit_0, saw_due, kicks;
  byte before, heir, batch;
  atomic { !lock -> taken = !driven; driven = true }
  if
  :: taken ->
    drivers++;
    assert(drivers == 1);
    loop_turn(THREADS, true);
    drivers--;
#ifdef BREAK_NUDGE
    atomic { !lock -> driven = false }
#else
    baton_release()
#endif
  :: else
  fi
}
#endif

/* What waiter `who` waits for comes. */
proctype producer(byte who) {
  bool kicks;
  byte before;
  if
#ifdef TIMED
  :: atomic { before = due; due = due | (1 << who) } /* loop_timer: only the first kicks */
    if
    :: atomic { before == 0 -> skip }
      loop_kick()
    :: else -> before = 0
    fi
  :: readable = readable | (1 << who)
#else
  :: waiter_signal(who)
  :: tasks = tasks | (1 << who); /* task_post */
    if
    :: polling -> loop_kick()
    :: else
    fi
#endif
  fi
}

init {
  byte i = 0;
  atomic {
    do
    :: i < WAITERS -> run waiter(i); run producer(i); i++
    :: i >= WAITERS && i < THREADS -> run waiter(i); i++
    :: i == THREADS -> break
    od;
#ifdef NUDGE
    run nudger()
#endif
  }
  (_nr_pr == 1);
  assert(!driven && !lock && drivers == 0);
  i = 0;
  do
  :: i < THREADS -> assert(!listed[i] && !parked[i]); i++
  :: else -> break
  od
}
