/* SPDX-License-Identifier: Apache-2.0
 *
 * One direction of a stream under chaos: the io that the host wants, what was decided about it when it came, and how
 * far it is.
 *
 * Everything that is left to chance is drawn when an io comes, the same number of draws for each. So the n-th io of a
 * direction meets the same faults in every run with a seed, whatever the threads do.
 */
#ifndef HAWSER_CHAOS_LANE_H
#define HAWSER_CHAOS_LANE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "plugins/chaos/dice.h"
#include "plugins/chaos/settings.h"

enum { LANE_PIECES = 16 }; /* of a vector, handed down at once */

enum lane_state {
  LANE_IDLE,
  LANE_POSTED, /* put off until the next on_post */
  LANE_WAITS,  /* put off until `due` */
  LANE_BELOW,  /* with the stream below */
  LANE_HELD    /* it has ended, and the host is told at `due`, or behind the other direction's next end */
};

/* What will happen to one io. */
struct plan {
  uint64_t cut;     /* at most so many bytes */
  uint64_t posts;   /* put-offs before it goes below */
  uint64_t delay;   /* nanoseconds before it goes below; 0: none */
  uint64_t late;    /* nanoseconds before a cancel is heard; 0: at once */
  uint64_t held;    /* nanoseconds for which its end is held back at most; 0: not at all */
  bool from_inside; /* what ends within submit is completed there, instead of returned */
};

struct chaos;

struct lane {
  struct chaos *chaos;
  uint32_t direction;
  enum lane_state state; /* this and all below: under the direction */
  struct dice dice;
  struct plan plan;
  struct hws_io *io;    /* the host's; NULL: none */
  struct hws_io below;  /* ours, while it is below */
  bool cancelled;       /* the host has asked for the io's end */
  uint64_t offset;      /* bytes moved so far */
  uint64_t reset_at;    /* as decided for this stream */
  uint64_t end_at;      /* reading only */
  _Atomic uint64_t due; /* 0: none; read by the other direction for the timer they share */
  struct hws_iov pieces[LANE_PIECES];
};

struct chaos {
  const struct hws_host *host;
  struct hws_host_endpoint *self;
  struct settings settings;
  atomic_bool reset; /* the stream is over in both directions */
  struct lane lanes[2];
};

/* As the slots of the vtable. */
int32_t lane_submit(struct lane *lane, struct hws_io *io);
int32_t lane_cancel(struct lane *lane, struct hws_io *io);

/* With both directions taken: go on after a post, at a time, or with what came from below. */
void lane_posted(struct lane *lane);
void lane_timed(struct lane *lane, uint64_t now);
void lane_done(struct lane *lane);

/* Arm the timer for the earlier of both. */
void lanes_arm(struct chaos *chaos);

#endif
