/* SPDX-License-Identifier: Apache-2.0
 *
 * OP-1, OP-6, CAN-1, CAN-2, CAN-7: several threads submit ops of every kind on the same few objects while others cancel
 * them, end their scopes, reset and close what they pend on. Every accepted op has one event, and none comes after the
 * close event of what it pended on.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/stress/seeds.h"

enum { SUBMITTERS = 3, JOBS_EACH = 150, JOBS = SUBMITTERS * JOBS_EACH + 64, STREAMS = 6, MEMORY = 700 };

struct job {
  atomic_int expected; /* events to come: 0 or 1 */
  atomic_int seen;
  _Atomic(hws_handle) op;
  uint32_t choice; /* which kind of op, for messages */
  uint8_t *memory; /* a recv's; freed at its event, so that a write after it is noticed */
};

struct round {
  struct world *world;
  uint64_t seed;
  struct job jobs[JOBS];
  atomic_uint next_job;
  _Atomic(hws_handle) streams[STREAMS];
  _Atomic(hws_handle) sessions[2];
  hws_handle listener;
  _Atomic(hws_handle) scope;
  atomic_bool over;
  atomic_bool harvested;
};

static uint8_t junk[64 * 1024];

/* ---- harvesting ---- */

static bool is_known(int32_t status) {
  switch (status) {
  case HWS_OK:
  case HWS_E_CANCELED:
  case HWS_E_DEADLINE:
  case HWS_E_CLOSED:
  case HWS_E_EOF:
  case HWS_E_RESET:
  case HWS_E_IO: /* a raw connection that was aborted at the other end */
    return true;
  default:
    return false;
  }
}

static void adopt(struct round *round, const struct hws_event *event);

static void take(struct round *round, const struct hws_event *event) {
  assert_true(event->tag < JOBS);
  struct job *job = &round->jobs[event->tag];
  if (!is_known(event->status)) fail_msg("kind %d: %s", event->kind, hws_status_name(event->status));
  assert_int_equal(atomic_fetch_add(&job->seen, 1), 0);
  free(job->memory);
  job->memory = NULL;
  if (event->kind == HWS_KIND_ACQUIRE && event->status == HWS_OK)
    assert_int_equal(hws_release(event->code, event->bytes), HWS_OK);
  if (event->kind == HWS_KIND_ACCEPT || event->kind == HWS_KIND_OPEN || event->kind == HWS_KIND_DIAL)
    adopt(round, event);
}

static void harvest(void *argument) {
  struct round *round = argument;
  while (!atomic_load(&round->harvested)) {
    struct hws_event events[16];
    hws_result count = hws_queue_wait(round->world->queue, events, 16, (int64_t)MILLISECOND);
    assert_true(count >= 0);
    for (hws_result i = 0; i < count; i++) take(round, &events[i]);
  }
}

/* ---- submitting ---- */

static hws_handle any_stream(struct round *round, struct dice *dice) {
  return atomic_load(&round->streams[dice_roll(dice, STREAMS)]);
}

/* A new stream takes the place of another, which is closed, as is one that failed. */
static void adopt(struct round *round, const struct hws_event *event) {
  hws_handle stream = event->object;
  if (!stream) return;
  if (event->status == HWS_OK) stream = atomic_exchange(&round->streams[stream % STREAMS], stream);
  hws_close(stream, NULL, NULL, NULL);
}

static hws_result submit(struct round *round, struct dice *dice, struct job *job, const struct hws_how *how,
                         struct hws_event *out) {
  hws_handle op = 0;
  hws_handle stream = any_stream(round, dice);
  hws_handle session = atomic_load(&round->sessions[dice_roll(dice, 2)]);
  hws_handle made = 0;
  hws_handle life = dice_roll(dice, 4) ? 0 : atomic_load(&round->scope);
  struct hws_vec vec = {.ptr = job->memory, .len = MEMORY};
  struct hws_open_config open = {.size = sizeof open, .life = life, .payload = &vec, .payload_count = 1};
  hws_result result = HWS_E_INVAL;
  job->choice = dice_roll(dice, 12);
  switch (job->choice) {
  case 0:
  case 1:
    result = hws_recv(stream, &vec, 1, how, out, &op);
    break;
  case 2:
    result = hws_recv(stream, NULL, 0, how, out, &op);
    break;
  case 3:
    result = hws_acquire(stream, how, out, &op);
    break;
  case 4:
  case 5:
    vec = (struct hws_vec){.ptr = junk, .len = dice_roll(dice, 3) ? 100 : sizeof junk};
    result = hws_send(stream, &vec, 1, how, out, &op);
    break;
  case 6:
    result = dice_roll(dice, 4) ? HWS_E_INVAL : hws_shutdown(stream, how, out, &op);
    break;
  case 7:
    result = hws_watch(dice_roll(dice, 2)   ? stream
                       : dice_roll(dice, 2) ? session
                                            : atomic_load(&round->scope),
                       how, out, &op);
    break;
  case 8:
    result = hws_close(stream, how, out, &op);
    break;
  case 9:
    vec = (struct hws_vec){.ptr = junk, .len = 100};
    result = hws_open(session, &open, how, out, &op, &made);
    break;
  case 10:
    result = hws_accept(session, life, how, out, &op, &made);
    break;
  default:
    result = hws_accept(round->listener, life, how, out, &op, &made);
  }
  if (result == 0) atomic_store(&job->op, op);
  return result;
}

static void submit_one(struct round *round, struct dice *dice) {
  unsigned tag = atomic_fetch_add(&round->next_job, 1);
  struct job *job = &round->jobs[tag];
  struct hws_event event = {0};
  bool inline_too = dice_roll(dice, 2);
  struct hws_how how = {.size = sizeof how, .queue = round->world->queue, .tag = tag};
  if (dice_roll(dice, 3) == 0) how.scope = atomic_load(&round->scope);
  if (dice_roll(dice, 3) == 0) how.deadline_ns = 1 + dice_roll(dice, 2000000);
  if (dice_roll(dice, 8) == 0) how.flags |= HWS_ABORT;
  if (dice_roll(dice, 8) == 0) how.flags |= HWS_MORE;
  if (how.deadline_ns) how.flags |= HWS_RELATIVE;
  job->memory = malloc(MEMORY);
  assert_non_null(job->memory);
  atomic_store(&job->expected, 1);
  hws_result result = submit(round, dice, job, &how, inline_too ? &event : NULL);
  if (result == 1) assert_int_equal(event.tag, tag);
  if (result == 1) take(round, &event);
  if (result >= 0) return;
  atomic_store(&job->expected, 0);
  free(job->memory);
  job->memory = NULL;
}

struct actor {
  struct round *round;
  uint64_t seed;
};

static void submit_all(void *argument) {
  const struct actor *actor = argument;
  struct dice dice = {.state = actor->seed};
  for (int i = 0; i < JOBS_EACH; i++) submit_one(actor->round, &dice);
}

/* ---- sabotage ---- */

static void dial_one(struct round *round, const char *url) {
  struct hws_how how = {.size = sizeof how, .queue = round->world->queue};
  hws_handle stream = 0;
  how.tag = atomic_fetch_add(&round->next_job, 1);
  atomic_store(&round->jobs[how.tag].expected, 1);
  hws_result result = hws_dial(round->world->runtime, url, 0, &how, NULL, NULL, &stream);
  assert_status(result, HWS_OK);
}

static void replace_scope(struct round *round, struct dice *dice) {
  hws_handle scope = 0;
  uint64_t deadline = dice_roll(dice, 2) ? hws_now() + MILLISECOND : 0;
  assert_int_equal(hws_scope_open(round->world->runtime, 0, deadline, &scope), HWS_OK);
  hws_handle before = atomic_exchange(&round->scope, scope);
  if (dice_roll(dice, 4)) hws_scope_cancel(before, 0, "sabotage");
  hws_close(before, NULL, NULL, NULL);
}

static void sabotage(void *argument) {
  const struct actor *actor = argument;
  struct round *round = actor->round;
  struct dice dice = {.state = actor->seed};
  while (!atomic_load(&round->over)) {
    unsigned jobs = atomic_load(&round->next_job);
    for (int i = 0; i < 4 && jobs; i++)
      hws_cancel(atomic_load(&round->jobs[(jobs - 1 - dice_roll(&dice, jobs < 8 ? jobs : 8)) % JOBS].op));
    if (dice_roll(&dice, 8) == 0) replace_scope(round, &dice);
    if (dice_roll(&dice, 16) == 0) hws_reset(any_stream(round, &dice), 70000, "sabotage");
    if (dice_roll(&dice, 2000) == 0) hws_reset(atomic_load(&round->sessions[dice_roll(&dice, 2)]), 70001, "sabotage");
    if (dice_roll(&dice, 4) == 0) hws_flush(any_stream(round, &dice));
  }
}

/* ---- a round ---- */

static void close_all(struct round *round) {
  for (int i = 0; i < STREAMS; i++) hws_close(round->streams[i], NULL, NULL, NULL);
  for (int i = 0; i < 2; i++) {
    struct hws_how abort = {.size = sizeof abort, .flags = HWS_ABORT};
    hws_close(round->sessions[i], &abort, NULL, NULL);
  }
  hws_close(round->listener, NULL, NULL, NULL);
  hws_scope_cancel(round->scope, 0, NULL);
  hws_close(round->scope, NULL, NULL, NULL);
}

static bool all_seen(struct round *round, unsigned *missing) {
  *missing = 0;
  for (unsigned i = 0; i < atomic_load(&round->next_job); i++)
    if (atomic_load(&round->jobs[i].seen) != atomic_load(&round->jobs[i].expected)) *missing = i + 1;
  return *missing == 0;
}

static void race(uint64_t seed) {
  static struct round round;
  struct dice dice = {.state = seed};
  char url[URL_MAX];
  round = (struct round){.seed = seed, .world = seed_world(&dice)};
  struct link mux = link_open(round.world, MUX);
  struct link raw = link_open(round.world, RAW);
  struct pair more = pair_raw(round.world, here->scheme);
  hws_handle first[STREAMS] = {mux.ends.client, mux.ends.server, raw.ends.client,
                               raw.ends.server, more.client,     more.server};
  for (int i = 0; i < STREAMS; i++) round.streams[i] = first[i];
  round.sessions[0] = mux.sessions.client;
  round.sessions[1] = mux.sessions.server;
  round.listener = listen_at(round.world, url_new(url, ""));
  hws_handle scope = 0;
  assert_int_equal(hws_scope_open(round.world->runtime, 0, 0, &scope), HWS_OK);
  round.scope = scope;
  for (int i = 0; i < 16; i++) dial_one(&round, url);

  struct actor actors[SUBMITTERS + 1];
  struct thread *threads[SUBMITTERS + 2];
  for (int i = 0; i <= SUBMITTERS; i++) {
    actors[i] = (struct actor){&round, dice_roll(&dice, UINT32_MAX)};
    threads[i] = thread_start(i < SUBMITTERS ? submit_all : sabotage, &actors[i]);
  }
  threads[SUBMITTERS + 1] = thread_start(harvest, &round);
  for (int i = 0; i < SUBMITTERS; i++) thread_join(threads[i]);
  atomic_store(&round.over, true);
  thread_join(threads[SUBMITTERS]);
  close_all(&round);
  uint64_t until = hws_now() + LIMIT_NS;
  for (unsigned missing; !all_seen(&round, &missing);) {
    if (hws_now() > until) fail_msg("op %u of kind %u has no event", missing - 1, round.jobs[missing - 1].choice);
    usleep(500);
  }
  atomic_store(&round.harvested, true);
  thread_join(threads[SUBMITTERS + 1]);
  world_join(round.world);
}

static void ops_end_once(void **state) {
  (void)state;
  seeds_run(1, race);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(ops_end_once)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
