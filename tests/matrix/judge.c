/* SPDX-License-Identifier: Apache-2.0
 *
 * What came of a cell, against what it says.
 */
#include "tests/matrix/play.h"

static bool has(const struct play *play, enum matrix_trait trait) {
  return play->stage.transport->traits >> trait & 1;
}

static bool is_send(uint16_t kind) {
  return kind == HWS_KIND_SEND || kind == HWS_KIND_SENDFILE;
}

static bool is_recv(uint16_t kind) {
  return kind == HWS_KIND_RECV || kind == HWS_KIND_ACQUIRE;
}

/* A peer that resets where there is no reset is gone: so what is read ends, and what is written finds nobody. */
static bool status_fits(const struct play *play, const struct hws_event *event) {
  const struct cell *cell = play->cell;
  if (event->status == cell->status) return true;
  if (!cell->maybe || has(play, HAS_RESETS)) return false;
  return event->status == (is_recv(event->kind) ? HWS_E_EOF : HWS_E_CLOSED);
}

static bool judge_counts(const struct play *play, const struct hws_event *event) {
  const struct cell *cell = play->cell;
  bool well = event->status == HWS_OK;
  if (cell->data == DATA_NONE && event->data) return fault("data %llu", (unsigned long long)event->data);
  bool lost = event->data || !has(play, HAS_STAYS_FULL);
  if (cell->data == DATA_LOST && !lost) return fault("nothing was lost, it says");
  uint64_t most = is_send(event->kind) ? OP_BYTES : is_recv(event->kind) && well ? 1 : 0;
  uint64_t least = well ? most : 0;
  if (event->bytes < least || event->bytes > most) return fault("bytes %llu", (unsigned long long)event->bytes);
  return true;
}

bool judge_event(struct play *play, const struct hws_event *event) {
  const struct cell *cell = play->cell;
  if (cell->or_ok && event->status == HWS_OK) {
    if (event->flags || event->code || event->data) return fault("HWS_OK with flags, code or data");
    return true;
  }
  hws_handle object = cell->at.op <= OP_OPEN ? play->made : play->target;
  if (event->kind != op_kinds[cell->at.op]) return fault("kind %u", event->kind);
  if (!status_fits(play, event))
    return fault("status %s, not %s", hws_status_name(event->status), hws_status_name(cell->status));
  if (event->flags != cell->flags)
    return fault("%s: flags %u, not %u", hws_status_name(event->status), event->flags, cell->flags);
  uint64_t code = event->kind == HWS_KIND_ACQUIRE && event->status == HWS_OK ? 0 : event->code;
  if (code != cell->code) return fault("code %llu, not %llu", (unsigned long long)code, (unsigned long long)cell->code);
  if (event->object != (cell->made ? object : 0)) return fault("another object than %s", cell->made ? "it" : "none");
  if (!cell->made && play->made) return fault("a handle was left of what was not made");
  if (cell->at.way != BY_SIGNAL && event->op != play->op) return fault("another op");
  hws_result again = hws_cancel(play->op);
  if (again != HWS_E_HANDLE) return fault("a cancel behind the event: %s", hws_status_name(again));
  return judge_counts(play, event);
}

/* ---- what the op meets then ---- */

static bool submit_again(struct play *play, struct hws_how *how, hws_result *result) {
  *how = how_queue(&play->stage);
  if (play->cell->at.op <= OP_OPEN) drop(play->made);
  play->made = 0;
  *result = scenes[play->cell->at.op].submit(play, how, NULL, NULL);
  return true;
}

static bool goes_well_again(struct play *play) {
  struct hws_how how;
  struct hws_event event;
  hws_result result;
  if (!submit_again(play, &how, &result)) return false;
  if (result != 0) return fault("again: refused, %s", hws_status_name(result));
  if (!scenes[play->cell->at.op].let(play) || !await(&play->stage, how.tag, &event)) return false;
  if (event.status != HWS_OK) return fault("again: %s", hws_status_name(event.status));
  if (event.kind == HWS_KIND_ACQUIRE && hws_release(event.code, event.bytes) != HWS_OK) return fault("the lease");
  return true;
}

static bool ends_again(struct play *play, const struct hws_event *first) {
  struct hws_how how;
  struct hws_event event;
  hws_result result;
  if (!submit_again(play, &how, &result)) return false;
  if (result != 0) return fault("later: refused, %s", hws_status_name(result));
  if (!await(&play->stage, how.tag, &event)) return false;
  if (event.status != first->status || event.flags != first->flags || event.code != first->code)
    return fault("later: %s, flags %u, code %llu", hws_status_name(event.status), event.flags,
                 (unsigned long long)event.code);
  return true;
}

bool judge_after(struct play *play, const struct hws_event *event) {
  struct hws_how how;
  hws_result result;
  switch (play->cell->after) {
  case AFTER_AGAIN:
    if (is_send(event->kind)) play->taken = event->bytes;
    return goes_well_again(play);
  case AFTER_SAME:
    return ends_again(play, event);
  case AFTER_STALE:
    return submit_again(play, &how, &result) &&
           (result == HWS_E_HANDLE || fault("later: %s, and the handle is stale", hws_status_name(result)));
  default:
    return true;
  }
}

/* ---- what the peer sees ---- */

static bool expect_word(struct play *play, int32_t status, uint16_t flags, uint64_t code) {
  struct hws_event event;
  if (!last_word(play->link.of[PEER], &event)) return false;
  if (event.status == status && event.flags == flags && event.code == code) return true;
  return fault("the peer sees %s, flags %u, code %llu", hws_status_name(event.status), event.flags,
               (unsigned long long)event.code);
}

/* Of a connection: no codes, and a reset only where there is one. */
static bool expect_end(struct play *play) {
  struct hws_event event;
  if (!last_word(play->link.of[PEER], &event)) return false;
  if (event.flags == HWS_EVENT_REMOTE && (event.status == HWS_E_RESET || event.status == HWS_E_EOF)) return true;
  return fault("the peer sees %s, flags %u", hws_status_name(event.status), event.flags);
}

static bool expect_reset(struct play *play, uint64_t code) {
  if (is_mux(play->cell)) return expect_word(play, HWS_E_RESET, HWS_EVENT_REMOTE, code);
  return has(play, HAS_OWN_RESETS) ? expect_word(play, HWS_E_RESET, HWS_EVENT_REMOTE, 0) : expect_end(play);
}

/* Its carrier was reset, or the carrier's own session ended: whichever came first. */
static bool expect_gone(struct play *play) {
  struct hws_event event;
  if (!last_word(play->link.of[PEER], &event)) return false;
  bool fits = event.status == HWS_E_CANCELED && event.flags == HWS_EVENT_REMOTE && event.code <= HWS_CODE_CANCELED;
  return fits || fault("the peer sees %s, flags %u", hws_status_name(event.status), event.flags);
}

bool judge_peer(struct play *play) {
  switch (play->cell->peer) {
  case PEER_ON:
    return echo(&play->link);
  case PEER_EOF:
    return expect_word(play, HWS_E_EOF, HWS_EVENT_REMOTE, 0);
  case PEER_RESET:
    return expect_reset(play, MATRIX_CODE);
  case PEER_RESET_CANCELED:
    return expect_reset(play, HWS_CODE_CANCELED);
  case PEER_RESET_DEADLINE:
    return expect_reset(play, HWS_CODE_DEADLINE);
  case PEER_END:
    return expect_end(play);
  case PEER_GONE:
    return expect_word(play, HWS_E_CANCELED, HWS_EVENT_REMOTE, 0);
  case PEER_GONE_CANCELED:
    return expect_word(play, HWS_E_CANCELED, HWS_EVENT_REMOTE, HWS_CODE_CANCELED);
  case PEER_GONE_EITHER:
    return expect_gone(play);
  case PEER_CLOSED:
    return expect_word(play, HWS_E_CLOSED, 0, 0);
  default:
    return true;
  }
}
