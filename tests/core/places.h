/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a test of the core runs: each transport in each progress mode. The words are those of the sessions' tests.
 */
#ifndef HAWSER_TESTS_CORE_PLACES_H
#define HAWSER_TESTS_CORE_PLACES_H

#include "tests/mux/world.h"

struct place {
  const char *scheme; /* "mem", LOCAL or "tcp" */
  uint32_t flags;     /* hws_runtime_flag */
};

extern const struct place places[6];
extern const struct place *here; /* of the test that runs */
extern struct world *here_world;

bool is_tcp(const struct place *place);

/* cmocka's set-up: state comes as a place and becomes a world in it. */
int place_open(void **state);

#define PLACED(test, at, name)                                                                                         \
  { #test " (" name ")", test, place_open, world_close, (void *)(uintptr_t)&places[at] }

/* One test, over every transport and in both progress modes. */
#define EVERYWHERE(test)                                                                                               \
  PLACED(test, 0, "mem"), PLACED(test, 1, "mem, caller-driven"), PLACED(test, 2, "local"),                             \
      PLACED(test, 3, "local, caller-driven"), PLACED(test, 4, "tcp"), PLACED(test, 5, "tcp, caller-driven")

/* With an I/O thread only. */
#define THREADED(test) PLACED(test, 0, "mem"), PLACED(test, 2, "local"), PLACED(test, 4, "tcp")

/* What carries a stream. */
enum carrier { RAW, MUX, CARRIERS };

/* Two ends of a stream, and the sessions below them when there are any. */
struct link {
  struct pair ends;
  struct pair sessions;
};

struct link link_open(struct world *world, enum carrier carrier);
struct pair sessions_open(struct world *world);
void link_close(const struct link *link);

/* A URL that nothing listens at yet, in a buffer of the caller's. */
const char *url_new(char url[URL_MAX], const char *parameters);
hws_handle listen_at(struct world *world, const char *url);
/* Both ends of a connection to that listener, dialled by its URL and what is put behind it. */
struct pair connect_at(struct world *world, hws_handle listener, const char *parameters);

/* Send bytes of a pattern until nothing more is taken, nor would be in a while; returns how many were. */
uint64_t fill_up(hws_handle stream, uint64_t seed);

/* Receive and check bytes of that pattern until `length` were seen. */
void drain(hws_handle stream, uint64_t seed, uint64_t from, uint64_t length);

/* Run in a thread of its own; started has come to a wait within the library when thread_blocked returns. */
struct thread;
struct thread *thread_start(void (*run)(void *argument), void *argument);
void thread_join(struct thread *thread);
void thread_blocked(struct thread *thread);

/* Have a signal interrupt what it waits for; where there are signals. */
extern const bool threads_have_signals;
void thread_interrupt(struct thread *thread);

/* Every other thread of this process is asleep: what went on has come to its end. At most a second. */
void threads_settle(void);

/* How many there are in this process. One that was joined may still be counted for a moment. */
unsigned threads_count(void);

/* See to it that this process may have so many descriptors. */
void descriptors_allow(unsigned count);

/* Can it be read, within that time? A socket, or what a queue gives to be waited on. */
bool descriptor_readable(int64_t descriptor, int ms);

/* A small generator, so that a seed says all. */
struct dice {
  uint64_t state;
};
uint32_t dice_roll(struct dice *dice, uint32_t sides);

#endif
