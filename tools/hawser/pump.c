/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of a pump: two streams joined by two lanes, one a direction; an echo has one stream and one lane. A pump
 * counts its ops and is freed with the event of the last of them.
 */
#include "tools/hawser/lane.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/hawser/log.h"

struct hws_how pump_how(const struct pump *pump, struct task *task) {
  return loop_how(pump->pumps->loop, task);
}

hws_result pump_submitted(struct pump *pump, hws_result result) {
  if (loop_submitted(pump->pumps->loop, result) == 0) pump->pending++;
  return result;
}

static void pump_free(struct pump *pump) {
  struct pumps *pumps = pump->pumps;
  struct share *share = pump->share;
  if (pump->previous) {
    pump->previous->next = pump->next;
  } else {
    pumps->first = pump->next;
  }
  if (pump->next) pump->next->previous = pump->previous;
  free(pump);
  pumps->active--;
  if (share) share->active--;
  pumps->ended(pumps, share);
}

static void pump_close(struct pump *pump, uint32_t flags) {
  pump->closing = true;
  for (struct side *side = pump->sides; side < pump->sides + 2; side++) {
    if (side->stream == 0) continue;
    struct hws_how how = pump_how(pump, &side->task);
    how.flags = flags;
    pump_submitted(pump, hws_close(side->stream, &how, NULL, &side->close_op));
  }
}

bool pump_is_done(const struct pump *pump) {
  for (unsigned i = 0; i < pump->lane_count; i++) {
    if (pump->lanes[i].state != LANE_ENDED) return false;
  }
  return pump->lane_count > 0;
}

void pump_settle(struct pump *pump) {
  if (!pump->closing && pump_is_done(pump)) pump_close(pump, 0);
  if (pump->closing && pump->pending == 0) pump_free(pump);
}

static void pump_reset(struct pump *pump, uint64_t code, const char *reason) {
  if (pump->closing) return;
  for (struct side *side = pump->sides; side < pump->sides + 2; side++) {
    if (side->stream) hws_reset(side->stream, code, reason);
  }
  pump_close(pump, HWS_ABORT);
}

/* The code that tells the other side's peer why: the one that came, else the one that says the same. */
static uint64_t code_of(const struct hws_event *event) {
  if (event->code) return event->code;
  switch (event->status) {
  case HWS_E_RESET:
    return HWS_CODE_NONE;
  case HWS_E_CANCELED:
    return HWS_CODE_CANCELED;
  case HWS_E_DEADLINE:
  case HWS_E_TIMEOUT:
    return HWS_CODE_DEADLINE;
  case HWS_E_CLOSED:
    return HWS_CODE_SHUTTING_DOWN;
  case HWS_E_PROTOCOL:
    return HWS_CODE_PROTOCOL;
  default:
    return HWS_CODE_INTERNAL;
  }
}

void pump_fail(struct pump *pump, const struct side *side, const struct hws_event *event) {
  if (pump->closing) return;
  struct hws_detail detail;
  explain(side->stream, event->status, &detail);
  pump->pumps->failed++;
  pump_reset(pump, code_of(event), detail.text);
}

/* The end of a watch or of a close. A reset discards what is on its way, so it is acted upon at once, also while the
 * lane waits for the other side; any other end is found by the lanes behind the data that came before it. */
static void side_done(struct task *task, const struct hws_event *event) {
  struct side *side = OWNER_OF(task, struct side, task);
  struct pump *pump = side->pump;
  if (event->kind == HWS_KIND_WATCH && event->status == HWS_E_RESET) pump_fail(pump, side, event);
  pump->pending--;
  pump_settle(pump);
}

static void side_open(struct pump *pump, struct side *side, hws_handle stream) {
  *side = (struct side){.task = {side_done}, .pump = pump, .stream = stream};
}

static void side_watch(struct side *side) {
  struct hws_how how = pump_how(side->pump, &side->task);
  pump_submitted(side->pump, hws_watch(side->stream, &how, NULL, NULL));
}

static void pump_join(struct pump *pump) {
  struct side *other = pump->sides[1].stream ? &pump->sides[1] : NULL;
  if (other) side_watch(other);
  lane_open(&pump->lanes[0], pump, &pump->sides[0], other ? other : &pump->sides[0]);
  if (other) lane_open(&pump->lanes[1], pump, other, &pump->sides[0]);
  pump->lane_count = other ? 2 : 1;
  for (unsigned i = 0; i < pump->lane_count; i++) lane_run(&pump->lanes[i]);
}

static void pump_refuse(struct pump *pump, int32_t status) {
  if (pump->closing) return;
  struct hws_detail detail;
  struct pumps *pumps = pump->pumps;
  explain(pump->sides[1].stream ? pump->sides[1].stream : pumps->loop->runtime, status, &detail);
  if (pumps->denial[0]) snprintf(detail.text, sizeof detail.text, "%s", pumps->denial);
  pumps->denial[0] = 0;
  log_provoked("%s: %s", pump->pumps->unreached, detail.text);
  pump->pumps->refused++;
  pump_reset(pump, HWS_CODE_REFUSED, detail.text);
}

static void connect_done(struct task *task, const struct hws_event *event) {
  struct pump *pump = OWNER_OF(task, struct pump, connect);
  if (event->status < 0) {
    pump_refuse(pump, event->status);
  } else if (!pump->closing) {
    pump_join(pump);
  }
  pump->pending--;
  pump_settle(pump);
}

static void pump_connect_second(struct pump *pump, pump_connect connect) {
  struct hws_how how = pump_how(pump, &pump->connect);
  hws_handle stream = 0;
  hws_result result = pump_submitted(pump, connect(pump->pumps, pump->sides[0].stream, &how, &stream));
  if (result < 0) {
    pump_refuse(pump, result);
    return;
  }
  side_open(pump, &pump->sides[1], stream);
}

void pump_start(struct pumps *pumps, struct share *share, hws_handle stream, pump_connect connect) {
  struct pump *pump = calloc(1, sizeof *pump);
  if (pump == NULL) {
    stream_refuse(stream, HWS_CODE_REFUSED, "out of memory");
    return;
  }
  pump->pumps = pumps;
  pump->share = share;
  if (share) share->active++;
  pump->next = pumps->first;
  if (pump->next) pump->next->previous = pump;
  pumps->first = pump;
  pumps->started++;
  if (++pumps->active > pumps->peak) pumps->peak = pumps->active;
  pump->connect.done = connect_done;
  pump->pending = 1;
  side_open(pump, &pump->sides[0], stream);
  side_watch(&pump->sides[0]);
  if (connect) {
    pump_connect_second(pump, connect);
  } else {
    pump_join(pump);
  }
  pump->pending--;
  pump_settle(pump);
}

bool pumps_full(const struct pumps *pumps) {
  return pumps->active >= pumps->limit;
}

void pumps_abort(struct pumps *pumps) {
  for (struct pump *pump = pumps->first, *next; pump; pump = next) {
    next = pump->next;
    if (pump->closing) {
      for (int i = 0; i < 2; i++) hws_cancel(pump->sides[i].close_op);
    } else {
      pump_reset(pump, HWS_CODE_SHUTTING_DOWN, "shutting down");
      pump_settle(pump);
    }
  }
}

void stream_refuse(hws_handle stream, uint64_t code, const char *reason) {
  hws_reset(stream, code, reason);
  hws_close(stream, &(struct hws_how){.size = sizeof(struct hws_how), .flags = HWS_ABORT}, NULL, NULL);
}

void pumps_report(const struct pumps *pumps) {
  log_line("streams=%" PRIu64 " active=%" PRIu64 " peak=%" PRIu64 " refused=%" PRIu64 " failed=%" PRIu64
           " bytes=%" PRIu64,
           pumps->started, pumps->active, pumps->peak, pumps->refused, pumps->failed, pumps->bytes);
}
