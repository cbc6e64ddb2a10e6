/* SPDX-License-Identifier: Apache-2.0
 *
 * OP-11, MUX-26: a join honours the closes that came before it, for as long as it has time; then it cuts them short,
 * and they say so. What its user has not closed ends at once.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tests/core/places.h"

static int place_only(void **state) {
  here = *state;
  *state = NULL;
  return 0;
}

/* Two processes' worth: what is joined, and a peer that goes on. */
struct ends {
  struct world *joined;
  struct world *peer;
  hws_handle own_stream;
  hws_handle peer_stream;
};

static struct ends ends_open(void) {
  struct ends ends = {.joined = world_open(here->flags), .peer = world_open(0)};
  struct hws_how how = how_block();
  struct hws_event event;
  char url[URL_MAX];
  here_world = ends.peer;
  hws_handle listener = listen_at(ends.peer, url_new(url, ""));
  assert_true(hws_text(listener, HWS_TEXT_LOCAL, url, sizeof url) > 0);
  assert_int_equal(hws_dial(ends.joined->runtime, url, 0, &how, &event, NULL, &ends.own_stream), 1);
  assert_status(event.status, HWS_OK);
  assert_int_equal(hws_accept(listener, 0, &how, &event, NULL, &ends.peer_stream), 1);
  assert_status(event.status, HWS_OK);
  return ends;
}

enum { STREAMS = 3, PIECE = 16 * 1024 };

/* On each stream as much as is taken. */
static uint64_t send_what_goes(hws_handle session, hws_handle streams[STREAMS]) {
  static uint8_t bytes[PIECE];
  uint64_t taken = 0;
  for (int i = 0; i < STREAMS; i++) {
    struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
    struct hws_vec vec = {.ptr = bytes, .len = PIECE};
    struct hws_event event;
    streams[i] = open_stream(session);
    while (hws_send(streams[i], &vec, 1, &how, &event, NULL) == 1) taken += event.bytes;
  }
  return taken;
}

struct reader {
  hws_handle session;
  atomic_bool go;
  uint64_t got;
};

static void read_all(void *argument) {
  struct reader *reader = argument;
  static uint8_t bytes[PIECE];
  for (int i = 0; i < STREAMS; i++) {
    hws_handle stream = accept_stream(reader->session);
    struct hws_event event;
    while ((event = recv_once(stream, bytes, sizeof bytes)).status == HWS_OK) reader->got += event.bytes;
    close_handle(stream);
  }
}

/* Everything is closed, and then joined: nothing is lost. The peer begins to read when the join waits. */
static void closes_are_honoured(void **state) {
  (void)state;
  struct ends ends = ends_open();
  hws_handle session = session_of(ends.own_stream, HWS_ROLE_DEFAULT, NULL);
  struct reader reader = {.session = session_of(ends.peer_stream, HWS_ROLE_DEFAULT, NULL)};
  hws_handle streams[STREAMS];
  uint64_t taken = send_what_goes(session, streams);
  assert_true(taken > 0);
  for (int i = 0; i < STREAMS; i++) assert_int_equal(hws_close(streams[i], NULL, NULL, NULL), 0);
  assert_int_equal(hws_close(session, NULL, NULL, NULL), 0);
  struct thread *thread = thread_start(read_all, &reader);
  world_join(ends.joined);
  thread_join(thread);
  assert_int_equal(reader.got, taken);
  world_join(ends.peer);
}

/* The peer reads nothing: when the join's time is over the closes are cut short. */
static void closes_are_cut(void **state) {
  (void)state;
  struct ends ends = ends_open();
  hws_handle session = session_of(ends.own_stream, HWS_ROLE_DEFAULT, NULL);
  hws_handle streams[STREAMS];
  (void)send_what_goes(session, streams); /* nobody reads the connection */
  uint64_t tags[STREAMS];
  for (int i = 0; i < STREAMS; i++) tags[i] = post_close(ends.joined, streams[i]);
  uint64_t tag = post_close(ends.joined, session);
  assert_status(hws_runtime_join(ends.joined->runtime, (int64_t)(20 * MILLISECOND)), HWS_E_DEADLINE);
  uint64_t lost = 0; /* what each close tells of itself, it tells as a loss (OP-11) */
  for (int i = 0; i < STREAMS; i++) {
    struct hws_event event = world_await(ends.joined, tags[i]);
    if (event.data) assert_status(event.status, HWS_E_CLOSED);
    lost += event.data;
  }
  struct hws_event event = world_await(ends.joined, tag);
  assert_status(event.status, HWS_E_CLOSED);
  assert_true(event.data > 0);
  assert_true(event.data >= lost);
  world_join(ends.joined);
  world_join(ends.peer);
}

/* Not closed: at once, however much there is to be sent. */
static void the_rest_ends_at_once(void **state) {
  (void)state;
  struct ends ends = ends_open();
  hws_handle session = session_of(ends.own_stream, HWS_ROLE_DEFAULT, "drain=3600s");
  hws_handle streams[STREAMS];
  (void)send_what_goes(session, streams);
  assert_int_equal(hws_close(streams[0], NULL, NULL, NULL), 0); /* its session goes, and it with that */
  world_join(ends.joined);
  world_join(ends.peer);
}

#undef PLACED
#define PLACED(test, at, name)                                                                                         \
  { #test " (" name ")", test, place_only, NULL, (void *)(uintptr_t)&places[at] }

int main(void) {
  const struct CMUnitTest tests[] = {EVERYWHERE(closes_are_honoured), PLACED(closes_are_cut, 0, "mem"),
                                     PLACED(closes_are_cut, 1, "mem, caller-driven"),
                                     EVERYWHERE(the_rest_ends_at_once)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
