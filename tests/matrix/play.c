/* SPDX-License-Identifier: Apache-2.0
 *
 * A cell from its beginning to its end.
 */
#include "tests/matrix/play.h"

#include <stdlib.h>
#include <string.h>

static const char *reason_to_skip(const struct cell *cell, const struct transport *transport) {
  uint32_t missing = cell->needs & ~transport->traits;
  if (cell->never) return cell->never;
  if (cell->at.way == BY_SIGNAL && !workers_have_signals) return trait_reasons[HAS_SIGNALS];
  for (unsigned trait = 0; trait < TRAITS; trait++)
    if (missing >> trait & 1) return trait_reasons[trait];
  return NULL;
}

static bool bystander_goes_on(struct play *play, const char *when) {
  if (echo(&play->stage.bystander)) return true;
  return fault("the bystander, %s", when);
}

static bool act(struct play *play) {
  const struct scene *scene = &scenes[play->cell->at.op];
  if (!way_set_life(play) || !scene->set(play) || !bystander_goes_on(play, "before")) return false;
  play->how = how_queue(&play->stage);
  if (!way_prepare(play, &play->how) || !way_submit(play)) return false;
  if (!bystander_goes_on(play, "while it pends") || !way_bring_about(play)) return false;
  return play->cell->status != HWS_OK || play->cell->already || scene->let(play);
}

static bool judge(struct play *play) {
  struct hws_event event;
  if (!await(&play->stage, play->how.tag, &event)) return false;
  if (event.kind == HWS_KIND_ACQUIRE && event.status == HWS_OK && hws_release(event.code, event.bytes) != HWS_OK)
    return fault("the lease");
  names_let_go();
  if (play->cell->at.way == BY_JOIN) worker_join(play->caller);
  if (!judge_event(play, &event) || !judge_after(play, &event) || !judge_peer(play)) return false;
  return bystander_goes_on(play, "behind it");
}

/* Close all that is left. */
static void drop_all(struct play *play) {
  for (unsigned i = 0; i < play->helper_count; i++) worker_join(play->helpers[i].worker);
  for (unsigned i = 0; i < play->helper_count; i++) drop(play->helpers[i].made);
  for (unsigned i = 0; i < play->more_count; i++) (void)hws_close(play->more[i], NULL, NULL, NULL);
  drop(play->made);
  for (unsigned side = US; side <= PEER; side++) {
    drop(play->link.of[side]);
    drop(play->carrier.of[side]);
  }
  for (unsigned i = 0; i < 2; i++) (void)hws_close(play->scopes[i], NULL, NULL, NULL);
  (void)hws_close(play->life, NULL, NULL, NULL);
}

/* And want no second event. */
static bool clear(struct play *play) {
  drop_all(play);
  if (!play->stage.over) harvest(&play->stage, 0);
  if (events_of(&play->stage, play->how.tag) != 1) return fault("a second event");
  if (play->blocker && events_of(&play->stage, play->blocker) > 1) return fault("the send before it: a second event");
  return stage_close(&play->stage);
}

/* What nobody harvests soon behind a join is dropped, and this thread may have come too late for that. */
static bool came_late(struct play *play) {
  if (!play->stage.gone || fault_text()[0]) return false;
  names_let_go();
  worker_join(play->caller);
  return true;
}

static bool play_once(struct play *play, const struct transport *transport, bool driven, bool *late) {
  *late = false;
  if (!stage_open(&play->stage, play->cell, transport, driven) || !act(play)) return false;
  if (judge(play)) return clear(play) && !fault_text()[0];
  *late = came_late(play);
  if (!*late) return false;
  drop_all(play);
  return stage_close(&play->stage);
}

bool play(const struct cell *cell, const struct transport *transport, bool driven, const char **skipped) {
  enum { TRIES = 20 };
  bool late = true;
  *skipped = reason_to_skip(cell, transport);
  for (unsigned tries = 0; !*skipped && late && tries < TRIES; tries++) {
    struct play *play = calloc(1, sizeof *play);
    if (!play) abort();
    play->cell = cell;
    if (!play_once(play, transport, driven, &late)) return false; /* nobody knows what still uses all this */
    free(play);
  }
  return *skipped || !late || fault("whatever is tried, its event is dropped by the join");
}
