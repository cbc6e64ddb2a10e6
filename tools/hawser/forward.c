/* SPDX-License-Identifier: Apache-2.0
 *
 * hawser forward: one connection to the far side, one session on it, and a stream for every local connection. It
 * accepts only once the far side is reached, and ends when the session does.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/hawser/commands.h"
#include "tools/hawser/log.h"
#include "tools/hawser/pump.h"
#include "tools/hawser/url.h"

/* Where others serve plain yamux, this is as many streams as they commonly take. */
enum { STREAMS_DEFAULT = 256 };

struct forward {
  struct work work;
  struct loop loop;
  struct pumps pumps;
  const struct options *options;
  char *listen_url;
  const char *target;    /* what streams name; NULL: nothing, and the far side has its default */
  struct task far;       /* dial, watch and close of the far side */
  struct task listening; /* listen and close of the listener */
  struct task accepting;
  hws_handle connection; /* while it is dialled; the session has it after that */
  hws_handle session;
  hws_handle listener; /* 0: none, or closed */
  hws_handle incoming; /* the local connection that the accept in flight will be */
  bool accepting_now;  /* an accept is out */
  bool draining;
  bool closing; /* the far side is closed */
};

static hws_result open_stream(struct pumps *pumps, hws_handle from, const struct hws_how *how, hws_handle *stream) {
  (void)from;
  struct forward *forward = OWNER_OF(pumps, struct forward, pumps);
  struct hws_open_config config = {.size = sizeof config, .name = forward->target};
  return hws_open(forward->session, &config, how, NULL, NULL, stream);
}

static void far_close(struct forward *forward, uint32_t flags) {
  if (forward->closing) return;
  forward->closing = true;
  hws_handle far = forward->session ? forward->session : forward->connection;
  if (far == 0) return;
  struct hws_how how = loop_how(&forward->loop, &forward->far);
  how.flags = flags;
  loop_submitted(&forward->loop, hws_close(far, &how, NULL, NULL));
}

static void listener_close(struct forward *forward) {
  if (forward->listener == 0) return;
  struct hws_how how = loop_how(&forward->loop, &forward->listening);
  loop_submitted(&forward->loop, hws_close(forward->listener, &how, NULL, NULL));
  forward->listener = 0;
}

static void forward_drain(struct work *work) {
  struct forward *forward = OWNER_OF(work, struct forward, work);
  forward->draining = true;
  listener_close(forward);
  if (forward->pumps.active == 0) far_close(forward, 0);
}

static void forward_abort(struct work *work) {
  struct forward *forward = OWNER_OF(work, struct forward, work);
  pumps_abort(&forward->pumps);
  far_close(forward, HWS_ABORT);
}

static void forward_report(struct work *work) {
  pumps_report(&OWNER_OF(work, struct forward, work)->pumps);
}

static void forward_fail(struct forward *forward, const char *what, hws_handle object, int32_t status) {
  struct hws_detail detail;
  explain(object, status, &detail);
  log_line("%s: %s", what, detail.text);
  loop_stop(&forward->loop, EXIT_RUN_TIME);
}

static void forward_accept(struct forward *forward) {
  if (forward->listener == 0 || forward->accepting_now || pumps_full(&forward->pumps)) return;
  struct hws_how how = loop_how(&forward->loop, &forward->accepting);
  hws_result result = hws_accept(forward->listener, 0, &how, NULL, NULL, &forward->incoming);
  if (loop_submitted(&forward->loop, result) < 0) {
    forward_fail(forward, "cannot accept connections", forward->listener, result);
  } else {
    forward->accepting_now = true;
  }
}

static void accept_done(struct task *task, const struct hws_event *event) {
  struct forward *forward = OWNER_OF(task, struct forward, accepting);
  forward->accepting_now = false;
  if (event->status < 0) {
    hws_close(forward->incoming, NULL, NULL, NULL);
    if (forward->listener) forward_fail(forward, "cannot accept connections", forward->listener, event->status);
  } else if (forward->draining) {
    stream_refuse(forward->incoming, HWS_CODE_SHUTTING_DOWN, NULL);
  } else {
    pump_start(&forward->pumps, NULL, forward->incoming, open_stream);
    forward_accept(forward);
  }
}

static void pump_ended(struct pumps *pumps, struct share *share) {
  (void)share;
  struct forward *forward = OWNER_OF(pumps, struct forward, pumps);
  if (forward->draining && pumps->active == 0) far_close(forward, 0);
  forward_accept(forward);
}

static void session_start(struct forward *forward) {
  struct hws_session_config config = {.size = sizeof config, .mode = forward->options->mode, .role = HWS_ROLE_CLIENT};
  hws_result result = hws_session(forward->connection, &config, &forward->session);
  if (result < 0) {
    forward_fail(forward, "cannot start a session", forward->connection, result);
    return;
  }
  struct hws_how how = loop_how(&forward->loop, &forward->far);
  result = hws_watch(forward->session, &how, NULL, NULL);
  if (loop_submitted(&forward->loop, result) < 0) {
    forward_fail(forward, "cannot watch the session", forward->session, result);
    return;
  }
  url_announce(forward->listener);
  forward_accept(forward);
}

static void dial_failed(struct forward *forward, hws_handle object, int32_t status) {
  loop_stop(&forward->loop, url_unusable("--via", forward->options->via, object, status));
}

static void dial_start(struct forward *forward) {
  struct hws_how how = loop_how(&forward->loop, &forward->far);
  hws_handle runtime = forward->loop.runtime;
  hws_result result = hws_dial(runtime, forward->options->via, 0, &how, NULL, NULL, &forward->connection);
  if (loop_submitted(&forward->loop, result) < 0) dial_failed(forward, runtime, result);
}

/* The streams find out by themselves, behind what had arrived for them. */
static void far_lost(struct forward *forward, int32_t status) {
  struct hws_detail detail;
  explain(forward->session, status, &detail);
  log_line("the connection to the far side ended: %s", detail.text);
  if (!forward->draining) loop_stop(&forward->loop, EXIT_RUN_TIME);
}

/* The dial, the watch of the session, or the close of either has ended. */
static void far_done(struct task *task, const struct hws_event *event) {
  struct forward *forward = OWNER_OF(task, struct forward, far);
  if (forward->closing) return;
  if (event->kind == HWS_KIND_WATCH) {
    far_lost(forward, event->status);
  } else if (event->status < 0) {
    dial_failed(forward, forward->connection, event->status);
  } else {
    session_start(forward);
  }
}

static void listen_done(struct task *task, const struct hws_event *event) {
  struct forward *forward = OWNER_OF(task, struct forward, listening);
  if (event->kind == HWS_KIND_CLOSE || forward->listener == 0) return;
  if (event->status < 0) {
    loop_stop(&forward->loop, url_unusable("-L", forward->listen_url, forward->listener, event->status));
  } else {
    dial_start(forward);
  }
}

static int listen_start(struct forward *forward) {
  struct hws_how how = loop_how(&forward->loop, &forward->listening);
  hws_handle runtime = forward->loop.runtime;
  hws_result result = hws_listen(runtime, forward->listen_url, 0, &how, NULL, NULL, &forward->listener);
  if (loop_submitted(&forward->loop, result) >= 0) return 0;
  return url_unusable("-L", forward->listen_url, runtime, result);
}

static bool begins_url(const char *text) {
  size_t scheme = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+.-");
  return scheme > 0 && text[scheme] == ':';
}

/* The "=" between LISTEN and TARGET. Both may have parameters, so it is the last one with a target behind it; NULL:
 * there is no "=" at all. */
static const char *find_target(const char *text) {
  const char *last = strrchr(text, '=');
  for (const char *at = last; at && at > text; at--) {
    if (*at == '=' && (begins_url(at + 1) || strcmp(at + 1, "default") == 0)) return at;
  }
  return last;
}

/* Streams of plain yamux carry no name, so there what the far side dials is its own choice. */
static int check_options(struct forward *forward) {
  const struct options *options = forward->options;
  const char *equals = options->forward ? find_target(options->forward) : NULL;
  if (options->via == NULL) {
    log_line("--via URL is needed");
  } else if (options->forward == NULL) {
    log_line("-L LISTEN=TARGET is needed");
  } else if (equals == NULL || equals == options->forward || equals[1] == 0) {
    log_line("-L \"%s\": must be LISTEN=TARGET", options->forward);
  } else if (options->mode == HWS_MODE_YAMUX && strcmp(equals + 1, "default") != 0) {
    log_line("-L \"%s\": TARGET must be \"default\", as streams of plain yamux carry no name", options->forward);
  } else {
    forward->target = strcmp(equals + 1, "default") == 0 ? NULL : equals + 1;
    forward->listen_url = url_expand(options->forward, (size_t)(equals - options->forward));
    if (forward->listen_url) return url_check(forward->loop.runtime, "--via", options->via);
    log_line("out of memory");
    return EXIT_RUN_TIME;
  }
  return EXIT_BAD_INPUT;
}

int forward_run(const struct options *options) {
  struct forward forward = {.work = {forward_drain, forward_abort, forward_report},
                            .options = options,
                            .far = {far_done},
                            .listening = {listen_done},
                            .accepting = {accept_done},
                            .pumps = {.limit = options->max_streams ? options->max_streams : STREAMS_DEFAULT,
                                      .unreached = "a connection was refused",
                                      .ended = pump_ended}};
  int code = loop_open(&forward.loop, options);
  if (code) return code;
  forward.pumps.loop = &forward.loop;
  code = check_options(&forward);
  if (code == 0) code = listen_start(&forward);
  code = code ? loop_abandon(&forward.loop, code) : loop_run(&forward.loop, &forward.work);
  free(forward.listen_url);
  if (code != EXIT_BAD_INPUT && options->stats) forward_report(&forward.work);
  return code;
}
