/* SPDX-License-Identifier: Apache-2.0
 *
 * The words of world.h.
 */
#include "tests/mux/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/mux/wire.h"

/* ---- the world ---- */

struct world *world_open(uint32_t flags) {
  return world_open_with(flags, NULL);
}

struct world *world_open_with(uint32_t flags, const char *settings) {
  struct world *world = calloc(1, sizeof *world);
  struct hws_runtime_config config = {
      .size = sizeof config, .flags = flags, .plugin_dir = TEST_PLUGIN_DIR, .settings = settings};
  assert_non_null(world);
  world->driven = flags & HWS_RUNTIME_CALLER_DRIVEN;
  world->next_tag = 1;
  assert_int_equal(hws_runtime_open(&config, &world->runtime), HWS_OK);
  assert_int_equal(hws_queue_open(world->runtime, &world->queue), HWS_OK);
  return world;
}

void world_join(struct world *world) {
  hws_result result = hws_runtime_join(world->runtime, (int64_t)LIMIT_NS);
  assert_status(result, HWS_OK);
  free(world);
}

int world_threaded(void **state) {
  *state = world_open(0);
  return 0;
}

int world_driven(void **state) {
  *state = world_open(HWS_RUNTIME_CALLER_DRIVEN);
  return 0;
}

int world_close(void **state) {
  world_join(*state);
  return 0;
}

static void keep(struct world *world, int64_t timeout_ns) {
  uint32_t room = WORLD_EVENTS - world->kept;
  assert_true(room > 0);
  hws_result count = hws_queue_wait(world->queue, world->events + world->kept, room, timeout_ns);
  assert_true(count >= 0);
  world->kept += (uint32_t)count;
}

void world_turn(struct world *world) {
  keep(world, (int64_t)MILLISECOND);
}

/* ---- hows ---- */

struct hws_how how_block(void) {
  return (struct hws_how){.size = sizeof(struct hws_how), .flags = HWS_BLOCK | HWS_RELATIVE, .deadline_ns = LIMIT_NS};
}

struct hws_how how_queue(struct world *world) {
  return (struct hws_how){.size = sizeof(struct hws_how), .queue = world->queue, .tag = world->next_tag++};
}

struct hws_how how_scoped(struct world *world, hws_handle scope) {
  struct hws_how how = how_queue(world);
  how.scope = scope;
  return how;
}

/* ---- events ---- */

bool world_has(struct world *world, uint64_t tag, struct hws_event *event) {
  for (uint32_t i = 0; i < world->kept; i++) {
    if (world->events[i].tag != tag) continue;
    *event = world->events[i];
    world->kept--;
    memmove(world->events + i, world->events + i + 1, (world->kept - i) * sizeof *event);
    return true;
  }
  return false;
}

struct hws_event world_await(struct world *world, uint64_t tag) {
  struct hws_event event;
  uint64_t until = hws_now() + LIMIT_NS;
  while (!world_has(world, tag, &event)) {
    if (hws_now() > until) fail_msg("the event of op %u never came", (unsigned)tag);
    keep(world, (int64_t)SECOND / 10);
  }
  return event;
}

struct hws_event world_await_status(struct world *world, uint64_t tag, int32_t status) {
  struct hws_event event = world_await(world, tag);
  assert_status(event.status, status);
  return event;
}

/* ---- ops that wait ---- */

hws_handle session_of(hws_handle stream, uint32_t role, const char *settings) {
  return session_in(stream, HWS_MODE_YAMUX, role, settings);
}

hws_handle session_in(hws_handle stream, uint32_t mode, uint32_t role, const char *settings) {
  struct hws_session_config config = {.size = sizeof config, .mode = mode, .role = role, .settings = settings};
  hws_handle session = 0;
  hws_result result = hws_session(stream, &config, &session);
  assert_status(result, HWS_OK);
  return session;
}

hws_handle open_stream(hws_handle session) {
  struct hws_how how = how_block();
  struct hws_event event;
  hws_handle stream = 0;
  assert_int_equal(hws_open(session, NULL, &how, &event, NULL, &stream), 1);
  assert_status(event.status, HWS_OK);
  return stream;
}

hws_handle accept_stream(hws_handle session) {
  struct hws_how how = how_block();
  struct hws_event event;
  hws_handle stream = 0;
  assert_int_equal(hws_accept(session, 0, &how, &event, NULL, &stream), 1);
  assert_status(event.status, HWS_OK);
  assert_true(event.object == stream);
  return stream;
}

void send_all(hws_handle stream, const void *bytes, size_t length) {
  struct hws_vec vec = {.ptr = (void *)(uintptr_t)bytes, .len = length};
  struct hws_how how = how_block();
  struct hws_event event;
  assert_int_equal(hws_send(stream, &vec, 1, &how, &event, NULL), 1);
  assert_status(event.status, HWS_OK);
  assert_int_equal(event.bytes, length);
}

struct hws_event recv_once(hws_handle stream, void *bytes, size_t length) {
  struct hws_vec vec = {.ptr = bytes, .len = length};
  struct hws_how how = how_block();
  struct hws_event event;
  assert_int_equal(hws_recv(stream, &vec, 1, &how, &event, NULL), 1);
  return event;
}

void recv_exactly(hws_handle stream, void *bytes, size_t length) {
  for (size_t done = 0; done < length;) {
    struct hws_event event = recv_once(stream, (uint8_t *)bytes + done, length - done);
    assert_status(event.status, HWS_OK);
    assert_true(event.bytes > 0);
    done += event.bytes;
  }
}

void expect_bytes(hws_handle stream, const char *text) {
  char found[256] = {0};
  assert_true(strlen(text) < sizeof found);
  recv_exactly(stream, found, strlen(text));
  assert_string_equal(found, text);
}

int32_t recv_status(hws_handle stream) {
  uint8_t byte;
  struct hws_event event = recv_once(stream, &byte, 1);
  assert_int_equal(event.bytes, 0);
  return event.status;
}

int32_t send_status(hws_handle stream) {
  struct hws_vec vec = {.ptr = (char[]){'x'}, .len = 1};
  struct hws_how how = how_block();
  struct hws_event event;
  assert_int_equal(hws_send(stream, &vec, 1, &how, &event, NULL), 1);
  return event.status;
}

void shut_down(hws_handle stream) {
  struct hws_how how = how_block();
  struct hws_event event;
  assert_int_equal(hws_shutdown(stream, &how, &event, NULL), 1);
  assert_status(event.status, HWS_OK);
}

static void close_with(hws_handle object, uint32_t flags) {
  struct hws_how how = how_block();
  struct hws_event event;
  how.flags |= flags;
  assert_int_equal(hws_close(object, &how, &event, NULL), 1);
  assert_status(event.status, HWS_OK);
}

void close_handle(hws_handle object) {
  close_with(object, 0);
}

void abort_handle(hws_handle object) {
  close_with(object, HWS_ABORT);
}

/* ---- ops that pend ---- */

static uint64_t posted(hws_result result, const struct hws_how *how) {
  assert_status(result, HWS_OK);
  return how->tag;
}

uint64_t post_recv(struct world *world, hws_handle stream, void *bytes, size_t length) {
  struct hws_vec vec = {.ptr = bytes, .len = length};
  struct hws_how how = how_queue(world);
  return posted(hws_recv(stream, &vec, 1, &how, NULL, NULL), &how);
}

uint64_t post_send(struct world *world, hws_handle stream, const void *bytes, size_t length) {
  struct hws_vec vec = {.ptr = (void *)(uintptr_t)bytes, .len = length};
  struct hws_how how = how_queue(world);
  return posted(hws_send(stream, &vec, 1, &how, NULL, NULL), &how);
}

uint64_t post_open(struct world *world, hws_handle session, hws_handle *stream) {
  struct hws_how how = how_queue(world);
  return posted(hws_open(session, NULL, &how, NULL, NULL, stream), &how);
}

uint64_t post_accept(struct world *world, hws_handle session, hws_handle *stream) {
  struct hws_how how = how_queue(world);
  return posted(hws_accept(session, 0, &how, NULL, NULL, stream), &how);
}

uint64_t post_watch(struct world *world, hws_handle object) {
  struct hws_how how = how_queue(world);
  return posted(hws_watch(object, &how, NULL, NULL), &how);
}

uint64_t post_close(struct world *world, hws_handle object) {
  struct hws_how how = how_queue(world);
  return posted(hws_close(object, &how, NULL, NULL), &how);
}

uint64_t post_shutdown(struct world *world, hws_handle stream) {
  struct hws_how how = how_queue(world);
  return posted(hws_shutdown(stream, &how, NULL, NULL), &how);
}

/* ---- questions ---- */

uint64_t stat_of(hws_handle object, const char *name) {
  uint64_t value = 0;
  hws_result result = hws_stat(object, name, &value);
  assert_status(result, HWS_OK);
  return value;
}

struct hws_detail detail_of(hws_handle object) {
  struct hws_detail detail = {.size = sizeof detail};
  hws_result result = hws_detail(object, &detail);
  assert_status(result, HWS_OK);
  return detail;
}

void expect_detail(hws_handle object, int32_t status, const char *text) {
  struct hws_detail detail = detail_of(object);
  assert_status(detail.status, status);
  if (!strstr(detail.text, text)) fail_msg("'%s' is not said in: %s", text, detail.text);
}

void expect_refusal(int32_t status, const char *text) {
  struct hws_detail detail = {.size = sizeof detail};
  assert_int_equal(hws_refusal(&detail), HWS_OK);
  assert_status(detail.status, status);
  if (!strstr(detail.text, text)) fail_msg("'%s' is not said in: %s", text, detail.text);
}

/* ---- URLs ---- */

bool through_chaos(void) {
  return getenv("HAWSER_CHAOS_SEED") != NULL;
}

const char *url_through(char url[URL_MAX], const char *plain) {
  const char *seed = getenv("HAWSER_CHAOS_SEED");
  const char *more = getenv("HAWSER_CHAOS");
  int length = seed ? snprintf(url, URL_MAX, "chaos+%s%cchaos.seed=%s%s%s", plain, strchr(plain, '?') ? '&' : '?', seed,
                               more ? "&" : "", more ? more : "")
                    : snprintf(url, URL_MAX, "%s", plain);
  assert_in_range(length, 1, URL_MAX - 1);
  return url;
}

/* ---- pairs ---- */

struct pair pair_raw(struct world *world, const char *scheme) {
  static unsigned number;
  char plain[256];
  char url[URL_MAX];
  struct hws_event event;
  struct hws_how how = how_block();
  struct pair pair = {0};
  hws_handle listener = 0;
  if (strcmp(scheme, "mem") == 0)
    (void)snprintf(plain, sizeof plain, "mem://pair%u", number++);
  else if (strcmp(scheme, "tcp") == 0)
    (void)snprintf(plain, sizeof plain, "tcp://127.0.0.1:0");
  else
    local_url(plain, sizeof plain);
  url_through(url, plain);
  assert_int_equal(hws_listen(world->runtime, url, 0, &how, &event, NULL, &listener), 1);
  assert_status(event.status, HWS_OK);
  assert_true(hws_text(listener, HWS_TEXT_LOCAL, plain, sizeof plain) > 0); /* with its port */
  url_through(url, plain);
  struct hws_how accept = how_queue(world);
  hws_result result = hws_accept(listener, 0, &accept, NULL, NULL, &pair.server);
  assert_status(result, HWS_OK);
  assert_int_equal(hws_dial(world->runtime, url, 0, &how, &event, NULL, &pair.client), 1);
  assert_status(event.status, HWS_OK);
  world_await_status(world, accept.tag, HWS_OK);
  close_handle(listener);
  return pair;
}

uint32_t pair_mode(void) {
  const char *mode = getenv("HAWSER_TEST_MODE");
  if (mode && strcmp(mode, "auto") == 0) return HWS_MODE_AUTO;
  if (mode && strcmp(mode, "native") == 0) return HWS_MODE_NATIVE;
  return HWS_MODE_YAMUX;
}

struct pair pair_sessions(struct world *world, const char *scheme, const char *settings) {
  struct pair raw = pair_raw(world, scheme);
  return (struct pair){.client = session_in(raw.client, pair_mode(), HWS_ROLE_DEFAULT, settings),
                       .server = session_in(raw.server, pair_mode(), HWS_ROLE_DEFAULT, settings)};
}

/* ---- bytes ---- */

uint8_t pattern_at(uint64_t seed, uint64_t offset) {
  uint64_t x = (seed * UINT64_C(0x9e3779b97f4a7c15)) ^ (offset >> 3);
  x = (x ^ (x >> 31)) * UINT64_C(0xbf58476d1ce4e5b9);
  x ^= x >> 29;
  return (uint8_t)(x >> (8 * (offset & 7)));
}

void pattern_fill(uint64_t seed, uint64_t offset, void *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) ((uint8_t *)bytes)[i] = pattern_at(seed, offset + i);
}

void pattern_expect(uint64_t seed, uint64_t offset, const void *bytes, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (((const uint8_t *)bytes)[i] != pattern_at(seed, offset + i))
      fail_msg("a wrong byte at %llu of stream %llu", (unsigned long long)(offset + i), (unsigned long long)seed);
}
