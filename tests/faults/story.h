/* SPDX-License-Identifier: Apache-2.0
 *
 * A story that uses everything once: a runtime, a listener, a connection, a session over it, streams, scopes, leases.
 * It may be cut short anywhere by a resource that ran out. Then what was begun must still end: every op that was
 * accepted has exactly one event (OP-1), whatever was refused has none (OP-2), and the runtime can be joined.
 */
#ifndef HAWSER_TESTS_FAULTS_STORY_H
#define HAWSER_TESTS_FAULTS_STORY_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/hawser.h"

enum { STORY_OPS = 256, STORY_OBJECTS = 64 };

struct story {
  uint32_t flags;         /* hws_runtime_flag */
  uint32_t mode;          /* hws_mode, of the sessions */
  const char *plugin_dir; /* where the transport is */
  const char *url;        /* to listen at and to dial */
  hws_handle runtime;
  hws_handle queue;
  hws_handle parent, scope;
  hws_handle listener;
  hws_handle dialled, accepted;      /* connections, then the sessions over them */
  hws_handle near, far;              /* a stream's ends */
  hws_handle objects[STORY_OBJECTS]; /* all that was made, to be closed */
  uint32_t object_count;
  uint32_t op_count;
  uint32_t ended;
  uint8_t events[STORY_OPS]; /* by tag: how many came */
  struct hws_event event[STORY_OPS];
  const char *step; /* the last one begun */
  int32_t status;   /* what the story was cut short by; HWS_OK: it was told to its end */
};

/* Tell it from its beginning; flags, plugin_dir and url are set. */
void story_tell(struct story *story);

/* Close everything, see every op end exactly once, join. */
void story_end(struct story *story);

#endif
