/* SPDX-License-Identifier: Apache-2.0
 *
 * oneway64: one stream, one plain send for each message: done at once as a rule, blocking when it would pend. The
 * receiver copies out as much as there is.
 */
#include <stdlib.h>

#include "bench/hawser/session.h"

enum { MESSAGE = 64, BUFFER = 64 * 1024 };

struct oneway {
  hws_handle stream;
  char message[MESSAGE];
  char buffer[BUFFER];
};

static uint64_t step_send(void *self) {
  static const struct hws_how at_once = {.size = sizeof at_once, .flags = HWS_TRY};
  struct oneway *oneway = self;
  struct hws_vec vec = {.ptr = oneway->message, .len = MESSAGE};
  struct hws_event event;
  hws_result result = hws_send(oneway->stream, &vec, 1, &at_once, &event, NULL);
  if (result == HWS_E_AGAIN) {
    send_all(oneway->stream, oneway->message, MESSAGE);
  } else {
    must(result, "hws_send");
    if (event.status != HWS_OK) fail("hws_send", hws_status_name(event.status));
  }
  return 1;
}

static uint64_t step_recv(void *self) {
  struct oneway *oneway = self;
  return recv_some(oneway->stream, oneway->buffer, BUFFER);
}

static void say_enough(void *self) {
  stream_say_enough(((struct oneway *)self)->stream);
}

static int is_enough(void *self) {
  return stream_is_enough(((struct oneway *)self)->stream);
}

void bench_oneway(const struct plan *plan) {
  struct oneway *oneway = calloc(1, sizeof *oneway);
  if (!oneway) fail("the buffer", "out of memory");
  struct end end = end_open(plan);
  oneway->stream = end_stream(&end, plan);
  if (plan->server)
    measure_rate(plan, step_recv, say_enough, oneway, 1e6 * MESSAGE, "M msg/s");
  else
    measure_feed(plan, step_send, is_enough, oneway);
  stream_finish(plan, oneway->stream);
  end_close(&end);
  free(oneway);
}
