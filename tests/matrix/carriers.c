/* SPDX-License-Identifier: Apache-2.0
 *
 * What a scene stands on: connections and sessions by class, and the bystander beside them.
 */
#include <stdlib.h>

#include "tests/matrix/play.h"
#include "tests/matrix/plugin/order.h"

static struct order order;

struct order *play_failure(void) {
  return &order;
}

bool is_mux(const struct cell *cell) {
  return cell->at.class >= ON_YAMUX;
}

static enum width width_of(const struct cell *cell) {
  enum width op = op_widths[cell->at.op];
  enum width way = way_widths[cell->at.way];
  bool source = cell->at.op == OP_ACCEPT && (cell->at.way == BY_RESET || cell->at.way == BY_CLOSE);
  if (source && way < WIDTH_SESSION) way = WIDTH_SESSION; /* what is accepted from is a session */
  return op > way ? op : way;
}

/* A session that survives has a stream that must; else a connection of its own has to. */
static bool has_sibling(const struct cell *cell) {
  return is_mux(cell) && width_of(cell) == WIDTH_STREAM;
}

bool play_set_bystander(struct stage *stage) {
  if (has_sibling(stage->cell)) return true;
  if (width_of(stage->cell) < WIDTH_RUNTIME) return connect_ends(stage, "", 0, &stage->bystander);
  struct stage theirs = *stage;
  theirs.runtimes[US] = stage->runtimes[PEER];
  return connect_ends(&theirs, "", 0, &stage->bystander);
}

static const char *filter_of(const struct cell *cell) {
  if (cell->at.way == BY_FAILURE) return "matrix";
  return cell->at.class == ON_FILTER ? "chaos" : "";
}

static const char settings[] = "keepalive=0&write_timeout=3600s&handshake=3600s&drain=3600s&linger=3600s&window_pool=0";
static const char settings_one[] =
    "keepalive=0&write_timeout=3600s&handshake=3600s&drain=3600s&linger=3600s&window_pool=0&streams_max=1";

static uint32_t mode_of(const struct cell *cell) {
  return cell->at.class == ON_YAMUX ? HWS_MODE_YAMUX : HWS_MODE_NATIVE;
}

static bool sessions_on(struct play *play, struct ends *carrier, hws_handle life, struct ends *sessions) {
  const char *theirs = play->cell->at.op == OP_OPEN ? settings_one : settings;
  if (!begin_session(&carrier->of[US], mode_of(play->cell), life, settings, &sessions->of[US])) return false;
  if (play->cell->at.op == OP_OPEN && play->cell->at.class == ON_YAMUX) return true; /* a peer that answers nothing */
  return begin_session(&carrier->of[PEER], mode_of(play->cell), 0, theirs, &sessions->of[PEER]);
}

bool carry(struct play *play) {
  struct stage *stage = &play->stage;
  const struct cell *cell = play->cell;
  bool of_session = op_widths[cell->at.op] == WIDTH_SESSION && cell->at.op != OP_OPEN;
  hws_handle session_life = of_session ? play->life : 0;
  hws_handle life = is_mux(cell) ? 0 : play->life;
  if (!connect_ends(stage, filter_of(cell), life, &play->carrier)) return false;
  if (!is_mux(cell)) return true;
  if (cell->at.class == ON_NESTED) {
    if (!begin_session(&play->carrier.of[US], HWS_MODE_NATIVE, 0, settings, &stage->outer.of[US]) ||
        !begin_session(&play->carrier.of[PEER], HWS_MODE_NATIVE, 0, settings, &stage->outer.of[PEER]) ||
        !open_pair(&stage->outer, 0, &play->carrier))
      return false;
  }
  if (!sessions_on(play, &play->carrier, session_life, &stage->sessions)) return false;
  return !has_sibling(cell) || open_pair(&stage->sessions, 0, &stage->bystander);
}

bool carry_link(struct play *play) {
  const struct cell *cell = play->cell;
  if (!carry(play)) return false;
  if (is_mux(cell)) {
    bool of_stream = op_widths[cell->at.op] == WIDTH_STREAM;
    if (!open_pair(&play->stage.sessions, of_stream ? play->life : 0, &play->link)) return false;
  } else {
    play->link = play->carrier;
    play->carrier = (struct ends){0};
  }
  play->target = play->link.of[US];
  return true;
}

bool help(struct play *play, void (*run)(void *helper)) {
  if (play->helper_count == HELPERS_MAX) return fault("too many helpers");
  struct helper *helper = &play->helpers[play->helper_count++];
  *helper = (struct helper){.play = play};
  helper->worker = worker_start(run, helper);
  return true;
}
