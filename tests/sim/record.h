/* SPDX-License-Identifier: Apache-2.0
 *
 * The oracle: what was asked for, what came of it, and whether that is allowed.
 *
 *   OP-1    each op that was accepted has one event, with its tag, kind and object, on its queue
 *   OP-2    a refused one has none
 *   OP-5    its memory is not touched after its event
 *   OP-6    no event of an object's ops comes after that of its close
 *   CAN-2   the status is one that what happened allows
 *   bytes sent are bytes received, in order, up to the counted end; EOF comes only behind all of them
 */
#ifndef HAWSER_TESTS_SIM_RECORD_H
#define HAWSER_TESTS_SIM_RECORD_H

#include "abi/hawser.h"
#include "tests/sim/story.h"

enum { RECORDS_MAX = 1024 };

enum record_state {
  RECORD_ASKED,   /* the call has not returned, or the op pends */
  RECORD_REFUSED, /* the call said so */
  RECORD_ENDED    /* its event has come */
};

struct end;

struct record {
  enum record_state state;
  uint16_t kind;
  bool returned; /* the call has */
  bool tries;
  bool blocks;
  bool cancelled;
  bool signalled; /* a signal met its thread while it ran */
  bool released;  /* acquire: its lease was given back */
  bool file;
  bool eom;  /* its last byte ends a message */
  bool life; /* makes an object that a scope can end */
  uint8_t side;
  uint8_t scope;
  uint8_t queue;
  uint8_t seed;
  int thread;
  struct end *end;   /* NULL: of no pair */
  struct end *makes; /* the stream that it makes, once its handle is known */
  hws_handle op;
  hws_handle object;  /* 0: not known yet */
  uint64_t deadline;  /* absolute; 0: none */
  uint64_t asked_end; /* when a cancel of it was taken; 0: not */
  uint64_t begun;
  uint8_t *memory;
  uint64_t size;
  uint64_t taken;    /* acquire: how much of it was consumed */
  uint64_t sum;      /* of memory, at the event */
  hws_result result; /* of the call */
  struct hws_event event;
};

/* One end of a pair of streams; or (peer NULL) a stream that an act made, and nobody knows where it leads. */
struct end {
  hws_handle handle; /* 0: closed, or never came */
  hws_handle was;    /* for comparing */
  struct end *peer;
  unsigned pair;
  unsigned side;
  bool resets; /* an abort of this end is heard as one; else as an end */
  bool shut;
  bool closed;
  bool aborted;
  bool reset;
  unsigned stopped; /* by so many calls */
  bool nested;      /* a session took it */
  bool eof;
  bool read_again;   /* bytes went back: an end that was told before is none */
  bool unsure;       /* which bytes were read from some point on */
  bool close_told;   /* the event of its close has come */
  uint64_t all_told; /* and all that stood in queues then was taken, before this harvest; 0: not yet. No event of its
                        ops may come by a later one */
  uint16_t sends[RECORDS_MAX / 8];
  unsigned send_count;
  uint16_t recvs[RECORDS_MAX / 8];
  unsigned recv_count;
};

/* What happened to everything. */
struct happened {
  bool sessions_ended[2]; /* one of that side was closed, reset or shut down */
  bool lopsided;          /* a session was made over a stream, and none at its other end */
  bool limits;            /* sessions have small limits of time */
  bool listener_closed;
  bool joined[2]; /* a join has begun */
  bool scope_cancelled[2][STORY_SCOPES + 1];
};

extern struct happened happened;

void records_reset(void);
unsigned records_count(void);
struct record *record_at(unsigned index);

/* NULL: there are too many. */
struct record *record_new(uint16_t kind, struct end *end, uint64_t size);
unsigned record_index(const struct record *record);

/* The call returned that; `out` is its event if that is 1. */
void record_returned(struct record *record, hws_result result, const struct hws_event *out);

/* An event was harvested from a queue, by a call that began when so many calls had. */
void record_harvested(const struct hws_event *event, unsigned queue, uint64_t call);

/* An op that has not ended in time; NULL: there is none. */
const struct record *records_overdue(uint64_t now);

/* How many ops were accepted and have no event. */
unsigned records_outstanding(void);

/* At the end: memory, and bytes. complete: what was sent must have arrived, save where an end was told to be bad. */
void records_check(struct end *ends, unsigned count);
void records_free(void);

/* What was asked, and what came of it. */
void records_print(void);

/* Note the first fault. */
__attribute__((format(printf, 1, 2))) void fault(const char *format, ...);

#endif
