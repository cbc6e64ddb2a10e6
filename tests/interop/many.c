/* SPDX-License-Identifier: Apache-2.0
 *
 * One send and one recv are pending on each stream; an event starts the next. A tag is the stream's index and the
 * direction.
 */
#include "tests/interop/many.h"

#include <stdio.h>
#include <stdlib.h>

enum { PIECE = 16384, SENDING = 0, RECEIVING = 1 };

struct lane {
  hws_handle stream;
  struct source out;
  struct source in;
  uint64_t to_send;
  uint64_t to_receive;
  uint64_t posted; /* bytes of the send that is pending; 0: it is the shutdown */
  uint8_t send_piece[PIECE];
  uint8_t receive_piece[PIECE];
};

static void post_send(struct lane *lane, const struct hws_how *how) {
  const struct hws_vec vec = {.ptr = lane->send_piece, .len = lane->to_send < PIECE ? lane->to_send : PIECE};
  hws_result result;

  lane->posted = vec.len;
  if (vec.len > 0) {
    source_fill(&lane->out, lane->send_piece, (size_t)vec.len);
    result = hws_send(lane->stream, &vec, 1, how, NULL, NULL);
  } else {
    result = hws_shutdown(lane->stream, how, NULL, NULL);
  }
  if (result != 0) fail("a send was refused: %s", name_of(result));
}

static void post_receive(struct lane *lane, const struct hws_how *how) {
  const struct hws_vec vec = {.ptr = lane->receive_piece, .len = PIECE};
  const hws_result result = hws_recv(lane->stream, &vec, 1, how, NULL, NULL);

  if (result != 0) fail("a recv was refused: %s", name_of(result));
}

/* Returns how many directions ended by this event: 0 or 1. */
static size_t sent(struct lane *lane, const struct hws_event *event, const struct hws_how *how) {
  if (event->status != HWS_OK) fail("a send ended with %s", name_of(event->status));
  if (lane->posted == 0) return 1;
  if (event->bytes != lane->posted) fail("a send took %llu bytes", (unsigned long long)event->bytes);
  lane->to_send -= lane->posted;
  post_send(lane, how);
  return 0;
}

static size_t received(struct lane *lane, const struct hws_event *event, const struct hws_how *how) {
  if (event->status == HWS_E_EOF) {
    if (lane->to_receive != 0) fail("a stream ended %llu bytes too early", (unsigned long long)lane->to_receive);
    return 1;
  }
  if (event->status != HWS_OK) fail("a recv ended with %s", name_of(event->status));
  if (event->bytes == 0 || event->bytes > lane->to_receive) fail("too much came");
  source_expect(&lane->in, lane->receive_piece, (size_t)event->bytes);
  lane->to_receive -= event->bytes;
  post_receive(lane, how);
  return 0;
}

static void open_all(hws_handle session, struct lane *lanes, size_t count, uint64_t length) {
  char line[32];

  for (size_t i = 0; i < count; i++) {
    lanes[i].stream = command(session, "echo");
    lanes[i].out = source_of(i);
    lanes[i].in = source_of(i);
    lanes[i].to_send = length;
    lanes[i].to_receive = length;
    snprintf(line, sizeof line, "stream %zu\n", i);
    send_text(lanes[i].stream, line);
  }
  for (size_t i = 0; i < count; i++) {
    snprintf(line, sizeof line, "stream %zu\n", i);
    expect_text(lanes[i].stream, line);
  }
}

static void run_all(hws_handle queue, struct lane *lanes, size_t count) {
  struct hws_event events[64];
  size_t ended = 0;

  for (size_t i = 0; i < 2 * count; i++) {
    const struct hws_how how = how_queue(queue, i);

    if (i % 2 == SENDING)
      post_send(&lanes[i / 2], &how);
    else
      post_receive(&lanes[i / 2], &how);
  }
  while (ended < 2 * count) {
    const hws_result got = hws_queue_wait(queue, events, 64, (int64_t)LIMIT_NS);

    if (got <= 0) fail("%zu of %zu directions ended, then the queue gave %d", ended, 2 * count, got);
    for (hws_result i = 0; i < got; i++) {
      struct lane *lane = &lanes[events[i].tag / 2];
      const struct hws_how how = how_queue(queue, events[i].tag);

      ended += events[i].tag % 2 == SENDING ? sent(lane, &events[i], &how) : received(lane, &events[i], &how);
    }
  }
}

void many_streams(hws_handle session, size_t count, uint64_t length) {
  struct lane *lanes = calloc(count, sizeof *lanes);
  const hws_handle queue = queue_open();

  if (lanes == NULL) fail("no memory");
  open_all(session, lanes, count, length);
  run_all(queue, lanes, count);
  for (size_t i = 0; i < count; i++) close_object(lanes[i].stream);
  close_object(queue);
  free(lanes);
}
