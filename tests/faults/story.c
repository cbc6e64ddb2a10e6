/* SPDX-License-Identifier: Apache-2.0
 *
 * The steps of the story. Each returns false when it was cut short.
 */
#include "tests/faults/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { LARGE = 200000, FAST = 10000, PIECES = 5, BATCH = 8 };

static const int64_t LIMIT_NS = INT64_C(60000000000);
static const uint64_t SECOND_NS = 1000000000;

static uint8_t outgoing[LARGE];
static uint8_t incoming[LARGE];

/* ---- ops ---- */

static struct hws_how how(struct story *story) {
  assert_true(story->op_count < STORY_OPS);
  return (struct hws_how){.size = sizeof(struct hws_how), .queue = story->queue, .tag = story->op_count};
}

/* Some: at least one event came. */
static bool harvest(struct story *story, int64_t timeout_ns) {
  struct hws_event events[BATCH];
  hws_result count = hws_queue_wait(story->queue, events, BATCH, timeout_ns);
  assert_true(count >= 0);
  for (hws_result i = 0; i < count; i++) {
    uint64_t tag = events[i].tag;
    assert_true(tag < story->op_count);
    if (story->events[tag]++) fail_msg("op %u had two events, at %s", (unsigned)tag, story->step);
    story->event[tag] = events[i];
    story->ended++;
  }
  return count > 0;
}

static void harvest_until(struct story *story, uint32_t tag) {
  while (!story->events[tag])
    if (!harvest(story, LIMIT_NS)) fail_msg("op %u has no event, at %s", (unsigned)tag, story->step);
}

/* A call was made with how(story) and no out: false when it was refused. */
static bool begun(struct story *story, hws_result result) {
  assert_true(result <= 0);
  if (result < 0) {
    story->status = result;
    return false;
  }
  story->op_count++;
  return true;
}

/* The op ended well. */
static bool ended(struct story *story, uint32_t tag) {
  harvest_until(story, tag);
  story->status = story->event[tag].status;
  return story->status == HWS_OK;
}

/* The op ended well; it will never end if the rival fails, or is a watch and ends. */
static bool ended_unless(struct story *story, uint32_t tag, uint32_t rival) {
  const struct hws_event *event = &story->event[rival];
  for (;;) {
    if (story->events[tag]) return ended(story, tag);
    if (story->events[rival] && (event->status != HWS_OK || event->kind == HWS_KIND_WATCH)) {
      story->status = event->status == HWS_OK ? HWS_E_CLOSED : event->status;
      return false;
    }
    if (!harvest(story, LIMIT_NS)) fail_msg("op %u has no event, at %s", (unsigned)tag, story->step);
  }
}

static bool done(struct story *story, hws_result result) {
  uint32_t tag = story->op_count;
  return begun(story, result) && ended(story, tag);
}

static bool ok(struct story *story, hws_result result) {
  story->status = result < 0 ? result : HWS_OK;
  return result >= 0;
}

static void keep(struct story *story, hws_handle object) {
  assert_true(story->object_count < STORY_OBJECTS);
  if (object) story->objects[story->object_count++] = object;
}

static void forget(struct story *story, hws_handle object) {
  for (uint32_t i = 0; i < story->object_count; i++)
    if (story->objects[i] == object) story->objects[i] = 0;
}

static bool close_with_event(struct story *story, hws_handle object) {
  struct hws_how close = how(story);
  if (!begun(story, hws_close(object, &close, NULL, NULL))) return false;
  forget(story, object);
  return ended(story, story->op_count - 1);
}

/* ---- the steps ---- */

static bool open_runtime(struct story *story) {
  struct hws_runtime_config config = {.size = sizeof config, .flags = story->flags, .plugin_dir = story->plugin_dir};
  return ok(story, hws_runtime_open(&config, &story->runtime)) &&
         ok(story, hws_queue_open(story->runtime, &story->queue));
}

/* Where there is one. It tells of what the queue has already. */
static bool open_waitable(struct story *story) {
  int64_t descriptor = -1;
  if (story->flags & HWS_RUNTIME_CALLER_DRIVEN) return true;
  return ok(story, hws_queue_waitable(story->queue, &descriptor));
}

/* The first op of all is a close, which has to be refused while its handle is good, or not at all. */
static bool close_first(struct story *story) {
  hws_handle scope = 0;
  if (!ok(story, hws_scope_open(story->runtime, 0, 0, &scope))) return false;
  keep(story, scope);
  return close_with_event(story, scope);
}

static bool open_scopes(struct story *story) {
  if (!ok(story, hws_scope_open(story->runtime, 0, 0, &story->parent))) return false;
  keep(story, story->parent);
  if (!ok(story, hws_scope_open(story->runtime, story->parent, hws_now() + 1000 * SECOND_NS, &story->scope)))
    return false;
  keep(story, story->scope);
  return true;
}

static bool listen_there(struct story *story) {
  struct hws_how listen = how(story);
  bool fine = begun(story, hws_listen(story->runtime, story->url, 0, &listen, NULL, NULL, &story->listener));
  if (fine) keep(story, story->listener);
  return fine && ended(story, story->op_count - 1);
}

/* Wait for what was made at this end, and for its other end, which does not come when this one ends at once. */
static bool both_came(struct story *story, uint32_t here, uint32_t there, hws_handle made) {
  if (!ended(story, here)) return false;
  uint32_t watching = story->op_count;
  hws_handle op = 0;
  struct hws_how watch = how(story);
  if (!begun(story, hws_watch(made, &watch, NULL, &op)) || !ended_unless(story, there, watching)) return false;
  hws_cancel(op); /* a stale one, if it has ended and was harvested */
  harvest_until(story, watching);
  return true;
}

static bool connect_there(struct story *story) {
  uint32_t accepting = story->op_count;
  struct hws_how accept = how(story);
  if (!begun(story, hws_accept(story->listener, story->scope, &accept, NULL, NULL, &story->accepted))) return false;
  keep(story, story->accepted);
  struct hws_how dial = how(story);
  dial.deadline_ns = hws_now() + 1000 * SECOND_NS;
  if (!begun(story, hws_dial(story->runtime, story->url, 0, &dial, NULL, NULL, &story->dialled))) return false;
  keep(story, story->dialled);
  return both_came(story, accepting + 1, accepting, story->dialled);
}

static bool send_and_receive(struct story *story, hws_handle from, hws_handle to, uint64_t length) {
  struct hws_vec out[PIECES];
  for (uint64_t i = 0; i < PIECES; i++)
    out[i] = (struct hws_vec){.ptr = outgoing + i * (length / PIECES), .len = length / PIECES};
  uint64_t total = length / PIECES * PIECES;
  struct hws_how send = how(story);
  uint32_t sent = story->op_count;
  memset(incoming, 0, sizeof incoming);
  if (!begun(story, hws_send(from, out, PIECES, &send, NULL, NULL))) return false;
  for (uint64_t got = 0; got < total;) {
    struct hws_vec in[3] = {
        {.ptr = incoming + got, .len = 1},
        {.ptr = incoming + got + 1, .len = (total - got) / 2},
        {.ptr = incoming + got + 1 + (total - got) / 2, .len = total - got - 1 - (total - got) / 2}};
    struct hws_how recv = how(story);
    if (!begun(story, hws_recv(to, in, total - got > 1 ? 3 : 1, &recv, NULL, NULL))) return false;
    if (!ended_unless(story, story->op_count - 1, sent)) return false;
    got += story->event[story->op_count - 1].bytes;
  }
  assert_memory_equal(incoming, outgoing, total);
  return ended(story, sent);
}

static bool talk_raw(struct story *story) {
  return send_and_receive(story, story->dialled, story->accepted, 1000);
}

static bool make_session(struct story *story, hws_handle *end) {
  hws_handle session = 0;
  struct hws_session_config config = {.size = sizeof config, .mode = story->mode, .settings = "write_timeout=20s"};
  if (!ok(story, hws_session(*end, &config, &session))) return false;
  forget(story, *end);
  keep(story, session);
  *end = session;
  return true;
}

static bool make_sessions(struct story *story) {
  return make_session(story, &story->dialled) && make_session(story, &story->accepted);
}

static bool open_stream(struct story *story) {
  uint32_t accepting = story->op_count;
  char hello[] = "hello";
  struct hws_vec payload[3] = {{.ptr = hello, .len = 1}, {.ptr = hello + 1, .len = 2}, {.ptr = hello + 3, .len = 2}};
  struct hws_open_config config = {.size = sizeof config, .life = story->scope, .payload = payload, .payload_count = 3};
  struct hws_pair metadata = {.key = "key", .value = "value", .key_len = 3, .value_len = 5};
  if (story->mode == HWS_MODE_NATIVE) {
    config.name = "a name";
    config.metadata = &metadata;
    config.metadata_count = 1;
  }
  struct hws_how accept = how(story);
  if (!begun(story, hws_accept(story->accepted, story->scope, &accept, NULL, NULL, &story->far))) return false;
  keep(story, story->far);
  struct hws_how open = how(story);
  open.scope = story->scope;
  if (!begun(story, hws_open(story->dialled, &config, &open, NULL, NULL, &story->near))) return false;
  keep(story, story->near);
  if (!both_came(story, accepting + 1, accepting, story->near)) return false;
  if (story->event[accepting + 1].bytes != 5) return ok(story, HWS_E_NOMEM); /* what was not taken is ours to send */
  struct hws_vec in = {.ptr = incoming, .len = sizeof incoming};
  struct hws_how recv = how(story);
  recv.deadline_ns = hws_now() + 1000 * SECOND_NS;
  recv.scope = story->scope;
  if (!done(story, hws_recv(story->far, &in, 1, &recv, NULL, NULL))) return false;
  assert_int_equal(story->event[story->op_count - 1].bytes, 5);
  return true;
}

static bool talk(struct story *story) {
  return send_and_receive(story, story->near, story->far, 1000) &&
         send_and_receive(story, story->far, story->near, LARGE);
}

/* Answered at once where it can be: no event is queued then. */
static bool talk_fast(struct story *story) {
  struct hws_vec out = {.ptr = outgoing, .len = FAST};
  struct hws_event event = {0};
  struct hws_how send = how(story);
  uint32_t tag = story->op_count;
  if (story->mode == HWS_MODE_NATIVE) send.flags |= HWS_EOM;
  hws_result sent = hws_send(story->near, &out, 1, &send, &event, NULL);
  if (sent != 1) {
    if (!done(story, sent)) return false;
    event = story->event[tag];
  }
  if (event.status == HWS_OK) assert_int_equal(event.bytes, FAST);
  return ok(story, event.status);
}

/* All that was sent so, each lease but the last of a slice being given back with a byte of it consumed. */
static bool lease(struct story *story) {
  bool wholly = false;
  for (uint64_t got = 0; got < FAST; wholly = !wholly) {
    struct hws_how acquire = how(story);
    if (!done(story, hws_acquire(story->far, &acquire, NULL, NULL))) return false;
    struct hws_event event = story->event[story->op_count - 1];
    uint64_t consumed = wholly ? event.bytes : 1;
    const uint8_t *at = (const uint8_t *)(uintptr_t)event.data;
    assert_memory_equal(at, outgoing + got, event.bytes);
    got += consumed;
    if (!ok(story, hws_release(event.code, consumed))) return false;
  }
  return true;
}

/* An op of each kind that waits, and ends by a cancel, a deadline or the close. */
static bool give_up(struct story *story) {
  struct hws_vec in = {.ptr = incoming, .len = sizeof incoming};
  hws_handle op = 0;
  uint32_t first = story->op_count;
  struct hws_how recv = how(story);
  if (!begun(story, hws_recv(story->near, &in, 1, &recv, NULL, &op)) || !ok(story, hws_cancel(op))) return false;
  recv = how(story);
  recv.deadline_ns = hws_now() + SECOND_NS / 1000;
  if (!begun(story, hws_recv(story->near, &in, 1, &recv, NULL, NULL))) return false;
  struct hws_how watch = how(story);
  if (!begun(story, hws_watch(story->near, &watch, NULL, NULL))) return false;
  watch = how(story);
  if (!begun(story, hws_watch(story->scope, &watch, NULL, NULL))) return false;
  harvest_until(story, first);
  harvest_until(story, first + 1);
  return true;
}

static bool shut_down(struct story *story) {
  struct hws_vec in = {.ptr = incoming, .len = sizeof incoming};
  struct hws_how shutdown = how(story);
  if (!done(story, hws_shutdown(story->near, &shutdown, NULL, NULL))) return false;
  struct hws_how recv = how(story);
  if (!begun(story, hws_recv(story->far, &in, 1, &recv, NULL, NULL))) return false;
  if (ended(story, story->op_count - 1) || story->status != HWS_E_EOF) return false;
  story->status = HWS_OK;
  return true;
}

/* A parent's end takes the streams with it, whose life scope is its child. */
static bool cancel_scope(struct story *story) {
  if (!ok(story, hws_scope_cancel(story->parent, 0x1234, "the story is over"))) return false;
  struct hws_how watch = how(story);
  if (!begun(story, hws_watch(story->near, &watch, NULL, NULL))) return false;
  harvest_until(story, story->op_count - 1);
  return true;
}

static bool close_all(struct story *story) {
  return close_with_event(story, story->near) && close_with_event(story, story->far) &&
         close_with_event(story, story->dialled) && close_with_event(story, story->accepted) &&
         close_with_event(story, story->listener) && close_with_event(story, story->scope);
}

static const struct step {
  const char *name;
  bool (*run)(struct story *story);
} steps[] = {{"open the runtime", open_runtime},
             {"open a waitable", open_waitable},
             {"close first", close_first},
             {"open scopes", open_scopes},
             {"listen", listen_there},
             {"connect", connect_there},
             {"talk raw", talk_raw},
             {"make sessions", make_sessions},
             {"open a stream", open_stream},
             {"talk", talk},
             {"talk fast", talk_fast},
             {"lease", lease},
             {"give up", give_up},
             {"shut down", shut_down},
             {"cancel the scope", cancel_scope},
             {"close everything", close_all}};

void story_tell(struct story *story) {
  for (uint64_t i = 0; i < LARGE; i++) outgoing[i] = (uint8_t)(i * 7 + i / 251);
  for (uint32_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    story->step = steps[i].name;
    if (!steps[i].run(story)) return;
  }
}

void story_end(struct story *story) {
  if (!story->runtime) return;
  for (uint32_t i = story->object_count; i-- > 0;) {
    if (!story->objects[i]) continue;
    hws_result closed = hws_close(story->objects[i], NULL, NULL, NULL);
    assert_true(closed == 0 || closed == 1);
  }
  while (story->ended < story->op_count)
    if (!harvest(story, LIMIT_NS)) fail_msg("an op has no event, after %s", story->step);
  assert_int_equal(hws_runtime_join(story->runtime, LIMIT_NS), HWS_OK);
}
