/* SPDX-License-Identifier: Apache-2.0
 *
 * The ways to end an op.
 */
#include <stdatomic.h>
#include <stdio.h>

#include "tests/matrix/play.h"
#include "tests/matrix/plugin/order.h"

#define SOON (20 * MILLISECOND)
#define LIFE_NS (20 * SECOND) /* where time stands still while the scene is set */
#define FAR_NS (3600 * SECOND)

static const char reason[] = "ended by the matrix";

/* ---- before the call ---- */

static bool scope_open(struct play *play, hws_handle parent, uint64_t deadline, hws_handle *scope) {
  hws_result result = hws_scope_open(play->stage.runtimes[US], parent, deadline, scope);
  return result == HWS_OK || fault("scope: %s", hws_status_name(result));
}

static bool scope_cancel(hws_handle scope, uint64_t code) {
  hws_result result = hws_scope_cancel(scope, code, reason);
  return result == HWS_OK || fault("scope_cancel: %s", hws_status_name(result));
}

static bool makes(const struct play *play) {
  return play->cell->at.op <= OP_OPEN;
}

bool way_set_life(struct play *play) {
  enum matrix_way way = play->cell->at.way;
  if (way != BY_LIFE && (way != BY_LIFE_DEADLINE || makes(play))) return true;
  return scope_open(play, 0, way == BY_LIFE ? 0 : hws_now() + LIFE_NS, &play->life);
}

bool way_prepare(struct play *play, struct hws_how *how) {
  switch (play->cell->at.way) {
  case BY_SCOPE_BEFORE:
    if (!scope_open(play, 0, 0, &how->scope) || !scope_cancel(how->scope, MATRIX_CODE)) return false;
    break;
  case BY_SCOPE:
    if (!scope_open(play, 0, 0, &how->scope)) return false;
    break;
  case BY_SCOPE_DEADLINE:
    if (!scope_open(play, 0, hws_now() + SOON, &how->scope)) return false;
    break;
  case BY_PARENT:
    if (!scope_open(play, 0, 0, &play->scopes[1]) || !scope_open(play, play->scopes[1], 0, &how->scope)) return false;
    break;
  case BY_DEADLINE_PAST:
    how->deadline_ns = 1;
    break;
  case BY_DEADLINE_NEAR:
    how->deadline_ns = hws_now() + SOON;
    break;
  case BY_DEADLINE_FAR:
    how->deadline_ns = hws_now() + FAR_NS;
    break;
  case BY_LIFE_DEADLINE: /* what the op is to make begins with it */
    if (makes(play) && !scope_open(play, 0, hws_now() + SOON, &play->life)) return false;
    break;
  default:
    break;
  }
  play->scopes[0] = how->scope;
  return true;
}

/* May it end by itself, without more being done? */
static bool ends_by_itself(enum matrix_way way) {
  return way == BY_SCOPE_BEFORE || way == BY_DEADLINE_PAST || way == BY_CANCEL_SUBMIT || way == BY_SIGNAL ||
         way == BY_DEADLINE_NEAR || way == BY_SCOPE_DEADLINE || way == BY_LIFE_DEADLINE;
}

/* ---- the call ---- */

static bool cancel(hws_handle op) {
  hws_result result = hws_cancel(op);
  return result == HWS_OK || fault("cancel: %s", hws_status_name(result));
}

/* Nobody harvests meanwhile, so the handle cannot be stale. */
static void cancel_once_there(void *argument) {
  struct play *play = argument;
  hws_handle op;
  while (!(op = __atomic_load_n(&play->op, __ATOMIC_ACQUIRE))) {
    if (__atomic_load_n(&play->called, __ATOMIC_ACQUIRE) && !play->op) return;
    worker_yield();
  }
  (void)cancel(op);
}

static void submit_blocking(void *argument) {
  struct play *play = argument;
  struct hws_how how = play->how;
  how.flags |= HWS_BLOCK | HWS_INTERRUPTIBLE;
  play->answer = scenes[play->cell->at.op].submit(play, &how, &play->out, &play->op);
  __atomic_store_n(&play->called, true, __ATOMIC_RELEASE);
}

bool way_submit(struct play *play) {
  enum matrix_way way = play->cell->at.way;
  if (way == BY_SIGNAL) {
    play->caller = worker_start(submit_blocking, play);
    return true;
  }
  if (way == BY_CANCEL_SUBMIT) play->caller = worker_start(cancel_once_there, play);
  hws_result result = scenes[play->cell->at.op].submit(play, &play->how, NULL, &play->op);
  __atomic_store_n(&play->called, true, __ATOMIC_RELEASE);
  if (way == BY_CANCEL_SUBMIT) worker_join(play->caller);
  if (result != 0) return fault("the call: %s", result < 0 ? hws_status_name(result) : "done at once");
  harvest(&play->stage, (int64_t)MILLISECOND);
  if (!ends_by_itself(way) && events_of(&play->stage, play->how.tag)) return fault("it does not pend");
  return true;
}

/* ---- after it ---- */

static bool interrupt(struct play *play) {
  uint64_t until = hws_now() + LIMIT_NS;
  while (!__atomic_load_n(&play->called, __ATOMIC_ACQUIRE)) {
    if (hws_now() > until) return fault("no signal ends it");
    worker_interrupt(play->caller);
    worker_pause();
  }
  worker_join(play->caller);
  if (play->answer != 1) return fault("the call: %s", hws_status_name(play->answer));
  play->out.tag = play->how.tag;
  play->stage.events[play->stage.event_count++] = play->out;
  return true;
}

static bool close_now(hws_handle object) {
  hws_result result = hws_close(object, NULL, NULL, NULL);
  return result == 0 || fault("close: %s", hws_status_name(result));
}

static bool reset_now(hws_handle object) {
  hws_result result = hws_reset(object, MATRIX_CODE, reason);
  return result == HWS_OK || fault("reset: %s", hws_status_name(result));
}

static bool close_peers_session(struct play *play) {
  struct ends *sessions = &play->stage.sessions;
  return close_now(sessions->of[PEER] ? sessions->of[PEER] : play->carrier.of[PEER]);
}

static void join_us(void *argument) {
  struct play *play = argument;
  int64_t timeout = 0;
  hws_result result;
  do {
    result = hws_runtime_join(play->stage.runtimes[US], timeout);
    timeout = (int64_t)SECOND;
  } while (result == HWS_E_DEADLINE);
  if (result != HWS_OK) fault("the join: %s", hws_status_name(result));
}

static bool join_now(struct play *play) {
  play->stage.over = true;
  play->caller = worker_start(join_us, play);
  return true;
}

bool way_bring_about(struct play *play) {
  switch (play->cell->at.way) {
  case BY_CANCEL:
    return cancel(play->op);
  case BY_SCOPE:
    return scope_cancel(play->scopes[0], MATRIX_CODE);
  case BY_PARENT:
    return scope_cancel(play->scopes[1], MATRIX_CODE);
  case BY_SIGNAL:
    return interrupt(play);
  case BY_LIFE:
    return scope_cancel(play->life, MATRIX_CODE);
  case BY_RESET:
    return reset_now(play->target);
  case BY_CLOSE:
    return close_now(play->target);
  case BY_PEER_RESET:
    return reset_now(play->link.of[PEER]);
  case BY_PEER_END:
    return shut_down(play->link.of[PEER]);
  case BY_SESSION_CLOSE:
    return close_now(play->stage.sessions.of[US]);
  case BY_SESSION_RESET:
    return reset_now(play->stage.sessions.of[US]);
  case BY_PEER_SESSION:
    return close_peers_session(play);
  case BY_FAILURE:
    play_failure()->fail(play_failure());
    return true;
  case BY_JOIN:
    return join_now(play);
  default:
    return true; /* it comes by itself */
  }
}
