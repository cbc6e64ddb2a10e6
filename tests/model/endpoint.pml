/* SPDX-License-Identifier: Apache-2.0
 *
 * One direction of core/endpoint.c: the combining lock (direction_enter, direction_run, direction_seize), the states of
 * its transfer, and what core/conn.c does around them (claim, submit, apply, revoke, close).
 *
 * A user thread posts OPS ops, one after the other, and the driver runs the tasks. The plugin ends an io inside submit or
 * inside cancel. Switches bring in more:
 *   CANCEL  somebody cancels each op (with CLOSE: one, or none)
 *   CLOSE   somebody ends the connection whenever he likes
 *   READY   the poller finds the descriptor ready once; the plugin may end the io in on_ready
 *   THREAD  a thread of the plugin's own may end the io at any time, also before submit has returned
 *   LISTENER  the owner is core/listener.c: an op ends at once when it is cancelled, what was begun for it goes to the
 *           next one, and pump does not look again after it has submitted
 *
 * Shown: every op ends exactly once and nothing hangs (spin finds no invalid end state), no io ends twice, calls into
 * the plugin exclude each other, none comes after its destroy, and no io is with it then; and the endpoint is always
 * destroyed when it was closed, without the abandon timer, which the model does not have.
 *
 * Each BREAK_ switch undoes one thing and must make the model fail:
 *   BREAK_CANCEL    a cancel that finds the submit on its way is forgotten
 *   BREAK_CLAIM     a claim shows in the transfer only once it is submitted
 *   BREAK_CLOSE     an io that ends inside submit while the endpoint closes does not remind of the close
 *   BREAK_COMPLETE  endpoint_complete gives up when cancels changed the state under its hands
 */
#ifndef OPS
#define OPS 1
#endif

#ifdef LISTENER
#define AT_ONCE true
#else
#define AT_ONCE false
#endif

/* Bits of direction.state. */
#define HELD 1
#define DO_READY 2
#define DO_SUBMIT 4
#define DO_CANCEL 8

/* enum transfer_state */
#define IDLE 0
#define SUBMITTING 1
#define EARLY 2
#define PENDING 3
#define CANCELING 4
#define COMPLETED 5

/* enum endpoint_state */
#define OPEN 0
#define CLOSING 1
#define GONE 2

byte direction;      /* direction.state */
byte transfer;       /* transfer.state */
bool cancel;         /* transfer.cancel */
byte endpoint;       /* endpoint.state */
bool transfer_task;  /* queued */
bool close_task;
bool canceled;       /* io.status */

/* The plugin. */
bool has;            /* it holds the io */
bool calls;          /* ghost: inside a call of it */
bool destroyed;

/* The connection. */
bool lock;
bool listed;         /* the op stands in stream.recvs */
bool live;           /* the op has not ended; never twice */
bool reading;
bool reader;         /* conn.reader is the op */
bool op_cancel;      /* op.cancel */
bool aborting;
bool gone;

inline op_end() {
  assert(live);
  live = false;
  listed = false;
  op_cancel = false
}

/* ---- the plugin's side ---- */

inline enter_plugin() { atomic { assert(!calls && !destroyed); calls = true } }

/* host->complete, after the plugin let go of the io; `self` is its own end, not a cancel's. */
inline endpoint_complete() {
#ifdef BREAK_COMPLETE
  if
  :: atomic { transfer == SUBMITTING -> transfer = EARLY }
  :: else ->
    if
    :: atomic { transfer == PENDING -> transfer = COMPLETED } transfer_task = true
    :: else ->
      if
      :: atomic { transfer == CANCELING -> transfer = COMPLETED } transfer_task = true
      :: else ->
        if
        :: atomic { transfer == PENDING -> transfer = COMPLETED } transfer_task = true
        :: else -> assert(false) /* completed an io that had ended */
        fi
      fi
    fi
  fi
#else
  if
  :: atomic { transfer == SUBMITTING -> transfer = EARLY }
  :: atomic { transfer == PENDING || transfer == CANCELING -> transfer = COMPLETED }
    transfer_task = true
  :: else -> assert(false)
  fi
#endif
}

/* ---- direction_run and what it calls ---- */

/* run_submit. Sets over. */
inline run_submit() {
  enter_plugin();
  if
  :: canceled = false; calls = false; over = true /* returns 1 */
  :: atomic { has = true; canceled = false }
    calls = false; /* returns 0 */
    if
    :: atomic { transfer == SUBMITTING -> transfer = PENDING }
    :: else -> assert(transfer == EARLY); over = true
    fi
  fi
}

inline run_cancel() {
  if
  :: atomic { transfer == PENDING -> transfer = CANCELING }
    enter_plugin();
    if
    :: atomic { has -> has = false; canceled = true } /* returns 1 */
      calls = false;
      assert(transfer == CANCELING);
      transfer = COMPLETED;
      transfer_task = true
    :: atomic { !has -> calls = false } /* returns 0: it ends by itself, or is just ending */
      if
      :: atomic { transfer == CANCELING -> transfer = PENDING }
      :: else
      fi
    fi
  :: else
  fi
}

inline run_ready() {
  enter_plugin();
  if
  :: atomic { has -> has = false; canceled = false }
    endpoint_complete()
  :: true
  fi;
  calls = false
}

/* Caller holds it; `mine` is a constant. Sets ended. */
inline direction_run(mine) {
  ended = false;
  do
  :: atomic { bits = direction; direction = HELD }
    if
    :: bits & DO_READY -> run_ready()
    :: else
    fi;
    over = false;
    if
    :: bits & DO_SUBMIT -> run_submit()
    :: else
    fi;
    if
    :: over && mine -> ended = true; cancel = false; transfer = IDLE
    :: over && !mine -> transfer = COMPLETED; transfer_task = true
    :: else
    fi;
    over = false;
#ifdef BREAK_CANCEL
    if
    :: bits & DO_CANCEL -> run_cancel()
    :: else
    fi;
#else
    if
    :: cancel -> run_cancel()
    :: else
    fi;
#endif
    bits = 0;
    if
    :: atomic { direction == HELD -> direction = 0 } break
    :: else
    fi
  od
}

inline direction_enter(what) {
  atomic {
    held = direction & HELD;
    direction = direction | HELD | what
  }
}

inline endpoint_cancel() {
  if
  :: transfer == IDLE
  :: else ->
    cancel = true;
    direction_enter(DO_CANCEL);
    if
    :: !held -> direction_run(false); ended = false
    :: else -> held = false
    fi
  fi
}

/* Sets ended; or revoke, as endpoint_cancel is the next thing that it does then. */
inline endpoint_submit() {
#ifdef BREAK_CLAIM
  transfer = SUBMITTING;
#endif
  ended = false;
  direction_enter(DO_SUBMIT);
  if
  :: !held -> direction_run(true)
  :: else -> held = false
  fi;
  if
#ifndef BREAK_CLOSE
  :: endpoint == CLOSING && ended -> close_task = true /* let_close */
#endif
#ifndef BREAK_CANCEL
  :: endpoint == CLOSING && !ended -> revoke = true
#endif
  :: else
  fi
}

/* Sets revoke and closes: it goes on with endpoint_cancel, and then with its task. */
inline endpoint_close() {
  if
  :: atomic { endpoint == OPEN -> endpoint = CLOSING; revoke = true; closes = true }
  :: else
  fi
}

/* ---- the connection; what stands under its lock is one step where nobody looks at it without ---- */

inline read_result() {
  reading = false;
  if
#ifdef LISTENER
  :: live && listed && !canceled -> op_end() /* accept_result */
  :: else
#else
  :: reader && !listed -> op_end() /* end_orphan */
  :: reader && listed && (!canceled || op_cancel) -> op_end()
  :: else /* another op's cancel: begun anew */
#endif
  fi;
  reader = false
}

/* transfer_prepare, under the connection's lock. */
inline transfer_prepare() {
#ifdef BREAK_CLAIM
  skip
#else
  transfer = SUBMITTING
#endif
}

#define CLAIMABLE (live && listed && !reading && !aborting)

/* conn_pump: claims and submits until there is nothing to do, then looks what else is wanted. */
inline conn_pump() {
  pumps = true;
  do
  :: revoke -> revoke = false; endpoint_cancel()
  :: atomic { !revoke && pumps && !lock && CLAIMABLE -> reading = true; reader = true; transfer_prepare() }
    endpoint_submit();
    if
    :: ended -> atomic { !lock -> read_result(); ended = false }
    :: else
    fi
  :: atomic {
      !revoke && pumps && !lock && !CLAIMABLE ->
      pumps = false;
#ifndef LISTENER
      revoke = reader && (op_cancel || !listed);
#endif
      close = aborting && !gone
    }
  :: !revoke && !pumps && close -> close = false; endpoint_close()
  :: !revoke && !pumps && !close && closes -> closes = false; close_task = true
  :: !revoke && !pumps && !close && !closes -> break
  od
}

proctype user() {
  bool held, over, ended, pumps, revoke, close, closes;
  byte bits, i;
  for (i : 1 .. OPS) {
    atomic {
      !lock ->
      if
      :: !aborting -> assert(!live); live = true; listed = true
      :: else -> break /* refused at the call */
      fi
    }
    conn_pump();
    !live
  }
}

#ifdef CANCEL
/* Ends the current op early, if there is one. */
proctype canceler() {
  bool held, over, ended, pumps, revoke, close, closes;
  byte bits;
#ifndef CLOSE
end:
again:
  (live && !op_cancel);
#endif
  atomic {
    !lock ->
    if
    :: live && reader && !AT_ONCE -> op_cancel = true
    :: live && (AT_ONCE || (!reader && listed)) -> op_end()
    :: else
    fi
  }
  conn_pump();
#ifndef CLOSE
  goto again
#endif
}
#endif

#ifdef CLOSE
/* Aborts the connection: stream_end, conn_hold, conn_abort. */
proctype closer() {
  bool held, over, ended, pumps, revoke, close, closes;
  byte bits;
  atomic {
    !lock ->
    aborting = true;
    if
    :: live && reader && !AT_ONCE -> listed = false
    :: live && (AT_ONCE || (!reader && listed)) -> op_end()
    :: else
    fi
  }
  conn_pump()
}

#endif

#ifdef THREAD
/* The plugin's own thread. */
proctype completer() {
end:
  do
  :: atomic { has -> has = false; canceled = false }
    endpoint_complete()
  od
}

#endif

#ifdef READY
/* Readiness, as the poller tells it: endpoint_ready. */
proctype poller() {
  bool held, over, ended;
  byte bits;
  if
  :: endpoint != GONE ->
    direction_enter(DO_READY);
    if
    :: !held -> direction_run(false)
    :: else
    fi
  :: else
  fi
}
#endif

proctype driver() {
  bool held, over, ended, pumps, revoke, close, closes;
  byte bits;
end:
  do
  :: atomic { transfer_task -> transfer_task = false } /* transfer_run */
    cancel = false;
    transfer = IDLE;
    atomic { !lock -> read_result() }
    conn_pump();
    if
    :: endpoint == CLOSING -> close_task = true
    :: else
    fi
  :: atomic { close_task -> close_task = false } /* close_run */
    if
    :: endpoint == CLOSING && transfer == IDLE ->
      atomic { direction == 0 -> direction = HELD } /* direction_seize */
      endpoint = GONE;
      atomic { assert(!has && !calls && !destroyed); destroyed = true }
      atomic {
        !lock ->
        gone = true;
        if
        :: live && !reader && listed -> op_end()
        :: else
        fi
      }
    :: else
    fi
  od
}

init {
  atomic {
    run driver();
    run user();
#ifdef CANCEL
    run canceler();
#endif
#ifdef CLOSE
    run closer();
#endif
#ifdef THREAD
    run completer();
#endif
#ifdef READY
    run poller()
#endif
  }
  timeout ->
  assert(!live && !reading && !listed && transfer == IDLE && !lock);
#ifdef CLOSE
  assert(gone && destroyed)
#endif
}
