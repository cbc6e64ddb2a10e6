/* SPDX-License-Identifier: Apache-2.0
 *
 * What the scenarios of a foreign caller have in common: a runtime and a queue for each test, ops whose events are
 * waited for by tag, and pairs of connected objects.
 */
#ifndef HAWSER_TESTS_ABI_WORLD_H
#define HAWSER_TESTS_ABI_WORLD_H

#include <stddef.h>
#include <stdint.h>

#include "tests/abi/foreign.h"

#define P(pointer) foreign_pointer(pointer)
#define C(name) ((uint64_t)foreign_constant(name))
#define SECOND INT64_C(1000000000)
#define LIMIT ((uint64_t)(30 * SECOND))

/* One runtime with one queue, and a folder of its own for sockets. */
struct world {
  uint64_t runtime;
  uint64_t queue;
  char folder[64];
};
extern struct world world;

int world_open(void **state);
int world_close(void **state);

struct event {
  uint64_t tag;
  uint64_t object;
  int64_t status;
  int64_t kind;
  uint64_t bytes;
  uint64_t data;
  uint64_t code;
};

void assert_ok(int64_t result);

/* How an op is asked for whose event goes to the queue, with a tag of its own. */
void *how_queued(uint64_t scope);
void *how_flagged(const char *flag);
uint64_t tag_of(const void *how);

struct event event_read(const void *memory);
/* Keeps the events that are there, or that come within the time; returns how many. */
int64_t harvest(uint64_t timeout_ns);
/* The event of that tag, which must be of that kind; event_ok also wants it to have succeeded. */
struct event event_wait(uint64_t tag, const char *kind);
struct event event_ok(const void *how, const char *kind);

void *vec_of(const void *memory, uint64_t len);
void send_text(uint64_t stream, const char *text);
void recv_text(uint64_t stream, const char *expected);
/* A recv that ends without data: its event. */
struct event recv_end(uint64_t stream);
void close_object(uint64_t object);

/* Two objects that are connected to each other, and the listener between them if it is theirs. */
struct pair {
  uint64_t listener;
  uint64_t near;
  uint64_t far;
};

struct pair pair_open(const char *url);
struct pair session_open(const char *url, const char *mode);
/* A stream of a session, opened under a life scope with a first payload, and accepted at the other end. */
struct pair stream_open(const struct pair *session, uint64_t life);
void pair_close(const struct pair *pair);

#endif
