/* SPDX-License-Identifier: Apache-2.0
 *
 * A cell being played: the scene in which its op pends, the way that ends it, and what is looked at then.
 */
#ifndef HAWSER_TESTS_MATRIX_PLAY_H
#define HAWSER_TESTS_MATRIX_PLAY_H

#include "tests/matrix/stage.h"

enum { HELPERS_MAX = 4, OPENS_MAX = 256 };

struct order;
struct play;

/* What else goes on in a thread of its own: a dial or an open of the peer's, which the op waits for. */
struct helper {
  struct worker *worker;
  struct play *play;
  hws_handle made;
};

struct play {
  struct stage stage;
  const struct cell *cell;
  struct ends carrier; /* connections that no session stands on */
  struct ends link;    /* streams, of which ours is the op's */
  hws_handle target;   /* what the op is on; of one that makes an object out of nothing: that object */
  hws_handle made;     /* by the op */
  hws_handle life;
  hws_handle scopes[2]; /* the op's, and its parent */
  hws_handle op;
  hws_handle more[OPENS_MAX];
  unsigned more_count;
  struct helper helpers[HELPERS_MAX];
  unsigned helper_count;
  uint64_t filled;  /* what stands before the op's bytes */
  uint64_t taken;   /* of an earlier send, behind those */
  uint64_t blocker; /* the tag of a send that the op stands behind; 0: none */
  char url[STAGE_URL];
  uint8_t room[1024]; /* of what receives */
  struct hws_how how;
  bool called;           /* the op's call has returned */
  struct worker *caller; /* who takes part in the way */
  struct hws_event out;  /* of an op that blocks */
  hws_result answer;     /* and what its call returned */
};

struct scene {
  bool (*set)(struct play *play); /* to where the op pends */
  hws_result (*submit)(struct play *play, const struct hws_how *how, struct hws_event *out, hws_handle *op);
  bool (*let)(struct play *play); /* it go well */
};

extern const struct scene scenes[OPS];

/* What the scenes stand on (carriers.c). */
bool is_mux(const struct cell *cell);
bool carry(struct play *play);      /* a connection, or sessions */
bool carry_link(struct play *play); /* and streams */
bool help(struct play *play, void (*run)(void *helper));
bool play_set_bystander(struct stage *stage); /* one that no session of the op's carries */
struct order *play_failure(void);

/* The ways (ways.c): before the op, around its call, and after it. */
bool way_set_life(struct play *play);
bool way_prepare(struct play *play, struct hws_how *how);
bool way_submit(struct play *play);
bool way_bring_about(struct play *play);

/* What came of it (judge.c). */
bool judge_event(struct play *play, const struct hws_event *event);
bool judge_after(struct play *play, const struct hws_event *event);
bool judge_peer(struct play *play);

/* Names that are looked up for as long as wanted (names.c). */
void names_hold(void);
void names_let_go(void);
#define HELD_NAME "held.matrix"

/* Play one. False: fault_text says why. `skipped`: why it is not played here, or NULL. */
bool play(const struct cell *cell, const struct transport *transport, bool driven, const char **skipped);

#endif
