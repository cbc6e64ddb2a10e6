/* SPDX-License-Identifier: Apache-2.0
 *
 * Scenes: for each kind of op one in which it pends, with what makes it succeed. Tests of what holds for every op go
 * through all of them.
 */
#ifndef HAWSER_TESTS_CORE_SCENES_H
#define HAWSER_TESTS_CORE_SCENES_H

#include "tests/core/places.h"

enum target { TARGET_STREAM, TARGET_SESSION, TARGET_LISTENER, TARGET_SCOPE, TARGET_NONE };

struct scene {
  struct world *world;
  const struct scene_kind *kind;
  struct link link;
  struct pair other; /* a raw connection that takes part */
  hws_handle listener;
  hws_handle scope;  /* what a watch is on */
  hws_handle target; /* what the op pends on */
  hws_handle made;   /* by the op */
  uint64_t filled;   /* bytes that stand before the op's */
  uint64_t blocker;  /* the tag of an op that stands before it; 0: none */
  char url[URL_MAX];
  uint8_t *bytes;
  uint64_t length;
};

struct scene_kind {
  const char *name;
  uint16_t kind; /* hws_kind */
  uint8_t carrier;
  uint8_t target;
  bool of_system; /* only where the system carries the bytes */
  bool probe;     /* a reset is an answer to it: there is something to learn */
  void (*set)(struct scene *scene);
  hws_result (*submit)(struct scene *scene, const struct hws_how *how, struct hws_event *out, hws_handle *op);
  void (*let)(struct scene *scene);
};

extern const struct scene_kind scene_kinds[];
extern const size_t scene_count;

/* False: not in this place. */
bool scene_open(struct scene *scene, struct world *world, const struct scene_kind *kind);
void scene_close(struct scene *scene);

#endif
