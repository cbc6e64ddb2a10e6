/* SPDX-License-Identifier: Apache-2.0
 *
 * Two sessions, up to fifty streams, and everything that can be done with them, at random. Every byte of a direction is
 * a function of its seed and its place, so that a byte that is lost, doubled or swapped is found wherever it happens:
 * also after cancels, whose events say how much was taken (CAN-0), and leases that are put back in part.
 *
 * mux_random [SEED] repeats a run as far as threads let it, and so does HAWSER_CHAOS_SEED; HAWSER_LONG=1 makes it
 * minutes.
 */
#include "tests/mux/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 50, SEND_MAX = 200000, RECV_MAX = 100000, GREETING = 8 };

static uint64_t first_seed;
static uint64_t random_state;

static uint64_t random_next(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

static uint64_t below(uint64_t limit) {
  return random_next() % limit;
}

static bool chance(unsigned percent) {
  return below(100) < percent;
}

struct end;

enum kind { SEND, RECV, ACQUIRE, SHUTDOWN, ACCEPT };

/* One op that is out; its address is the tag. */
struct action {
  enum kind kind;
  struct end *end; /* NULL: an accept, or the greeting of a stream that nobody knows yet */
  hws_handle op;
  hws_handle stream; /* of an accept or greeting */
  bool given_up;     /* cancelled, or under a short deadline */
  unsigned side;
  size_t length;
  uint8_t memory[];
};

/* One direction. */
struct flow {
  uint64_t seed;
  uint64_t sent; /* taken by the session */
  uint64_t received;
  bool ended; /* by a shutdown that was done */
};

struct end {
  hws_handle stream; /* 0: not there yet, or closed */
  struct flow *out;
  struct flow *in;
  struct action *sending;
  struct action *receiving;
  struct action *ending;
  bool shut; /* asked to */
  bool eof;
  struct line *line;
};

struct line {
  bool used;
  bool broken; /* reset or closed before its time: any known end is right */
  uint64_t number;
  struct flow flows[2];
  struct end ends[2]; /* the opener's, the acceptor's */
};

struct test {
  struct world *world;
  hws_handle sessions[2];
  struct line lines[LINES];
  uint64_t opened;
  uint64_t bytes;
  uint64_t given_up;
  uint64_t resets;
  unsigned out; /* actions */
  bool over;    /* nothing new is begun */
};

static struct action *action_new(struct test *test, enum kind kind, struct end *end, size_t length) {
  struct action *action = malloc(sizeof *action + length);
  assert_non_null(action);
  *action = (struct action){.kind = kind, .end = end, .length = length};
  test->out++;
  return action;
}

static struct hws_how how_of(struct test *test, struct action *action) {
  struct hws_how how = {.size = sizeof how, .queue = test->world->queue, .tag = (uint64_t)(uintptr_t)action};
  if (action->given_up && chance(50)) {
    how.flags = HWS_RELATIVE;
    how.deadline_ns = 1 + below(3 * MILLISECOND);
  }
  return how;
}

static void is_begun(hws_result result) {
  assert_status(result, HWS_OK);
}

/* ---- beginning ---- */

static void begin_send(struct test *test, struct end *end, size_t length, bool given_up) {
  struct action *action = action_new(test, SEND, end, length);
  action->given_up = given_up;
  pattern_fill(end->out->seed, end->out->sent, action->memory, length);
  struct hws_vec vec[3];
  size_t cut = below(length + 1);
  vec[0] = (struct hws_vec){.ptr = action->memory, .len = cut};
  vec[1] = (struct hws_vec){.ptr = action->memory, .len = 0};
  vec[2] = (struct hws_vec){.ptr = action->memory + cut, .len = length - cut};
  struct hws_how how = how_of(test, action);
  if (chance(10)) how.flags |= HWS_MORE;
  end->sending = action;
  is_begun(hws_send(end->stream, vec, 3, &how, NULL, &action->op));
}

static void begin_recv(struct test *test, struct end *end, bool given_up) {
  size_t length = chance(50) ? 1 + below(RECV_MAX) : 1 + below(100);
  bool lease = chance(40);
  struct action *action = action_new(test, lease ? ACQUIRE : RECV, end, lease ? 0 : length);
  struct hws_vec vec = {.ptr = action->memory, .len = length};
  action->given_up = given_up;
  struct hws_how how = how_of(test, action);
  end->receiving = action;
  if (lease)
    is_begun(hws_acquire(end->stream, &how, NULL, &action->op));
  else
    is_begun(hws_recv(end->stream, &vec, 1, &how, NULL, &action->op));
}

static void begin_shutdown(struct test *test, struct end *end) {
  struct action *action = action_new(test, SHUTDOWN, end, 0);
  struct hws_how how = how_of(test, action);
  end->ending = action;
  end->shut = true;
  is_begun(hws_shutdown(end->stream, &how, NULL, &action->op));
}

static void begin_accept(struct test *test, unsigned side) {
  struct action *action = action_new(test, ACCEPT, NULL, 0);
  struct hws_how how = how_of(test, action);
  action->side = side;
  is_begun(hws_accept(test->sessions[side], 0, &how, NULL, &action->op, &action->stream));
}

/* The first bytes of a stream say which line it is. */
static void begin_greeting(struct test *test, hws_handle stream, const uint8_t *had, size_t length) {
  struct action *action = action_new(test, RECV, NULL, GREETING);
  struct hws_vec vec = {.ptr = action->memory + length, .len = GREETING - length};
  if (length) memcpy(action->memory, had, length);
  action->length = length;
  action->stream = stream;
  struct hws_how how = how_of(test, action);
  is_begun(hws_recv(stream, &vec, 1, &how, NULL, &action->op));
}

static void begin_line(struct test *test, struct line *line, unsigned index) {
  unsigned side = (unsigned)below(2);
  struct hws_how how = how_block();
  struct hws_event event;
  memset(line, 0, sizeof *line);
  line->number = test->opened++;
  for (unsigned i = 0; i < 2; i++) {
    line->flows[i].seed = first_seed + line->number * 2 + i;
    line->ends[i].out = &line->flows[i];
    line->ends[i].in = &line->flows[1 - i];
    line->ends[i].line = line;
  }
  line->used = true;
  assert_int_equal(hws_open(test->sessions[side], NULL, &how, &event, NULL, &line->ends[0].stream), 1);
  assert_status(event.status, HWS_OK);
  /* The greeting is not part of the pattern, and never given up. */
  struct action *action = action_new(test, SEND, &line->ends[0], GREETING);
  uint64_t greeting = index | line->number << 8;
  memcpy(action->memory, &greeting, GREETING);
  struct hws_vec vec = {.ptr = action->memory, .len = GREETING};
  how = how_of(test, action);
  action->side = 1; /* marks it */
  line->ends[0].sending = action;
  is_begun(hws_send(line->ends[0].stream, &vec, 1, &how, NULL, &action->op));
}

/* ---- what came of it ---- */

static void check_status(const struct action *action, const struct hws_event *event) {
  int32_t status = event->status;
  if (status == HWS_OK) return;
  if (action->given_up && (status == HWS_E_CANCELED || status == HWS_E_DEADLINE)) return;
  if (status == HWS_E_EOF && (action->kind == RECV || action->kind == ACQUIRE)) return;
  if (!action->end) return;
  if (action->end->line->broken && (status == HWS_E_RESET || status == HWS_E_CANCELED || status == HWS_E_CLOSED))
    return;
  fail_msg("op of kind %d of line %llu ended with %s", action->kind, (unsigned long long)action->end->line->number,
           hws_status_name(status));
}

static void received(struct test *test, struct end *end, const void *bytes, size_t length) {
  pattern_expect(end->in->seed, end->in->received, bytes, length);
  end->in->received += length;
  test->bytes += length;
}

static void close_end(struct end *end) {
  if (end->stream) assert_int_equal(hws_close(end->stream, NULL, NULL, NULL), HWS_OK);
  end->stream = 0;
}

static void recv_ended(struct test *test, const struct action *action, const struct hws_event *event) {
  struct end *end = action->end;
  end->receiving = NULL;
  if (event->status == HWS_E_EOF) end->eof = true;
  if (event->status != HWS_OK) return;
  if (action->kind == RECV) {
    received(test, end, action->memory, event->bytes);
    return;
  }
  uint64_t consumed = chance(70) ? event->bytes : below(event->bytes + 1);
  received(test, end, (const void *)(uintptr_t)event->data, consumed);
  assert_int_equal(hws_release(event->code, consumed), HWS_OK);
}

static void greeting_ended(struct test *test, const struct action *action, const struct hws_event *event) {
  size_t length = action->length + event->bytes;
  uint64_t greeting = 0;
  if (event->status != HWS_OK) {
    assert_int_equal(hws_close(action->stream, NULL, NULL, NULL), HWS_OK); /* reset before it was known */
    return;
  }
  if (length < GREETING) {
    begin_greeting(test, action->stream, action->memory, length);
    return;
  }
  memcpy(&greeting, action->memory, GREETING);
  struct line *line = &test->lines[greeting & 0xff];
  if (!line->used || line->number != greeting >> 8 || line->broken)
    assert_int_equal(hws_close(action->stream, NULL, NULL, NULL), HWS_OK); /* its opener is gone already */
  else
    line->ends[1].stream = action->stream;
}

static void send_ended(const struct action *action, const struct hws_event *event) {
  struct end *end = action->end;
  end->sending = NULL;
  if (action->side == 0) end->out->sent += event->bytes;
  if (event->status == HWS_OK) assert_int_equal(event->bytes, action->length);
}

static void handle(struct test *test, const struct hws_event *event) {
  struct action *action = (struct action *)(uintptr_t)event->tag;
  test->out--;
  check_status(action, event);
  if (event->status == HWS_E_CANCELED || event->status == HWS_E_DEADLINE) test->given_up++;
  if (action->kind == ACCEPT && event->status == HWS_OK) {
    begin_greeting(test, action->stream, NULL, 0);
    if (!test->over) begin_accept(test, action->side);
  } else if (action->kind == ACCEPT) {
    assert_int_equal(hws_close(action->stream, NULL, NULL, NULL), HWS_OK);
  } else if (!action->end) {
    greeting_ended(test, action, event);
  } else if (action->kind == SEND) {
    send_ended(action, event);
  } else if (action->kind == SHUTDOWN) {
    action->end->ending = NULL;
    action->end->out->ended = event->status == HWS_OK;
    action->end->shut = event->status == HWS_OK; /* else it can be sent on, and shut again */
  } else {
    recv_ended(test, action, event);
  }
  free(action);
}

static void harvest(struct test *test, int64_t timeout_ns) {
  struct hws_event events[64];
  hws_result count = hws_queue_wait(test->world->queue, events, 64, timeout_ns);
  assert_true(count >= 0);
  for (hws_result i = 0; i < count; i++) handle(test, &events[i]);
}

/* ---- the run ---- */

static void break_line(struct test *test, struct line *line, struct end *end) {
  line->broken = true;
  test->resets++;
  if (chance(50))
    assert_int_equal(hws_reset(end->stream, 65536 + below(1000), "at random"), HWS_OK);
  else
    close_end(end);
}

static void cancel_one(struct end *end) {
  struct action *action = end->ending && chance(30) ? end->ending : chance(50) ? end->sending : end->receiving;
  if (!action || (action->kind == SEND && action->side)) return;
  action->given_up = true;
  hws_result result = hws_cancel(action->op);
  assert_true(result == HWS_OK || result == HWS_E_HANDLE);
}

static void step(struct test *test) {
  unsigned index = (unsigned)below(LINES);
  struct line *line = &test->lines[index];
  if (!line->used) {
    begin_line(test, line, index);
    return;
  }
  struct end *end = &line->ends[below(2)];
  if (!end->stream) return;
  unsigned what = (unsigned)below(1000);
  if (what < 6)
    break_line(test, line, end);
  else if (what < 20 && !end->shut)
    begin_shutdown(test, end);
  else if (what < 150)
    cancel_one(end);
  else if (what < 550 && !end->sending && !end->shut)
    begin_send(test, end, chance(30) ? 1 + below(SEND_MAX) : 1 + below(200), chance(20));
  else if (!end->receiving && !end->eof)
    begin_recv(test, end, chance(20));
}

static bool is_idle(const struct line *line) {
  for (unsigned i = 0; i < 2; i++)
    if (line->ends[i].sending || line->ends[i].receiving || line->ends[i].ending) return false;
  return true;
}

static bool is_done(const struct line *line) {
  if (!is_idle(line)) return false;
  return line->broken || (line->ends[0].eof && line->ends[1].eof && line->flows[0].ended && line->flows[1].ended);
}

/* Free a line that is over. */
static void retire(struct line *line) {
  if (!line->used || !is_done(line)) return;
  for (unsigned i = 0; i < 2 && !line->broken; i++) assert_int_equal(line->flows[i].received, line->flows[i].sent);
  for (unsigned i = 0; i < 2; i++) close_end(&line->ends[i]);
  line->used = false;
}

/* Let every line come to its proper end: both directions shut, all read. */
static bool finish(struct test *test) {
  bool all = true;
  for (unsigned i = 0; i < LINES; i++) {
    struct line *line = &test->lines[i];
    retire(line);
    if (!line->used) continue;
    all = false;
    for (unsigned k = 0; k < 2; k++) {
      struct end *end = &line->ends[k];
      if (!end->stream) continue;
      if (line->broken) {
        close_end(end);
        continue;
      }
      if (!end->shut) begin_shutdown(test, end);
      if (!end->receiving && !end->eof) begin_recv(test, end, false);
    }
  }
  return all;
}

static void run(struct test *test, uint64_t duration_ns) {
  uint64_t until = hws_now() + duration_ns;
  for (unsigned i = 0; i < 2; i++) begin_accept(test, i);
  while (hws_now() < until) {
    for (uint64_t i = below(40); i-- > 0;) step(test);
    for (unsigned i = 0; i < LINES; i++) retire(&test->lines[i]);
    harvest(test, chance(20) ? (int64_t)MILLISECOND : 0);
  }
  until = hws_now() + LIMIT_NS;
  while (!finish(test)) {
    harvest(test, (int64_t)MILLISECOND);
    if (hws_now() > until) fail_msg("the streams do not come to their end");
  }
  test->over = true;
  /* Both before either is closed: the other learns of that when it likes. */
  for (unsigned i = 0; i < 2; i++) assert_status(detail_of(test->sessions[i]).status, HWS_OK);
  for (unsigned i = 0; i < 2; i++) assert_int_equal(hws_close(test->sessions[i], NULL, NULL, NULL), HWS_OK);
  while (test->out) {
    harvest(test, (int64_t)MILLISECOND);
    if (hws_now() > until) fail_msg("%u ops never ended", test->out);
  }
}

static void run_over(struct world *world, const char *scheme) {
  static const char *const settings[] = {"window_max=256k", "window_max=4m&unsent_max=64k", "window_pool=0", ""};
  uint64_t duration = getenv("HAWSER_LONG") ? 30 * SECOND : SECOND;
  struct test *test = calloc(1, sizeof *test);
  char text[256];
  assert_non_null(test);
  (void)snprintf(text, sizeof text, "%s%sresets_burst=1000000&resets_rate=1000000&useless_rate=1000000",
                 settings[first_seed % 4], settings[first_seed % 4][0] ? "&" : "");
  struct pair pair = pair_sessions(world, scheme, text);
  test->world = world;
  test->sessions[0] = pair.client;
  test->sessions[1] = pair.server;
  run(test, duration);
  print_message("  seed %llu over %s: %llu streams, %llu MiB, %llu given up, %llu broken\n",
                (unsigned long long)first_seed, scheme, (unsigned long long)test->opened,
                (unsigned long long)(test->bytes >> 20), (unsigned long long)test->given_up,
                (unsigned long long)test->resets);
  assert_true(test->opened > 10);
  free(test);
}

static void random_over_mem(void **state) {
  run_over(*state, "mem");
}

static void random_over_sockets(void **state) {
  run_over(*state, LOCAL);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {BOTH_MODES(random_over_mem), BOTH_MODES(random_over_sockets)};
  const char *given = argc > 1 ? argv[1] : getenv("HAWSER_CHAOS_SEED");
  first_seed = given ? strtoull(given, NULL, 0) : hws_now() >> 10;
  random_state = first_seed * 2 + 1;
  print_message("seed %llu\n", (unsigned long long)first_seed);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
