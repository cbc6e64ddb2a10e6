/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside a pump: its sides, its lanes, and what lane.c and pump.c ask of each other.
 */
#ifndef HAWSER_TOOL_LANE_H
#define HAWSER_TOOL_LANE_H

#include <stdbool.h>

#include "tools/hawser/loop.h"
#include "tools/hawser/pump.h"

enum lane_state {
  LANE_RECEIVING, /* an acquire is out, or to be submitted */
  LANE_SENDING,   /* the leased bytes are being sent */
  LANE_SHUTTING,  /* the end of stream is being passed on */
  LANE_ENDED      /* nothing is out, nothing is leased */
};

struct side {
  struct task task; /* of its watch and its close */
  struct pump *pump;
  hws_handle stream;
  hws_handle close_op;
};

struct lane {
  struct task task;
  struct pump *pump;
  struct side *from;
  struct side *to;
  enum lane_state state;
  hws_handle lease;
  struct hws_vec bytes; /* what is leased */
  bool message;         /* its last byte ends a message, which the other side is to see too */
};

struct pump {
  struct pumps *pumps;
  struct share *share; /* NULL: nobody counts */
  struct pump *previous;
  struct pump *next;
  struct task connect;
  struct side sides[2];
  struct lane lanes[2];
  unsigned lane_count; /* 0 until connected */
  unsigned pending;    /* ops out, and callers that still use it */
  bool closing;        /* the streams' handles are stale */
};

/* Make a lane; run it until an op of it pends or it has ended. */
void lane_open(struct lane *lane, struct pump *pump, struct side *from, struct side *to);
void lane_run(struct lane *lane);

struct hws_how pump_how(const struct pump *pump, struct task *task);

/* Pass on what a submit returned, and count the op if it pends. */
hws_result pump_submitted(struct pump *pump, hws_result result);

/* Whether every lane has ended. */
bool pump_is_done(const struct pump *pump);

/* Reset both streams because `event` ended one side. Once a pump is closing, this does nothing. */
void pump_fail(struct pump *pump, const struct side *side, const struct hws_event *event);

/* The end of every task of a pump, and of what is done to it from outside: after it, the pump may be gone. */
void pump_settle(struct pump *pump);

#endif
