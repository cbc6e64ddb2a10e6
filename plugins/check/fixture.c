/* SPDX-License-Identifier: Apache-2.0
 *
 * What cases begin with.
 */
#include "plugins/check/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/check/pattern.h"

static bool io_over(void *argument) {
  return check_io_ended(argument);
}

static const char *waiting_for(const struct check_io *io) {
  switch (io->asked.kind) {
  case HWS_IO_LISTEN:
    return "the end of a listen";
  case HWS_IO_DIAL:
    return "the end of a dial";
  case HWS_IO_ACCEPT:
    return "the end of an accept";
  case HWS_IO_READ:
    return io->asked.vec_count ? "the end of a read" : "the end of a read without bytes (readable)";
  case HWS_IO_WRITE:
    return io->asked.vec_count ? "the end of a write" : "the end of a write without bytes (writable)";
  case HWS_IO_SENDFILE:
    return "the end of a file's send";
  default:
    return "the end of a shutdown";
  }
}

void fixture_wait(const struct check_io *io) {
  check_until(io->endpoint->host, io_over, (void *)(uintptr_t)io, waiting_for(io));
}

void fixture_expect(const struct check_io *io, int32_t status) {
  fixture_wait(io);
  CHECK(io->io.status == status, "%s was %s (os_error %d), not %s", waiting_for(io), check_status_name(io->io.status),
        io->io.os_error, check_status_name(status));
}

void fixture_expect_bytes(const struct check_io *io, uint64_t bytes) {
  fixture_expect(io, HWS_IO_OK);
  CHECK(io->io.bytes == bytes, "%s came with %llu bytes, not %llu", waiting_for(io), (unsigned long long)io->io.bytes,
        (unsigned long long)bytes);
}

void fixture_expect_pending(const struct check_io *io, const char *why) {
  check_host_settle(io->endpoint->host);
  CHECK(!check_io_ended(io), "%s came (%s, %llu bytes), although %s", waiting_for(io), check_status_name(io->io.status),
        (unsigned long long)io->io.bytes, why);
}

void fixture_expect_read(const struct check_io *io, const void *buffer, uint64_t offset, size_t bytes) {
  fixture_expect(io, HWS_IO_OK);
  CHECK(io->io.bytes > 0 && io->io.bytes <= bytes, "%s came with %llu bytes, not %zu", waiting_for(io),
        (unsigned long long)io->io.bytes, bytes);
  check_pattern_compare(buffer, offset, (size_t)io->io.bytes);
  if (io->io.bytes < bytes) fixture_read_all(io->endpoint, offset + io->io.bytes, bytes - (size_t)io->io.bytes);
}

void fixture_expect_written(const struct check_io *io, uint64_t offset, size_t bytes) {
  fixture_expect(io, HWS_IO_OK);
  if (io->io.bytes < bytes) fixture_write_all(io->endpoint, offset + io->io.bytes, bytes - (size_t)io->io.bytes);
}

/* ---- connections ------------------------------------------------------------------------------------------------- */

void fixture_learn_address(struct fixture *fixture, struct hws_host_endpoint *listener) {
  const char *given = fixture->config->dial_url;
  int32_t length = 0;
  if (given) {
    length = snprintf(fixture->dial_url, sizeof fixture->dial_url, "%s", given);
  } else {
    CHECK(listener->host->vtable.query, "has no query, and no URL to dial was given");
    check_trace_inside("query");
    length = listener->host->vtable.query(listener->ep, HWS_QUERY_LOCAL, fixture->dial_url, sizeof fixture->dial_url);
    check_trace_inside(NULL);
  }
  CHECK(length > 0 && (size_t)length < sizeof fixture->dial_url, "the listener's URL has %d characters", length);
  const char *more = fixture->config->dial_more ? fixture->config->dial_more : "";
  size_t room = sizeof fixture->dial_url - (size_t)length;
  CHECK((size_t)snprintf(fixture->dial_url + length, room, "%s", more) < room, "the URL to dial is too long");
}

/* As the cases see it: with the filter under test on it, if it is one that is tested. */
static struct hws_host_endpoint *wrapped(struct fixture *fixture, struct hws_host_endpoint *endpoint, uint32_t role) {
  struct hws_host_endpoint *filter = NULL;
  if (!fixture->host->filter) return endpoint;
  int32_t status = check_endpoint_wrap(fixture->host, endpoint, role, fixture->config->listen_url, &filter);
  CHECK(status == HWS_IO_OK, "wrap failed with %s", check_status_name(status));
  return filter;
}

struct hws_host_endpoint *fixture_listen(struct fixture *fixture) {
  struct hws_host_endpoint *listener = NULL;
  int32_t status = check_endpoint_listen(fixture->host, fixture->config->listen_url, &listener);
  CHECK(status == HWS_IO_OK, "listen failed with %s", check_status_name(status));
  fixture_expect(check_io_submit(listener, HWS_IO_LISTEN, NULL, 0), HWS_IO_OK);
  fixture_learn_address(fixture, listener);
  return listener;
}

struct hws_host_endpoint *fixture_dial(struct fixture *fixture) {
  struct hws_host_endpoint *client = NULL;
  int32_t status = check_endpoint_dial(fixture->host, fixture->dial_url, &client);
  CHECK(status == HWS_IO_OK, "dial failed with %s", check_status_name(status));
  fixture_expect(check_io_submit(client, HWS_IO_DIAL, NULL, 0), HWS_IO_OK);
  return wrapped(fixture, client, 0);
}

struct hws_host_endpoint *fixture_adopt(struct fixture *fixture, const struct check_io *accept) {
  struct hws_host_endpoint *server = NULL;
  fixture_expect(accept, HWS_IO_OK);
  int32_t status = check_endpoint_adopt(fixture->host, accept->io.accepted, &server);
  CHECK(status == HWS_IO_OK, "adopt failed with %s", check_status_name(status));
  return wrapped(fixture, server, 1);
}

struct hws_host_endpoint *fixture_accept(struct fixture *fixture, struct hws_host_endpoint *listener) {
  return fixture_adopt(fixture, check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0));
}

void fixture_pair_open(struct fixture *fixture, struct fixture_pair *pair) {
  pair->listener = fixture_listen(fixture);
  pair->client = fixture_dial(fixture);
  pair->server = fixture_accept(fixture, pair->listener);
}

void fixture_pair_close(struct fixture_pair *pair) {
  check_endpoint_destroy(pair->client, false);
  check_endpoint_destroy(pair->server, false);
  check_endpoint_destroy(pair->listener, false);
}

/* ---- bytes ------------------------------------------------------------------------------------------------------- */

struct check_io *fixture_read(struct hws_host_endpoint *endpoint, void *buffer, size_t bytes) {
  struct hws_iov piece = {.ptr = buffer, .len = bytes};
  return check_io_submit(endpoint, HWS_IO_READ, &piece, bytes > 0 ? 1 : 0);
}

struct check_io *fixture_write(struct hws_host_endpoint *endpoint, const void *buffer, size_t bytes) {
  struct hws_iov piece = {.ptr = (void *)(uintptr_t)buffer, .len = bytes};
  return check_io_submit(endpoint, HWS_IO_WRITE, &piece, bytes > 0 ? 1 : 0);
}

static void *buffer_new(size_t bytes) {
  void *buffer = malloc(bytes);
  CHECK(buffer, "the kit itself is out of memory");
  return buffer;
}

void fixture_write_all(struct hws_host_endpoint *endpoint, uint64_t offset, size_t bytes) {
  char *buffer = buffer_new(bytes);
  check_pattern_fill(buffer, offset, bytes);
  for (size_t sent = 0; sent < bytes;) {
    struct check_io *io = fixture_write(endpoint, buffer + sent, bytes - sent);
    fixture_expect(io, HWS_IO_OK);
    sent += (size_t)io->io.bytes;
  }
  free(buffer);
}

void fixture_read_all(struct hws_host_endpoint *endpoint, uint64_t offset, size_t bytes) {
  char *buffer = buffer_new(bytes);
  for (size_t got = 0; got < bytes;) {
    struct check_io *io = fixture_read(endpoint, buffer + got, bytes - got);
    fixture_expect(io, HWS_IO_OK);
    CHECK(io->io.bytes > 0, "the end came after %zu bytes of %zu", got, bytes);
    got += (size_t)io->io.bytes;
  }
  check_pattern_compare(buffer, offset, bytes);
  free(buffer);
}

void fixture_read_end(struct hws_host_endpoint *endpoint) {
  char buffer[64];
  struct check_io *io = fixture_read(endpoint, buffer, sizeof buffer);
  fixture_expect_bytes(io, 0);
}

int32_t fixture_read_out(struct hws_host_endpoint *endpoint) {
  static char buffer[65536];
  for (;;) {
    struct check_io *io = fixture_read(endpoint, buffer, sizeof buffer);
    fixture_wait(io);
    if (io->io.status != HWS_IO_OK || io->io.bytes == 0) return io->io.status;
  }
}

void fixture_shutdown(struct hws_host_endpoint *endpoint) {
  fixture_expect(check_io_submit(endpoint, HWS_IO_SHUTDOWN, NULL, 0), HWS_IO_OK);
}

/* Full to the brim: what the system moves on from one of its buffers to the next makes room again, for a moment, and it
 * does not tell of a little room. So wait until it is still, and then have the plugin look once more. */
static bool stays_pending(const struct check_io *io) {
  enum { STILL_NS = 20000000 };
  struct hws_host_endpoint *endpoint = io->endpoint;
  for (uint64_t until = check_now_ns() + STILL_NS; !check_io_ended(io) && check_now_ns() < until;)
    check_host_turn(endpoint->host, 5);
  if (!check_io_ended(io) && endpoint->vtable->on_ready) check_endpoint_ready(endpoint, HWS_WRITE);
  return !check_io_ended(io);
}

struct check_io *fixture_fill(struct hws_host_endpoint *endpoint, void *buffer, size_t chunk, uint64_t *bytes) {
  enum { FILL_MAX = 64 << 20 };
  *bytes = 0;
  while (*bytes < FILL_MAX) {
    check_pattern_fill(buffer, *bytes, chunk);
    struct check_io *io = fixture_write(endpoint, buffer, chunk);
    if (!check_io_ended(io) && stays_pending(io)) return io;
    CHECK(io->io.status == HWS_IO_OK, "a write failed with %s", check_status_name(io->io.status));
    *bytes += io->io.bytes;
  }
  check_fail("took %d MiB that nobody reads, so that no write ever pends", FILL_MAX >> 20);
}
