/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions over streams of a story, be these connections or streams of a session themselves.
 */
#include "tests/sim/judge.h"
#include "tests/sim/world.h"

/* What was sent before would be taken for frames. */
static bool is_fresh(const struct end *end) {
  return end->handle && !end->send_count && !end->shut && !end_was_left(end);
}

/* Its handle was taken from the story before, so that no act meets one end of a session and the other of a stream. */
static hws_handle begin(struct end *end, hws_handle stream, uint32_t mode) {
  struct hws_session_config config = {
      .size = sizeof config, .mode = mode, .settings = story_settings[world.story->session]};
  hws_handle session = 0;
  world.nesting++;
  hws_result result = hws_session(stream, &config, &session);
  world.nesting--;
  if (result == HWS_OK) return session;
  bool may_fail = turmoil() || end_was_left(end) || end->shut || end->peer->shut || end->peer->closed;
  end->handle = stream; /* ops pend on it */
  end->nested = false;
  if (result != HWS_E_BUSY && result != HWS_E_LIMIT && result != HWS_E_HANDLE && !may_fail)
    fault("a session over pair %u, side %u: %d (%s)", end->pair, end->side, result, hws_status_name(result));
  return 0;
}

static void keep(hws_handle session) {
  if (session && world.extra_count < EXTRAS_MAX) world.extras[world.extra_count++] = session;
}

void nest(const struct act *act) {
  static const uint32_t modes[] = {HWS_MODE_YAMUX, HWS_MODE_AUTO, HWS_MODE_NATIVE};
  struct end *ends[2] = {end_at(act->pair, 0), end_at(act->pair, 1)};
  if (world.nest_count == NESTS_MAX || !is_fresh(ends[0]) || !is_fresh(ends[1])) return;
  uint32_t mode = modes[act->number % 3];
  unsigned first = act->side;
  hws_handle streams[2] = {ends[0]->handle, ends[1]->handle};
  for (unsigned side = 0; side < 2; side++) {
    ends[side]->handle = 0;
    ends[side]->nested = ends[side]->unsure = true;
    if (ends[side]->recv_count) happened.lopsided = true; /* one that is on its way may take frames */
  }
  hws_handle one = begin(ends[first], streams[first], mode);
  hws_handle other = begin(ends[!first], streams[!first], mode);
  if (!one != !other) happened.lopsided = true;
  keep(one);
  keep(other);
  if (!one || !other || world.nest_count == NESTS_MAX) return; /* others made some meanwhile */
  struct both *both = &world.nests[world.nest_count++];
  *both = (struct both){0};
  both->handle[first] = one;
  both->handle[!first] = other;
}
