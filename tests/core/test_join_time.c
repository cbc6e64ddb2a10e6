/* SPDX-License-Identifier: Apache-2.0
 *
 * OP-3, OP-11: a join keeps its timeout however much there is to end, ends it in linear time, and meets what is being
 * made beside it as one that exists or as one that never will.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "tests/core/places.h"

static int place_only(void **state) {
  here = *state;
  *state = NULL;
  return 0;
}

static struct world *world_here(void) {
  return here_world = world_open(here->flags);
}

/* Call it with that timeout until it has ended; returns how often. */
static unsigned join_in_pieces(hws_handle runtime, int64_t timeout_ns, uint64_t *longest) {
  unsigned calls = 0;
  hws_result result = HWS_E_DEADLINE;
  for (uint64_t until = hws_now() + LIMIT_NS; result == HWS_E_DEADLINE && hws_now() < until; calls++) {
    uint64_t before = hws_now();
    result = hws_runtime_join(runtime, timeout_ns);
    uint64_t took = hws_now() - before;
    if (took > *longest) *longest = took;
  }
  assert_status(result, HWS_OK);
  return calls;
}

/* OP-11: one that ended all of them however long that takes would need seconds here, and minutes where time for each
 * grew with their number. */
static void many_members(void **state) {
  (void)state;
  enum { PAIRS = TEST_SLOWNESS > 1 ? 1000 : 4000 };
  struct world *world = world_here();
  char url[URL_MAX];
  hws_handle listener = listen_at(world, url_new(url, ""));
  for (int i = 0; i < PAIRS; i++) (void)connect_at(world, listener, "");
  uint64_t longest = 0;
  unsigned calls = join_in_pieces(world->runtime, 0, &longest);
  assert_true(calls > 1);
  if (longest > SECOND) fail_msg("a join that has no time at all took %u ms", (unsigned)(longest / MILLISECOND));
  free(world);
}

/* ---- a session that is made beside it ---- */

struct beside {
  hws_handle stream;
  atomic_uint ready;
  atomic_bool go;
  hws_result result;
};

static void wait_for_go(struct beside *beside) {
  atomic_fetch_add(&beside->ready, 1);
  while (!atomic_load(&beside->go)) continue;
}

static void make_session(void *argument) {
  struct beside *beside = argument;
  hws_handle session = 0;
  wait_for_go(beside);
  beside->result = hws_session(beside->stream, NULL, &session);
  /* What was refused is the caller's still, unless the end has taken it. */
  if (beside->result != HWS_OK) hws_close(beside->stream, NULL, NULL, NULL);
}

/* Keeps the stream's lock busy, so that who wants it has to wait. */
static void ask_about_it(void *argument) {
  struct beside *beside = argument;
  struct hws_detail detail = {.size = sizeof detail};
  atomic_fetch_add(&beside->ready, 1);
  while (hws_detail(beside->stream, &detail) == HWS_OK) continue;
}

/* OP-3, OP-10: whichever comes first, no pin is dropped twice. Some streams cannot become a session any more. */
static void session_beside_it(void **state) {
  (void)state;
  enum { ROUNDS = TEST_SLOWNESS > 1 ? 40 : 120, PARTIES = 3, SPINS = 64 };
  for (int round = 0; round < ROUNDS; round++) {
    struct world *world = world_here();
    struct beside beside = {.stream = pair_raw(world, here->scheme).client};
    bool over = round % 2;
    if (over) assert_int_equal(hws_reset(beside.stream, 0, NULL), HWS_OK);
    struct thread *threads[PARTIES] = {thread_start(make_session, &beside), thread_start(ask_about_it, &beside),
                                       thread_start(ask_about_it, &beside)};
    while (atomic_load(&beside.ready) < PARTIES) continue;
    atomic_store(&beside.go, true);
    for (int spin = 0; spin < round % SPINS * 16; spin++) atomic_thread_fence(memory_order_seq_cst);
    world_join(world);
    for (int i = 0; i < PARTIES; i++) thread_join(threads[i]);
    if (over) assert_int_not_equal(beside.result, HWS_OK);
  }
}

#undef PLACED
#define PLACED(test, at, name)                                                                                         \
  { #test " (" name ")", test, place_only, NULL, (void *)(uintptr_t)&places[at] }

int main(void) {
  const struct CMUnitTest tests[] = {
      PLACED(many_members, 0, "mem"),        PLACED(many_members, 1, "mem, caller-driven"),
      PLACED(session_beside_it, 0, "mem"),   PLACED(session_beside_it, 1, "mem, caller-driven"),
      PLACED(session_beside_it, 2, "local"),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
