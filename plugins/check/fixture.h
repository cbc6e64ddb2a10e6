/* SPDX-License-Identifier: Apache-2.0
 *
 * What cases begin with: listeners, connections, and reads and writes that are waited for.
 */
#ifndef HAWSER_CHECK_FIXTURE_H
#define HAWSER_CHECK_FIXTURE_H

#include <stddef.h>

#include "plugins/check/check.h"
#include "plugins/check/endpoint.h"
#include "plugins/check/fault.h"
#include "plugins/check/host.h"
#include "plugins/check/io.h"

struct fixture {
  const struct check_config *config;
  struct check_host *host;
  char dial_url[CHECK_URL_MAX]; /* of the listener that was made last */
};

struct fixture_pair {
  struct hws_host_endpoint *listener;
  struct hws_host_endpoint *client; /* dialled */
  struct hws_host_endpoint *server; /* accepted */
};

/* A listener at the config's URL, listening. */
struct hws_host_endpoint *fixture_listen(struct fixture *fixture);
/* Dials go to that listener from here on. */
void fixture_learn_address(struct fixture *fixture, struct hws_host_endpoint *listener);
/* A connection to it, with the filter under test on it; returns when the dial has ended. Drives, so that an accept can
 * be pending or not. */
struct hws_host_endpoint *fixture_dial(struct fixture *fixture);
struct hws_host_endpoint *fixture_accept(struct fixture *fixture, struct hws_host_endpoint *listener);
struct hws_host_endpoint *fixture_adopt(struct fixture *fixture, const struct check_io *accept);

void fixture_pair_open(struct fixture *fixture, struct fixture_pair *pair);
void fixture_pair_close(struct fixture_pair *pair);

/* An io with one piece, or with none if bytes is 0. */
struct check_io *fixture_read(struct hws_host_endpoint *endpoint, void *buffer, size_t bytes);
struct check_io *fixture_write(struct hws_host_endpoint *endpoint, const void *buffer, size_t bytes);

void fixture_wait(const struct check_io *io);
/* Wait, and fail unless it ended so. */
void fixture_expect(const struct check_io *io, int32_t status);
/* Wait, and fail unless it ended with that many bytes and OK. */
void fixture_expect_bytes(const struct check_io *io, uint64_t bytes);
/* Wait for a read that brings so many bytes of the pattern, or the first of them: the others are read then. */
void fixture_expect_read(const struct check_io *io, const void *buffer, uint64_t offset, size_t bytes);
/* The same of a write. */
void fixture_expect_written(const struct check_io *io, uint64_t offset, size_t bytes);
/* Fail if it ends within a few turns. */
void fixture_expect_pending(const struct check_io *io, const char *why);

/* Read and write it all, in as many ios as it takes; the read compares with the pattern from `offset` on. */
void fixture_write_all(struct hws_host_endpoint *endpoint, uint64_t offset, size_t bytes);
void fixture_read_all(struct hws_host_endpoint *endpoint, uint64_t offset, size_t bytes);
/* Read until the end, and fail unless it is the end that comes next. */
void fixture_read_end(struct hws_host_endpoint *endpoint);
/* Read until it is over one way or the other; returns the last status. */
int32_t fixture_read_out(struct hws_host_endpoint *endpoint);
void fixture_shutdown(struct hws_host_endpoint *endpoint);

/* Write until a write pends, which is returned; *bytes is what was taken before it. */
struct check_io *fixture_fill(struct hws_host_endpoint *endpoint, void *buffer, size_t chunk, uint64_t *bytes);

#endif
