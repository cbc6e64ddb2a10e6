/* SPDX-License-Identifier: Apache-2.0
 *
 * CAN-0, CAN-4, CAN-10, CAN-11: a life scope ends the object that it was given to, the peer learns with which code, and
 * who works on the object learns at once.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/core/places.h"

enum { CODE = HWS_CODE_APPLICATION + 42 };

static hws_handle scope_new(struct world *world) {
  hws_handle scope = 0;
  assert_int_equal(hws_scope_open(world->runtime, 0, 0, &scope), HWS_OK);
  return scope;
}

static struct link link_living(struct world *world, hws_handle client_life, hws_handle server_life) {
  struct link link = {.sessions = sessions_open(world)};
  struct hws_how how = how_queue(world);
  struct hws_event event;
  struct hws_open_config config = {.size = sizeof config, .life = client_life};
  assert_int_equal(hws_accept(link.sessions.server, server_life, &how, NULL, NULL, &link.ends.server), 0);
  struct hws_how block = how_block();
  assert_int_equal(hws_open(link.sessions.client, &config, &block, &event, NULL, &link.ends.client), 1);
  world_await_status(world, how.tag, HWS_OK);
  return link;
}

static void expect_reset(hws_handle stream, uint64_t code) {
  uint8_t byte;
  struct hws_event event = recv_once(stream, &byte, 1);
  assert_status(event.status, HWS_E_RESET);
  assert_int_equal(event.code, code);
  assert_int_equal(event.flags & HWS_EVENT_REMOTE, HWS_EVENT_REMOTE);
  assert_status(send_status(stream), HWS_E_RESET);
  struct hws_detail detail = detail_of(stream);
  assert_status(detail.status, HWS_E_RESET);
  assert_int_equal(detail.code, code);
}

/* CAN-4: from the opener, from the acceptor; by a cancel with a code, without one, and by a deadline. */
static void life_resets_the_stream(void **state) {
  struct world *world = *state;
  for (int opener = 0; opener < 2; opener++)
    for (int way = 0; way < 3; way++) {
      hws_handle life = 0;
      uint64_t deadline = way == 2 ? hws_now() + 300 * MILLISECOND : 0;
      uint64_t code = way == 0 ? CODE : way == 1 ? HWS_CODE_CANCELED : HWS_CODE_DEADLINE;
      assert_int_equal(hws_scope_open(world->runtime, 0, deadline, &life), HWS_OK);
      struct link link = link_living(world, opener ? life : 0, opener ? 0 : life);
      hws_handle mine = opener ? link.ends.client : link.ends.server;
      hws_handle theirs = opener ? link.ends.server : link.ends.client;
      uint8_t byte;
      uint64_t pending = post_recv(world, mine, &byte, 1);
      uint64_t watched = post_watch(world, mine);
      uint64_t far = post_watch(world, theirs);
      if (way < 2) assert_int_equal(hws_scope_cancel(life, way == 0 ? CODE : 0, "enough"), HWS_OK);
      int32_t status = way == 2 ? HWS_E_DEADLINE : HWS_E_CANCELED;
      assert_int_equal(world_await_status(world, pending, status).code, code);
      assert_int_equal(world_await_status(world, watched, status).code, code);
      /* CAN-10: the far end's handler hears of it without an op of its own on the data. */
      assert_int_equal(world_await_status(world, far, HWS_E_RESET).code, code);
      assert_status(recv_status(mine), status);
      assert_status(send_status(mine), status);
      expect_detail(mine, status, way < 2 ? "enough" : "deadline");
      expect_reset(theirs, code);
      /* CAN-1: the session goes on. */
      struct link again = {.sessions = link.sessions};
      uint64_t accepted = post_accept(world, link.sessions.server, &again.ends.server);
      again.ends.client = open_stream(link.sessions.client);
      world_await_status(world, accepted, HWS_OK);
      send_all(again.ends.client, "goes on", 7);
      expect_bytes(again.ends.server, "goes on");
      close_handle(again.ends.client);
      close_handle(again.ends.server);
      link_close(&link);
      close_handle(life);
    }
}

/* CAN-4 in plain yamux: 32 bits of the code arrive; larger ones become "internal". */
static void codes_of_32_bits(void **state) {
  struct world *world = *state;
  const uint64_t codes[][2] = {{1, 1},
                               {HWS_CODE_REFUSED, HWS_CODE_REFUSED},
                               {CODE, CODE},
                               {UINT32_MAX, UINT32_MAX},
                               {UINT64_C(1) << 32, HWS_CODE_INTERNAL},
                               {UINT64_MAX, HWS_CODE_INTERNAL}};
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
    struct link link = link_living(world, 0, 0);
    assert_int_equal(hws_reset(link.ends.client, codes[i][0], NULL), HWS_OK);
    expect_reset(link.ends.server, codes[i][1]);
    link_close(&link);
  }
}

static void life_ends_dialled_and_accepted(void **state) {
  struct world *world = *state;
  for (int dialled = 0; dialled < 2; dialled++) {
    char url[URL_MAX];
    struct pair pair = {0};
    struct hws_event event;
    hws_handle life = scope_new(world);
    hws_handle listener = listen_at(world, url_new(url, ""));
    struct hws_how accept = how_queue(world);
    struct hws_how block = how_block();
    assert_int_equal(hws_accept(listener, dialled ? 0 : life, &accept, NULL, NULL, &pair.server), 0);
    assert_int_equal(hws_dial(world->runtime, url, dialled ? life : 0, &block, &event, NULL, &pair.client), 1);
    world_await_status(world, accept.tag, HWS_OK);
    hws_handle mine = dialled ? pair.client : pair.server;
    uint8_t byte;
    uint64_t pending = post_recv(world, mine, &byte, 1);
    assert_int_equal(hws_scope_cancel(life, CODE, NULL), HWS_OK);
    assert_int_equal(world_await_status(world, pending, HWS_E_CANCELED).code, CODE);
    int32_t far = recv_status(dialled ? pair.server : pair.client); /* whatever the transport can say */
    assert_true(far == HWS_E_RESET || far == HWS_E_EOF || far == HWS_E_IO);
    close_handle(pair.client);
    close_handle(pair.server);
    close_handle(listener);
    close_handle(life);
  }
}

static void life_ends_sessions_and_listeners(void **state) {
  struct world *world = *state;
  hws_handle life = scope_new(world);
  struct pair raw = pair_raw(world, here->scheme);
  struct hws_session_config config = {.size = sizeof config, .life = life};
  hws_handle session = 0, listener = 0, stream = 0;
  assert_int_equal(hws_session(raw.client, &config, &session), HWS_OK);
  hws_handle far = session_of(raw.server, HWS_ROLE_DEFAULT, NULL);
  uint64_t session_end = post_watch(world, session);
  uint64_t far_end = post_watch(world, far);
  uint64_t accepting = post_accept(world, far, &stream);
  hws_handle opened = open_stream(session);
  world_await_status(world, accepting, HWS_OK);
  char url[URL_MAX];
  struct hws_how how = how_queue(world);
  assert_int_equal(hws_listen(world->runtime, url_new(url, ""), life, &how, NULL, NULL, &listener), 0);
  world_await_status(world, how.tag, HWS_OK);
  uint64_t listener_end = post_watch(world, listener);
  hws_handle accepted = 0;
  uint64_t accept = post_accept(world, listener, &accepted);
  assert_int_equal(hws_scope_cancel(life, CODE, "over"), HWS_OK);
  assert_int_equal(world_await_status(world, session_end, HWS_E_CANCELED).code, CODE);
  assert_int_equal(world_await_status(world, listener_end, HWS_E_CANCELED).code, CODE);
  world_await_status(world, accept, HWS_E_CANCELED);
  int32_t status = world_await(world, far_end).status;
  assert_true(status == HWS_E_CLOSED || status == HWS_E_IO || status == HWS_E_RESET);
  assert_status(recv_status(opened), HWS_E_CANCELED);
  assert_status(recv_status(stream), HWS_E_CANCELED); /* MUX-21: the handler's caller is gone */
}

/* ---- objects that are given up before they came ---- */

enum giving_up { CLOSED, RESET, LIFE, WAYS };

static int32_t give_up(enum giving_up way, hws_handle made, hws_handle life) {
  if (way == CLOSED) assert_int_equal(hws_close(made, NULL, NULL, NULL), 0);
  if (way == RESET) assert_int_equal(hws_reset(made, CODE, "gone"), HWS_OK);
  if (way == LIFE) assert_int_equal(hws_scope_cancel(life, CODE, "gone"), HWS_OK);
  return way == CLOSED ? HWS_E_CLOSED : HWS_E_CANCELED;
}

/* CAN-4: with the code and the words of what ended its object. */
static void expect_given_up(const struct hws_event *event, enum giving_up way, hws_handle made) {
  assert_int_equal(event->code, way == CLOSED ? 0 : CODE);
  assert_int_equal(event->flags, 0);
  if (way == CLOSED) return;
  expect_detail(made, HWS_E_CANCELED, "gone");
  assert_int_equal(detail_of(made).code, CODE);
}

/* The op that waits for it ends, and what comes then goes to the next one. */
static void accepts_given_up(void **state) {
  struct world *world = *state;
  for (int session = 0; session < 2; session++)
    for (enum giving_up way = 0; way < WAYS; way++) {
      char url[URL_MAX];
      struct pair sessions = {0};
      hws_handle first = 0, second = 0, life = scope_new(world);
      if (session) sessions = sessions_open(world);
      hws_handle source = session ? sessions.server : listen_at(world, url_new(url, ""));
      struct hws_how how = how_queue(world);
      assert_int_equal(hws_accept(source, life, &how, NULL, NULL, &first), 0);
      uint64_t next = post_accept(world, source, &second);
      int32_t status = give_up(way, first, life);
      struct hws_event event = world_await_status(world, how.tag, status);
      expect_given_up(&event, way, first);
      struct hws_how block = how_block();
      hws_handle near = 0;
      if (session)
        near = open_stream(sessions.client);
      else
        assert_int_equal(hws_dial(world->runtime, url, 0, &block, &event, NULL, &near), 1);
      assert_true(world_await_status(world, next, HWS_OK).object == second);
      send_all(near, "here", 4);
      expect_bytes(second, "here");
      close_handle(near);
      close_handle(second);
      if (way != CLOSED) close_handle(first);
      close_handle(source);
      if (session) close_handle(sessions.client);
      close_handle(life);
    }
  world_until(world, stat_of(world->runtime, "endpoints") == 0);
}

static void opens_given_up(void **state) {
  struct world *world = *state;
  for (enum giving_up way = 0; way < WAYS; way++) {
    struct pair raw = pair_raw(world, here->scheme);
    hws_handle client = session_of(raw.client, HWS_ROLE_DEFAULT, NULL);
    hws_handle life = scope_new(world), made = 0;
    for (int i = 0; i < 256; i++) open_stream(client);
    struct hws_how how = how_queue(world);
    struct hws_open_config config = {.size = sizeof config, .life = life};
    assert_int_equal(hws_open(client, &config, &how, NULL, NULL, &made), 0);
    int32_t status = give_up(way, made, life);
    struct hws_event event = world_await_status(world, how.tag, status);
    expect_given_up(&event, way, made);
    assert_int_equal(stat_of(client, "streams_opened"), 256);
    hws_handle server = session_of(raw.server, HWS_ROLE_DEFAULT, NULL);
    open_stream(client); /* there is room again */
    world_until(world, stat_of(server, "streams_accepted") == 257 || stat_of(server, "streams_refused") == 1);
    abort_handle(client);
    abort_handle(server);
    if (way != CLOSED) close_handle(made);
    close_handle(life);
  }
}

static void dials_given_up(void **state) {
  struct world *world = *state;
  char url[URL_MAX];
  hws_handle listener = listen_at(world, url_new(url, ""));
  for (enum giving_up way = 0; way < WAYS; way++) {
    hws_handle life = scope_new(world), made = 0;
    struct hws_how how = how_queue(world);
    assert_int_equal(hws_dial(world->runtime, url, life, &how, NULL, NULL, &made), 0);
    give_up(way, made, life);
    int32_t status = world_await(world, how.tag).status; /* it may have been there already */
    assert_true(status == HWS_OK || status == (way == CLOSED ? HWS_E_CLOSED : HWS_E_CANCELED));
    if (way != CLOSED) assert_status(recv_status(made), HWS_E_CANCELED);
    if (way != CLOSED) close_handle(made);
    close_handle(life);
  }
  close_handle(listener);
  world_until(world, stat_of(world->runtime, "endpoints") == 0);
}

/* CAN-4: a life that has ended makes nothing, and says with which code; a refused session also in which words. */
static void life_that_has_ended(void **state) {
  struct world *world = *state;
  struct pair sessions = sessions_open(world), raw = pair_raw(world, here->scheme);
  hws_handle life = scope_new(world), made = 0;
  assert_int_equal(hws_scope_cancel(life, CODE, "gone"), HWS_OK);
  struct hws_how how = how_block();
  struct hws_open_config config = {.size = sizeof config, .life = life};
  char url[URL_MAX];
  for (int kind = 0; kind < 4; kind++) {
    struct hws_event event = {0};
    if (kind == 0) assert_int_equal(hws_open(sessions.client, &config, &how, &event, NULL, &made), 1);
    if (kind == 1) assert_int_equal(hws_accept(sessions.server, life, &how, &event, NULL, &made), 1);
    if (kind == 2) assert_int_equal(hws_dial(world->runtime, url_new(url, ""), life, &how, &event, NULL, &made), 1);
    if (kind == 3) assert_int_equal(hws_listen(world->runtime, url_new(url, ""), life, &how, &event, NULL, &made), 1);
    assert_status(event.status, HWS_E_CANCELED);
    assert_int_equal(event.code, CODE);
    assert_true(event.object == 0 && made == 0);
  }
  struct hws_session_config session = {.size = sizeof session, .life = life};
  struct hws_detail why = {.size = sizeof why};
  assert_status(hws_session(raw.client, &session, &made), HWS_E_CANCELED);
  expect_refusal(HWS_E_CANCELED, "gone");
  assert_int_equal(hws_refusal(&why), HWS_OK);
  assert_int_equal(why.code, CODE);
  close_handle(raw.client);
  close_handle(raw.server);
  close_handle(sessions.client);
  close_handle(sessions.server);
  close_handle(life);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(life_resets_the_stream),
      EVERYWHERE(codes_of_32_bits),
      EVERYWHERE(life_ends_dialled_and_accepted),
      EVERYWHERE(life_ends_sessions_and_listeners),
      EVERYWHERE(life_that_has_ended),
      EVERYWHERE(accepts_given_up),
      EVERYWHERE(opens_given_up),
      EVERYWHERE(dials_given_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
