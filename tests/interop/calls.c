/* SPDX-License-Identifier: Apache-2.0
 *
 * Blocking calls that must succeed, and data made of a seed.
 */
#include "tests/interop/calls.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static hws_handle runtime;

void fail(const char *format, ...) {
  va_list arguments;

  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  printf("\n");
  exit(1);
}

const char *name_of(int32_t status) {
  return hws_status_name(status);
}

struct hws_how how_block(void) {
  return (struct hws_how){.size = sizeof(struct hws_how), .flags = HWS_BLOCK | HWS_RELATIVE, .deadline_ns = LIMIT_NS};
}

struct hws_how how_queue(hws_handle queue, uint64_t tag) {
  return (struct hws_how){
      .size = sizeof(struct hws_how), .flags = HWS_RELATIVE, .queue = queue, .tag = tag, .deadline_ns = LIMIT_NS};
}

/* What a blocking op answered: the call's own refusal or the event's status. */
static int32_t answer(hws_result result, const struct hws_event *event) {
  return result < 0 ? result : event->status;
}

static void must(const char *what, hws_handle object, int32_t status) {
  struct hws_detail detail = {.size = sizeof detail};

  if (status >= 0) return;
  if (object == 0 || hws_detail(object, &detail) < 0) detail.text[0] = '\0';
  fail("%s: %s %s", what, name_of(status), detail.text);
}

void runtime_open(void) {
  struct hws_runtime_config config = {.size = sizeof config};

  must("runtime", 0, hws_runtime_open(&config, &runtime));
}

void runtime_end(void) {
  must("join", 0, hws_runtime_join(runtime, (int64_t)LIMIT_NS));
}

hws_handle queue_open(void) {
  hws_handle queue = 0;

  must("queue", runtime, hws_queue_open(runtime, &queue));
  return queue;
}

enum { URL_MAX = 512 };

/* With HAWSER_CHAOS_SEED in the environment, our end passes through the filter chaos. */
static const char *url_through(const char *url, char *room) {
  const char *seed = getenv("HAWSER_CHAOS_SEED");

  if (!seed) return url;
  (void)snprintf(room, URL_MAX, "chaos+%s%cchaos.seed=%s", url, strchr(url, '?') ? '&' : '?', seed);
  return room;
}

hws_handle dial_url(const char *url) {
  const struct hws_how how = how_block();
  char through[URL_MAX];
  struct hws_event event = {0};
  hws_handle stream = 0;
  const int32_t status = answer(hws_dial(runtime, url_through(url, through), 0, &how, &event, NULL, &stream), &event);

  must("dial", stream, status);
  return stream;
}

hws_handle listen_at(const char *url, char *bound, uint32_t size) {
  const struct hws_how how = how_block();
  char through[URL_MAX];
  struct hws_event event = {0};
  hws_handle listener = 0;
  const int32_t status =
      answer(hws_listen(runtime, url_through(url, through), 0, &how, &event, NULL, &listener), &event);

  must("listen", listener, status);
  must("listener's text", listener, hws_text(listener, HWS_TEXT_LOCAL, bound, size));
  return listener;
}

hws_handle session_over(hws_handle stream, uint32_t mode, const char *settings) {
  struct hws_session_config config = {.size = sizeof config, .mode = mode, .settings = settings};
  hws_handle session = 0;

  must("session", runtime, hws_session(stream, &config, &session));
  return session;
}

hws_handle stream_open(hws_handle session) {
  const struct hws_how how = how_block();
  struct hws_event event = {0};
  hws_handle stream = 0;

  must("open", session, answer(hws_open(session, NULL, &how, &event, NULL, &stream), &event));
  return stream;
}

int32_t try_accept(hws_handle source, hws_handle *stream) {
  const struct hws_how how = how_block();
  struct hws_event event = {0};

  return answer(hws_accept(source, 0, &how, &event, NULL, stream), &event);
}

int32_t try_send(hws_handle stream, const void *bytes, size_t length) {
  const struct hws_how how = how_block();
  const struct hws_vec vec = {.ptr = (void *)(uintptr_t)bytes, .len = length};
  struct hws_event event = {0};
  const int32_t status = answer(hws_send(stream, &vec, 1, &how, &event, NULL), &event);

  if (status == HWS_OK && event.bytes != length)
    fail("send took %llu of %zu bytes", (unsigned long long)event.bytes, length);
  return status;
}

void send_all(hws_handle stream, const void *bytes, size_t length) {
  must("send", stream, try_send(stream, bytes, length));
}

void send_text(hws_handle stream, const char *text) {
  send_all(stream, text, strlen(text));
}

int32_t try_end_sending(hws_handle stream) {
  const struct hws_how how = how_block();
  struct hws_event event = {0};

  return answer(hws_shutdown(stream, &how, &event, NULL), &event);
}

void end_sending(hws_handle stream) {
  must("shutdown", stream, try_end_sending(stream));
}

int32_t try_receive(hws_handle stream, void *bytes, size_t length, size_t *received) {
  const struct hws_how how = how_block();
  const struct hws_vec vec = {.ptr = bytes, .len = length};
  struct hws_event event = {0};
  const int32_t status = answer(hws_recv(stream, &vec, 1, &how, &event, NULL), &event);

  *received = (size_t)event.bytes;
  return status;
}

size_t receive(hws_handle stream, void *bytes, size_t length) {
  size_t received;
  const int32_t status = try_receive(stream, bytes, length, &received);

  if (status == HWS_E_EOF) return 0;
  must("recv", stream, status);
  if (received == 0 || received > length) fail("recv gave %zu of %zu bytes", received, length);
  return received;
}

int32_t receive_status(hws_handle stream) {
  uint8_t bytes[256];
  size_t received;
  int32_t status;

  do status = try_receive(stream, bytes, sizeof bytes, &received);
  while (status == HWS_OK);
  return status;
}

void expect_text(hws_handle stream, const char *text) {
  char bytes[256];
  const size_t length = strlen(text);

  for (size_t have = 0; have < length;) {
    const size_t received = receive(stream, bytes + have, length - have);

    if (received == 0) fail("the stream ended after %zu of %zu bytes", have, length);
    have += received;
  }
  if (memcmp(bytes, text, length) == 0) return;
  /* What came instead says why, to its end. */
  size_t have = length;
  size_t more;
  while (have < sizeof bytes && try_receive(stream, bytes + have, sizeof bytes - have, &more) == HWS_OK) have += more;
  fail("\"%.*s\" came, not \"%s\"", (int)have, bytes, text);
}

void expect_end(hws_handle stream) {
  uint8_t byte;

  if (receive(stream, &byte, 1) != 0) fail("a byte came where the end must be");
}

int32_t try_close(hws_handle object, uint64_t *lost) {
  const struct hws_how how = how_block();
  struct hws_event event = {0};
  const int32_t status = answer(hws_close(object, &how, &event, NULL), &event);

  *lost = event.data;
  return status;
}

void close_object(hws_handle object) {
  uint64_t lost;

  must("close", 0, try_close(object, &lost));
}

int32_t wait_one(hws_handle queue, uint64_t tag) {
  struct hws_event event = {0};

  if (hws_queue_wait(queue, &event, 1, (int64_t)LIMIT_NS) != 1) fail("an event did not come");
  if (event.tag != tag) fail("the event has tag %llu", (unsigned long long)event.tag);
  return event.status;
}

/* There is nothing that tells of a counter, so it is looked at from time to time. */
void wait_stat(hws_handle object, const char *name, uint64_t value) {
  const struct timespec pause = {.tv_nsec = 2000000};
  const uint64_t end = hws_now() + LIMIT_NS;
  uint64_t now = 0;

  for (;;) {
    must(name, object, hws_stat(object, name, &now));
    if (now >= value) return;
    if (hws_now() > end) fail("%s is %llu, not %llu", name, (unsigned long long)now, (unsigned long long)value);
    nanosleep(&pause, NULL);
  }
}

hws_handle command(hws_handle session, const char *line) {
  const hws_handle stream = stream_open(session);

  send_text(stream, line);
  send_text(stream, "\n");
  return stream;
}

void expect_ok(hws_handle session, const char *line) {
  const hws_handle stream = command(session, line);

  expect_text(stream, "ok\n");
  close_object(stream);
}

void expect_echo(hws_handle session) {
  const hws_handle stream = command(session, "echo");

  echo_through(stream, 3, 100000);
  close_object(stream);
}

struct source source_of(uint64_t seed) {
  return (struct source){.state = seed * 0x9e3779b97f4a7c15u + 1, .sum = 0xcbf29ce484222325u};
}

void source_fill(struct source *source, uint8_t *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) {
    source->state ^= source->state << 13;
    source->state ^= source->state >> 7;
    source->state ^= source->state << 17;
    bytes[i] = (uint8_t)(source->state >> 32);
    source->sum = (source->sum ^ bytes[i]) * 0x100000001b3u;
  }
}

void source_expect(struct source *source, const uint8_t *bytes, size_t length) {
  uint8_t expected[4096];

  while (length > 0) {
    const size_t piece = length < sizeof expected ? length : sizeof expected;

    source_fill(source, expected, piece);
    if (memcmp(bytes, expected, piece) != 0) fail("other bytes came than were sent");
    bytes += piece;
    length -= piece;
  }
}

void send_source(hws_handle stream, struct source *source, uint64_t length) {
  static _Thread_local uint8_t bytes[65536];

  while (length > 0) {
    const size_t piece = length < sizeof bytes ? (size_t)length : sizeof bytes;

    source_fill(source, bytes, piece);
    send_all(stream, bytes, piece);
    length -= piece;
  }
}

void expect_source(hws_handle stream, struct source *source, uint64_t length) {
  static _Thread_local uint8_t bytes[65536];

  while (length > 0) {
    const size_t room = length < sizeof bytes ? (size_t)length : sizeof bytes;
    const size_t received = receive(stream, bytes, room);

    if (received == 0) fail("the stream ended %llu bytes too early", (unsigned long long)length);
    source_expect(source, bytes, received);
    length -= received;
  }
}

struct sender {
  hws_handle stream;
  uint64_t seed;
  uint64_t length;
};

static void *send_in_background(void *argument) {
  const struct sender *sender = argument;
  struct source source = source_of(sender->seed);

  send_source(sender->stream, &source, sender->length);
  end_sending(sender->stream);
  return NULL;
}

void echo_through(hws_handle stream, uint64_t seed, uint64_t length) {
  struct sender sender = {stream, seed, length};
  struct source expected = source_of(seed);
  pthread_t thread;

  if (pthread_create(&thread, NULL, send_in_background, &sender) != 0) fail("no thread");
  expect_source(stream, &expected, length);
  expect_end(stream);
  pthread_join(thread, NULL);
}
