/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of scenes.
 */
#include "tests/core/scenes.h"

#include <stdlib.h>
#include <string.h>

#include "tests/mux/wire.h"

enum { FILL_SEED = 1, OP_SEED = 2, LARGE = 1 << 20, UNACKED_MAX = 256 };

/* ---- dial ---- */

/* A backlog that is full, so that the system makes dials wait. */
static void set_dial(struct scene *s) {
  s->listener = listen_at(s->world, url_new(s->url, "?backlog=1"));
  *strchr(s->url, '?') = 0;
  /* With TCP every dial pends for a moment, and some are taken before the system leaves one unanswered. */
  for (unsigned i = 0; i < tcp_backlog_of_one && is_tcp(here); i++) {
    struct hws_how how = how_block();
    struct hws_event event;
    hws_handle stream = 0;
    assert_int_equal(hws_dial(s->world->runtime, s->url, 0, &how, &event, NULL, &stream), 1);
    assert_status(event.status, HWS_OK);
  }
  for (hws_result result = 1; result == 1;) {
    struct hws_how how = how_queue(s->world);
    struct hws_event event;
    hws_handle stream = 0;
    result = hws_dial(s->world->runtime, s->url, 0, &how, &event, NULL, &stream);
    assert_true(result >= 0);
    if (result == 1) continue;
    assert_int_equal(hws_close(stream, NULL, NULL, NULL), 0);
    world_await_status(s->world, how.tag, HWS_E_CLOSED);
  }
}

static hws_result submit_dial(struct scene *s, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  hws_result result = hws_dial(s->world->runtime, s->url, 0, how, out, op, &s->made);
  s->target = s->made;
  return result;
}

static void let_dial(struct scene *s) {
  for (int i = 0; i < 3; i++) {
    hws_handle stream;
    post_accept(s->world, s->listener, &stream);
  }
}

/* ---- accept ---- */

static void set_accept(struct scene *s) {
  s->listener = s->target = listen_at(s->world, url_new(s->url, ""));
}

static hws_result submit_accept(struct scene *s, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  return hws_accept(s->target, 0, how, out, op, &s->made);
}

static void let_accept(struct scene *s) {
  struct hws_how how = how_queue(s->world);
  hws_handle stream;
  assert_int_equal(hws_dial(s->world->runtime, s->url, 0, &how, NULL, NULL, &stream), 0);
}

static void set_accept_stream(struct scene *s) {
  s->link.sessions = sessions_open(s->world);
  s->target = s->link.sessions.server;
}

static void let_accept_stream(struct scene *s) {
  open_stream(s->link.sessions.client);
}

/* ---- open: the peer answers nothing, and there are as many opens as may go unanswered ---- */

static void set_open(struct scene *s) {
  s->other = pair_raw(s->world, here->scheme);
  s->link.sessions.client = s->target = session_of(s->other.client, HWS_ROLE_DEFAULT, NULL);
  for (int i = 0; i < UNACKED_MAX; i++) open_stream(s->target);
}

static hws_result submit_open(struct scene *s, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  return hws_open(s->target, NULL, how, out, op, &s->made);
}

static void let_open(struct scene *s) {
  s->link.sessions.server = session_of(s->other.server, HWS_ROLE_DEFAULT, NULL);
}

/* ---- send, shutdown, close: behind bytes that the peer does not read ---- */

static void set_full(struct scene *s) {
  s->link = link_open(s->world, s->kind->carrier);
  s->target = s->link.ends.client;
  s->filled = fill_up(s->target, FILL_SEED);
  pattern_fill(OP_SEED, 0, s->bytes, s->length);
}

static hws_result submit_send(struct scene *s, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  struct hws_vec vec = {.ptr = s->bytes, .len = s->length};
  return hws_send(s->target, &vec, 1, how, out, op);
}

static void let_send(struct scene *s) {
  drain(s->link.ends.server, FILL_SEED, 0, s->filled);
  drain(s->link.ends.server, OP_SEED, 0, s->length);
}

static void set_shutdown(struct scene *s) {
  set_full(s);
  s->blocker = post_send(s->world, s->target, s->bytes, s->length);
}

static hws_result submit_shutdown(struct scene *s, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  return hws_shutdown(s->target, how, out, op);
}

static void set_drain(struct scene *s) {
  s->link = link_open(s->world, MUX);
  s->target = s->link.sessions.client;
}

static void let_drain(struct scene *s) {
  close_handle(s->link.ends.server);
  close_handle(s->link.ends.client);
}

static hws_result submit_close(struct scene *s, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  return hws_close(s->target, how, out, op);
}

static void let_close(struct scene *s) {
  drain(s->link.ends.server, FILL_SEED, 0, s->filled);
}

static void set_session_close(struct scene *s) {
  set_full(s);
  s->target = s->link.sessions.client;
  assert_int_equal(hws_close(s->link.ends.client, NULL, NULL, NULL), 0);
}

/* ---- recv, acquire, watch: nothing comes ---- */

static void set_quiet(struct scene *s) {
  s->link = link_open(s->world, s->kind->carrier);
  s->target = s->link.ends.client;
}

static hws_result submit_recv(struct scene *s, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  struct hws_vec vec = {.ptr = s->bytes, .len = s->length};
  return hws_recv(s->target, &vec, 1, how, out, op);
}

static hws_result submit_ready(struct scene *s, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  return hws_recv(s->target, NULL, 0, how, out, op);
}

static hws_result submit_acquire(struct scene *s, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  return hws_acquire(s->target, how, out, op);
}

static void let_recv(struct scene *s) {
  send_all(s->link.ends.server, "!", 1);
}

static void set_watch_session(struct scene *s) {
  s->link.sessions = sessions_open(s->world);
  s->target = s->link.sessions.client;
}

static void set_watch_scope(struct scene *s) {
  assert_int_equal(hws_scope_open(s->world->runtime, 0, 0, &s->scope), HWS_OK);
  s->target = s->scope;
}

static hws_result submit_watch(struct scene *s, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  return hws_watch(s->target, how, out, op);
}

/* ---- the table ---- */

#define S TARGET_STREAM
const struct scene_kind scene_kinds[] = {
    {"dial", HWS_KIND_DIAL, RAW, S, true, false, set_dial, submit_dial, let_dial},
    {"accept", HWS_KIND_ACCEPT, RAW, TARGET_LISTENER, false, false, set_accept, submit_accept, let_accept},
    {"accept, session", HWS_KIND_ACCEPT, MUX, TARGET_SESSION, false, false, set_accept_stream, submit_accept,
     let_accept_stream},
    {"open", HWS_KIND_OPEN, MUX, TARGET_SESSION, false, false, set_open, submit_open, let_open},
    {"send", HWS_KIND_SEND, RAW, S, false, false, set_full, submit_send, let_send},
    {"send, session", HWS_KIND_SEND, MUX, S, false, false, set_full, submit_send, let_send},
    {"recv", HWS_KIND_RECV, RAW, S, false, false, set_quiet, submit_recv, let_recv},
    {"recv, session", HWS_KIND_RECV, MUX, S, false, false, set_quiet, submit_recv, let_recv},
    {"recv of nothing", HWS_KIND_RECV, RAW, S, false, true, set_quiet, submit_ready, let_recv},
    {"recv of nothing, session", HWS_KIND_RECV, MUX, S, false, true, set_quiet, submit_ready, let_recv},
    {"acquire", HWS_KIND_ACQUIRE, RAW, S, false, false, set_quiet, submit_acquire, let_recv},
    {"acquire, session", HWS_KIND_ACQUIRE, MUX, S, false, false, set_quiet, submit_acquire, let_recv},
    {"shutdown", HWS_KIND_SHUTDOWN, RAW, S, false, false, set_shutdown, submit_shutdown, let_send},
    {"shutdown, session", HWS_KIND_SHUTDOWN, MUX, S, false, false, set_shutdown, submit_shutdown, let_send},
    {"shutdown, of a session", HWS_KIND_SHUTDOWN, MUX, TARGET_SESSION, false, false, set_drain, submit_shutdown,
     let_drain},
    {"watch", HWS_KIND_WATCH, RAW, S, false, false, set_quiet, submit_watch, NULL},
    {"watch, stream of a session", HWS_KIND_WATCH, MUX, S, false, false, set_quiet, submit_watch, NULL},
    {"watch, session", HWS_KIND_WATCH, MUX, TARGET_SESSION, false, false, set_watch_session, submit_watch, NULL},
    {"watch, listener", HWS_KIND_WATCH, RAW, TARGET_LISTENER, false, false, set_accept, submit_watch, NULL},
    {"watch, scope", HWS_KIND_WATCH, RAW, TARGET_SCOPE, false, false, set_watch_scope, submit_watch, NULL},
    {"close, stream of a session", HWS_KIND_CLOSE, MUX, S, false, true, set_full, submit_close, let_close},
    {"close, session", HWS_KIND_CLOSE, MUX, TARGET_SESSION, false, true, set_session_close, submit_close, let_close},
};
const size_t scene_count = sizeof scene_kinds / sizeof scene_kinds[0];

bool scene_open(struct scene *scene, struct world *world, const struct scene_kind *kind) {
  *scene = (struct scene){.world = world, .kind = kind, .length = LARGE};
  if (kind->of_system && strcmp(here->scheme, "mem") == 0) return false;
  scene->bytes = malloc(scene->length);
  assert_non_null(scene->bytes);
  kind->set(scene);
  return true;
}

static void drop(hws_handle handle) {
  struct hws_how how = how_block();
  struct hws_event event;
  how.flags |= HWS_ABORT;
  if (handle) hws_close(handle, &how, &event, NULL); /* which may be closed already */
}

void scene_close(struct scene *scene) {
  drop(scene->made);
  drop(scene->link.ends.client);
  drop(scene->link.ends.server);
  drop(scene->link.sessions.client);
  drop(scene->link.sessions.server);
  drop(scene->other.client);
  drop(scene->other.server);
  drop(scene->listener);
  drop(scene->scope);
  free(scene->bytes);
}
