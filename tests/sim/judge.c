/* SPDX-License-Identifier: Apache-2.0
 *
 * Which statuses and flags may come of an op, given what happened (docs/ends.md).
 */
#include "tests/sim/judge.h"

#include "tests/sim/stage.h"

#define SHORTEST_LIMIT_NS UINT64_C(5000000000) /* of those that a close has */

enum { FLAGS = HWS_EVENT_EOM | HWS_EVENT_REMOTE | HWS_EVENT_OP };

static bool sends(const struct record *record) {
  return record->kind == HWS_KIND_SEND || record->kind == HWS_KIND_SENDFILE || record->kind == HWS_KIND_SHUTDOWN;
}

static bool receives(const struct record *record) {
  return record->kind == HWS_KIND_RECV || record->kind == HWS_KIND_ACQUIRE;
}

/* An op that makes an object, which its life scope can end. */
static bool makes(const struct record *record) {
  return record->kind == HWS_KIND_LISTEN || record->kind == HWS_KIND_DIAL || record->kind == HWS_KIND_ACCEPT ||
         record->kind == HWS_KIND_OPEN;
}

bool turmoil(void) {
  return happened.lopsided || happened.sessions_ended[0] || happened.sessions_ended[1] || happened.listener_closed ||
         happened.joined[0] || happened.joined[1];
}

static bool peer_left(const struct end *end) {
  const struct end *peer = end ? end->peer : NULL;
  if (end && !peer) return true; /* nobody knows who that is */
  return peer && (peer->closed || peer->aborted || peer->reset || peer->stopped || peer->nested);
}

bool end_was_left(const struct end *end) {
  return end->closed || end->aborted || end->reset || end->stopped || end->nested;
}

static bool left_here(const struct end *end) {
  return end && end_was_left(end);
}

static bool life_was_cancelled(const struct record *record) {
  return (makes(record) || (record->end && !record->end->peer)) && scope_was_cancelled(record->side, 0);
}

bool scope_was_cancelled(unsigned side, unsigned scope) {
  if (scope) return happened.scope_cancelled[side][scope];
  for (unsigned i = 1; i <= STORY_SCOPES; i++)
    if (happened.scope_cancelled[side][i]) return true;
  return false;
}

/* ---- the op's own end ---- */

static bool was_cancelled(const struct record *record) {
  return record->cancelled || record->signalled || (record->scope && scope_was_cancelled(record->side, record->scope));
}

static bool was_late(const struct record *record) {
  return record->deadline && stage_now() >= record->deadline;
}

/* ---- its object's ---- */

/* Something other than the op itself can have ended it with HWS_E_CANCELED or HWS_E_DEADLINE. */
static bool object_was_given_up(const struct record *record) {
  return left_here(record->end) || left_here(record->makes) || peer_left(record->end) || turmoil() ||
         life_was_cancelled(record) ||
         (record->kind == HWS_KIND_WATCH && !record->end && scope_was_cancelled(record->side, 0));
}

static bool peer_did_something(const struct record *record) {
  const struct end *end = record->end;
  if (!end || peer_left(end) || end->peer->shut || turmoil()) return true;
  return false;
}

static bool is_excused(const struct record *record, int32_t status) {
  const struct end *end = record->end;
  return stage_excuses(end && end->peer ? (int)end->pair : -1, status);
}

bool judge_status(const struct record *record, int32_t status) {
  const struct end *end = record->end;
  if (is_excused(record, status)) return true;
  switch (status) {
  case HWS_OK:
    return true;
  case HWS_E_TIMEOUT: /* a close that was cut short says what was lost; a session ends so where both sides close and
                         neither reads */
    if (record->kind == HWS_KIND_WATCH || makes(record)) return !end && turmoil();
    if (end && !end->peer) return true; /* its peer may be silent for longer than a limit */
    return record->kind == HWS_KIND_CLOSE &&
           (record->event.data || stage_now() >= record->begun + SHORTEST_LIMIT_NS || happened.limits);
  case HWS_E_CANCELED:
    return was_cancelled(record) || object_was_given_up(record);
  case HWS_E_DEADLINE:
    return was_late(record) || turmoil() || (record->kind == HWS_KIND_WATCH && end && end->aborted) ||
           (end && !end->peer) || left_here(record->makes) || life_was_cancelled(record);
  case HWS_E_EOF:
    return receives(record) && (peer_left(end) || !end || end->peer->shut || turmoil());
  case HWS_E_CLOSED:
    return left_here(end) || left_here(record->makes) || (sends(record) && end && end->shut) || peer_left(end) ||
           turmoil();
  case HWS_E_RESET:
    return !end || peer_left(end) || left_here(end) || turmoil();
  case HWS_E_AGAIN:
    return record->tries;
  case HWS_E_IN_USE:
    return record->kind == HWS_KIND_LISTEN;
  case HWS_E_REFUSED:
    return record->kind == HWS_KIND_DIAL || record->kind == HWS_KIND_OPEN || (end && !end->peer) || turmoil();
  case HWS_E_LIMIT:
    return record->kind == HWS_KIND_ACQUIRE || record->kind == HWS_KIND_OPEN;
  case HWS_E_UNSUPPORTED:
    return record->kind == HWS_KIND_OPEN || record->kind == HWS_KIND_SHUTDOWN || record->eom || (end && !end->peer);
  case HWS_E_PROTOCOL:
    return happened.lopsided && (!end || !end->peer);
  default:
    return false;
  }
}

/* OP-9: whose doing an end was. */
void judge_flags(const struct record *record) {
  const struct hws_event *event = &record->event;
  unsigned index = record_index(record);
  bool own = event->flags & HWS_EVENT_OP;
  bool remote = event->flags & HWS_EVENT_REMOTE;
  bool given_up = event->status == HWS_E_CANCELED || event->status == HWS_E_DEADLINE;
  const char *wrong = NULL;
  if (event->flags & ~(unsigned)FLAGS)
    wrong = "it has flags that there are none";
  else if ((event->flags & HWS_EVENT_EOM) && !receives(record))
    wrong = "the end of a message, where nothing was received";
  else if (own && (remote || !given_up))
    wrong = "it was given up, and something else";
  else if (own &&
           !(event->status == HWS_E_CANCELED ? was_cancelled(record) : was_late(record) || was_cancelled(record)))
    wrong = "it was given up, and nobody did that";
  else if (given_up && !own && !object_was_given_up(record) && !is_excused(record, event->status))
    wrong = "it was given up, and does not say so";
  else if (remote && event->status == HWS_OK)
    wrong = "the peer's doing, and all went well";
  else if (remote && !peer_did_something(record) && !is_excused(record, event->status))
    wrong = "the peer's doing, and it did nothing";
  else if (!remote && event->status == HWS_E_EOF)
    wrong = "the peer's end, and not its doing";
  if (wrong)
    fault("op %u (kind %u): status %d (%s), flags %x: %s", index, record->kind, event->status,
          hws_status_name(event->status), event->flags, wrong);
}

/* ---- in time ---- */

bool judge_is_overdue(const struct record *record, uint64_t now) {
  if (record->state != RECORD_ASKED || !record->returned) return false;
  return (record->asked_end && record->asked_end <= now) || (record->deadline && record->deadline <= now);
}
