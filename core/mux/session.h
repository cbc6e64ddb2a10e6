/* SPDX-License-Identifier: Apache-2.0
 *
 * A session: many streams over one. What the rest of the core and the ABI see of it.
 */
#ifndef HAWSER_CORE_MUX_SESSION_H
#define HAWSER_CORE_MUX_SESSION_H

#include "core/op.h"
#include "core/scope.h"
#include "core/stream.h"

struct session {
  struct object object; /* the rest is mux.h's */
};

/* Turn a stream into a session; consumes it, handle and all, on success. */
int session_start(struct stream *under, const struct hws_session_config *config, struct scope *life,
                  struct session **session);

/* Return what hws_open, hws_accept, ... do. */
int session_open(struct session *session, const struct hws_open_config *config, struct scope *life,
                 const struct request *request, hws_handle *stream);
int session_accept(struct session *session, struct scope *life, const struct request *request, hws_handle *stream);
int session_watch(struct session *session, const struct request *request);

/* Drain: ends once no stream is left. */
int session_shutdown(struct session *session, const struct request *request);

/* The handle is stale already; consumes its pin. */
int session_close(struct session *session, const struct request *request);

/* Is there nothing left that a close would wait for? */
bool session_is_over(struct session *session);

/* End it here and now; consumes the cause. Non-blocking, idempotent, from any thread. */
void session_end(struct session *session, struct cause *cause);

/* Has the carrier of each session of the runtime told it all? For the runtime's end only. */
bool sessions_rest(struct runtime *runtime);

void session_detail(struct session *session, struct hws_detail *detail);
int session_text(struct session *session, uint32_t which, char *text, uint32_t size);
int session_peer(struct session *session, struct hws_peer *peer);

/* For stats.c. */
enum session_counter {
  SESSION_FRAMES_IN,
  SESSION_FRAMES_OUT,
  SESSION_BYTES_IN,
  SESSION_BYTES_OUT,
  SESSION_BYTES_DIRECT,
  SESSION_READS,
  SESSION_WRITES,
  SESSION_STREAMS,
  SESSION_STREAMS_PEAK,
  SESSION_STREAMS_OPENED,
  SESSION_STREAMS_ACCEPTED,
  SESSION_STREAMS_REFUSED,
  SESSION_RESETS_IN,
  SESSION_RESETS_OUT,
  SESSION_USELESS_FRAMES,
  SESSION_DROPPED_BYTES,
  SESSION_PINGS_OUT,
  SESSION_PINGS_IN,
  SESSION_RTT_NS,
  SESSION_READ_PAUSES,
  SESSION_WRITES_DEFERRED,
  SESSION_COUNTERS
};
uint64_t session_count_of(const struct session *session, enum session_counter counter);

#endif
