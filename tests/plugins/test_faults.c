/* SPDX-License-Identifier: Apache-2.0
 *
 * OP-1 against plugins that break their contract while they run: each op has exactly one event all the same, the fault
 * is counted, and the plugin is named. Each plugin is a loopback: what is sent is received again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "abi/hawser.h"

enum { ROUNDS = 200 };

#define SECONDS(n) (INT64_C(1000000000) * (n))

struct world {
  hws_handle runtime;
  hws_handle queue;
  uint32_t flags; /* of the runtime */
};

static struct hws_how how_of(const struct world *world, uint64_t tag) {
  return (struct hws_how){.size = sizeof(struct hws_how), .queue = world->queue, .tag = tag};
}

static void open_world(struct world *world) {
  struct hws_runtime_config config = {.size = sizeof config, .flags = world->flags, .plugin_dir = WRONG_PLUGIN_DIR};
  assert_int_equal(hws_runtime_open(&config, &world->runtime), HWS_OK);
  assert_int_equal(hws_queue_open(world->runtime, &world->queue), HWS_OK);
}

/* The one event that is due. */
static struct hws_event next_event(const struct world *world, uint64_t tag) {
  struct hws_event event = {0};
  assert_int_equal(hws_queue_wait(world->queue, &event, 1, SECONDS(60)), 1);
  assert_int_equal(event.tag, tag);
  return event;
}

static void assert_no_event(const struct world *world) {
  struct hws_event event;
  assert_int_equal(hws_queue_wait(world->queue, &event, 1, 0), 0);
}

static hws_handle dial(const struct world *world, const char *scheme) {
  char url[64];
  hws_handle stream = 0;
  struct hws_how how = how_of(world, 1);
  (void)snprintf(url, sizeof url, "%s://x", scheme);
  assert_int_equal(hws_dial(world->runtime, url, 0, &how, NULL, NULL, &stream), 0);
  struct hws_event event = next_event(world, 1);
  assert_int_equal(event.status, HWS_OK);
  assert_int_equal(event.kind, HWS_KIND_DIAL);
  return stream;
}

static void submit(const struct world *world, hws_handle stream, bool send, void *bytes, uint64_t size, uint64_t tag) {
  struct hws_vec vec = {.ptr = bytes, .len = size};
  struct hws_how how = how_of(world, tag);
  assert_int_equal(send ? hws_send(stream, &vec, 1, &how, NULL, NULL) : hws_recv(stream, &vec, 1, &how, NULL, NULL), 0);
}

static uint64_t faults(const struct world *world) {
  uint64_t count = 0;
  assert_int_equal(hws_stat(world->runtime, "plugin_faults", &count), HWS_OK);
  return count;
}

static void close_stream(const struct world *world, hws_handle stream) {
  struct hws_how how = how_of(world, 9);
  assert_int_equal(hws_close(stream, &how, NULL, NULL), 0);
  assert_int_equal(next_event(world, 9).kind, HWS_KIND_CLOSE);
}

/* Sends before or after the receive, so that it ends in submit, or later by a post; checks every byte and event. */
static void exchange(const struct world *world, hws_handle stream, bool send_first) {
  for (unsigned round = 0; round < ROUNDS; round++) {
    char out[16];
    char in[16] = "";
    struct hws_event event = {0};
    int length = snprintf(out, sizeof out, "round %u", round);
    if (!send_first) submit(world, stream, false, in, sizeof in, 3);
    submit(world, stream, true, out, (uint64_t)length, 2);
    if (send_first) {
      event = next_event(world, 2);
      assert_int_equal(event.bytes, length);
      submit(world, stream, false, in, sizeof in, 3);
      event = next_event(world, 3);
    } else {
      /* The two directions end in either order. */
      struct hws_event events[2];
      uint32_t got = 0;
      while (got < 2) {
        hws_result more = hws_queue_wait(world->queue, events + got, 2 - got, SECONDS(60));
        assert_in_range(more, 1, 2 - got);
        got += (uint32_t)more;
      }
      event = events[events[0].tag == 3 ? 0 : 1];
      assert_int_equal(events[0].tag + events[1].tag, 5);
    }
    assert_int_equal(event.kind, HWS_KIND_RECV);
    assert_int_equal(event.status, HWS_OK);
    assert_int_equal(event.bytes, length);
    assert_string_equal(in, out);
    assert_no_event(world);
  }
}

static void assert_named(const struct world *world, const char *scheme) {
  struct hws_detail detail = {.size = sizeof detail};
  char name[64];
  (void)snprintf(name, sizeof name, "plugin %s (", scheme);
  assert_int_equal(hws_detail(world->runtime, &detail), HWS_OK);
  assert_int_equal(detail.status, HWS_E_PLUGIN);
  if (strstr(detail.text, name) == NULL) fail_msg("'%s' is not named in: %s", scheme, detail.text);
}

static void check_exchange(struct world *world, const char *scheme, bool wrong) {
  open_world(world);
  hws_handle stream = dial(world, scheme);
  exchange(world, stream, true);
  uint64_t in_submit = faults(world);
  exchange(world, stream, false);
  if (wrong) {
    assert_true(in_submit >= ROUNDS);
    assert_named(world, scheme);
  } else {
    assert_int_equal(faults(world), 0);
  }
  close_stream(world, stream);
  assert_no_event(world);
  assert_int_equal(hws_runtime_join(world->runtime, SECONDS(60)), HWS_OK);
}

static void test_double(void **state) {
  struct world world = {.flags = *(uint32_t *)*state};
  check_exchange(&world, "double", true);
}

static void test_both(void **state) {
  struct world world = {.flags = *(uint32_t *)*state};
  check_exchange(&world, "both", true);
}

/* Completing inside submit and returning 0 is no fault. */
static void test_inside(void **state) {
  struct world world = {.flags = *(uint32_t *)*state};
  check_exchange(&world, "inside", false);
}

static void assert_faults(const struct world *world, const char *scheme, uint64_t count) {
  assert_int_equal(faults(world), count);
  assert_named(world, scheme);
  assert_no_event(world);
}

/* The first receive or send fails, and it says whose fault it is. */
static void check_failure(struct world *world, const char *scheme, bool send) {
  char bytes[4] = "abc";
  open_world(world);
  hws_handle stream = dial(world, scheme);
  if (!send) submit(world, stream, true, bytes, 3, 2);
  if (!send) assert_int_equal(next_event(world, 2).status, HWS_OK);
  submit(world, stream, send, bytes, 3, 3);
  struct hws_event event = next_event(world, 3);
  assert_int_equal(event.status, HWS_E_PLUGIN);
  assert_int_equal(event.bytes, 0);
  assert_faults(world, scheme, 1);
  close_stream(world, stream);
  assert_int_equal(hws_runtime_join(world->runtime, SECONDS(60)), HWS_OK);
}

/* What submit returned has no meaning. */
static void test_odd(void **state) {
  struct world world = {.flags = *(uint32_t *)*state};
  check_failure(&world, "odd", false);
}

static void test_positive(void **state) {
  struct world world = {.flags = *(uint32_t *)*state};
  check_failure(&world, "positive", false);
}

/* Believed, it would be asked for the rest for ever. */
static void test_nothing(void **state) {
  struct world world = {.flags = *(uint32_t *)*state};
  check_failure(&world, "nothing", true);
}

/* Completing inside cancel and returning 1: one event, and the stream goes on. */
static void test_cancel(void **state) {
  struct world world = {.flags = *(uint32_t *)*state};
  char bytes[4];
  struct hws_vec vec = {.ptr = bytes, .len = sizeof bytes};
  hws_handle op = 0;
  open_world(&world);
  hws_handle stream = dial(&world, "cancel");
  struct hws_how how = how_of(&world, 3);
  assert_int_equal(hws_recv(stream, &vec, 1, &how, NULL, &op), 0);
  assert_int_equal(hws_cancel(op), HWS_OK);
  assert_int_equal(next_event(&world, 3).status, HWS_E_CANCELED);
  assert_faults(&world, "cancel", 1);
  exchange(&world, stream, true);
  close_stream(&world, stream);
  assert_int_equal(hws_runtime_join(world.runtime, SECONDS(60)), HWS_OK);
}

/* An accept that brings nothing. */
static void test_empty(void **state) {
  struct world world = {.flags = *(uint32_t *)*state};
  hws_handle listener = 0;
  hws_handle stream = 0;
  open_world(&world);
  struct hws_how how = how_of(&world, 4);
  assert_int_equal(hws_listen(world.runtime, "empty://x", 0, &how, NULL, NULL, &listener), 0);
  assert_int_equal(next_event(&world, 4).status, HWS_OK);
  how.tag = 5;
  assert_int_equal(hws_accept(listener, 0, &how, NULL, NULL, &stream), 0);
  assert_int_equal(next_event(&world, 5).status, HWS_E_PLUGIN);
  assert_true(faults(&world) >= 1);
  assert_named(&world, "empty");
  assert_no_event(&world);
  close_stream(&world, stream);
  close_stream(&world, listener);
  assert_int_equal(hws_runtime_join(world.runtime, SECONDS(60)), HWS_OK);
}

/* More bytes than there was room for: what is believed of that stays within the op's memory. */
static void test_much(void **state) {
  struct world world = {.flags = *(uint32_t *)*state};
  char bytes[8] = "1234567";
  open_world(&world);
  hws_handle stream = dial(&world, "much");
  submit(&world, stream, true, bytes, 8, 2);
  assert_in_range(next_event(&world, 2).bytes, 0, 8);
  assert_true(faults(&world) > 0);
  submit(&world, stream, false, bytes, 8, 3);
  assert_in_range(next_event(&world, 3).bytes, 0, 8);
  assert_named(&world, "much");
  close_stream(&world, stream);
  assert_no_event(&world);
  assert_int_equal(hws_runtime_join(world.runtime, SECONDS(60)), HWS_OK);
}

/* An io that never comes back: the user's op ends at once all the same, and join ends after about five seconds and says
 * why. */
static void test_never(void **state) {
  struct world world = {.flags = *(uint32_t *)*state};
  char bytes[4] = "abc";
  open_world(&world);
  hws_handle stream = dial(&world, "never");
  submit(&world, stream, true, bytes, 3, 2);
  assert_int_equal(next_event(&world, 2).status, HWS_OK);
  struct hws_vec vec = {.ptr = bytes, .len = sizeof bytes};
  struct hws_how how = how_of(&world, 3);
  hws_handle op = 0;
  assert_int_equal(hws_recv(stream, &vec, 1, &how, NULL, &op), 0);
  assert_no_event(&world);
  assert_int_equal(hws_cancel(op), HWS_OK);
  struct hws_event event = next_event(&world, 3);
  assert_int_equal(event.kind, HWS_KIND_RECV);
  assert_int_equal(event.status, HWS_E_CANCELED);
  uint64_t begin = hws_now();
  assert_int_equal(hws_runtime_join(world.runtime, -1), HWS_E_PLUGIN);
  uint64_t took = hws_now() - begin;
  assert_in_range(took, SECONDS(4), SECONDS(30));
}

/* The same with a close of the stream, whose event comes too. */
static void test_never_closed(void **state) {
  struct world world = {.flags = *(uint32_t *)*state};
  char bytes[4];
  open_world(&world);
  hws_handle stream = dial(&world, "never");
  submit(&world, stream, false, bytes, sizeof bytes, 3);
  struct hws_how how = how_of(&world, 9);
  how.flags = HWS_ABORT;
  assert_int_equal(hws_close(stream, &how, NULL, NULL), 0);
  struct hws_event event = next_event(&world, 3);
  assert_int_equal(event.status, HWS_E_CLOSED);
  assert_int_equal(next_event(&world, 9).kind, HWS_KIND_CLOSE);
  assert_int_equal(faults(&world), 1);
  assert_named(&world, "never");
  assert_no_event(&world);
  assert_int_equal(hws_runtime_join(world.runtime, SECONDS(60)), HWS_E_PLUGIN);
}

#define BOTH_MODES(test) cmocka_unit_test_prestate(test, &modes[0]), cmocka_unit_test_prestate(test, &modes[1])

int main(void) {
  static uint32_t modes[] = {0, HWS_RUNTIME_CALLER_DRIVEN};
  const struct CMUnitTest tests[] = {
      BOTH_MODES(test_double),
      BOTH_MODES(test_both),
      BOTH_MODES(test_inside),
      BOTH_MODES(test_odd),
      BOTH_MODES(test_positive),
      BOTH_MODES(test_nothing),
      BOTH_MODES(test_much),
      BOTH_MODES(test_cancel),
      BOTH_MODES(test_empty),
      /* Five seconds each. */
      cmocka_unit_test_prestate(test_never, &modes[0]),
      cmocka_unit_test_prestate(test_never_closed, &modes[1]),
  };
  return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
