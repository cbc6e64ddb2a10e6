/* SPDX-License-Identifier: Apache-2.0
 *
 * A finale of sessions: streams are opened, filled and closed, and their session behind them. Whatever ended well, by
 * its events, has arrived at the peer, which takes it when all that is over (MUX-10, MUX-19, MUX-26).
 */
#include <string.h>

#include "tests/sim/judge.h"
#include "tests/sim/world.h"

enum { BURST_MAX = 9, BURST_BYTES = 700 };
#define SECOND UINT64_C(1000000000)

static const char mark[] = "burst";

struct burst {
  hws_handle queue; /* of the closes: tag i is stream i, BURST_MAX the session */
  unsigned count;
  unsigned closes;          /* that were taken */
  bool lost[BURST_MAX + 1]; /* its events say that it did not go well */
  bool arrived[BURST_MAX];
};

static struct hws_how blocking(void) {
  return (struct hws_how){
      .size = sizeof(struct hws_how), .flags = HWS_BLOCK | HWS_RELATIVE, .deadline_ns = 30 * SECOND};
}

static void fill(uint8_t *bytes, unsigned number) {
  memset(bytes, (int)number, BURST_BYTES);
  memcpy(bytes, mark, sizeof mark);
}

/* With an event, or at least without one, which needs no memory. */
static bool close_told(struct burst *burst, hws_handle handle, const struct hws_how *told) {
  if (!handle) return false;
  bool begun = hws_close(handle, told, NULL, NULL) == HWS_OK;
  burst->closes += begun;
  if (!begun) (void)hws_close(handle, NULL, NULL, NULL);
  return begun;
}

static void open_one(struct burst *burst, unsigned number) {
  uint8_t bytes[BURST_BYTES];
  fill(bytes, number);
  const struct hws_vec payload = {.ptr = bytes, .len = BURST_BYTES};
  const struct hws_open_config config = {.size = sizeof config, .payload = &payload, .payload_count = 1};
  struct hws_how how = blocking();
  how.deadline_ns = stage_block_ns; /* streams_max may have no room */
  struct hws_event event = {0};
  hws_handle stream = 0;
  hws_result result = hws_open(world.sessions[0], &config, &how, &event, NULL, &stream);
  burst->lost[number] = result != 1 || event.status != HWS_OK || event.bytes != BURST_BYTES;
  const struct hws_how told = {.size = sizeof told, .queue = burst->queue, .tag = number};
  burst->lost[number] = !close_told(burst, stream, &told) || burst->lost[number];
}

static void send_off(struct burst *burst) {
  burst->count = 2 + (unsigned)(world.story->seed % (BURST_MAX - 1));
  if (burst->count > BURST_MAX) burst->count = BURST_MAX;
  for (unsigned i = 0; i < burst->count; i++) open_one(burst, i);
  const struct hws_how told = {.size = sizeof told, .queue = burst->queue, .tag = BURST_MAX};
  happened.sessions_ended[0] = true;
  burst->lost[BURST_MAX] = !close_told(burst, world.sessions[0], &told);
  world.sessions[0] = 0;
}

/* ---- the other side ---- */

static void read_one(struct burst *burst, hws_handle stream) {
  uint8_t got[BURST_BYTES + 1];
  uint8_t sent[BURST_BYTES];
  uint64_t bytes = 0;
  struct hws_event event = {0};
  do {
    struct hws_how how = blocking();
    const struct hws_vec vec = {.ptr = got + bytes, .len = sizeof got - bytes};
    if (hws_recv(stream, &vec, 1, &how, &event, NULL) != 1 || event.status != HWS_OK) break;
    bytes += event.bytes;
  } while (bytes < sizeof got);
  if (event.status == HWS_E_DEADLINE && world.story->session != SETTINGS_SMALL)
    fault("half a minute after its session was closed a stream has no end");
  (void)hws_close(stream, NULL, NULL, NULL);
  if (bytes < BURST_BYTES || memcmp(got, mark, sizeof mark) != 0 || got[BURST_BYTES - 1] >= BURST_MAX) return;
  fill(sent, got[BURST_BYTES - 1]);
  burst->arrived[sent[BURST_BYTES - 1]] =
      bytes == BURST_BYTES && memcmp(got, sent, BURST_BYTES) == 0 && event.status == HWS_E_EOF;
}

static void take_all(void *argument) {
  struct burst *burst = argument;
  for (hws_result result = 1; result == 1;) {
    struct hws_how how = blocking();
    struct hws_event event = {0};
    hws_handle stream = 0;
    result = hws_accept(world.sessions[1], 0, &how, &event, NULL, &stream);
    if (result == 1 && event.status == HWS_OK)
      read_one(burst, stream);
    else if (stream)
      (void)hws_close(stream, NULL, NULL, NULL);
    if (result == 1 && event.status == HWS_E_DEADLINE && world.story->session != SETTINGS_SMALL)
      fault("side 0's session was closed, and half a minute later the other has not heard of it");
    if (event.status != HWS_OK) return;
  }
}

static void hear_closes(struct burst *burst) {
  struct hws_event events[BURST_MAX + 1];
  unsigned heard = 0;
  for (uint64_t until = stage_now() + 60 * SECOND; heard < burst->closes && stage_now() < until;) {
    int got = hws_queue_wait(burst->queue, events, BURST_MAX + 1, (int64_t)(60 * SECOND));
    for (int i = 0; i < got; i++)
      if (events[i].status != HWS_OK || events[i].data) burst->lost[events[i].tag] = true;
    heard += got > 0 ? (unsigned)got : 0;
    if (got < 0 && got != HWS_E_INTERRUPTED) break;
  }
  if (heard < burst->closes && !stage_has_failed())
    fault("%u of %u closes have no event", burst->closes - heard, burst->closes);
}

/* Nobody had done anything before that can end streams, and no limit refuses them. */
static bool is_undisturbed(void) {
  for (unsigned i = 0; i < records_count(); i++) /* an accept that waits takes a stream of these */
    if (record_at(i)->kind == HWS_KIND_ACCEPT && record_at(i)->state == RECORD_ASKED) return false;
  bool mem = world.story->place == 0;
  return !turmoil() && !stage_has_failed() && !happened.lopsided && world.story->session != SETTINGS_SMALL &&
         (mem || world.story->session != SETTINGS_NO_DRAIN);
}

bool burst_out(void) {
  struct burst burst = {0};
  bool undisturbed = is_undisturbed();
  if (!world.sessions[0] || !world.sessions[1] || !world_stands(0) || !world_stands(1)) return false;
  if (hws_queue_open(world.runtimes[0], &burst.queue) != HWS_OK) return false;
  struct stage_thread *taker = stage_spawn("taker", take_all, &burst);
  send_off(&burst);
  stage_join(taker);
  hear_closes(&burst);
  (void)hws_close(burst.queue, NULL, NULL, NULL);
  for (unsigned i = 0; i < burst.count && undisturbed && !stage_has_failed(); i++)
    if (!burst.lost[i] && !burst.lost[BURST_MAX] && !burst.arrived[i])
      fault("a stream was opened, filled and closed, and did not arrive whole");
  return true;
}
