/* SPDX-License-Identifier: Apache-2.0
 *
 * One direction of a pump. It has one op out at most: it leases what has arrived, sends those very bytes, and gives the
 * lease back, which is what opens the window again. So a receiver that is slow holds its sender back, and nothing is
 * copied or gathered here.
 *
 * What ends a lane and what ends the pump differ. An end of stream is passed on as a half-close and ends the lane. A
 * failed send ends the lane only: what the far side said before it stopped listening is still delivered. A failed
 * receive ends the pump: both streams are reset, with the code that came.
 */
#include "tools/hawser/lane.h"

/* How much a lane moves at a stretch before the others have their turn. */
enum { LANE_TURN = 512 * 1024 };

static hws_result lane_submit(struct lane *lane, struct hws_event *out) {
  struct hws_how how = pump_how(lane->pump, &lane->task);
  switch (lane->state) {
  case LANE_RECEIVING:
    return hws_acquire(lane->from->stream, &how, out, NULL);
  case LANE_SENDING:
    how.flags |= lane->message ? HWS_EOM : 0;
    return hws_send(lane->to->stream, &lane->bytes, 1, &how, out, NULL);
  default:
    return hws_shutdown(lane->to->stream, &how, out, NULL);
  }
}

static void lane_received(struct lane *lane, const struct hws_event *event) {
  if (event->status == HWS_E_EOF) {
    lane->state = LANE_SHUTTING;
  } else if (event->status < 0) {
    lane->state = LANE_ENDED;
    pump_fail(lane->pump, lane->from, event);
  } else {
    lane->lease = event->code;
    lane->bytes = (struct hws_vec){.ptr = (void *)(uintptr_t)event->data, .len = event->bytes};
    /* An echo goes where messages are kept, as they came from there; another stream may be one of bytes. */
    lane->message = (event->flags & HWS_EVENT_EOM) && lane->to == lane->from;
    lane->state = LANE_SENDING;
  }
}

static void lane_sent(struct lane *lane, const struct hws_event *event) {
  if (lane->lease) hws_release(lane->lease, lane->bytes.len); /* an empty message has none */
  lane->lease = 0;
  lane->pump->pumps->bytes += event->bytes;
  lane->state = event->status < 0 ? LANE_ENDED : LANE_RECEIVING;
  if (event->status < 0 && pump_is_done(lane->pump)) pump_fail(lane->pump, lane->to, event);
}

/* Take in what the lane's op came to. */
static void lane_advance(struct lane *lane, const struct hws_event *event) {
  switch (lane->state) {
  case LANE_RECEIVING:
    lane_received(lane, event);
    break;
  case LANE_SENDING:
    lane_sent(lane, event);
    break;
  default:
    lane->state = LANE_ENDED;
    break;
  }
  if (!lane->pump->closing) return;
  if (lane->lease) hws_release(lane->lease, lane->bytes.len);
  lane->lease = 0;
  lane->state = LANE_ENDED;
}

/* Go on until an op pends or the lane has ended. After its turn, even an op that could end at once goes through the
 * queue, behind the events of other streams. */
void lane_run(struct lane *lane) {
  for (uint64_t moved = 0; lane->state != LANE_ENDED;) {
    struct hws_event event;
    hws_result result = pump_submitted(lane->pump, lane_submit(lane, moved < LANE_TURN ? &event : NULL));
    if (result == 0) return;
    if (result < 0) event = (struct hws_event){.status = result};
    if (lane->state == LANE_SENDING) moved += event.bytes + 1; /* an empty message is work too */
    lane_advance(lane, &event);
  }
}

static void lane_done(struct task *task, const struct hws_event *event) {
  struct lane *lane = OWNER_OF(task, struct lane, task);
  lane_advance(lane, event);
  lane_run(lane);
  lane->pump->pending--;
  pump_settle(lane->pump);
}

void lane_open(struct lane *lane, struct pump *pump, struct side *from, struct side *to) {
  *lane = (struct lane){.task = {lane_done}, .pump = pump, .from = from, .to = to};
}
