/* SPDX-License-Identifier: Apache-2.0
 *
 * Cases: what is asked of filters alone. Everything that streams have in common, the other cases ask of them too.
 */
#include <stdio.h>
#include <string.h>

#include "plugins/check/cases.h"

enum { TRANSPORT = HWS_CAP_LISTEN | HWS_CAP_DIAL };

/* The host tries a filter's parameters before there is anything below. */
static void case_tried(struct fixture *fixture) {
  for (uint32_t role = 0; role < 2; role++) {
    struct hws_host_endpoint *filter = NULL;
    int32_t status = check_endpoint_wrap(fixture->host, NULL, role, fixture->config->listen_url, &filter);
    CHECK(status == HWS_IO_OK, "wrap failed with %s", check_status_name(status));
    check_endpoint_destroy(filter, true);
  }
}

/* It asks only for what it knows: the host refuses the rest. */
static void case_unknown_parameter(struct fixture *fixture) {
  char url[CHECK_URL_MAX];
  char key[64];
  const char *listen_url = fixture->config->listen_url;
  struct hws_host_endpoint *filter = NULL;
  (void)snprintf(key, sizeof key, "%s.no.such.parameter", fixture->host->filter->schemes[0]);
  (void)snprintf(url, sizeof url, "%s%s%s=1", listen_url, strchr(listen_url, '?') ? "&" : "?", key);
  if (check_endpoint_wrap(fixture->host, NULL, 0, url, &filter) != HWS_IO_OK) return;
  for (unsigned i = 0; i < filter->url.count; i++) {
    CHECK(strcmp(filter->url.parameters[i].key, key) != 0 || !filter->url.parameters[i].asked,
          "asked for a parameter that it cannot know");
  }
  check_endpoint_destroy(filter, true);
}

/* It stands, and nobody asks anything of it; also while the other end goes. */
static void case_unused(struct fixture *fixture) {
  for (int round = 0; round < 4; round++) {
    struct fixture_pair pair;
    fixture_pair_open(fixture, &pair);
    if (round % 2) check_host_settle(fixture->host);
    check_endpoint_destroy(round / 2 ? pair.client : pair.server, round % 2);
    check_host_settle(fixture->host);
    check_endpoint_destroy(round / 2 ? pair.server : pair.client, false);
    check_endpoint_destroy(pair.listener, false);
  }
}

/* What it has below when it ends comes back, and is not missed by the stream that it stood on. */
static void case_ends_with_ios_below(struct fixture *fixture) {
  static char chunk[100000];
  for (int round = 0; round < 6; round++) {
    char room[64];
    struct fixture_pair pair;
    uint64_t sent = 0;
    fixture_pair_open(fixture, &pair);
    struct check_io *read = fixture_read(pair.client, room, round % 2 ? sizeof room : 0);
    struct check_io *write = round < 3 ? fixture_fill(pair.client, chunk, sizeof chunk, &sent) : NULL;
    if (round % 3 == 1) check_host_settle(fixture->host);
    check_io_cancel(read);
    fixture_expect(read, HWS_IO_CANCELED);
    if (write) check_io_cancel(write);
    if (write) fixture_wait(write);
    check_endpoint_destroy(pair.client, round % 2);
    (void)fixture_read_out(pair.server);
    check_endpoint_destroy(pair.server, false);
    check_endpoint_destroy(pair.listener, false);
  }
}

const struct check_case check_cases_filter[] = {
    {"filter tried", TRANSPORT, CHECK_FILTER, case_tried},
    {"filter's unknown parameter", TRANSPORT, CHECK_FILTER, case_unknown_parameter},
    {"filter unused", TRANSPORT, CHECK_EVERY_ARMING | CHECK_FILTER, case_unused},
    {"filter ends with ios below", TRANSPORT, CHECK_EVERY_ARMING | CHECK_FILTER, case_ends_with_ios_below},
    {NULL, 0, 0, NULL},
};
