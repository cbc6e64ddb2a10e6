/* SPDX-License-Identifier: Apache-2.0
 *
 * What must hold when all acts are done and nothing has been closed yet.
 */
#include "tests/sim/calm.h"

#include <string.h>

#include "tests/sim/judge.h"
#include "tests/sim/world.h"

#define MILLISECOND UINT64_C(1000000)

static bool anything_joined(void) {
  return happened.joined[0] || happened.joined[1]; /* which drops events that nobody has taken */
}

/* CAN-2: a cancel or a deadline is not forgotten. */
static void see_early_ends(void) {
  uint64_t asked = stage_now();
  const struct record *record;
  while ((record = records_overdue(asked)) && !anything_joined() && stage_now() < asked + stage_patience_ns) {
    for (unsigned side = 0; side < 2; side++)
      for (unsigned queue = 0; queue < STORY_QUEUES; queue++) (void)world_harvest(side, queue, 16, MILLISECOND);
    world_settle();
  }
  if (record && !anything_joined())
    fault("op %u (kind %u): %s, and it did not end", record_index(record), record->kind,
          record->asked_end ? "it was cancelled" : "its deadline passed");
}

/* OP-10: what ends a listen ends no listener whose listen has ended well. */
static void see_listeners(void) {
  for (unsigned i = 0; i < world.extra_count; i++) {
    struct hws_detail detail = {.size = sizeof detail};
    if (!world.listens[i] || hws_detail(world.extras[i], &detail) != HWS_OK) continue;
    if (detail.status != HWS_OK && !anything_joined())
      fault("a listener that nobody closed has ended: %d (%s)", detail.status, detail.text);
  }
}

static bool runs(hws_handle session) {
  struct hws_detail detail = {.size = sizeof detail};
  return session && hws_detail(session, &detail) == HWS_OK && detail.status == HWS_OK;
}

static bool is_native(hws_handle session) {
  char mode[16] = "";
  return hws_text(session, HWS_TEXT_MODE, mode, sizeof mode) > 0 && strcmp(mode, "native") == 0;
}

/* True: the session took an open. */
static bool opens(hws_handle session) {
  struct hws_how how = {.size = sizeof how, .flags = HWS_BLOCK | HWS_RELATIVE, .deadline_ns = stage_patience_ns};
  struct hws_event event = {0};
  hws_handle stream = 0;
  hws_result result = hws_open(session, NULL, &how, &event, NULL, &stream);
  if (stream) (void)hws_close(stream, NULL, NULL, NULL);
  return result == 1 && event.status == HWS_OK;
}

/* MUX-15: a native peer is told that no streams are taken any more; behind all that was taken before. */
static void see_drain(const hws_handle *sessions, const bool *leaving) {
  /* Without memory for it none is sent, and the peer learns by refusals. */
  if (stage_is_slow() || stage_has_failed()) return;
  for (unsigned side = 0; side < 2; side++) {
    if (!leaving[side] || !is_native(sessions[side])) continue;
    bool told = false;
    for (uint64_t until = stage_now() + stage_patience_ns; !told && stage_now() < until; stage_sleep(20 * MILLISECOND))
      told = !runs(sessions[side]) || !runs(sessions[!side]) || !opens(sessions[!side]);
    if (!told) fault("side %u's session goes away, and its peer was not told", side);
  }
}

void see_calm(void) {
  see_early_ends();
  see_listeners();
  see_drain(world.sessions, world.leaving);
  for (unsigned i = 0; i < world.nest_count; i++) see_drain(world.nests[i].handle, world.nests[i].leaving);
}
