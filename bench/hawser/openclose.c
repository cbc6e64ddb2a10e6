/* SPDX-License-Identifier: Apache-2.0
 *
 * openclose: a stream for each request. The client opens it with one byte and ends it, in one write; the server answers
 * with one byte and closes, in one write. One request at a time.
 */
#include <stddef.h>

#include "bench/hawser/session.h"

static const struct hws_how how_more = {.size = sizeof how_more, .flags = HWS_BLOCK | HWS_MORE};

/* Nothing waits for the end of a close. */
static void stream_drop(hws_handle stream) {
  must(hws_close(stream, NULL, NULL, NULL), "hws_close");
}

static uint64_t step_ask(void *self) {
  const struct end *end = self;
  char byte = 1;
  struct hws_vec vec = {.ptr = &byte, .len = 1};
  struct hws_open_config config = {.size = sizeof config, .payload = &vec, .payload_count = 1};
  struct hws_event event;
  hws_handle stream;
  must(hws_open(end->session, &config, &how_more, &event, NULL, &stream), "hws_open");
  must(hws_shutdown(stream, &how_block, &event, NULL), "hws_shutdown");
  if (recv_some(stream, &byte, 1) != 1) fail("the answer", "the stream ended");
  stream_drop(stream);
  return 1;
}

/* False: the client is done. */
static int answer(const struct end *end) {
  struct hws_event event;
  hws_handle stream;
  char byte;
  must(hws_accept(end->session, 0, &how_block, &event, NULL, &stream), "hws_accept");
  if (is_end(event.status, "hws_accept")) return 0;
  if (recv_some(stream, &byte, 1) != 1) fail("the request", "the stream ended");
  struct hws_vec vec = {.ptr = &byte, .len = 1};
  must(hws_send(stream, &vec, 1, &how_more, &event, NULL), "hws_send");
  stream_drop(stream);
  return 1;
}

void bench_openclose(const struct plan *plan) {
  struct end end = end_open(plan);
  if (plan->server)
    while (answer(&end)) continue;
  else
    measure_rate(plan, step_ask, NULL, &end, 1e3, "k/s");
  end_close(&end);
}
