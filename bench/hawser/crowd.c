/* SPDX-License-Identifier: Apache-2.0
 *
 * Many streams at once; see crowd.h. They are spread over the sessions in turn.
 */
#include "bench/hawser/crowd.h"

#include <stdlib.h>

enum { PLAIN_STREAMS = 500 }; /* of one session: an opener of plain yamux is limited */

struct crowd crowd_open(const struct plan *plan) {
  struct crowd crowd = {.end = end_open(plan), .room = plan_number(plan, "streams=", 1)};
  crowd.session_count = is_native(plan) ? 1 : (crowd.room + PLAIN_STREAMS - 1) / PLAIN_STREAMS;
  crowd.sessions = calloc(crowd.session_count, sizeof *crowd.sessions);
  crowd.streams = calloc(crowd.room, sizeof *crowd.streams);
  if (!crowd.sessions || !crowd.streams) fail("the streams", "out of memory");
  crowd.sessions[0] = crowd.end.session;
  for (uint32_t i = 1; i < crowd.session_count; i++) crowd.sessions[i] = end_session(&crowd.end, plan);
  return crowd;
}

static void greet(const struct plan *plan, hws_handle stream) {
  char byte = 0;
  if (!plan->server) send_all(stream, &byte, 1);
  if (recv_some(stream, &byte, 1) != 1) fail("a stream", "its first byte did not come");
  if (plan->server) send_all(stream, &byte, 1);
}

void crowd_grow(struct crowd *crowd, const struct plan *plan, uint32_t count) {
  for (; crowd->count < count; crowd->count++) {
    hws_handle stream = end_stream(crowd->sessions[crowd->count % crowd->session_count], plan);
    greet(plan, stream);
    crowd->streams[crowd->count] = stream;
  }
}

void crowd_close(struct crowd *crowd) {
  struct hws_event event;
  for (uint32_t i = 1; i < crowd->session_count; i++)
    must(hws_close(crowd->sessions[i], &how_block, &event, NULL), "hws_close");
  end_close(&crowd->end);
  free(crowd->sessions);
  free(crowd->streams);
}
