/* SPDX-License-Identifier: Apache-2.0
 *
 * Cases: listening, dialling, accepting, and what endpoints say of themselves.
 */
#include <stdio.h>
#include <string.h>

#include "plugins/check/cases.h"
#include "plugins/check/flow.h"
#include "plugins/check/process.h"

enum { TRANSPORT = HWS_CAP_LISTEN | HWS_CAP_DIAL };

static void exchange(struct hws_host_endpoint *one, struct hws_host_endpoint *other) {
  fixture_write_all(one, 0, 64);
  fixture_read_all(other, 0, 64);
  fixture_write_all(other, 64, 64);
  fixture_read_all(one, 64, 64);
}

static void case_dial_first(struct fixture *fixture) {
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  exchange(pair.client, pair.server);
  fixture_pair_close(&pair);
}

static void case_accept_first(struct fixture *fixture) {
  struct hws_host_endpoint *listener = fixture_listen(fixture);
  struct check_io *accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
  fixture_expect_pending(accept, "nobody has dialled");
  struct hws_host_endpoint *client = fixture_dial(fixture);
  struct hws_host_endpoint *server = fixture_adopt(fixture, accept);
  exchange(client, server);
  check_endpoint_destroy(server, false);
  check_endpoint_destroy(client, false);
  check_endpoint_destroy(listener, false);
}

static void case_dial_refused(struct fixture *fixture) {
  struct hws_host_endpoint *listener = fixture_listen(fixture);
  check_endpoint_destroy(listener, false);
  struct hws_host_endpoint *client = NULL;
  CHECK(check_endpoint_dial(fixture->host, fixture->dial_url, &client) == HWS_IO_OK, "dial failed");
  fixture_expect(check_io_submit(client, HWS_IO_DIAL, NULL, 0), HWS_IO_REFUSED);
  check_endpoint_destroy(client, false);
}

static void case_in_use(struct fixture *fixture) {
  struct hws_host_endpoint *first = fixture_listen(fixture);
  struct hws_host_endpoint *second = NULL;
  int32_t status = check_endpoint_listen(fixture->host, fixture->dial_url, &second);
  CHECK(status == HWS_IO_OK, "listen failed with %s before it was submitted", check_status_name(status));
  fixture_expect(check_io_submit(second, HWS_IO_LISTEN, NULL, 0), HWS_IO_IN_USE);
  check_endpoint_destroy(second, false);
  /* The connections that a probe of the second may have made come first, and have ended. */
  struct hws_host_endpoint *client = fixture_dial(fixture);
  struct hws_host_endpoint *server = NULL;
  fixture_write_all(client, 0, 64);
  for (int tries = 0; !server && tries < 8; tries++) {
    char byte;
    server = fixture_accept(fixture, first);
    struct check_io *io = fixture_read(server, &byte, 1);
    fixture_wait(io);
    if (io->io.status == HWS_IO_OK && io->io.bytes == 1) break;
    check_endpoint_destroy(server, false);
    server = NULL;
  }
  CHECK(server, "the first listener no longer gets connections");
  fixture_read_all(server, 1, 63);
  check_endpoint_destroy(server, false);
  check_endpoint_destroy(client, false);
  check_endpoint_destroy(first, false);
}

/* Whatever stands in an address: an answer, no crash, and nothing left behind. */
static void case_odd_addresses(struct fixture *fixture) {
  static char long_address[CHECK_URL_MAX - 20];
  memset(long_address, 'x', sizeof long_address - 1);
  long_address[0] = '/';
  const char *const addresses[] = {"",   "/",    "@",  " ",    "%2525",     "\x7f\xff\x01",
                                   "//", "@@@@", ":0", "[::]", long_address};
  const char *scheme = fixture->host->manifest->schemes[0];
  for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
    char url[CHECK_URL_MAX];
    struct hws_host_endpoint *endpoint = NULL;
    (void)snprintf(url, sizeof url, "%s://%s", scheme, addresses[i]);
    if (check_endpoint_listen(fixture->host, url, &endpoint) == HWS_IO_OK) check_endpoint_destroy(endpoint, true);
    if (check_endpoint_dial(fixture->host, url, &endpoint) == HWS_IO_OK) check_endpoint_destroy(endpoint, true);
  }
}

/* The host refuses parameters that were never asked for, so a plugin asks only for those that it knows. */
static void case_unknown_parameter(struct fixture *fixture) {
  char url[CHECK_URL_MAX];
  struct hws_host_endpoint *endpoint = NULL;
  const char *listen_url = fixture->config->listen_url;
  (void)snprintf(url, sizeof url, "%s%sno.such.parameter=1", listen_url, strchr(listen_url, '?') ? "&" : "?");
  if (check_endpoint_listen(fixture->host, url, &endpoint) != HWS_IO_OK) return;
  for (unsigned i = 0; i < endpoint->url.count; i++) {
    CHECK(strcmp(endpoint->url.parameters[i].key, "no.such.parameter") != 0 || !endpoint->url.parameters[i].asked,
          "asked for a parameter that it cannot know");
  }
  check_endpoint_destroy(endpoint, false);
}

static void case_never_submitted(struct fixture *fixture) {
  struct hws_host_endpoint *listener = fixture_listen(fixture);
  struct hws_host_endpoint *other = NULL;
  CHECK(check_endpoint_dial(fixture->host, fixture->dial_url, &other) == HWS_IO_OK, "dial failed");
  check_endpoint_destroy(other, true);
  CHECK(check_endpoint_listen(fixture->host, fixture->dial_url, &other) == HWS_IO_OK, "listen failed");
  check_endpoint_destroy(other, true);
  struct hws_host_endpoint *client = fixture_dial(fixture);
  check_endpoint_destroy(client, false);
  check_endpoint_destroy(listener, false);
}

static void case_discarded(struct fixture *fixture) {
  struct hws_host_endpoint *listener = fixture_listen(fixture);
  struct hws_host_endpoint *client = fixture_dial(fixture);
  struct check_io *accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
  fixture_expect(accept, HWS_IO_OK);
  void *ep = NULL;
  check_trace_inside("adopt");
  (void)fixture->host->vtable.adopt(fixture->host->vtable.self, NULL, accept->io.accepted, &ep);
  check_trace_inside(NULL);
  CHECK(!ep, "an accepted connection was to be disposed of, and *ep was set");
  (void)fixture_read_out(client);
  check_endpoint_destroy(client, false);
  check_endpoint_destroy(listener, false);
}

static void case_many(struct fixture *fixture) {
  enum { PAIRS = 200 };
  static struct hws_host_endpoint *clients[PAIRS];
  static struct hws_host_endpoint *servers[PAIRS];
  static struct flow flows[2 * PAIRS];
  struct hws_host_endpoint *listener = fixture_listen(fixture);
  for (size_t i = 0; i < PAIRS; i++) {
    clients[i] = fixture_dial(fixture);
    servers[i] = fixture_accept(fixture, listener);
    uint64_t begin = i * 1000003;
    flows[2 * i] = (struct flow){
        .from = clients[i], .to = servers[i], .bytes = 10000, .begin = begin, .write_bytes = 3000, .read_bytes = 4096};
    flows[2 * i + 1] = (struct flow){
        .from = servers[i], .to = clients[i], .bytes = 10000, .begin = begin, .write_bytes = 4096, .read_bytes = 3000};
  }
  flow_run(fixture->host, flows, sizeof flows / sizeof flows[0]);
  for (unsigned i = 0; i < PAIRS; i++) {
    check_endpoint_destroy(i % 2 ? clients[i] : servers[i], i % 3 == 0);
    check_endpoint_destroy(i % 2 ? servers[i] : clients[i], i % 3 == 0);
  }
  check_endpoint_destroy(listener, false);
}

static int32_t query(struct hws_host_endpoint *endpoint, uint32_t what, void *answer, uint32_t size) {
  check_trace_inside("query");
  int32_t result = endpoint->vtable->query(endpoint->ep, what, answer, size);
  check_trace_inside(NULL);
  return result;
}

/* A text is whole, or cut to size with its zero byte, and its whole length is told either way. */
static void check_text(struct hws_host_endpoint *endpoint, uint32_t what, const char *which) {
  char whole[CHECK_URL_MAX];
  char cut[6];
  memset(cut, 'x', sizeof cut);
  int32_t length = query(endpoint, what, whole, sizeof whole);
  CHECK(length >= 0 && (size_t)length < sizeof whole, "%s is answered with %d", which, length);
  CHECK(strlen(whole) == (size_t)length, "%s has %zu characters, but %d were told", which, strlen(whole), length);
  CHECK(length == 0 || strchr(whole, ':'), "%s is '%s', which is no URL", which, whole);
  CHECK(query(endpoint, what, cut, sizeof cut - 1) == length, "%s has another length in a smaller buffer", which);
  CHECK(cut[sizeof cut - 1] == 'x', "%s was written past its buffer", which);
  CHECK(memchr(cut, 0, sizeof cut - 1), "%s has no zero byte in a smaller buffer", which);
}

static void case_queries(struct fixture *fixture) {
  CHECK(fixture->host->vtable.query, "query is NULL");
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  struct hws_host_endpoint *const all[] = {pair.listener, pair.client, pair.server};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    char unknown[64];
    check_text(all[i], HWS_QUERY_LOCAL, "the local URL");
    check_text(all[i], HWS_QUERY_REMOTE, "the remote URL");
    CHECK(query(all[i], 9999, unknown, sizeof unknown) < 0, "a query that does not exist was answered");
  }
  char local[CHECK_URL_MAX];
  char remote[CHECK_URL_MAX];
  (void)query(pair.listener, HWS_QUERY_LOCAL, local, sizeof local);
  (void)query(pair.client, HWS_QUERY_REMOTE, remote, sizeof remote);
  const char *scheme = fixture->host->manifest->schemes[0];
  CHECK(strncmp(local, scheme, strlen(scheme)) == 0 && local[strlen(scheme)] == ':', "the listener's URL is '%s'",
        local);
  CHECK(fixture->config->dial_url || strcmp(local, remote) == 0, "'%s' was dialled, but the remote URL is '%s'", local,
        remote);
  fixture_pair_close(&pair);
}

static void case_peers(struct fixture *fixture) {
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  struct hws_host_endpoint *const ends[] = {pair.client, pair.server};
  for (size_t i = 0; i < 2; i++) {
    struct hws_peer_id peer = {.size = sizeof peer};
    CHECK(query(ends[i], HWS_QUERY_PEER, &peer, sizeof peer) >= 0, "promises PEER, but does not answer");
    CHECK(peer.flags != 0, "knows nothing of the peer");
    CHECK(!(peer.flags & 1) || peer.uid == check_process_user(), "the peer's uid is %llu, not ours",
          (unsigned long long)peer.uid);
    CHECK(!(peer.flags & 2) || peer.gid == check_process_group(), "the peer's gid is %llu, not ours",
          (unsigned long long)peer.gid);
    CHECK(!(peer.flags & 4) || peer.pid == check_process_id(), "the peer's pid is %llu, not ours",
          (unsigned long long)peer.pid);
  }
  fixture_pair_close(&pair);
}

const struct check_case check_cases_connect[] = {
    {"dial before accept", TRANSPORT, CHECK_EVERY_ARMING, case_dial_first},
    {"accept before dial", TRANSPORT, CHECK_EVERY_ARMING, case_accept_first},
    {"dial refused", TRANSPORT, CHECK_TRANSPORT, case_dial_refused},
    {"address in use", TRANSPORT, CHECK_TRANSPORT, case_in_use},
    {"odd addresses", TRANSPORT, CHECK_TRANSPORT, case_odd_addresses},
    {"unknown parameter", HWS_CAP_LISTEN, CHECK_TRANSPORT, case_unknown_parameter},
    {"made but never submitted", TRANSPORT, CHECK_TRANSPORT, case_never_submitted},
    {"accepted and discarded", TRANSPORT, CHECK_TRANSPORT, case_discarded},
    {"many connections", TRANSPORT, CHECK_EVERY_ARMING, case_many},
    {"queries", TRANSPORT, CHECK_TRANSPORT, case_queries},
    {"peers", TRANSPORT | HWS_CAP_PEER, CHECK_TRANSPORT, case_peers},
    {NULL, 0, 0, NULL},
};
