/* SPDX-License-Identifier: Apache-2.0
 *
 * The beginning and the end of a story.
 */
#include "tests/sim/world.h"

#include <stdio.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)

struct world world;

static struct hws_how blocking(void) {
  return (struct hws_how){
      .size = sizeof(struct hws_how), .flags = HWS_BLOCK | HWS_RELATIVE, .deadline_ns = 600 * SECOND};
}

/* Of a call that blocks. */
static int32_t status_of(hws_result result, const struct hws_event *event) {
  return result == 1 ? event->status : result < 0 ? result : HWS_E_INTERNAL;
}

/* Nothing fails, but for want of what was made to fail. */
static bool went(const char *what, int32_t status) {
  if (status == HWS_OK) return true;
  if (!stage_excuses(-1, status)) fault("setting up: %s: %s", what, hws_status_name(status));
  return false;
}

/* Who waits for what failed at the other end waits in vain. A stream may open well, and end before the peer hears. */
static bool both_went(const char *what, int32_t status, const char *accept, int32_t accepted) {
  if (status == HWS_E_DEADLINE && !went(accept, accepted)) return false;
  if (accepted == HWS_E_DEADLINE && stage_has_failed()) return false;
  bool one = went(what, status);
  return went(accept, accepted) && one;
}

/* ---- beginning ---- */

/* Nothing moves in a runtime without an I/O thread while nobody waits: so somebody does. */
static void drive(void *argument) {
  struct hws_event event;
  hws_result result;
  do result = hws_queue_wait(*(const hws_handle *)argument, &event, 1, -1);
  while (result >= 0 || result == HWS_E_INTERRUPTED);
}

static bool begin_driver(unsigned side) {
  if (!world.story->caller_driven[side]) return true;
  if (!went("queue of the driver", hws_queue_open(world.runtimes[side], &world.drivers[side]))) return false;
  world.driving[side] = stage_spawn("driver", drive, &world.drivers[side]);
  return world.driving[side];
}

static bool open_runtime(unsigned side) {
  struct hws_runtime_config config = {.size = sizeof config,
                                      .flags = world.story->caller_driven[side] ? HWS_RUNTIME_CALLER_DRIVEN : 0,
                                      .plugin_dir = STORY_PLUGIN_DIR};
  hws_result result = hws_runtime_open(&config, &world.runtimes[side]);
  for (unsigned i = 0; i < STORY_QUEUES && result == HWS_OK; i++)
    result = hws_queue_open(world.runtimes[side], &world.queues[side][i]);
  for (unsigned i = 1; i <= STORY_SCOPES && result == HWS_OK; i++)
    result = hws_scope_open(world.runtimes[side], i == 3 ? world.scopes[side][2] : 0, 0, &world.scopes[side][i]);
  return went("runtime", result) && begin_driver(side);
}

static bool begin_runtimes(void) {
  if (!open_runtime(0)) return false;
  if (!world.story->one_runtime) return open_runtime(1);
  world.runtimes[1] = world.runtimes[0];
  memcpy(world.queues[1], world.queues[0], sizeof world.queues[0]);
  memcpy(world.scopes[1], world.scopes[0], sizeof world.scopes[0]);
  return true;
}

struct accepting {
  hws_handle source;
  hws_handle *stream;
  struct hws_how how;
  int32_t status;
};

static void accept_one(void *argument) {
  struct accepting *accepting = argument;
  struct hws_event event = {0};
  accepting->status =
      status_of(hws_accept(accepting->source, 0, &accepting->how, &event, NULL, accepting->stream), &event);
}

static void make_dial_url(char url[DIAL_BYTES], int what) {
  char plain[STAGE_URL_BYTES];
  stage_url(plain, sizeof plain, world.story->place, world.story->buffer, what, world.listener);
  (void)snprintf(url, DIAL_BYTES, "%s", plain);
  if (world.story->chaos)
    (void)snprintf(url, DIAL_BYTES, "chaos+%s%cchaos.seed=%u", plain, strchr(plain, '?') ? '&' : '?',
                   (unsigned)(world.story->seed % 1000));
}

/* A stream from side 0 to side 1, of the sessions or else a connection. The handles are what the calls gave, whatever
 * came of them. It may fail where it need not go well. */
static bool meet(hws_handle *streams, hws_handle *sessions, unsigned pair, uint64_t limit_ns, bool must) {
  struct hws_how how = blocking();
  char url[DIAL_BYTES];
  how.deadline_ns = limit_ns;
  make_dial_url(url, (int)pair);
  struct accepting accepting = {.source = sessions ? sessions[1] : world.listener, .stream = &streams[1], .how = how};
  struct stage_thread *thread = stage_spawn("acceptor", accept_one, &accepting);
  struct hws_event event = {0};
  hws_result result = sessions ? hws_open(sessions[0], NULL, &how, &event, NULL, &streams[0])
                               : hws_dial(world.runtimes[0], url, 0, &how, &event, NULL, &streams[0]);
  int32_t status = status_of(result, &event);
  stage_join(thread);
  if (!must) return status == HWS_OK && accepting.status == HWS_OK;
  return both_went(sessions ? "open" : "dial", status, "accept", accepting.status);
}

static bool listen(void) {
  char url[STAGE_URL_BYTES + 8] = "chaos+";
  size_t before = world.story->chaos == 2 ? strlen(url) : 0;
  stage_url(url + before, sizeof url - before, world.story->place, world.story->buffer, STAGE_LISTENS, 0);
  struct hws_how how = blocking();
  struct hws_event event = {0};
  int32_t status = status_of(hws_listen(world.runtimes[1], url, 0, &how, &event, NULL, &world.listener), &event);
  make_dial_url(world.dials, STAGE_DIALS_LATE);
  return went("listen", status);
}

static bool open_pair(unsigned pair, bool must) {
  struct end *ends = end_at(pair, 0);
  hws_handle made[2] = {0};
  hws_handle *sessions = world.story->carrier == CARRIER_RAW ? NULL : world.sessions;
  bool both = meet(made, sessions, pair, must ? 600 * SECOND : stage_block_ns, must);
  for (unsigned side = 0; side < 2; side++) {
    if (both || must) ends[side].handle = ends[side].was = made[side];
    if (!both && !must && made[side]) (void)hws_close(made[side], NULL, NULL, NULL);
  }
  return both;
}

/* Beside the acts, where not all must go well: what comes of it is as they let it. */
static void open_early(void *none) {
  (void)none;
  bool both = true; /* else the next accept would take what this open has left */
  for (unsigned pair = 0; pair < world.story->pairs && both && world_stands(0) && world_stands(1); pair++)
    both = open_pair(pair, false);
}

/* Nobody needs them: a join has to end them all. */
static bool begin_crowd(void) {
  for (unsigned i = 0; i < world.story->crowd; i++) {
    char url[32];
    (void)snprintf(url, sizeof url, "mem://crowd%u", i);
    struct hws_how how = blocking();
    struct hws_event event = {0};
    hws_handle *listener = &world.extras[world.extra_count++];
    hws_result result = hws_listen(world.runtimes[0], url, 0, &how, &event, NULL, listener);
    if (!went("listen of the crowd", status_of(result, &event))) return false;
  }
  return true;
}

static bool begin_sessions(void) {
  static const uint32_t modes[CARRIERS] = {0, HWS_MODE_YAMUX, HWS_MODE_AUTO, HWS_MODE_NATIVE};
  if (world.story->carrier == CARRIER_RAW) return true;
  hws_handle carriers[2] = {0};
  if (!meet(carriers, NULL, 0, 600 * SECOND, true)) return false;
  struct hws_session_config config = {
      .size = sizeof config, .mode = modes[world.story->carrier], .settings = story_settings[world.story->session]};
  happened.limits = world.story->session > 1;
  for (unsigned side = 0; side < 2; side++)
    if (!went("session", hws_session(carriers[side], &config, &world.sessions[side]))) return false;
  return true;
}

bool world_begin(const struct story *story) {
  world = (struct world){.story = story};
  records_reset();
  for (unsigned i = 0; i < story->pairs * 2; i++)
    world.ends[i] = (struct end){.peer = &world.ends[i ^ 1],
                                 .pair = i / 2,
                                 .side = i % 2,
                                 .resets = story->carrier != CARRIER_RAW || stage_resets[story->place]};
  bool all = begin_runtimes() && listen() && begin_sessions() && begin_crowd();
  if (all && story->early) world.early = stage_spawn("early", open_early, NULL);
  for (unsigned i = 0; i < story->pairs && all && !story->early; i++) all = open_pair(i, true);
  return all;
}

/* ---- harvesting ---- */

int world_harvest(unsigned side, unsigned queue, uint32_t max, int64_t timeout_ns) {
  struct hws_event events[16];
  uint64_t call = ++world.harvests;
  int got = hws_queue_wait(world.queues[side][queue], events, max < 16 ? max : 16, timeout_ns);
  for (int i = 0; i < got; i++) record_harvested(&events[i], queue, call);
  return got;
}

void world_settle(void) {
  bool some = false;
  bool told[ENDS_MAX] = {false};
  for (unsigned i = 0; i < ENDS_MAX; i++) {
    told[i] = world.ends[i].close_told && !world.ends[i].all_told;
    some = some || told[i];
  }
  if (!some) return;
  for (unsigned side = 0; side < 2; side++)
    for (unsigned queue = 0; queue < STORY_QUEUES; queue++)
      while (world_harvest(side, queue, 16, 0) == 16) continue;
  for (unsigned i = 0; i < ENDS_MAX; i++)
    if (told[i]) world.ends[i].all_told = world.harvests;
}

/* ---- all of it ---- */

static void thread_main(void *argument) {
  unsigned thread = (unsigned)(uintptr_t)argument;
  for (unsigned i = 0; i < world.story->count; i++) {
    const struct act *act = &world.story->acts[i];
    if (act->thread != thread || act->dropped) continue;
    world.doing[thread] = act;
    act_do(act);
    world_settle();
  }
  world.doing[thread] = NULL;
}

static void run_threads(void) {
  stage_acts(true);
  for (unsigned i = 0; i < world.story->threads; i++) {
    char name[24];
    (void)snprintf(name, sizeof name, "teller %u", i);
    world.threads[i] = stage_spawn(name, thread_main, (void *)(uintptr_t)i);
  }
  for (unsigned i = 0; i < world.story->threads; i++) stage_join(world.threads[i]);
  if (world.early) stage_join(world.early);
  stage_acts(false);
  memset(world.threads, 0, sizeof world.threads);
}

void story_run(void *story) {
  stage_begin(story);
  if (world_begin(story)) {
    run_threads();
    world_end();
  } else {
    world_leave();
  }
  for (unsigned side = 0; side < 2; side++)
    if (world.driving[side]) stage_join(world.driving[side]);
  stage_end();
}
