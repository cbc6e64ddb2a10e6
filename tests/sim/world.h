/* SPDX-License-Identifier: Apache-2.0
 *
 * What a story runs on: one or two runtimes, a connection or a session between them, pairs of streams, scopes and
 * queues.
 */
#ifndef HAWSER_TESTS_SIM_WORLD_H
#define HAWSER_TESTS_SIM_WORLD_H

#include "tests/sim/record.h"
#include "tests/sim/stage.h"

enum {
  EXTRAS_MAX = 160,
  LONE_FIRST = STORY_PAIRS_MAX * 2,
  LONE_MAX = 6,
  ENDS_MAX = LONE_FIRST + LONE_MAX,
  NESTS_MAX = 2
};

/* The two ends of a session. */
struct both {
  hws_handle handle[2]; /* 0: none, or over */
  bool leaving[2];      /* it was shut down, and so tells its peer that it takes no streams */
};

enum { DIAL_BYTES = STAGE_URL_BYTES + 32 };

struct world {
  const struct story *story;
  hws_handle runtimes[2];             /* the same, if there is one */
  hws_handle queues[2][STORY_QUEUES]; /* by runtime */
  hws_handle scopes[2][STORY_SCOPES + 1];
  hws_handle drivers[2]; /* of a caller-driven runtime: the queue that its driver waits at */
  struct stage_thread *driving[2];
  hws_handle listener;
  char dials[DIAL_BYTES]; /* the URL that leads to it */
  hws_handle sessions[2]; /* 0: raw, or over */
  bool leaving[2];
  unsigned joins[2];                      /* that have begun, of a runtime */
  bool joined[2];                         /* a join has ended the runtime; of one runtime: [0] */
  bool disturbed;                         /* before the finale something was done that can end streams and sessions */
  bool closed_early[STORY_PAIRS_MAX * 2]; /* before the finale, when nobody read what was sent */
  bool lets_out;                          /* in the finale side 0 closes with time enough to send what was taken */
  struct stage_thread *early;             /* opens the pairs */
  struct both nests[NESTS_MAX];           /* sessions over streams of the above */
  unsigned nest_count;
  unsigned nesting;          /* calls of hws_session that have not returned */
  struct end ends[ENDS_MAX]; /* of pairs; from LONE_FIRST on, of those whose other end nobody knows */
  unsigned lone_count;
  hws_handle extras[EXTRAS_MAX]; /* objects that acts made, to be closed */
  bool listens[EXTRAS_MAX];      /* a listener whose event said so, that only its close ends */
  unsigned extra_count;
  struct stage_thread *threads[STORY_THREADS_MAX];
  const struct act *doing[STORY_THREADS_MAX]; /* where each stands; NULL: at none */
  uint64_t harvests;                          /* that have begun */
};

extern struct world world;

static inline struct end *end_at(unsigned pair, unsigned side) {
  return &world.ends[(size_t)pair * 2 + side];
}

/* Everything as the story has it. False: it cannot be; where that is a fault it was said. */
bool world_begin(const struct story *story);

/* The finale, up to the join. */
void world_end(void);

/* The joins alone, where the beginning failed. */
void world_leave(void);

/* Is there a runtime still, that no join has ended? */
bool world_stands(unsigned side);

/* Join a runtime. True: it has ended. */
bool world_join(unsigned side, int64_t timeout_ns);

/* The n-th end that there is, of pairs and of others; NULL: none. */
struct end *world_end_at(unsigned index);

/* Take events of a runtime's queue. Returns how many. */
int world_harvest(unsigned side, unsigned queue, uint32_t max, int64_t timeout_ns);

/* Where a close was told: take what stands in the queues, and let nothing come after that. */
void world_settle(void);

/* Do an act. */
void act_do(const struct act *act);

/* The parts that acts and the finale share. */
void end_close(struct end *end, unsigned way, uint32_t flags, uint64_t deadline_ns);
void end_send(struct end *end, uint32_t size);
void end_recv(struct end *end, unsigned way, uint32_t size, uint64_t deadline_ns);
void end_shutdown(struct end *end, unsigned way, uint64_t deadline_ns);
/* Streams opened, filled and closed before their session is, and taken by the other side. False: there is no session.
 */
bool burst_out(void);

void nest(const struct act *act);
bool close_extra(unsigned side, hws_handle handle);
void leases_release_all(void);

/* A call for a record: how, filled in. */
struct hws_how how_for(struct record *record, const struct act *act, unsigned side);

#endif
