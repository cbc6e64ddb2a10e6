/* SPDX-License-Identifier: Apache-2.0
 *
 * Filters: how URLs name them, what passes through them, and OP-1 against those that break their contract: each op has
 * one event all the same, the fault is counted, and the filter is named.
 */
#include "tests/mux/wire.h"
#include "tests/mux/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const filters[] = {"f_none", "f_eager", "f_double", "f_result", "f_never",
                                      "f_two",  "f_kind",  "f_early",  "f_empty",  "f_much"};
static const char *const transports[] = {"never", "under"};

static void load(struct world *world, const char *name) {
  char path[512];
  (void)snprintf(path, sizeof path, "%s/%s%s", WRONG_PLUGIN_DIR, name, TEST_PLUGIN_SUFFIX);
  assert_status(hws_plugin_load(world->runtime, path), HWS_OK);
}

static int open_world(void **state, uint32_t flags) {
  struct world *world = world_open(flags);
  for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) load(world, filters[i]);
  for (size_t i = 0; i < sizeof transports / sizeof transports[0]; i++) load(world, transports[i]);
  *state = world;
  return 0;
}

static int threaded(void **state) {
  return open_world(state, 0);
}

static int driven(void **state) {
  return open_world(state, HWS_RUNTIME_CALLER_DRIVEN);
}

static hws_result dial_at(struct world *world, const char *url, hws_handle *stream) {
  struct hws_how how = how_block();
  struct hws_event event = {0};
  hws_result result = hws_dial(world->runtime, url, 0, &how, &event, NULL, stream);
  return result == 1 ? event.status : result;
}

static hws_result listen_at(struct world *world, const char *url, hws_handle *listener) {
  struct hws_how how = how_block();
  struct hws_event event = {0};
  hws_result result = hws_listen(world->runtime, url, 0, &how, &event, NULL, listener);
  return result == 1 ? event.status : result;
}

/* A connection from `dial` + SCHEME://... to `listen` + SCHEME://...; over memory, or the sockets of this machine. */
static struct pair connect_ends(struct world *world, const char *scheme, const char *listen, const char *dial) {
  static unsigned number;
  char address[128];
  char url[URL_MAX];
  struct pair pair = {0};
  hws_handle listener = 0;
  if (strcmp(scheme, "mem") == 0)
    (void)snprintf(address, sizeof address, "mem://filter%u", number++);
  else
    local_url(address, sizeof address);
  (void)snprintf(url, sizeof url, "%s%s", listen, address);
  assert_status(listen_at(world, url, &listener), HWS_OK);
  uint64_t accepting = post_accept(world, listener, &pair.server);
  (void)snprintf(url, sizeof url, "%s%s", dial, address);
  assert_status(dial_at(world, url, &pair.client), HWS_OK);
  world_await_status(world, accepting, HWS_OK);
  close_handle(listener);
  return pair;
}

static uint64_t faults(struct world *world) {
  return stat_of(world->runtime, "plugin_faults");
}

static void close_pair(struct pair pair) {
  close_handle(pair.client);
  close_handle(pair.server);
}

/* ---- what is right ---- */

/* Everything that a stream does, both ways. */
static void use(struct world *world, struct pair pair) {
  enum { MUCH = 1 << 20 };
  uint8_t *sent = malloc(MUCH);
  uint8_t *got = malloc(MUCH);
  hws_handle ends[2] = {pair.client, pair.server};
  for (int i = 0; i < 2; i++) {
    uint8_t byte;
    struct hws_vec vec = {.ptr = &byte, .len = 1};
    struct hws_how how = how_queue(world);
    hws_handle op = 0;
    assert_status(hws_recv(ends[1 - i], &vec, 1, &how, NULL, &op), HWS_OK);
    assert_status(hws_cancel(op), HWS_OK);
    world_await_status(world, how.tag, HWS_E_CANCELED);
    pattern_fill(7, 0, sent, MUCH);
    uint64_t sending = post_send(world, ends[i], sent, MUCH);
    recv_exactly(ends[1 - i], got, MUCH);
    pattern_expect(7, 0, got, MUCH);
    world_await_status(world, sending, HWS_OK);
    uint64_t readable = post_recv(world, ends[1 - i], NULL, 0);
    send_all(ends[i], "hello", 5);
    world_await_status(world, readable, HWS_OK);
    expect_bytes(ends[1 - i], "hello");
  }
  shut_down(pair.client);
  assert_status(recv_status(pair.server), HWS_E_EOF);
  send_all(pair.server, "still", 5);
  expect_bytes(pair.client, "still");
  shut_down(pair.server);
  assert_status(recv_status(pair.client), HWS_E_EOF);
  free(sent);
  free(got);
}

static void everything_passes_through(void **state) {
  struct world *world = *state;
  static const char *const prefixes[] = {"", "f-none+", "f-eager+", "f-none+f-eager+", "f-none+f-none+f-none+"};
  const char *const schemes[] = {"mem", local_scheme};
  for (size_t s = 0; s < 2; s++)
    for (size_t i = 0; i < 5; i++) {
      struct pair pair = connect_ends(world, schemes[s], prefixes[4 - i], prefixes[i]);
      use(world, pair);
      close_pair(pair);
    }
  assert_int_equal(faults(world), 0);
}

static void text_of(hws_handle object, uint32_t which, char *text) {
  hws_result length = hws_text(object, which, text, 256);
  assert_true(length >= 0 && length < 256);
}

/* Addresses and the peer are those of the transport. */
static void questions_go_below(void **state) {
  struct world *world = *state;
  struct pair plain = connect_ends(world, local_scheme, "", "");
  struct pair pair = connect_ends(world, local_scheme, "f-none+", "f-none+f-eager+");
  char text[256];
  text_of(pair.client, HWS_TEXT_REMOTE, text);
  assert_int_equal(strncmp(text, local_scheme, strlen(local_scheme)), 0);
  text_of(pair.server, HWS_TEXT_LOCAL, text);
  assert_int_equal(strncmp(text, local_scheme, strlen(local_scheme)), 0);
  text_of(pair.server, HWS_TEXT_TRANSPORT, text);
  assert_string_equal(text, local_plugin);
  struct hws_peer found = {.size = sizeof found};
  struct hws_peer wanted = {.size = sizeof wanted};
  assert_status(hws_peer(plain.server, &wanted), local_knows_peers ? HWS_OK : HWS_E_UNSUPPORTED);
  assert_status(hws_peer(pair.server, &found), local_knows_peers ? HWS_OK : HWS_E_UNSUPPORTED);
  assert_memory_equal(&found, &wanted, sizeof found);
  close_pair(plain);
  close_pair(pair);
}

/* MUX on top: a session over filters at both ends. */
static void sessions_stand_on_them(void **state) {
  struct world *world = *state;
  struct pair raw = connect_ends(world, "mem", "f-none+", "f-eager+f-none+");
  struct pair sessions = {.client = session_of(raw.client, HWS_ROLE_DEFAULT, NULL),
                          .server = session_of(raw.server, HWS_ROLE_DEFAULT, NULL)};
  struct pair streams = {.client = open_stream(sessions.client)};
  streams.server = accept_stream(sessions.server);
  use(world, streams);
  close_pair(streams);
  close_pair(sessions);
  assert_int_equal(faults(world), 0);
}

/* Closed in every state: with ops out in both directions, by an abort, by the runtime's end. */
static void closes_take_them_down(void **state) {
  struct world *world = *state;
  enum { MUCH = 4 << 20 };
  uint8_t *much = calloc(1, MUCH);
  for (int round = 0; round < 12; round++) {
    struct pair pair = connect_ends(world, round % 2 ? "mem" : local_scheme, "f-eager+", "f-none+f-eager+f-none+");
    uint8_t byte;
    uint64_t receiving = post_recv(world, pair.client, &byte, 1);
    uint64_t sending = post_send(world, pair.client, much, MUCH);
    if (round % 3 == 0) world_turn(world);
    if (round % 4 < 2)
      abort_handle(pair.client);
    else
      assert_status(hws_reset(pair.client, 0, "enough"), HWS_OK);
    assert_true(world_await(world, receiving).status < 0);
    assert_true(world_await(world, sending).status < 0);
    if (round % 4 >= 2) close_handle(pair.client);
    abort_handle(pair.server);
  }
  free(much);
  struct pair left = connect_ends(world, local_scheme, "f-eager+", "f-none+f-eager+");
  (void)post_recv(world, left.client, NULL, 0); /* the world's end finds it so */
  assert_int_equal(faults(world), 0);
}

/* ---- URLs ---- */

static void a_url_is_refused(struct world *world, const char *url, int32_t status, const char *text) {
  hws_handle made = 0;
  assert_status(dial_at(world, url, &made), status);
  expect_refusal(status, text);
  assert_int_equal(made, 0);
  assert_status(listen_at(world, url, &made), status);
  expect_refusal(status, text);
  assert_int_equal(made, 0);
}

static void urls_are_judged(void **state) {
  struct world *world = *state;
  static const struct {
    const char *url;
    const char *text;
  } wrong[] = {
      {"f-none://x", "'f-none' is a filter (f_none): it needs a transport below"},
      {"f-none+f-eager://x", "'f-eager' is a filter"},
      {"mem+mem://x", "'mem' is a transport (memory): nothing can stand below it, as 'mem' would"},
      {"nobody+mem://x", "scheme 'nobody': no plugin serves it"},
      {"f-none+f-none+f-none+f-none+mem://x", "more than 4 schemes"},
      {"f-none+mem://x?f-none.other=1", "f_none does not know the parameter 'f-none.other'"},
      {"f-none+mem://x?key=1", "memory does not know the parameter 'key'"},
      {"f-none+mem://x?f-none.3.key=1", "f_none does not know the parameter 'f-none.3.key'"},
      {"f-none+mem://x?f-none.0.key=1", "f_none does not know the parameter 'f-none.0.key'"},
      {"mem://x?f-none.key=1", "memory does not know the parameter 'f-none.key'"},
      {"f-none+mem://x?f-none.key=refuse", "f_none: wrap: key: found 'refuse', wanted anything else"},
      {"f-none+f-none+mem://x?f-none.2.key=refuse", "found 'refuse'"},
      {"f-none+f-none+mem://x?f-none.1.key=fine&f-none.key=refuse", "found 'refuse'"},
      {"f-none+f-eager+mem://x?f-eager.key=refuse", "f_eager: wrap: key"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    a_url_is_refused(world, wrong[i].url, HWS_E_ADDRESS, wrong[i].text);
  char url[64];
  char text[128];
  (void)snprintf(url, sizeof url, "f-none+%s+mem://x", local_scheme);
  (void)snprintf(text, sizeof text, "'%s' is a transport (%s): nothing can stand below it, as 'mem' would",
                 local_scheme, local_plugin);
  a_url_is_refused(world, url, HWS_E_ADDRESS, text);
  static const char *const right[] = {"f-none+mem://a?f-none.key=1&buffer=4096", "f-none+f-none+mem://b?f-none.key=1",
                                      "f-none+f-none+mem://c?f-none.2.key=1",
                                      /* what is refused is not asked for where something goes before it */
                                      "f-none+f-none+mem://d?f-none.1.key=1&f-none.2.key=2&f-none.key=refuse"};
  for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
    hws_handle listener = 0;
    hws_handle stream = 0;
    assert_status(listen_at(world, right[i], &listener), HWS_OK);
    assert_status(dial_at(world, right[i], &stream), HWS_OK);
    close_handle(stream);
    close_handle(listener);
  }
}

/* ---- what is wrong ---- */

static void expect_fault(struct world *world, const char *filter, const char *text) {
  char name[64];
  assert_true(faults(world) > 0);
  (void)snprintf(name, sizeof name, "plugin %s (", filter);
  expect_detail(world->runtime, HWS_E_PLUGIN, name);
  expect_detail(world->runtime, HWS_E_PLUGIN, text);
}

static void these_are_counted(void **state) {
  struct world *world = *state;
  static const struct {
    const char *prefix;
    const char *name;
    const char *text;
  } wrong[] = {
      {"f-double+", "f_double", "completed an io that had ended"},
      {"f-result+", "f_result", "completed an io of another endpoint"},
      {"f-two+", "f_two", "submitted below while its io of that direction was there"},
      {"f-kind+", "f_kind", "submitted below what is no read, write or shutdown"},
      {"f-early+", "f_early", "called under_submit inside wrap"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    uint64_t before = faults(world);
    struct pair pair = connect_ends(world, "mem", "", wrong[i].prefix);
    for (int round = 0; round < 20; round++) {
      send_all(pair.server, "to them", 7);
      expect_bytes(pair.client, "to them");
      send_all(pair.client, "to us", 5);
      expect_bytes(pair.server, "to us");
    }
    /* A double completion may hit the next io, and is then none: what is counted is at least one of them. */
    assert_true(faults(world) > before);
    expect_fault(world, wrong[i].name, wrong[i].text);
    close_pair(pair);
  }
}

static void what_it_claims_is_judged(void **state) {
  struct world *world = *state;
  uint8_t room[8];
  struct pair pair = connect_ends(world, "mem", "", "f-none+f-much+");
  send_all(pair.server, "to them", 7);
  struct hws_event event = recv_once(pair.client, room, sizeof room);
  assert_status(event.status, HWS_E_PLUGIN);
  assert_int_equal(event.bytes, 0);
  expect_fault(world, "f_much", "more bytes than there was room for");
  close_pair(pair);
}

static void an_empty_wrap_is_refused(void **state) {
  struct world *world = *state;
  a_url_is_refused(world, "f-none+f-empty+mem://x", HWS_E_PLUGIN, "f_empty: wrap");
  assert_true(faults(world) > 0);
}

/* A transport has nothing below. */
static void a_transport_is_no_filter(void **state) {
  struct world *world = *state;
  hws_handle stream = 0;
  assert_status(dial_at(world, "under://x", &stream), HWS_OK);
  expect_fault(world, "under", "called under_submit, and is no filter");
  close_handle(stream);
}

/* What never ends is given up five seconds after the close, at whatever height it is, and named. */
static void give_up(const char *url, const char *listen, const char *name) {
  void *state = NULL;
  assert_int_equal(threaded(&state), 0);
  struct world *world = state;
  hws_handle listener = 0;
  hws_handle stream = 0;
  uint8_t byte;
  if (listen) assert_status(listen_at(world, listen, &listener), HWS_OK);
  assert_status(dial_at(world, url, &stream), HWS_OK);
  uint64_t receiving = post_recv(world, stream, &byte, 1);
  uint64_t begin = hws_now();
  uint64_t closing = post_close(world, stream);
  world_await_status(world, receiving, HWS_E_CLOSED);
  assert_true(hws_now() - begin < 4 * SECOND);
  world_await_status(world, closing, HWS_OK);
  assert_true(hws_now() - begin > 4 * SECOND);
  expect_fault(world, name, "never completed an io");
  assert_int_equal(faults(world), 1);
  assert_int_equal(stat_of(world->runtime, "ios_abandoned"), 1);
  assert_status(hws_runtime_join(world->runtime, (int64_t)LIMIT_NS), HWS_E_PLUGIN);
  free(world);
}

static void a_filter_that_never_ends(void **state) {
  (void)state;
  give_up("f-none+f-never+mem://never", "mem://never", "f_never");
}

static void a_transport_that_never_ends(void **state) {
  (void)state;
  give_up("f-none+f-eager+never://x", NULL, "never");
}

#define IN_BOTH(test)                                                                                                  \
  cmocka_unit_test_setup_teardown(test, threaded, world_close), {                                                      \
#test " (caller-driven)", test, driven, world_close, NULL                                                          \
  }

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_BOTH(everything_passes_through), IN_BOTH(questions_go_below), IN_BOTH(sessions_stand_on_them),
      IN_BOTH(closes_take_them_down), IN_BOTH(urls_are_judged), IN_BOTH(these_are_counted),
      IN_BOTH(what_it_claims_is_judged), IN_BOTH(an_empty_wrap_is_refused), IN_BOTH(a_transport_is_no_filter),
      /* Five seconds each. */
      cmocka_unit_test(a_filter_that_never_ends), cmocka_unit_test(a_transport_that_never_ends)};
  return cmocka_run_group_tests_name("filters", tests, NULL, NULL);
}
