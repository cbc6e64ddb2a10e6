/* SPDX-License-Identifier: Apache-2.0
 *
 * TRN-3: the sample transport mem://: names, settings, listening and accepting, and what an endpoint knows of itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "plugins/memory/identity.h"
#include "tests/plugins/side.h"

static void test_names(void **state) {
  (void)state;
  struct side first;
  struct side second;
  struct side client;
  side_listen(&first, "a", NULL);
  assert_int_equal(side_make(&second, true, "a", NULL), HWS_IO_OK);
  assert_int_equal(side_start(&second, HWS_IO_LISTEN), HWS_IO_IN_USE);
  side_destroy(&second, 0);
  assert_int_equal(side_dial(&client, "b", NULL), HWS_IO_REFUSED);
  assert_string_equal(client.host.explained, "mem://b: nobody listens there");
  side_destroy(&client, 0);
  side_destroy(&first, 0);
  assert_int_equal(side_dial(&client, "a", NULL), HWS_IO_REFUSED);
  side_destroy(&client, 0);
  side_listen(&first, "a", NULL);
  side_listen(&second, "b", NULL);
  assert_int_equal(side_dial(&client, "a", NULL), HWS_IO_OK);
  side_destroy(&client, 0);
  side_destroy(&second, 0);
  side_destroy(&first, 0);
}

/* A second instance, as a forked child has one, knows no name of the first. */
static void test_instances(void **state) {
  (void)state;
  struct side listener;
  struct side client;
  struct hws_vtable first = side_table;
  side_listen(&listener, "a", NULL);
  assert_int_equal(side_manifest->open(&fake.host, &side_table), 0);
  assert_ptr_not_equal(side_table.self, first.self);
  assert_int_equal(side_dial(&client, "a", NULL), HWS_IO_REFUSED);
  side_destroy(&client, 0);
  side_table.fini(side_table.self);
  side_table = first;
  side_destroy(&listener, 0);
}

static void test_addresses(void **state) {
  (void)state;
  struct side side;
  static const char *const bad[] = {
      "",         "a/b", "a b", "a\n",
      "\xc3\xa4", "a?",  "%41", "0123456789012345678901234567890123456789012345678901234567890123x"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    assert_int_equal(side_make(&side, i % 2 == 0, bad[i], NULL), HWS_IO_ADDRESS);
    assert_null(side.ep);
    assert_non_null(strstr(side.host.explained, "wanted a name"));
  }
  assert_int_equal(side_make(&side, true, "0123456789012345678901234567890123456789012345678901234567890.-_", NULL),
                   HWS_IO_OK);
  side_destroy(&side, 0);
}

static void test_settings(void **state) {
  (void)state;
  struct side side;
  static const struct {
    struct fake_setting setting[2];
    const char *explained;
  } bad[] = {
      {{{"buffer", "0"}}, "buffer: found '0', wanted a number from 1 to 16777216"},
      {{{"buffer", "16777217"}}, "buffer: found '16777217', wanted"},
      {{{"buffer", "18446744073709551617"}}, "buffer: found '18446744073709551617', wanted"},
      {{{"buffer", "-1"}}, "buffer: found '-1', wanted"},
      {{{"buffer", ""}}, "buffer: found '', wanted"},
      {{{"buffer", "1k"}}, "buffer: found '1k', wanted"},
      {{{"backlog", "0"}}, "backlog: found '0', wanted a number from 1 to 65536"},
      {{{"backlog", "65537"}}, "backlog: found '65537', wanted"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    assert_int_equal(side_make(&side, true, "a", bad[i].setting), HWS_IO_ADDRESS);
    assert_non_null(strstr(side.host.explained, bad[i].explained));
  }
  assert_int_equal(side_make(&side, false, "a", bad[0].setting), HWS_IO_ADDRESS);
  /* A dialler has no backlog: it does not ask, and the host calls the parameter unknown. */
  assert_int_equal(side_make(&side, false, "a", bad[6].setting), HWS_IO_OK);
  side_destroy(&side, 0);
}

static void test_backlog(void **state) {
  (void)state;
  static const struct fake_setting two[] = {{"backlog", "2"}, {NULL, NULL}};
  struct side listener;
  struct side clients[3];
  struct side server;
  side_listen(&listener, "a", two);
  assert_int_equal(side_dial(&clients[0], "a", NULL), HWS_IO_OK);
  assert_int_equal(side_dial(&clients[1], "a", NULL), HWS_IO_OK);
  assert_int_equal(side_dial(&clients[2], "a", NULL), HWS_IO_REFUSED);
  assert_string_equal(clients[2].host.explained, "mem://a: the backlog is full");
  side_destroy(&clients[2], 0);
  assert_int_equal(side_put(&clients[0], "first"), 5);
  side_accept(&listener, &server);
  side_assert_gets(&server, "first"); /* in order */
  assert_int_equal(side_dial(&clients[2], "a", NULL), HWS_IO_OK);
  side_destroy(&server, 0);
  side_destroy(&listener, 0);
  /* Those who were never accepted are told. */
  assert_int_equal(side_get_status(&clients[1]), HWS_IO_RESET);
  assert_int_equal(side_put(&clients[2], "x"), HWS_IO_RESET);
  for (size_t i = 0; i < 3; i++) side_destroy(&clients[i], 0);
}

static void test_accept_pends(void **state) {
  (void)state;
  struct side listener;
  struct side client;
  struct side server;
  struct fake_io io;
  side_listen(&listener, "a", NULL);
  assert_int_equal(side_submit(&listener, &io, HWS_IO_ACCEPT, NULL, 0), PENDS);
  assert_false(side_deliver(&listener));
  assert_int_equal(side_dial(&client, "a", NULL), HWS_IO_OK);
  assert_true(side_deliver(&listener));
  assert_int_equal(atomic_load(&io.completions), 1);
  assert_int_equal(io.io.status, HWS_IO_OK);
  side_adopt(&server, io.io.accepted);
  /* Canceled, and nothing lost by it. */
  assert_int_equal(side_submit(&listener, &io, HWS_IO_ACCEPT, NULL, 0), PENDS);
  assert_int_equal(side_table.cancel(listener.ep, &io.io), 1);
  assert_int_equal(io.io.status, HWS_IO_CANCELED);
  assert_null(io.io.accepted);
  side_destroy(&client, 0);
  assert_int_equal(side_dial(&client, "a", NULL), HWS_IO_OK);
  (void)side_deliver(&listener);
  assert_int_equal(atomic_load(&io.completions), 0);
  side_destroy(&server, 0);
  side_accept(&listener, &server);
  side_destroy(&listener, 0);
  assert_int_equal(side_put(&server, "x"), 1);
  side_assert_gets(&client, "x");
  side_destroy(&server, 0);
  side_destroy(&client, 0);
}

/* Disposing of what was accepted resets its other end. */
static void test_discard(void **state) {
  (void)state;
  struct side listener;
  struct side client;
  struct fake_io io;
  side_listen(&listener, "a", NULL);
  assert_int_equal(side_dial(&client, "a", NULL), HWS_IO_OK);
  assert_int_equal(side_submit(&listener, &io, HWS_IO_ACCEPT, NULL, 0), HWS_IO_OK);
  assert_int_equal(side_table.adopt(side_table.self, NULL, io.io.accepted, NULL), HWS_IO_OK);
  assert_int_equal(side_get_status(&client), HWS_IO_RESET);
  side_destroy(&client, 0);
  side_destroy(&listener, 0);
}

/* A client that came, wrote and left is accepted like any other. */
static void test_gone_before_accept(void **state) {
  (void)state;
  struct side listener;
  struct side client;
  struct side server;
  side_listen(&listener, "a", NULL);
  assert_int_equal(side_dial(&client, "a", NULL), HWS_IO_OK);
  assert_int_equal(side_put(&client, "note"), 4);
  side_destroy(&client, 0);
  side_accept(&listener, &server);
  side_assert_gets(&server, "note");
  assert_int_equal(side_get_status(&server), 0);
  side_destroy(&server, 0);
  side_destroy(&listener, 0);
}

static void assert_text(struct side *side, uint32_t what, const char *text) {
  char answer[64];
  memset(answer, 'x', sizeof answer);
  assert_int_equal(side_table.query(side->ep, what, answer, sizeof answer), strlen(text));
  assert_string_equal(answer, text);
}

static void test_queries(void **state) {
  (void)state;
  struct side listener;
  struct side client;
  struct side server;
  char cut[4];
  struct hws_peer_id peer;
  side_listen(&listener, "name", NULL);
  assert_int_equal(side_dial(&client, "name", NULL), HWS_IO_OK);
  side_accept(&listener, &server);
  assert_text(&listener, HWS_QUERY_LOCAL, "mem://name");
  assert_text(&listener, HWS_QUERY_REMOTE, "");
  assert_text(&server, HWS_QUERY_LOCAL, "mem://name");
  assert_text(&server, HWS_QUERY_REMOTE, "");
  assert_text(&client, HWS_QUERY_LOCAL, "");
  assert_text(&client, HWS_QUERY_REMOTE, "mem://name");
  assert_int_equal(side_table.query(server.ep, HWS_QUERY_LOCAL, cut, sizeof cut), 10);
  assert_string_equal(cut, "mem");
  assert_int_equal(side_table.query(server.ep, HWS_QUERY_PEER, &peer, sizeof peer), 0);
  struct hws_peer_id self = {.size = sizeof self};
  identity_read(&self);
  assert_memory_equal(&peer, &self, sizeof self);
  assert_true(peer.flags & 4);
  assert_int_equal(peer.pid, getpid());
  assert_true(side_table.query(listener.ep, HWS_QUERY_PEER, &peer, sizeof peer) < 0);
  assert_true(side_table.query(client.ep, HWS_QUERY_HANDLE, &peer, sizeof peer) < 0);
  assert_true(side_table.query(client.ep, 99, &peer, sizeof peer) < 0);
  side_destroy(&listener, 0);
  side_destroy(&client, 0);
  side_destroy(&server, 0);
}

/* Every allocation fails once: an error without a trace, after which all goes well. */
static void test_no_memory(void **state) {
  (void)state;
  unsigned failures = 0;
  for (int at = 0;; at++) {
    struct side listener;
    struct side client;
    struct hws_vtable fresh = {.size = sizeof fresh};
    bool failed = false;
    int before = atomic_load(&fake.allocations);
    atomic_store(&fake.fail_at, at);
    if (side_manifest->open(&fake.host, &fresh) == HWS_IO_OK)
      fresh.fini(fresh.self);
    else
      failed = true;
    int32_t status = failed ? HWS_IO_NOMEM : side_make(&listener, true, "a", NULL);
    if (status == HWS_IO_OK) {
      assert_int_equal(side_start(&listener, HWS_IO_LISTEN), HWS_IO_OK);
      status = side_make(&client, false, "a", NULL);
      if (status == HWS_IO_OK) {
        status = side_start(&client, HWS_IO_DIAL);
        if (status != HWS_IO_OK) assert_int_equal(side_start(&client, HWS_IO_DIAL), HWS_IO_OK);
        side_destroy(&client, 0);
      }
      side_destroy(&listener, 0);
    }
    assert_int_equal(atomic_load(&fake.allocations), before);
    if (status == HWS_IO_OK) break;
    assert_int_equal(status, HWS_IO_NOMEM);
    failures++;
  }
  atomic_store(&fake.fail_at, -1);
  assert_true(failures >= 7);
}

/* An older host has a shorter table: nothing is written past its end. */
static void test_short_table(void **state) {
  (void)state;
  struct hws_vtable fresh;
  memset(&fresh, 0x5a, sizeof fresh);
  fresh.size = offsetof(struct hws_vtable, destroy);
  assert_int_equal(side_manifest->open(&fake.host, &fresh), HWS_IO_OK);
  assert_int_equal(fresh.size, offsetof(struct hws_vtable, destroy));
  assert_int_equal(((unsigned char *)&fresh)[offsetof(struct hws_vtable, destroy)], 0x5a);
  side_table.fini(fresh.self);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, side_begin, side_end)

int main(void) {
  static const struct CMUnitTest tests[] = {
      TEST(test_names),   TEST(test_instances),    TEST(test_addresses),   TEST(test_settings),
      TEST(test_backlog), TEST(test_accept_pends), TEST(test_discard),     TEST(test_gone_before_accept),
      TEST(test_queries), TEST(test_no_memory),    TEST(test_short_table),
  };
  return cmocka_run_group_tests_name("memory_names", tests, side_load, NULL);
}
