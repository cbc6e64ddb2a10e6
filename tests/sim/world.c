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
  if (!stage_excuses(status)) fault("setting up: %s: %s", what, hws_status_name(status));
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
  int32_t status;
};

static void accept_one(void *argument) {
  struct accepting *accepting = argument;
  struct hws_how how = blocking();
  struct hws_event event = {0};
  accepting->status = status_of(hws_accept(accepting->source, 0, &how, &event, NULL, accepting->stream), &event);
}

static bool connect(hws_handle *dialled, hws_handle *accepted) {
  char url[96];
  stage_url(url, sizeof url, world.story->place, world.story->buffer, world.listener);
  (void)snprintf(world.dials, sizeof world.dials, "%s", url);
  if (world.story->chaos)
    (void)snprintf(world.dials, sizeof world.dials, "chaos+%s%cchaos.seed=%u", url, strchr(url, '?') ? '&' : '?',
                   (unsigned)(world.story->seed % 1000));
  struct accepting accepting = {.source = world.listener, .stream = accepted};
  struct stage_thread *thread = stage_spawn("acceptor", accept_one, &accepting);
  struct hws_how how = blocking();
  struct hws_event event = {0};
  int32_t status = status_of(hws_dial(world.runtimes[0], world.dials, 0, &how, &event, NULL, dialled), &event);
  stage_join(thread);
  return both_went("dial", status, "accept", accepting.status);
}

static bool listen(void) {
  char url[96] = "chaos+";
  size_t before = world.story->chaos == 2 ? strlen(url) : 0;
  stage_url(url + before, sizeof url - before, world.story->place, world.story->buffer, 0);
  struct hws_how how = blocking();
  struct hws_event event = {0};
  return went("listen", status_of(hws_listen(world.runtimes[1], url, 0, &how, &event, NULL, &world.listener), &event));
}

static bool open_pair(unsigned pair) {
  hws_handle *opened = &world.ends[pair * 2].handle;
  hws_handle *accepted = &world.ends[pair * 2 + 1].handle;
  if (world.story->carrier == CARRIER_RAW) return connect(opened, accepted);
  struct accepting accepting = {.source = world.sessions[1], .stream = accepted};
  struct stage_thread *thread = stage_spawn("acceptor", accept_one, &accepting);
  struct hws_how how = blocking();
  struct hws_event event = {0};
  int32_t status = status_of(hws_open(world.sessions[0], NULL, &how, &event, NULL, opened), &event);
  stage_join(thread);
  return both_went("open", status, "accept of a stream", accepting.status);
}

static bool begin_sessions(void) {
  static const uint32_t modes[CARRIERS] = {0, HWS_MODE_YAMUX, HWS_MODE_AUTO, HWS_MODE_NATIVE};
  if (world.story->carrier == CARRIER_RAW) return true;
  hws_handle carriers[2];
  if (!connect(&carriers[0], &carriers[1])) return false;
  struct hws_session_config config = {
      .size = sizeof config,
      .mode = modes[world.story->carrier],
      .settings = "keepalive=0&write_timeout=3600s&handshake=3600s&unsent_max=64k&window_pool=100k"};
  for (unsigned side = 0; side < 2; side++) {
    if (!went("session", hws_session(carriers[side], &config, &world.sessions[side]))) return false;
  }
  return true;
}

bool world_begin(const struct story *story) {
  world = (struct world){.story = story};
  records_reset();
  (void)snprintf(world.dials, sizeof world.dials, "mem://story");
  for (unsigned i = 0; i < story->pairs * 2; i++)
    world.ends[i] = (struct end){.peer = &world.ends[i ^ 1],
                                 .pair = i / 2,
                                 .side = i % 2,
                                 .resets = story->carrier != CARRIER_RAW || stage_resets[story->place]};
  bool all = begin_runtimes() && listen() && begin_sessions();
  for (unsigned i = 0; i < story->pairs && all; i++) all = open_pair(i);
  for (unsigned i = 0; i < story->pairs * 2; i++) world.ends[i].was = world.ends[i].handle;
  return all;
}

/* ---- the end ---- */

int world_harvest(unsigned side, unsigned queue, uint32_t max, int64_t timeout_ns) {
  struct hws_event events[16];
  uint64_t call = ++world.harvests;
  int got = hws_queue_wait(world.queues[side][queue], events, max < 16 ? max : 16, timeout_ns);
  for (int i = 0; i < got; i++) record_harvested(&events[i], queue, call);
  return got;
}

void world_settle(void) {
  bool some = false;
  bool told[STORY_PAIRS_MAX * 2] = {false};
  for (unsigned i = 0; i < world.story->pairs * 2; i++) {
    told[i] = world.ends[i].close_told && !world.ends[i].all_told;
    some = some || told[i];
  }
  if (!some) return;
  for (unsigned side = 0; side < 2; side++)
    for (unsigned queue = 0; queue < STORY_QUEUES; queue++)
      while (world_harvest(side, queue, 16, 0) == 16) continue;
  for (unsigned i = 0; i < world.story->pairs * 2; i++)
    if (told[i]) world.ends[i].all_told = world.harvests;
}

static void harvest_all(uint64_t patience_ns) {
  uint64_t until = stage_now() + patience_ns;
  while (records_outstanding() && stage_now() < until)
    for (unsigned side = 0; side < 2; side++)
      for (unsigned queue = 0; queue < STORY_QUEUES; queue++) {
        (void)world_harvest(side, queue, 16, (int64_t)(stage_block_ns / 50));
        world_settle();
      }
  for (unsigned i = 0; i < records_count(); i++) {
    const struct record *record = record_at(i);
    if (record->state == RECORD_ASKED) fault("op %u (kind %u) has no event", i, record->kind);
  }
}

/* Without an op nothing has to be had, so nothing can be wanting. What never came into being may have no handle. */
static void close_plainly(hws_handle handle) {
  hws_result result = hws_close(handle, NULL, NULL, NULL);
  if (result < 0 && result != HWS_E_HANDLE) fault("a close without an op: %s", hws_status_name(result));
}

static void close_streams(unsigned side) {
  for (unsigned i = 0; i < world.story->pairs; i++) {
    struct end *end = &world.ends[i * 2 + side];
    end_close(end, WAY_QUEUE, 0, 0);
    if (end->handle) close_plainly(end->handle);
    end->closed = end->closed || end->handle;
    end->handle = 0;
  }
}

static void close_session(unsigned side) {
  hws_handle session = world.sessions[side];
  world.sessions[side] = 0;
  if (!session) return;
  happened.session_ended = true;
  if (!close_extra(side, session)) close_plainly(session);
}

static void close_rest(void) {
  for (unsigned i = 0; i < world.extra_count; i++) close_plainly(world.extras[i]);
  if (world.listener && !close_extra(1, world.listener)) close_plainly(world.listener);
  world.listener = 0;
  happened.listener_closed = true;
  for (unsigned side = 0; side < (world.story->one_runtime ? 1U : 2U); side++)
    for (unsigned i = 1; i <= STORY_SCOPES; i++) close_plainly(world.scopes[side][i]);
}

static void read_to_end(struct end *end) {
  for (unsigned tries = 0; end->handle && !end->eof && tries < 400; tries++) {
    unsigned before = records_count();
    end_recv(end, WAY_BLOCK, 70000, 30 * SECOND);
    if (records_count() == before) return;
    const struct record *record = record_at(records_count() - 1);
    if (record->state != RECORD_ENDED || record->event.status != HWS_OK) return;
  }
}

static void reader(void *end) {
  read_to_end(end);
}

struct readers {
  struct stage_thread *threads[STORY_PAIRS_MAX * 2];
};

/* Both directions at once: what is sent must be read for the sender to come to its end. */
static void readers_begin(struct readers *readers, unsigned sides) {
  *readers = (struct readers){0};
  for (unsigned i = 0; i < world.story->pairs * 2; i++)
    if (sides >> (i % 2) & 1) readers->threads[i] = stage_spawn("reader", reader, &world.ends[i]);
}

static void readers_end(struct readers *readers) {
  for (unsigned i = 0; i < world.story->pairs * 2; i++)
    if (readers->threads[i]) stage_join(readers->threads[i]);
}

static void join(unsigned side, int64_t timeout_ns) {
  if (!world.runtimes[side] || (side && world.story->one_runtime)) return;
  happened.joined[0] = happened.joined[0] || side == 0 || world.story->one_runtime;
  happened.joined[1] = happened.joined[1] || side == 1 || world.story->one_runtime;
  uint64_t begun = stage_now();
  hws_result result = hws_runtime_join(world.runtimes[side], timeout_ns);
  if (result != HWS_OK)
    fault("join of side %u: %d after %llu ms", side, result, (unsigned long long)((stage_now() - begun) / 1000000));
}

static void drain(void) {
  for (unsigned i = 0; i < world.story->pairs * 2; i++) end_shutdown(&world.ends[i], WAY_QUEUE, 0);
  struct readers readers;
  readers_begin(&readers, 3);
  readers_end(&readers);
}

/* One side goes; all that it took before must arrive. A join gives a peer that does not read ten seconds. */
static void listen_out(bool joins) {
  struct readers readers;
  close_streams(0);
  close_session(0);
  readers_begin(&readers, 2);
  if (joins && !world.story->one_runtime) {
    close_rest();
    join(0, 300 * (int64_t)SECOND);
  }
  readers_end(&readers);
}

/* The joins, and what is left behind them. */
static void world_leave(void) {
  if (!happened.joined[0]) join(0, 300 * (int64_t)SECOND);
  join(1, 300 * (int64_t)SECOND);
  leases_release_all();
  records_check(world.ends, world.story->pairs * 2);
  records_free();
}

void world_end(void) {
  leases_release_all();
  switch (world.story->finale) {
  case FINALE_DRAIN:
    drain();
    break;
  case FINALE_LISTEN_OUT:
    listen_out(false);
    break;
  case FINALE_CLOSE_JOIN:
    listen_out(true);
    break;
  default:
    break;
  }
  if (world.story->finale != FINALE_JOIN) {
    leases_release_all();
    close_streams(0);
    close_streams(1);
    close_session(0);
    close_session(1);
    close_rest();
    if (world.story->finale != FINALE_CLOSE_JOIN || world.story->one_runtime) harvest_all(400 * SECOND);
  }
  world_leave();
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
  for (unsigned i = 0; i < world.story->threads; i++)
    world.threads[i] = stage_spawn("teller", thread_main, (void *)(uintptr_t)i);
  for (unsigned i = 0; i < world.story->threads; i++) stage_join(world.threads[i]);
  memset(world.threads, 0, sizeof world.threads);
}

void story_run(void *story) {
  stage_begin();
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
