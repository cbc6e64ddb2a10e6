/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of a runtime, and those who harvest. A join that ends well gives every event to them (OP-11): before it
 * closes the queues it waits for as long as one holds events and somebody takes of them.
 */
#include "core/park.h"
#include "core/queue.h"
#include "core/runtime.h"

enum { STEP_NS = 1000000 };

/* Who takes, or stood there when the end began, has this long from event to event, as its thread may have to wait for a
 * processor; who took before the end but has not come back since, only a moment: a program that harvests no more is not
 * to be held up. */
#define ATTENDED_NS UINT64_C(1000000000)
#define ABSENT_NS UINT64_C(10000000)

static void look_at(struct object *object) {
  if (object->class->type != OBJECT_QUEUE) return;
  struct harvest *harvest = &object->runtime->harvest;
  struct queue_look look;
  queue_look((struct queue *)object, &look);
  if (!look.held || !(look.attended || look.taken)) return;
  harvest->held = true;
  harvest->attended |= look.attended;
  harvest->taken += look.taken;
}

static void look_who(struct object *object) {
  if (object->class->type == OBJECT_QUEUE) object->runtime->harvest.attended |= queue_attended((struct queue *)object);
}

void join_attended(struct runtime *runtime) {
  handle_each(runtime, look_who);
}

/* False: there is nobody, or nothing, to wait for. */
static bool goes_on(struct runtime *runtime, uint64_t now) {
  struct harvest *harvest = &runtime->harvest;
  uint64_t before = harvest->taken;
  harvest->held = false;
  harvest->taken = 0;
  handle_each(runtime, look_at);
  if (!harvest->moved_at) {
    harvest->moved_at = now;
  } else if (harvest->taken != before) {
    harvest->moved_at = now;
    harvest->attended = true;
  }
  return harvest->held && now - harvest->moved_at < (harvest->attended ? ATTENDED_NS : ABSENT_NS);
}

int join_harvest(struct runtime *runtime, uint64_t until) {
  for (uint64_t now; goes_on(runtime, now = clock_now());) {
    if (now >= until) return HWS_E_DEADLINE; /* it is not known yet whether anybody comes back */
    struct waiter waiter;
    waiter_init(&waiter, &runtime->loop);
    waiter_wait(&waiter, until - now > STEP_NS ? now + STEP_NS : until);
  }
  return HWS_OK;
}
