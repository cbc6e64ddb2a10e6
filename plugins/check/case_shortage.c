/* SPDX-License-Identifier: Apache-2.0
 *
 * Cases: memory, readiness or descriptors run out.
 */
#include "plugins/check/cases.h"
#include "plugins/check/memory.h"

enum { TRANSPORT = HWS_CAP_LISTEN | HWS_CAP_DIAL };

enum { FEW_CALLS = 60 }; /* more calls than this into a listener that can do nothing, in a second, is spinning */

/* Submit and wait, and end it early if a shortage keeps it waiting after it is over. */
static bool ends_well(struct check_io *io) {
  fixture_wait(io);
  CHECK(io->io.status == HWS_IO_OK || io->io.status == HWS_IO_NOMEM || io->io.status == HWS_IO_LIMIT ||
            io->io.status == HWS_IO_REFUSED || io->io.status == HWS_IO_FAILED,
        "for want of memory an io was %s", check_status_name(io->io.status));
  return io->io.status == HWS_IO_OK;
}

static struct hws_host_endpoint *listen_somehow(struct fixture *fixture) {
  struct hws_host_endpoint *listener = NULL;
  int32_t status = check_endpoint_listen(fixture->host, fixture->config->listen_url, &listener);
  CHECK(status == HWS_IO_OK || status == HWS_IO_NOMEM, "for want of memory listen failed with %s",
        check_status_name(status));
  if (status != HWS_IO_OK) return NULL;
  if (ends_well(check_io_submit(listener, HWS_IO_LISTEN, NULL, 0))) {
    fixture_learn_address(fixture, listener);
    return listener;
  }
  check_endpoint_destroy(listener, false);
  return NULL;
}

/* With the filter on it, if one is tested. */
static struct hws_host_endpoint *wrap_somehow(struct fixture *fixture, struct hws_host_endpoint *endpoint,
                                              uint32_t role) {
  struct hws_host_endpoint *filter = NULL;
  if (!fixture->host->filter) return endpoint;
  int32_t status = check_endpoint_wrap(fixture->host, endpoint, role, fixture->config->listen_url, &filter);
  CHECK(status == HWS_IO_OK || status == HWS_IO_NOMEM, "for want of memory wrap failed with %s",
        check_status_name(status));
  if (status != HWS_IO_OK) check_endpoint_destroy(endpoint, false);
  return filter;
}

static struct hws_host_endpoint *dial_somehow(struct fixture *fixture) {
  struct hws_host_endpoint *client = NULL;
  int32_t status = check_endpoint_dial(fixture->host, fixture->dial_url, &client);
  CHECK(status == HWS_IO_OK || status == HWS_IO_NOMEM, "for want of memory dial failed with %s",
        check_status_name(status));
  if (status != HWS_IO_OK) return NULL;
  if (ends_well(check_io_submit(client, HWS_IO_DIAL, NULL, 0))) return wrap_somehow(fixture, client, 0);
  check_endpoint_destroy(client, false);
  return NULL;
}

static struct hws_host_endpoint *accept_somehow(struct fixture *fixture, struct hws_host_endpoint *listener) {
  struct hws_host_endpoint *server = NULL;
  struct check_io *accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
  if (!ends_well(accept)) return NULL;
  int32_t status = check_endpoint_adopt(fixture->host, accept->io.accepted, &server);
  CHECK(status == HWS_IO_OK || status == HWS_IO_NOMEM, "for want of memory adopt failed with %s",
        check_status_name(status));
  return status == HWS_IO_OK ? wrap_somehow(fixture, server, 1) : NULL;
}

/* One allocation after another is refused, until a whole run needs no more. */
static void case_memory(struct fixture *fixture) {
  for (int64_t refused = 0;; refused++) {
    CHECK(refused < 1000, "needs more than 1000 allocations for one connection");
    (void)check_memory_refuse_after(refused);
    struct hws_host_endpoint *listener = listen_somehow(fixture);
    struct hws_host_endpoint *client = listener ? dial_somehow(fixture) : NULL;
    struct hws_host_endpoint *server = client ? accept_somehow(fixture, listener) : NULL;
    bool met = check_memory_refuse_after(-1);
    if (server) check_endpoint_destroy(server, false);
    if (client) check_endpoint_destroy(client, false);
    if (listener) check_endpoint_destroy(listener, false);
    CHECK(met || server, "failed without an allocation that was refused");
    if (!met) return;
  }
}

/* The host cannot watch a descriptor: the endpoint fails, and its descriptor is not kept. A listener may have other
 * means. */
static void refuse_listener(struct fixture *fixture) {
  struct hws_host_endpoint *listener = NULL;
  fixture->host->refuse_watch = true;
  if (check_endpoint_listen(fixture->host, fixture->config->listen_url, &listener) == HWS_IO_OK) {
    struct check_io *listen = check_io_submit(listener, HWS_IO_LISTEN, NULL, 0);
    fixture_wait(listen);
    fixture_expect(listen, fixture->host->refuse_watch ? HWS_IO_OK : HWS_IO_NOMEM);
    check_endpoint_destroy(listener, false);
  }
  fixture->host->refuse_watch = false;
}

static void refuse_accepted(struct fixture *fixture, struct hws_host_endpoint *listener) {
  struct hws_host_endpoint *server = NULL;
  struct hws_host_endpoint *client = fixture_dial(fixture);
  struct check_io *accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
  fixture_expect(accept, HWS_IO_OK);
  fixture->host->refuse_watch = true;
  int32_t status = check_endpoint_adopt(fixture->host, accept->io.accepted, &server);
  CHECK(status == HWS_IO_NOMEM, "adopt did not hear that the watch failed (%s)", check_status_name(status));
  (void)fixture_read_out(client);
  check_endpoint_destroy(client, false);
}

static void refuse_dialled(struct fixture *fixture) {
  struct hws_host_endpoint *client = NULL;
  CHECK(check_endpoint_dial(fixture->host, fixture->dial_url, &client) == HWS_IO_OK, "dial failed");
  fixture->host->refuse_watch = true;
  fixture_expect(check_io_submit(client, HWS_IO_DIAL, NULL, 0), HWS_IO_NOMEM);
  check_endpoint_destroy(client, false);
}

static void case_watch(struct fixture *fixture) {
  refuse_listener(fixture);
  struct hws_host_endpoint *listener = fixture_listen(fixture);
  refuse_accepted(fixture, listener);
  refuse_dialled(fixture);
  check_endpoint_destroy(listener, false);
}

static bool second_is_over(void *argument) {
  return check_now_ns() >= *(uint64_t *)argument;
}

/* No descriptor is left for what was dialled: the accept waits, without spinning, and goes on once there is one. */
static void case_descriptors(struct fixture *fixture) {
  int64_t handle = -1;
  struct hws_host_endpoint *listener = fixture_listen(fixture);
  struct check_io *accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
  struct hws_host_endpoint *client = NULL;
  CHECK(check_endpoint_dial(fixture->host, fixture->dial_url, &client) == HWS_IO_OK, "dial failed");
  fixture_expect(check_io_submit(client, HWS_IO_DIAL, NULL, 0), HWS_IO_OK);
  bool counts = fixture->host->vtable.query(listener->ep, HWS_QUERY_HANDLE, &handle, sizeof handle) >= 0 && handle >= 0;
  if (!check_io_ended(accept) && counts) {
    check_descriptors_exhaust();
    unsigned before = atomic_load(&listener->calls);
    uint64_t until = check_now_ns() + UINT64_C(1000000000);
    check_until(fixture->host, second_is_over, &until, "a second to pass");
    unsigned calls = atomic_load(&listener->calls) - before;
    CHECK(!check_io_ended(accept), "an accept was %s for want of descriptors", check_status_name(accept->io.status));
    CHECK(calls <= FEW_CALLS, "was called %u times in a second without descriptors", calls);
    check_descriptors_restore();
  }
  struct hws_host_endpoint *server = fixture_adopt(fixture, accept);
  fixture_write_all(client, 0, 10);
  fixture_read_all(server, 0, 10);
  check_endpoint_destroy(server, false);
  check_endpoint_destroy(client, false);
  check_endpoint_destroy(listener, false);
}

const struct check_case check_cases_shortage[] = {
    {"memory runs out", TRANSPORT, 0, case_memory},
    {"watch fails", TRANSPORT, CHECK_NEEDS_WATCH | CHECK_TRANSPORT, case_watch},
    {"descriptors run out", TRANSPORT, CHECK_NEEDS_WATCH | CHECK_TRANSPORT, case_descriptors},
    {NULL, 0, 0, NULL},
};
