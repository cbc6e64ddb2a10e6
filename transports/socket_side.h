/* SPDX-License-Identifier: Apache-2.0
 *
 * One direction of a connected socket under an edge-triggered watch, or one that tells once for each rearm: whether a
 * call may get something, and the io that waits for it. Shared by every transport that waits for readiness.
 *
 * Invariant: a side is SOCKET_WAIT only if nothing that the socket holds has had its edge told already, so that what
 * comes next brings an on_ready, and brings it after the state was set, since the host runs no two functions of one
 * direction at once.
 *   - A call that would block proves it: there was nothing.
 *   - A short read proves that the bytes were taken, but not the end of the stream: if it arrived with them, both had
 *     one edge. So a short read counts only while no edge can have told of an end (end_told is false): the end then
 *     comes after the last edge that was told, and has an edge of its own. This saves the call that would block after
 *     each message.
 *   - A short write proves nothing: the system also cuts a write for want of memory, and no edge follows that.
 */
#ifndef HAWSER_TRANSPORTS_SOCKET_SIDE_H
#define HAWSER_TRANSPORTS_SOCKET_SIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "plugins/hawser_plugin.h"

enum socket_readiness {
  SOCKET_TRY = 0, /* a call may get something */
  SOCKET_WAIT = 1 /* nothing until on_ready: no call is made */
};

/* Touched only with its direction taken (plugins/hawser_plugin.h). */
struct socket_side {
  struct hws_io *pending;
  enum socket_readiness readiness;
  bool end_told; /* an edge may have told of the end since the last would-block */
};

/* A call would have blocked. Always false: the io has not ended. */
static inline bool socket_side_blocked(struct socket_side *side) {
  side->readiness = SOCKET_WAIT;
  side->end_told = false;
  return false;
}

/* A read brought fewer bytes than there was room for. */
static inline void socket_side_short(struct socket_side *side) {
  if (!side->end_told) side->readiness = SOCKET_WAIT;
}

/* The io goes on at the next readiness. Always 0, for submit. */
static inline int32_t socket_side_leave(struct socket_side *side, struct hws_io *io, const struct hws_host *host,
                                        struct hws_host_endpoint *endpoint, enum hws_direction direction) {
  side->pending = io;
  host->rearm(endpoint, direction);
  return 0;
}

/* Take a pending io back. It has moved nothing: whatever moves a byte ends it. False: it is not pending here. */
static inline bool socket_side_take(struct socket_side *side, const struct hws_io *io) {
  if (side->pending != io) return false;
  side->pending = NULL;
  return true;
}

/* `told` as on_ready is given it. */
static inline void socket_side_ready(struct socket_side *side, const struct hws_host *host, uint32_t told) {
  side->readiness = SOCKET_TRY;
  if ((told & HWS_READY_HANGUP) != 0 || (host->capabilities & HWS_HOST_HANGUP) == 0) side->end_told = true;
}

#endif
