/* SPDX-License-Identifier: Apache-2.0
 *
 * The stage's beginning and end, and its events.
 */
#include "tests/matrix/stage.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/matrix/play.h"

/* ---- faults ---- */

static char text[400];

bool fault(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  if (!text[0]) (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return false;
}

const char *fault_text(void) {
  return text;
}

void fault_forget(void) {
  text[0] = 0;
}

/* ---- hows ---- */

struct hws_how how_block(void) {
  return (struct hws_how){.size = sizeof(struct hws_how), .flags = HWS_BLOCK | HWS_RELATIVE, .deadline_ns = LIMIT_NS};
}

struct hws_how how_queue(struct stage *stage) {
  return (struct hws_how){.size = sizeof(struct hws_how), .queue = stage->queue, .tag = stage->next_tag++};
}

/* ---- events ---- */

void harvest(struct stage *stage, int64_t timeout_ns) {
  unsigned room = STAGE_EVENTS - stage->event_count;
  hws_result got = hws_queue_wait(stage->queue, stage->events + stage->event_count, room, timeout_ns);
  if (got > 0) stage->event_count += (unsigned)got;
  if (stage->over && (got == HWS_E_CLOSED || got == HWS_E_HANDLE))
    stage->gone = true;
  else if (got < 0 && got != HWS_E_INTERRUPTED)
    fault("the queue: %s", hws_status_name(got));
}

unsigned events_of(const struct stage *stage, uint64_t tag) {
  unsigned count = 0;
  for (unsigned i = 0; i < stage->event_count; i++) count += stage->events[i].tag == tag;
  return count;
}

static const struct hws_event *event_of(const struct stage *stage, uint64_t tag) {
  for (unsigned i = 0; i < stage->event_count; i++)
    if (stage->events[i].tag == tag) return &stage->events[i];
  return NULL;
}

bool await(struct stage *stage, uint64_t tag, struct hws_event *event) {
  uint64_t until = hws_now() + LIMIT_NS;
  const struct hws_event *found;
  while (!(found = event_of(stage, tag))) {
    if (fault_text()[0] || stage->gone) return false;
    if (hws_now() > until) return fault("no event came");
    harvest(stage, (int64_t)SECOND / 10);
  }
  *event = *found;
  return true;
}

/* ---- beginning ---- */

/* Nothing moves in a runtime without an I/O thread while nobody waits: so somebody does. */
static void drive(void *argument) {
  const hws_handle *queue = argument;
  struct hws_event event;
  hws_result result;
  do result = hws_queue_wait(*queue, &event, 1, -1);
  while (result >= 0 || result == HWS_E_INTERRUPTED);
}

static bool open_runtime(struct stage *stage, unsigned side) {
  struct hws_runtime_config config = {
      .size = sizeof config, .flags = stage->driven ? HWS_RUNTIME_CALLER_DRIVEN : 0, .plugin_dir = MATRIX_PLUGIN_DIR};
  if (hws_runtime_open(&config, &stage->runtimes[side]) != HWS_OK) return fault("no runtime");
  if (hws_plugin_load(stage->runtimes[side], MATRIX_FILTER) != HWS_OK) return fault("no filter at " MATRIX_FILTER);
  if (!stage->driven) return true;
  if (hws_queue_open(stage->runtimes[side], &stage->driver_queues[side]) != HWS_OK) return fault("no queue");
  stage->drivers[side] = worker_start(drive, &stage->driver_queues[side]);
  return true;
}

bool stage_open(struct stage *stage, const struct cell *cell, const struct transport *transport, bool driven) {
  static unsigned number;
  *stage = (struct stage){.cell = cell, .transport = transport, .driven = driven, .number = number++, .next_tag = 1};
  if (!open_runtime(stage, US) || !open_runtime(stage, PEER)) return false;
  if (hws_queue_open(stage->runtimes[US], &stage->queue) != HWS_OK) return fault("no queue");
  return listen_at(stage, PEER) && play_set_bystander(stage);
}

/* ---- the end ---- */

static bool join(struct stage *stage, unsigned side) {
  hws_result result = side == US && stage->over ? HWS_OK : hws_runtime_join(stage->runtimes[side], (int64_t)LIMIT_NS);
  if (result != HWS_OK) return fault("the join of side %u: %s", side, hws_status_name(result));
  if (stage->drivers[side]) worker_join(stage->drivers[side]);
  return true;
}

bool stage_close(struct stage *stage) {
  for (unsigned side = US; side <= PEER; side++) {
    drop(stage->bystander.of[side]);
    drop(stage->sessions.of[side]);
    drop(stage->outer.of[side]);
    drop(stage->listeners[side]);
  }
  bool ours = join(stage, US);
  return join(stage, PEER) && ours;
}
