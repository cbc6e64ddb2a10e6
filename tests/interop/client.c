/* SPDX-License-Identifier: Apache-2.0
 *
 * Our client against a server of hashicorp/yamux: one scenario a process, on the public ABI alone. The server is
 * gopeer/server.go, which says what each command does.
 *
 *   interop_client URL SCENARIO
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/interop/calls.h"
#include "tests/interop/many.h"

/* Well below any time-out of a session or runtime. */
#define PROMPT_NS 4000000000u

static const char *server_url;
static hws_handle runtime;

static hws_handle dial(void) {
  return session_dial(runtime, server_url, NULL);
}

/* ---- a stream's life ---- */

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

static void echo_through(hws_handle stream, uint64_t seed, uint64_t length) {
  struct sender sender = {stream, seed, length};
  struct source expected = source_of(seed);
  pthread_t thread;

  if (pthread_create(&thread, NULL, send_in_background, &sender) != 0) fail("no thread");
  expect_source(stream, &expected, length);
  expect_end(stream);
  pthread_join(thread, NULL);
}

static void scenario_open(void) {
  const hws_handle session = dial();
  const hws_handle stream = command(session, "echo");

  send_text(stream, "hello");
  expect_text(stream, "hello");
  end_sending(stream);
  expect_end(stream);
  close_object(stream);
  close_object(session);
}

static void scenario_echo(void) {
  const hws_handle stream = command(dial(), "echo");

  echo_through(stream, 1, 64u << 20);
  close_object(stream);
}

static void scenario_streams(void) {
  many_streams(runtime, dial(), 256, 300u << 10);
}

/* ---- half-close, both ways ---- */

/* We end our direction; all that the server answers comes after it saw that end. */
static void scenario_half_close(void) {
  const hws_handle stream = command(dial(), "sum");
  struct source sent = source_of(7);
  struct source expected = source_of(5);
  char line[32];

  send_source(stream, &sent, 3u << 20);
  end_sending(stream);
  snprintf(line, sizeof line, "%016llx\n", (unsigned long long)sent.sum);
  expect_text(stream, line);
  expect_source(stream, &expected, 1u << 20);
  expect_end(stream);
  close_object(stream);
}

/* The server ends its direction; ours goes on. */
static void scenario_half_closed(void) {
  const hws_handle session = dial();
  const hws_handle stream = command(session, "early");
  struct source sent = source_of(8);
  hws_handle digest;
  char line[32];

  expect_end(stream);
  send_source(stream, &sent, 3u << 20);
  end_sending(stream);
  digest = command(session, "digest");
  snprintf(line, sizeof line, "%016llx\n", (unsigned long long)sent.sum);
  expect_text(digest, line);
  close_object(stream);
  close_object(digest);
}

/* ---- resets ---- */

static int32_t wait_one(hws_handle queue, uint64_t tag) {
  struct hws_event event = {0};

  if (hws_queue_wait(queue, &event, 1, (int64_t)LIMIT_NS) != 1) fail("an event did not come");
  if (event.tag != tag) fail("the event has tag %llu", (unsigned long long)event.tag);
  return event.status;
}

static void reset_one(hws_handle session, hws_handle queue, uint64_t tag) {
  const hws_handle stream = command(session, "echo");
  const struct hws_how how = how_queue(queue, tag);
  uint8_t bytes[64];
  const struct hws_vec vec = {.ptr = bytes, .len = sizeof bytes};

  send_text(stream, "echo");
  expect_text(stream, "echo");
  if (hws_recv(stream, &vec, 1, &how, NULL, NULL) != 0) fail("the recv did not pend");
  if (hws_reset(stream, HWS_CODE_APPLICATION + 1, "enough") < 0) fail("the reset was refused");
  if (wait_one(queue, tag) != HWS_E_CANCELED) fail("the recv was not canceled");
  close_object(stream);
}

static void scenario_reset(void) {
  const hws_handle session = dial();
  hws_handle queue = 0;

  if (hws_queue_open(runtime, &queue) < 0) fail("no queue");
  for (uint64_t i = 1; i <= 3; i++) reset_one(session, queue, i);
  expect_ok(session, "resets 3");
}

/* Streams are reset while much of what they carry is under way; the session must not mind (CAN-1, MUX-12). */
static void scenario_reset_flood(void) {
  const hws_handle session = dial();
  const hws_handle calm = command(session, "echo");
  uint8_t bytes[4096];

  for (int i = 0; i < 300; i++) {
    const hws_handle stream = command(session, "flood");

    for (int received = 0; received < 10; received++)
      if (receive(stream, bytes, sizeof bytes) == 0) fail("the flood ended");
    if (hws_reset(stream, HWS_CODE_CANCELED, "enough") < 0) fail("the reset was refused");
    close_object(stream);
  }
  expect_ok(session, "resets 300");
  echo_through(calm, 6, 1u << 20);
}

static void scenario_they_reset(void) {
  char url[512];
  hws_handle session;
  hws_handle stream;
  struct hws_event event = {0};
  const struct hws_how how = how_block();

  snprintf(url, sizeof url, "%s.hasty", server_url);
  session = session_dial(runtime, url, NULL);
  stream = command(session, "half");
  expect_end(stream);
  if (hws_watch(stream, &how, &event, NULL) != 1) fail("the watch was refused");
  if (event.status != HWS_E_RESET || event.code != 0)
    fail("the stream ended by %s, code %llu", name_of(event.status), (unsigned long long)event.code);
  if (receive_status(stream) != HWS_E_RESET) fail("a recv says %s", name_of(receive_status(stream)));
  close_object(stream);
  stream = command(session, "echo");
  echo_through(stream, 2, 100000);
}

/* ---- the session ---- */

/* Its pings are answered, ours are answered, and silence ends nothing. */
static void scenario_keep_alive(void) {
  const hws_handle session = session_dial(runtime, server_url, "keepalive=50ms");

  expect_ok(session, "pings 10");
  expect_ok(session, "pongs 10");
  expect_ok(session, "rtt");
  echo_through(command(session, "echo"), 3, 100000);
}

static void scenario_they_open(void) {
  const hws_handle session = dial();
  const hws_handle stream = command(session, "open");
  const struct hws_how how = how_block();
  struct hws_event event = {0};
  hws_handle theirs = 0;
  uint8_t bytes[8192];
  size_t length;

  if (hws_accept(session, 0, &how, &event, NULL, &theirs) != 1 || event.status != HWS_OK) fail("nothing was accepted");
  while ((length = receive(theirs, bytes, sizeof bytes)) > 0) send_all(theirs, bytes, length);
  end_sending(theirs);
  expect_text(stream, "ok\n");
  close_object(theirs);
  close_object(stream);
}

/* After the server's go-away nothing can be opened, and what runs goes on to its end. */
static void scenario_go_away(void) {
  const hws_handle session = dial();
  const hws_handle stream = command(session, "goaway");
  const struct hws_how how = how_block();
  struct hws_event event = {0};
  hws_handle another = 0;
  hws_result result;

  expect_text(stream, "ok\n");
  result = hws_open(session, NULL, &how, &event, NULL, &another);
  if (result >= 0 && event.status >= 0) fail("a stream was opened after the go-away");
  echo_through(stream, 9, 1u << 20);
}

/* The end of the connection is told as such, and closing what is left of it takes no time. */
static void scenario_hang_up(void) {
  const hws_handle session = dial();
  const hws_handle stream = command(session, "drop");
  const int32_t status = receive_status(stream);
  const uint64_t begin = hws_now();

  if (status != HWS_E_CLOSED) fail("a recv says %s", name_of(status));
  close_object(stream);
  close_object(session);
  if (hws_now() - begin > PROMPT_NS)
    fail("the close took %llu ms", (unsigned long long)((hws_now() - begin) / 1000000));
}

static const struct {
  const char *name;
  void (*run)(void);
} scenarios[] = {
    {"open", scenario_open},
    {"echo", scenario_echo},
    {"streams", scenario_streams},
    {"half-close", scenario_half_close},
    {"half-closed", scenario_half_closed},
    {"reset", scenario_reset},
    {"reset-flood", scenario_reset_flood},
    {"they-reset", scenario_they_reset},
    {"keep-alive", scenario_keep_alive},
    {"they-open", scenario_they_open},
    {"go-away", scenario_go_away},
    {"hang-up", scenario_hang_up},
};

enum { SCENARIOS = sizeof scenarios / sizeof *scenarios };

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "list") == 0) {
    for (size_t i = 0; i < SCENARIOS; i++) puts(scenarios[i].name);
    return 0;
  }
  if (argc != 3) fail("usage: interop_client list | URL SCENARIO");
  server_url = argv[1];
  for (size_t i = 0; i < SCENARIOS; i++) {
    if (strcmp(argv[2], scenarios[i].name) != 0) continue;
    runtime = runtime_open();
    scenarios[i].run();
    if (hws_runtime_join(runtime, (int64_t)LIMIT_NS) < 0) fail("the runtime did not end");
    puts("ok");
    return 0;
  }
  fail("there is no scenario \"%s\"", argv[2]);
}
