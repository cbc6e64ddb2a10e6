/* SPDX-License-Identifier: Apache-2.0
 *
 * A server accepts connections, turns each into a session, and starts a pump for each stream that the peer opens. A
 * session ends when its connection does, and closes nothing but itself: its streams' pumps find out from their ops.
 *
 * Pumps have a limit, of which no session can take all that others may need: it may have its first one in any case, and
 * beside others no more than are still free. A session that may not have another one holds at most one stream that
 * waits, and they get their turns in order.
 *
 * A drain has each session go away in order: its peer is told to open no more, what it had opened is served, and the
 * session is closed once nothing more can come of it and no pump runs.
 */
#include "tools/hawser/server.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/hawser/log.h"
#include "tools/hawser/url.h"

enum { SESSIONS_MAX = 1024, STREAMS_DEFAULT = 1024, SESSION_STREAMS_DEFAULT = 512 };

struct session {
  struct task task;    /* of its accepts and its close */
  struct task leaving; /* of its going away */
  struct server *server;
  struct session *previous;
  struct session *next;
  struct session *next_waiting;
  hws_handle handle;
  hws_handle incoming; /* the stream that the accept in flight will be, or that waits for a pump */
  struct share share;  /* its pumps, which may outlive it */
  bool closing;
  bool over;    /* only its pumps are left */
  bool drained; /* it went away, and all that its peer had opened before was accepted */
};

static void server_accept(struct server *server);

static void server_take_waiting(struct server *server);

static void server_settle(struct server *server);

/* Its connection is closed. */
static void session_over(struct session *session) {
  struct server *server = session->server;
  if (session->previous) {
    session->previous->next = session->next;
  } else {
    server->sessions = session->next;
  }
  if (session->next) session->next->previous = session->previous;
  session->over = true;
  if (session->share.active == 0) free(session);
  server->session_count--;
  server_accept(server);
  server_take_waiting(server); /* one that is alone now may have more */
}

static void session_close(struct session *session, uint32_t flags) {
  if (session->closing) return;
  session->closing = true;
  struct hws_how how = loop_how(&session->server->loop, &session->task);
  how.flags = flags;
  loop_submitted(&session->server->loop, hws_close(session->handle, &how, NULL, NULL));
}

static void session_ended(struct session *session, int32_t status) {
  if (session->server->draining && status == HWS_E_CLOSED) {
    session->drained = true;
    server_settle(session->server);
    return;
  }
  struct hws_detail detail;
  explain(session->handle, status, &detail);
  bool ordinary = status == HWS_E_CLOSED || status == HWS_E_EOF || status == HWS_E_CANCELED;
  if (!ordinary) log_provoked("a connection ended: %s", detail.text);
  session_close(session, 0);
}

static void session_accept(struct session *session) {
  struct hws_how how = loop_how(&session->server->loop, &session->task);
  hws_result result = hws_accept(session->handle, 0, &how, NULL, NULL, &session->incoming);
  if (loop_submitted(&session->server->loop, result) < 0) session_ended(session, result);
}

static void session_wait(struct session *session) {
  struct server *server = session->server;
  session->next_waiting = NULL;
  if (server->waiting) {
    server->last_waiting->next_waiting = session;
  } else {
    server->waiting = session;
  }
  server->last_waiting = session;
}

static bool session_may_pump(const struct session *session) {
  const struct server *server = session->server;
  const struct pumps *pumps = &server->pumps;
  uint64_t spare = pumps_full(pumps) ? 0 : pumps->limit - pumps->active;
  if (session->share.active == 0) return true;
  return server->session_count == 1 ? spare > 0 : session->share.active <= spare;
}

/* Start a pump for the session's incoming stream, and accept the next. */
static void session_take(struct session *session) {
  struct server *server = session->server;
  if (!session_may_pump(session)) {
    session_wait(session);
    return;
  }
  pump_start(&server->pumps, &session->share, session->incoming, server->connect);
  session_accept(session);
}

/* What comes of its accepts tells the rest. */
static void session_left(struct task *task, const struct hws_event *event) {
  (void)task, (void)event;
}

static void session_leave(struct session *session) {
  struct hws_how how = loop_how(&session->server->loop, &session->leaving);
  if (!session->closing) loop_submitted(&session->server->loop, hws_shutdown(session->handle, &how, NULL, NULL));
}

static void session_done(struct task *task, const struct hws_event *event) {
  struct session *session = OWNER_OF(task, struct session, task);
  if (event->kind == HWS_KIND_CLOSE) {
    session_over(session);
    return;
  }
  if (event->status >= 0) {
    session_take(session);
    return;
  }
  hws_close(session->incoming, NULL, NULL, NULL);
  if (!session->closing) session_ended(session, event->status);
}

static void session_start(struct server *server, hws_handle connection) {
  struct session *session = calloc(1, sizeof *session);
  struct hws_session_config config = {.size = sizeof config,
                                      .mode = server->options->mode,
                                      .role = HWS_ROLE_SERVER,
                                      .settings = server->session_settings};
  hws_result result = session ? hws_session(connection, &config, &session->handle) : HWS_E_NOMEM;
  if (result < 0) {
    log_provoked("cannot start a session: %s", hws_status_text(result));
    stream_refuse(connection, HWS_CODE_REFUSED, NULL);
    free(session);
    return;
  }
  session->task.done = session_done;
  session->leaving.done = session_left;
  session->server = server;
  session->next = server->sessions;
  if (session->next) session->next->previous = session;
  server->sessions = session;
  server->session_count++;
  server->connections++;
  if (server->draining) session_leave(session);
  session_accept(session);
}

static void server_close_sessions(struct server *server, uint32_t flags) {
  for (struct session *session = server->sessions, *next; session; session = next) {
    next = session->next;
    session_close(session, flags);
  }
}

static void server_close_listener(struct server *server) {
  if (server->listener == 0) return;
  struct hws_how how = loop_how(&server->loop, &server->listening);
  loop_submitted(&server->loop, hws_close(server->listener, &how, NULL, NULL));
  server->listener = 0;
}

static void server_accept(struct server *server) {
  if (server->listener == 0 || !server->accept_waits || server->session_count >= SESSIONS_MAX) return;
  server->accept_waits = false;
  struct hws_how how = loop_how(&server->loop, &server->accepting);
  hws_result result = hws_accept(server->listener, 0, &how, NULL, NULL, &server->incoming);
  if (loop_submitted(&server->loop, result) >= 0) return;
  log_line("cannot accept connections: %s", hws_status_text(result));
  loop_stop(&server->loop, EXIT_RUN_TIME);
}

static void accept_done(struct task *task, const struct hws_event *event) {
  struct server *server = OWNER_OF(task, struct server, accepting);
  if (event->status >= 0) {
    session_start(server, server->incoming);
    server->accept_waits = true;
    server_accept(server);
    return;
  }
  hws_close(server->incoming, NULL, NULL, NULL);
  if (server->listener == 0) return;
  struct hws_detail detail;
  explain(server->listener, event->status, &detail);
  log_line("cannot accept connections: %s", detail.text);
  loop_stop(&server->loop, EXIT_RUN_TIME);
}

static void listen_done(struct task *task, const struct hws_event *event) {
  struct server *server = OWNER_OF(task, struct server, listening);
  if (event->kind == HWS_KIND_CLOSE || server->listener == 0) return;
  if (event->status >= 0) {
    url_announce(server->listener);
    server->accept_waits = true;
    server_accept(server);
    return;
  }
  server->loop.exit_code = url_unusable("--listen", server->options->listen, server->listener, event->status);
  server_close_listener(server);
}

/* Let streams that wait have a pump. Who may not have one yet waits on, in the same order. */
static void server_take_each(struct server *server) {
  struct session *session = server->waiting;
  server->waiting = NULL;
  for (struct session *next; session; session = next) {
    next = session->next_waiting;
    session_take(session);
  }
}

/* A pump that fails at once ends within this, and makes room: who is here already looks again. */
static void server_take_waiting(struct server *server) {
  server->room_made = true;
  if (server->taking) return;
  server->taking = true;
  while (server->room_made) {
    server->room_made = false;
    server_take_each(server);
  }
  server->taking = false;
}

/* In a drain: close the sessions of which nothing more can come, once nothing runs. */
static void server_settle(struct server *server) {
  if (!server->draining || server->pumps.active || server->waiting) return;
  for (struct session *session = server->sessions, *next; session; session = next) {
    next = session->next;
    if (session->drained) session_close(session, 0);
  }
}

static void server_pump_ended(struct pumps *pumps, struct share *share) {
  struct server *server = OWNER_OF(pumps, struct server, pumps);
  struct session *session = OWNER_OF(share, struct session, share);
  if (session->over && share->active == 0) free(session);
  server_take_waiting(server);
  server_settle(server);
}

static void server_drain(struct work *work) {
  struct server *server = OWNER_OF(work, struct server, work);
  server->draining = true;
  server_close_listener(server);
  for (struct session *session = server->sessions; session; session = session->next) session_leave(session);
  server_settle(server);
}

static void server_abort(struct work *work) {
  struct server *server = OWNER_OF(work, struct server, work);
  for (struct session *session; (session = server->waiting);) {
    server->waiting = session->next_waiting;
    stream_refuse(session->incoming, HWS_CODE_SHUTTING_DOWN, "shutting down");
  }
  pumps_abort(&server->pumps);
  server_close_sessions(server, HWS_ABORT);
}

static void server_report(struct work *work) {
  struct server *server = OWNER_OF(work, struct server, work);
  log_settle();
  log_line("connections=%" PRIu64 " sessions=%" PRIu64, server->connections, server->session_count);
  pumps_report(&server->pumps);
}

/* A peer that keeps to the limit opens its next stream while the end of its last one is still under way, so a session
 * has room for twice as many. */
static void server_set_limits(struct server *server, uint64_t streams) {
  uint64_t session = streams ? 2 * streams : SESSION_STREAMS_DEFAULT;
  server->pumps.limit = streams ? streams : STREAMS_DEFAULT;
  /* Sniffing: whoever dials speaks first, in whichever mode. */
  snprintf(server->session_settings, sizeof server->session_settings, "streams_max=%" PRIu64 "&backlog=%" PRIu64 "%s",
           session, session, server->options->mode == HWS_MODE_AUTO ? "&sniff=1" : "");
}

int server_run(struct server *server, const struct options *options, pump_connect connect) {
  server->work = (struct work){server_drain, server_abort, server_report};
  server->options = options;
  server->connect = connect;
  server->pumps.loop = &server->loop;
  server_set_limits(server, options->max_streams);
  server->pumps.ended = server_pump_ended;
  server->listening.done = listen_done;
  server->accepting.done = accept_done;
  struct hws_how how = loop_how(&server->loop, &server->listening);
  hws_handle runtime = server->loop.runtime;
  hws_result result = hws_listen(runtime, options->listen, 0, &how, NULL, NULL, &server->listener);
  if (loop_submitted(&server->loop, result) < 0) {
    server->loop.exit_code = url_unusable("--listen", options->listen, runtime, result);
  }
  int code = loop_run(&server->loop, &server->work);
  log_settle();
  if (options->stats) server_report(&server->work);
  return code;
}
