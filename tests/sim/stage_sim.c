/* SPDX-License-Identifier: Apache-2.0
 *
 * The stage on the simulated system. Threads switch where the library has a point, so what the story knows needs no
 * lock.
 */
#include "tests/sim/stage.h"

#include <stdio.h>

#include "core/failing_sim.h"
#include "core/file.h"
#include "core/file_sim.h"
#include "core/loop_sim.h"
#include "core/refused_sim.h"
#include "core/scheduler_sim.h"
#include "core/waitable_sim.h"
#include "tests/faults/allocation.h"
#include "tests/sim/failing.h"
#include "tests/sim/network.h"
#include "tests/sim/record.h"

const char *const stage_places[STAGE_PLACES] = {"mem", "sim", "simport"};
const bool stage_resets[STAGE_PLACES] = {true, true, true};
const uint64_t stage_block_ns = UINT64_C(5000000000);
const uint64_t stage_patience_ns = 2000000000;
const uint64_t stage_busy_most = 3000;
const bool stage_exact = true;

static const struct story *the_story;
static struct network network;
static int64_t live;
static int64_t file;

void stage_begin(const struct story *story) {
  static const struct file_sim bytes = {
      .bytes = STAGE_FILE_BYTES, .fails_at = UINT64_MAX, .regular = true, .seed = STAGE_FILE_SEED};
  the_story = story;
  network_make(&network, story);
  live = allocation_live();
  file = file_sim_open(&bytes);
}

void stage_end(void) {
  file_close(file);
  refused_sim_forget();
  if (poller_sim_forget()) fault("a poller was woken after it was freed");
  if (file_sim_count()) fault("%u files are open still", file_sim_count());
  if (allocation_live() != live) fault("%lld allocations are left", (long long)(allocation_live() - live));
}

bool stage_is_slow(void) {
  return network.slow;
}

bool stage_has_failed(void) {
  return failing_has() || failing_sim_met_first();
}

/* A connection that was hurt hurts what stands on it, and the next ones that are dialled or accepted. */
static bool is_hurt(int pair) {
  bool alone = the_story->carrier == CARRIER_RAW && pair >= 0;
  return failing_sim_met_first() && (!alone || (unsigned)pair == network.hurt);
}

bool stage_excuses(int pair, int32_t status) {
  return (failing_has() || is_hurt(pair)) && failing_is_clear(status);
}

void *stage_memory(size_t bytes) {
  return allocation_own(bytes);
}

void stage_acts(bool begin) {
  sim_part(begin ? SIM_ACTS : SIM_REST);
}

hws_handle stage_peek(const hws_handle *op) {
  return *op;
}

struct stage_thread *stage_spawn(const char *name, void (*run)(void *argument), void *argument) {
  return (struct stage_thread *)sim_spawn(name, run, argument);
}

void stage_join(struct stage_thread *thread) {
  sim_join((struct sim_thread *)thread);
}

struct stage_thread *stage_self(void) {
  return (struct stage_thread *)sim_self();
}

void stage_signal(struct stage_thread *thread) {
  sim_interrupt((struct sim_thread *)thread);
}

bool stage_signal_pends(void) {
  return false;
}

uint64_t stage_busy(void) {
  return sim_steps();
}

uint64_t stage_now(void) {
  return sim_now();
}

void stage_sleep(uint64_t nanoseconds) {
  static const char key;
  (void)sim_sleep(&key, sim_now() + nanoseconds, false, "story");
}

void stage_poll(int64_t waitable, uint64_t until) {
  (void)waitable_sim_poll(waitable, until);
}

int64_t stage_file(void) {
  return file;
}

void stage_url(char *url, size_t size, unsigned place, uint32_t buffer, int what, hws_handle listener) {
  (void)listener;
  bool dials = what != STAGE_LISTENS;
  bool hurts = dials && (the_story->carrier != CARRIER_RAW || what < 0 || (unsigned)what == network.hurt);
  int at = snprintf(url, size, "%s://story?buffer=%u", stage_places[place], buffer);
  if (place == 0) return;
  (void)snprintf(url + at, size - (size_t)at, "%s%s%s", dials ? network.mood : network.heard, hurts ? network.harm : "",
                 what == STAGE_DIALS_LATE ? network.late : "");
}
