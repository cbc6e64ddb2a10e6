/* SPDX-License-Identifier: Apache-2.0
 *
 * trips: round trips over runtimes with I/O threads, in many schedules of the simulated system. One thread blocks in
 * its calls, another sleeps at its queue's descriptor; the clock jumps only when everybody sleeps, so a trip that takes
 * longer than the network did wait for a timer: the baton was handed over late, or to nobody (docs/decisions.md,
 * "Progress").
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/hawser.h"
#include "core/waitable_sim.h"
#include "core/walk_sim.h"

enum { MESSAGE = 64, TRIPS = 60, SCHEDULES = 400, STEPS_GUESS = 30000, THINK_NS = 10000, LATEST_NS = 200000 };
#define JOIN_NS INT64_C(60000000000)

static struct {
  hws_handle runtimes[2]; /* client's, server's */
  hws_handle listener;
  hws_handle sessions[2];
  hws_handle streams[2][2]; /* by side: of the thread that blocks, of the one at the descriptor */
  hws_handle queue;
  bool over;
} world;

static uint64_t trips;
static uint64_t worst;
static const char *failed;

static struct hws_how blocking(void) {
  return (struct hws_how){.size = sizeof(struct hws_how), .flags = HWS_BLOCK};
}

static bool went(const char *what, hws_result result, const struct hws_event *event) {
  if (result == 1 && event->status == HWS_OK) return true;
  if (!failed) failed = what;
  return false;
}

static bool put(hws_handle stream) {
  uint8_t bytes[MESSAGE] = {0};
  const struct hws_vec vec = {.ptr = bytes, .len = sizeof bytes};
  const struct hws_how how = blocking();
  struct hws_event event = {0};
  return hws_send(stream, &vec, 1, &how, &event, NULL) == 1 && event.status == HWS_OK;
}

static bool get_blocking(struct hws_vec vec, hws_handle stream, struct hws_event *event) {
  const struct hws_how how = blocking();
  return hws_recv(stream, &vec, 1, &how, event, NULL) == 1;
}

static bool get_at_descriptor(struct hws_vec vec, hws_handle stream, struct hws_event *event) {
  const struct hws_how how = {.size = sizeof how, .queue = world.queue};
  int64_t descriptor;
  if (hws_queue_waitable(world.queue, &descriptor) != HWS_OK) return false;
  if (hws_recv(stream, &vec, 1, &how, NULL, NULL) != 0) return false;
  hws_result got;
  while (!(got = hws_queue_wait(world.queue, event, 1, 0))) (void)waitable_sim_poll(descriptor, SIM_NEVER);
  return got == 1;
}

static bool get(hws_handle stream, bool blocks) {
  uint8_t bytes[MESSAGE];
  for (uint64_t at = 0; at < MESSAGE;) {
    struct hws_event event = {0};
    const struct hws_vec vec = {.ptr = bytes + at, .len = MESSAGE - at};
    if (!(blocks ? get_blocking : get_at_descriptor)(vec, stream, &event) || event.status != HWS_OK) return false;
    at += event.bytes;
  }
  return true;
}

static bool trip(hws_handle stream, bool blocks) {
  uint64_t begun = sim_now();
  if (!put(stream) || !get(stream, blocks)) {
    if (!failed) failed = "a trip";
    return false;
  }
  trips++;
  if (sim_now() - begun > worst) worst = sim_now() - begun;
  return true;
}

static void echo(void *stream) {
  while (get(*(hws_handle *)stream, true) && put(*(hws_handle *)stream)) continue;
}

static void at_descriptor(void *argument) {
  (void)argument;
  while (!world.over && trip(world.streams[0][1], false)) continue;
}

/* ---- setting up ---- */

static bool make_session(unsigned side, hws_handle carrier) {
  const struct hws_session_config config = {.size = sizeof config, .mode = HWS_MODE_YAMUX, .settings = "keepalive=0"};
  return hws_session(carrier, &config, &world.sessions[side]) == HWS_OK;
}

static void serve(void *argument) {
  (void)argument;
  const struct hws_how how = blocking();
  struct hws_event event = {0};
  hws_handle carrier;
  bool ok =
      went("accept", hws_accept(world.listener, 0, &how, &event, NULL, &carrier), &event) && make_session(1, carrier);
  for (unsigned i = 0; i < 2 && ok; i++)
    ok = went("accept", hws_accept(world.sessions[1], 0, &how, &event, NULL, &world.streams[1][i]), &event);
  if (!ok) return;
  struct sim_thread *second = sim_spawn("echo", echo, &world.streams[1][1]);
  echo(&world.streams[1][0]);
  sim_join(second);
}

static bool dial(void) {
  const struct hws_how how = blocking();
  struct hws_event event = {0};
  hws_handle carrier;
  hws_result result = hws_dial(world.runtimes[0], "sim://trips?delay_us=5&cut=0", 0, &how, &event, NULL, &carrier);
  bool ok = went("dial", result, &event) && make_session(0, carrier);
  for (unsigned i = 0; i < 2 && ok; i++)
    ok = went("open", hws_open(world.sessions[0], NULL, &how, &event, NULL, &world.streams[0][i]), &event);
  return ok && hws_queue_open(world.runtimes[0], &world.queue) == HWS_OK;
}

static void run(void *argument) {
  static const char key;
  (void)argument;
  const struct hws_runtime_config config = {.size = sizeof config, .plugin_dir = STORY_PLUGIN_DIR};
  const struct hws_how how = blocking();
  struct hws_event event = {0};
  memset(&world, 0, sizeof world);
  for (unsigned side = 0; side < 2; side++)
    if (hws_runtime_open(&config, &world.runtimes[side]) != HWS_OK) abort();
  hws_result result = hws_listen(world.runtimes[1], "sim://trips", 0, &how, &event, NULL, &world.listener);
  if (!went("listen", result, &event)) return;
  struct sim_thread *server = sim_spawn("server", serve, NULL);
  if (dial()) {
    struct sim_thread *second = sim_spawn("descriptor", at_descriptor, NULL);
    for (unsigned i = 0; i < TRIPS && trip(world.streams[0][0], true); i++)
      (void)sim_sleep(&key, sim_now() + sim_dice(THINK_NS), false, "think");
    world.over = true;
    sim_join(second);
  }
  for (unsigned side = 0; side < 2; side++)
    if (hws_runtime_join(world.runtimes[side], JOIN_NS) != HWS_OK) failed = "a join";
  sim_join(server);
}

int main(void) {
  static const uint64_t one_in[] = {3, 10, 60, 400};
  static struct walk walk;
  for (uint64_t seed = 1; seed <= SCHEDULES; seed++) {
    struct sim_result result;
    if (seed % 2)
      walk_random(&walk, seed, one_in[seed / 2 % 4]);
    else
      walk_priorities(&walk, seed, 1 + (unsigned)(seed / 2 % 5), STEPS_GUESS);
    const struct sim_config config = {.walk = &walk, .tick_ns = 1};
    sim_run(&config, run, NULL, &result);
    if (result.verdict == SIM_ENDED && !failed && worst <= LATEST_NS) continue;
    printf("schedule %llu: %s; the longest trip took %llu ns\n%s", (unsigned long long)seed,
           failed ? failed : "late or stuck", (unsigned long long)worst, result.text);
    return 1;
  }
  printf("%llu trips in %d schedules, the longest %llu ns\n", (unsigned long long)trips, SCHEDULES,
         (unsigned long long)worst);
  return 0;
}
