/* SPDX-License-Identifier: Apache-2.0
 *
 * Scenarios of the session: keep-alive, go-away, and its end with streams open (MUX-8, MUX-15, MUX-16, MUX-21).
 */
#include "tests/interop/calls.h"
#include "tests/interop/echo.h"
#include "tests/interop/peer.h"
#include "tests/interop/scenarios.h"

/* Well below any time-out of a session or runtime. */
#define PROMPT_NS 4000000000u

/* Ours are answered, and silence but for the pings ends nothing. */
static void scenario_keep_alive(void) {
  const hws_handle session = peer_session("keepalive=50ms");

  expect_echo(session);
  wait_stat(session, "pings_out", 10);
  wait_stat(session, "rtt_ns", 1);
  expect_echo(session);
  close_object(session);
}

/* Theirs are answered. */
static void scenario_they_ping(void) {
  const hws_handle session = peer_session(NULL);

  echo_begin(session);
  expect_ok(session, "ping 10");
  close_object(session);
  echo_end();
}

static void expect_no_open(hws_handle session, const char *after) {
  const struct hws_how how = how_block();
  struct hws_event event = {0};
  hws_handle stream = 0;
  const hws_result result = hws_open(session, NULL, &how, &event, NULL, &stream);

  if (result >= 0 && event.status >= 0) fail("a stream was opened after %s", after);
}

/* After the peer's go-away nothing can be opened, and what runs goes on to its end. */
static void scenario_go_away(void) {
  const hws_handle session = peer_session(NULL);
  const hws_handle stream = command(session, "goaway");

  expect_text(stream, "ok\n");
  expect_no_open(session, "the go-away");
  echo_through(stream, 9, 1u << 20);
  close_object(stream);
  close_object(session);
}

/* Our close lets what was sent arrive: the peer obeys a command that it gets just before our go-away. */
static void scenario_we_close(void) {
  const hws_handle session = peer_session(NULL);
  const hws_handle stream = command(session, "echo");
  struct source sent = source_of(3);

  send_text(stream, "hello");
  expect_text(stream, "hello");
  send_source(stream, &sent, 100000);
  close_object(session);
  if (receive_status(stream) != HWS_E_CLOSED) fail("a recv says %s", name_of(receive_status(stream)));
  close_object(stream);
}

static int32_t watch_status(hws_handle object) {
  const struct hws_how how = how_block();
  struct hws_event event = {0};

  if (hws_watch(object, &how, &event, NULL) != 1) fail("the watch was refused");
  return event.status;
}

/* The end of the session is told on every stream, and closing what is left of it takes no time. */
static void expect_their_end(const char *line) {
  const hws_handle session = peer_session(NULL);
  const hws_handle idle = command(session, "echo");
  const hws_handle stream = stream_open(session);
  hws_handle left[2] = {idle, stream};
  uint64_t begin;
  int32_t status;

  send_text(idle, "hello");
  expect_text(idle, "hello");
  send_text(stream, line);
  status = watch_status(session);
  if (status != HWS_E_CLOSED && !(status == HWS_E_PROTOCOL && peer_has("close=abort")))
    fail("the session ended by %s", name_of(status));
  begin = hws_now();
  for (int i = 0; i < 2; i++) {
    const int32_t told = receive_status(left[i]);

    /* Some peers end or reset their streams before they close. */
    if (told != status && told != HWS_E_EOF && told != HWS_E_RESET) fail("a recv says %s", name_of(told));
    if (watch_status(left[i]) == HWS_OK) fail("a stream says that it ended well");
    close_object(left[i]);
  }
  expect_no_open(session, "the end");
  close_object(session);
  if (hws_now() - begin > PROMPT_NS)
    fail("the close took %llu ms", (unsigned long long)((hws_now() - begin) / 1000000));
}

static void scenario_hang_up(void) {
  expect_their_end("drop\n");
}

static void scenario_they_close(void) {
  expect_their_end("close\n");
}

const struct scenario scenarios_session[] = {
    {"keep-alive", scenario_keep_alive, NULL},
    {"they-ping", scenario_they_ping, "ping"},
    {"go-away", scenario_go_away, "drain"},
    {"we-close", scenario_we_close, NULL},
    {"they-close", scenario_they_close, NULL},
    {"hang-up", scenario_hang_up, NULL},
    {NULL, NULL, NULL},
};
