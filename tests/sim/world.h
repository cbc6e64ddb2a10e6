/* SPDX-License-Identifier: Apache-2.0
 *
 * What a story runs on: one or two runtimes, a connection or a session between them, pairs of streams, scopes and
 * queues.
 */
#ifndef HAWSER_TESTS_SIM_WORLD_H
#define HAWSER_TESTS_SIM_WORLD_H

#include "tests/sim/record.h"
#include "tests/sim/stage.h"

enum { EXTRAS_MAX = 64 };

struct world {
  const struct story *story;
  hws_handle runtimes[2];             /* the same, if there is one */
  hws_handle queues[2][STORY_QUEUES]; /* by runtime */
  hws_handle scopes[2][STORY_SCOPES + 1];
  hws_handle drivers[2]; /* of a caller-driven runtime: the queue that its driver waits at */
  struct stage_thread *driving[2];
  hws_handle listener;
  char dials[128];        /* the URL that leads to it */
  hws_handle sessions[2]; /* 0: raw, or over */
  struct end ends[STORY_PAIRS_MAX * 2];
  hws_handle extras[EXTRAS_MAX]; /* objects that acts made, to be closed */
  unsigned extra_count;
  struct stage_thread *threads[STORY_THREADS_MAX];
  const struct act *doing[STORY_THREADS_MAX]; /* where each stands; NULL: at none */
  uint64_t harvests;                          /* that have begun */
};

extern struct world world;

/* Everything as the story has it. False: it cannot be; where that is a fault it was said. */
bool world_begin(const struct story *story);

/* The finale, up to the join. */
void world_end(void);

/* Take events of a runtime's queue. Returns how many. */
int world_harvest(unsigned side, unsigned queue, uint32_t max, int64_t timeout_ns);

/* Where a close was told: take what stands in the queues, and let nothing come after that. */
void world_settle(void);

/* Do an act. */
void act_do(const struct act *act);

/* The parts that acts and the finale share. */
void end_close(struct end *end, unsigned way, uint32_t flags, uint64_t deadline_ns);
void end_recv(struct end *end, unsigned way, uint32_t size, uint64_t deadline_ns);
void end_shutdown(struct end *end, unsigned way, uint64_t deadline_ns);
bool close_extra(unsigned side, hws_handle handle);
void leases_release_all(void);

/* A call for a record: how, filled in. */
struct hws_how how_for(struct record *record, const struct act *act, unsigned side);

#endif
