/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of sessions are written in: a runtime of either progress mode, calls on the public ABI that fail the
 * test when they do not go as they must, and events that are waited for by tag. Every wait has a generous limit.
 */
#ifndef HAWSER_TESTS_MUX_WORLD_H
#define HAWSER_TESTS_MUX_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "abi/hawser.h"

#define SECOND UINT64_C(1000000000)
#define MILLISECOND UINT64_C(1000000)
#define LIMIT_NS (60 * SECOND) /* reached by a fault only */

enum { WORLD_EVENTS = 4096 };

struct world {
  hws_handle runtime;
  hws_handle queue;
  bool driven; /* by the caller: nothing moves while the test does not wait */
  uint64_t next_tag;
  uint32_t kept;
  struct hws_event events[WORLD_EVENTS];
};

/* Set-up and tear-down of cmocka: state becomes a struct world. The tear-down wants everything to end in time. */
int world_threaded(void **state);
int world_driven(void **state);
int world_close(void **state);

struct world *world_open(uint32_t flags);
struct world *world_open_with(uint32_t flags, const char *settings);
void world_join(struct world *world);

/* A test in both progress modes. */
#define BOTH_MODES(test)                                                                                               \
  cmocka_unit_test_setup_teardown(test, world_threaded, world_close), {                                                \
#test " (caller-driven)", test, world_driven, world_close, NULL                                                    \
  }

/* Let things happen for a moment: drive the loop, or give way to its thread. Events are kept. */
void world_turn(struct world *world);

/* Turn until the condition holds; fails the test at the limit. */
#define world_until(world, condition)                                                                                  \
  do {                                                                                                                 \
    uint64_t until_ = hws_now() + LIMIT_NS;                                                                            \
    while (!(condition)) {                                                                                             \
      if (hws_now() > until_) fail_msg("never came true: %s", #condition);                                             \
      world_turn(world);                                                                                               \
    }                                                                                                                  \
  } while (0)

/* ---- hows ---- */

struct hws_how how_block(void);                                   /* at most LIMIT_NS */
struct hws_how how_queue(struct world *world);                    /* a tag of its own */
struct hws_how how_scoped(struct world *world, hws_handle scope); /* the same under a scope */

/* ---- events ---- */

bool world_has(struct world *world, uint64_t tag, struct hws_event *event); /* without waiting; takes it */
struct hws_event world_await(struct world *world, uint64_t tag);            /* takes it; fails at the limit */
struct hws_event world_await_status(struct world *world, uint64_t tag, int32_t status);

/* ---- ops that wait ---- */

/* A status by name, for messages. */
#define assert_status(found, wanted) assert_string_equal(hws_status_name(found), hws_status_name(wanted))

hws_handle session_of(hws_handle stream, uint32_t role, const char *settings); /* in plain yamux */
hws_handle session_in(hws_handle stream, uint32_t mode, uint32_t role, const char *settings);
hws_handle open_stream(hws_handle session);
hws_handle accept_stream(hws_handle session);
void send_all(hws_handle stream, const void *bytes, size_t length);
void recv_exactly(hws_handle stream, void *bytes, size_t length);
void expect_bytes(hws_handle stream, const char *text);
struct hws_event recv_once(hws_handle stream, void *bytes, size_t length); /* blocking; whatever its end */
int32_t recv_status(hws_handle stream);                                    /* of a recv that finds no byte */
int32_t send_status(hws_handle stream);                                    /* of a send of one byte */
void shut_down(hws_handle stream);
void close_handle(hws_handle object); /* and wait for its event */
void abort_handle(hws_handle object);

/* ---- ops that pend: the tag ---- */

uint64_t post_recv(struct world *world, hws_handle stream, void *bytes, size_t length);
uint64_t post_send(struct world *world, hws_handle stream, const void *bytes, size_t length);
uint64_t post_open(struct world *world, hws_handle session, hws_handle *stream);
uint64_t post_accept(struct world *world, hws_handle session, hws_handle *stream);
uint64_t post_watch(struct world *world, hws_handle object);
uint64_t post_close(struct world *world, hws_handle object);
uint64_t post_shutdown(struct world *world, hws_handle stream);

/* ---- questions ---- */

uint64_t stat_of(hws_handle object, const char *name);
struct hws_detail detail_of(hws_handle object);
void expect_detail(hws_handle object, int32_t status, const char *text);
void expect_refusal(int32_t status, const char *text); /* of this thread's last refused call */

/* ---- pairs of hawser's own ---- */

struct pair {
  hws_handle client;
  hws_handle server;
};

/* Two raw connections, or two sessions on them, over "mem", LOCAL (sockets that stay on this machine) or "tcp". */
#define LOCAL "local"
struct pair pair_raw(struct world *world, const char *scheme);
struct pair pair_sessions(struct world *world, const char *scheme, const char *settings);

/* With HAWSER_CHAOS_SEED in the environment all streams of the tests pass through the filter chaos: chaos+URL, with
 * that seed and the further parameters of HAWSER_CHAOS. Else the URL as it is. */
enum { URL_MAX = 512 };
const char *url_through(char url[URL_MAX], const char *plain);
bool through_chaos(void);

/* What the sessions of pairs speak: HAWSER_TEST_MODE ("yamux", "auto" or "native"), plain yamux if it says nothing. */
uint32_t pair_mode(void);

/* Bytes that are a function of a seed and a place. */
uint8_t pattern_at(uint64_t seed, uint64_t offset);
void pattern_fill(uint64_t seed, uint64_t offset, void *bytes, size_t length);
void pattern_expect(uint64_t seed, uint64_t offset, const void *bytes, size_t length);

#endif
