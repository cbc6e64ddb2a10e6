/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of a story.
 */
#include "tests/sim/calm.h"
#include "tests/sim/judge.h"
#include "tests/sim/stage.h"
#include "tests/sim/world.h"

#define SECOND UINT64_C(1000000000)

static void harvest_all(uint64_t patience_ns) {
  uint64_t until = stage_now() + patience_ns;
  if (happened.joined[0] || happened.joined[1]) return; /* that drops what nobody takes */
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
static void close_plainly(hws_handle handle, uint32_t flags) {
  const struct hws_how how = {.size = sizeof how, .flags = flags};
  hws_result result = hws_close(handle, flags ? &how : NULL, NULL, NULL);
  if (result < 0 && result != HWS_E_HANDLE) fault("a close without an op: %s", hws_status_name(result));
}

static void close_streams(unsigned side) {
  for (unsigned i = 0; i < world.story->pairs; i++) {
    struct end *end = &world.ends[i * 2 + side];
    end_close(end, WAY_QUEUE, 0, 0);
    hws_handle left = end->handle;
    end->handle = 0;
    end->closed = end->closed || left;
    if (left) close_plainly(left, 0);
  }
}

static void close_session(unsigned side) {
  hws_handle session = world.sessions[side];
  world.sessions[side] = 0;
  if (!session) return;
  happened.sessions_ended[side] = true;
  if (!close_extra(side, session)) close_plainly(session, 0);
}

static void close_rest(void) {
  for (unsigned i = LONE_FIRST; i < ENDS_MAX; i++) world.ends[i].closed = true;
  /* What nobody reads takes its time, where time is real. */
  for (unsigned i = 0; i < world.extra_count; i++) close_plainly(world.extras[i], stage_exact ? 0 : HWS_ABORT);
  if (world.listener && !close_extra(1, world.listener)) close_plainly(world.listener, 0);
  world.listener = 0;
  happened.listener_closed = true;
  for (unsigned side = 0; side < (world.story->one_runtime ? 1U : 2U); side++)
    for (unsigned i = 1; i <= STORY_SCOPES; i++) close_plainly(world.scopes[side][i], 0);
}

/* Did its peer close it, with nothing done by anybody that would keep back what was taken? */
static bool must_end(const struct end *end) {
  const struct end *peer = end->peer;
  bool hurt = stage_excuses((int)end->pair, HWS_E_RESET);
  bool disturbed = world.disturbed || hurt || peer->aborted || peer->reset || peer->stopped || end_was_left(end);
  /* A connection of the network that is closed is reset by what still comes for it. */
  if (world.story->carrier == CARRIER_RAW && world.story->place && end->send_count) return false;
  if (world.closed_early[peer - world.ends]) return false;
  return world.lets_out && peer->was && peer->closed && !disturbed;
}

static void read_to_end(struct end *end) {
  for (unsigned tries = 0; end->handle && !end->eof && tries < 400; tries++) {
    bool slowly = world.story->session == SETTINGS_LINGER && stage_exact;
    if (slowly) stage_sleep(30000000); /* but often enough for credit well within `linger` */
    unsigned before = records_count();
    end_recv(end, WAY_BLOCK, slowly ? 16000 : 70000, 30 * SECOND);
    if (records_count() == before) return;
    const struct record *record = record_at(before);
    if (record->state == RECORD_ENDED && record->event.status == HWS_OK) continue;
    if (must_end(end) && !end->eof)
      fault("pair %u to side %u: what was taken did not arrive: status %d (%s)", end->pair, end->side,
            record->state == RECORD_ENDED ? record->event.status : record->result,
            hws_status_name(record->state == RECORD_ENDED ? record->event.status : record->result));
    return;
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

bool world_stands(unsigned side) {
  return world.runtimes[side] && !world.joined[world.story->one_runtime ? 0 : side];
}

bool world_join(unsigned side, int64_t timeout_ns) {
  if (world.story->one_runtime) happened.joined[0] = happened.joined[1] = true;
  happened.joined[side] = true;
  unsigned *joins = &world.joins[world.story->one_runtime ? 0 : side];
  ++*joins;
  uint64_t begun = stage_now();
  uint64_t busy = stage_busy();
  hws_result result = hws_runtime_join(world.runtimes[side], timeout_ns);
  uint64_t took = stage_now() - begun;
  /* What a connection can take at once goes out; small buffers make many calls of that. */
  uint64_t busy_most = stage_busy_most * (world.story->buffer < 1000 ? 5 : 1);
  if (took > (uint64_t)timeout_ns + stage_patience_ns || (!timeout_ns && stage_busy() - busy > busy_most))
    fault("join of side %u: it took %llu ms and %llu steps of its own, where it had %llu ms", side,
          (unsigned long long)(took / 1000000), (unsigned long long)(stage_busy() - busy),
          (unsigned long long)(timeout_ns / 1000000));
  if (result == HWS_OK) world.joined[world.story->one_runtime ? 0 : side] = true;
  if (result != HWS_OK && result != HWS_E_DEADLINE && !(*joins > 1 && (result == HWS_E_BUSY || result == HWS_E_HANDLE)))
    fault("join of side %u: %d (%s)", side, result, hws_status_name(result));
  return result == HWS_OK;
}

static void join(unsigned side, int64_t timeout_ns) {
  if (!world_stands(side)) return;
  if (!world_join(side, timeout_ns)) fault("join of side %u did not end it", side);
}

static void drain(void) {
  for (unsigned i = 0; i < world.story->pairs * 2; i++) end_shutdown(&world.ends[i], WAY_QUEUE, 0);
  struct readers readers;
  readers_begin(&readers, 3);
  readers_end(&readers);
}

/* One side goes; all that it took before must arrive. A join gives a peer that does not read ten seconds. */
static void listen_out(bool joins) {
  bool drains = world.story->session != SETTINGS_NO_DRAIN && (world.story->session != SETTINGS_LINGER || stage_exact);
  world.disturbed = turmoil() || happened.lopsided || stage_has_failed();
  for (unsigned i = 0; i < world.story->pairs * 2; i++) world.closed_early[i] = world.ends[i].closed;
  /* More than windows hold, so that a closed stream waits for credit. */
  for (unsigned i = 0; i < world.story->pairs && world.story->session == SETTINGS_LINGER && stage_exact; i++)
    if (world.story->buffer > 10000) end_send(end_at(i, 0), 300000);
  /* A close that its limit cut short says what was lost. */
  world.lets_out = (drains || world.story->carrier == CARRIER_RAW) && !stage_is_slow();
  struct readers readers;
  readers_begin(&readers, 2);
  close_streams(0);
  close_session(0);
  if (joins && !world.story->one_runtime && world_stands(0)) {
    close_rest();
    join(0, 300 * (int64_t)SECOND);
  }
  readers_end(&readers);
}

/* The joins, and what is left behind them. */
void world_leave(void) {
  join(0, 300 * (int64_t)SECOND);
  join(1, 300 * (int64_t)SECOND);
  leases_release_all();
  records_check(world.ends, world.story->pairs * 2);
  records_free();
}

void world_end(void) {
  see_calm();
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
  case FINALE_BURST:
    if (!burst_out()) listen_out(false);
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
