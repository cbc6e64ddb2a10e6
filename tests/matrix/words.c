/* SPDX-License-Identifier: Apache-2.0
 *
 * The words that scenes are written in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/matrix/stage.h"
#include "tests/matrix/urls.h"

static bool went(const char *what, hws_result result, const struct hws_event *event) {
  if (result < 0) return fault("%s: refused, %s", what, hws_status_name(result));
  if (event->status != HWS_OK) return fault("%s: %s", what, hws_status_name(event->status));
  return true;
}

/* ---- connections ---- */

bool listen_at(struct stage *stage, unsigned side) {
  char url[STAGE_URL];
  struct hws_how how = how_block();
  struct hws_event event = {0};
  url_new(stage->transport->scheme, stage->number * 2 + side, url);
  hws_result result = hws_listen(stage->runtimes[side], url, 0, &how, &event, NULL, &stage->listeners[side]);
  if (!went("listen", result, &event)) return false;
  if (hws_text(stage->listeners[side], HWS_TEXT_LOCAL, stage->urls[side], STAGE_URL) <= 0) return fault("no URL");
  return true;
}

struct accepting {
  hws_handle source;
  hws_handle stream;
  hws_result result;
  struct hws_event event;
};

static void accept_one(void *argument) {
  struct accepting *accepting = argument;
  struct hws_how how = how_block();
  accepting->result = hws_accept(accepting->source, 0, &how, &accepting->event, NULL, &accepting->stream);
}

bool connect_ends(struct stage *stage, const char *filter, hws_handle life, struct ends *ends) {
  char url[STAGE_URL + 128];
  (void)snprintf(url, sizeof url, "%s", url_filtered(filter, stage->urls[PEER], stage->number));
  struct accepting accepting = {.source = stage->listeners[PEER]};
  struct worker *acceptor = worker_start(accept_one, &accepting);
  struct hws_how how = how_block();
  struct hws_event event = {0};
  hws_result result = hws_dial(stage->runtimes[US], url, life, &how, &event, NULL, &ends->of[US]);
  if (result < 0 || event.status != HWS_OK) drop(stage->listeners[PEER]); /* nobody comes */
  worker_join(acceptor);
  ends->of[PEER] = accepting.stream;
  return went("dial", result, &event) && went("accept", accepting.result, &accepting.event);
}

bool begin_session(hws_handle *stream, uint32_t mode, hws_handle life, const char *settings, hws_handle *session) {
  struct hws_session_config config = {.size = sizeof config, .mode = mode, .life = life, .settings = settings};
  hws_result result = hws_session(*stream, &config, session);
  if (result != HWS_OK) return fault("session: %s", hws_status_name(result));
  *stream = 0;
  return true;
}

bool open_pair(const struct ends *sessions, hws_handle life, struct ends *ends) {
  struct accepting accepting = {.source = sessions->of[PEER]};
  struct worker *acceptor = worker_start(accept_one, &accepting);
  struct hws_open_config config = {.size = sizeof config, .life = life};
  struct hws_how how = how_block();
  struct hws_event event = {0};
  hws_result result = hws_open(sessions->of[US], &config, &how, &event, NULL, &ends->of[US]);
  if (result < 0 || event.status != HWS_OK) drop(sessions->of[PEER]);
  worker_join(acceptor);
  ends->of[PEER] = accepting.stream;
  return went("open", result, &event) && went("accept", accepting.result, &accepting.event);
}

void drop(hws_handle handle) {
  struct hws_how how = how_block();
  struct hws_event event;
  how.flags |= HWS_ABORT;
  if (handle) (void)hws_close(handle, &how, &event, NULL); /* which may be closed already */
}

/* ---- bytes ---- */

const uint8_t *pattern_from(uint64_t at) {
  enum { PERIOD = 1 << 16 };
  static uint8_t bytes[PERIOD + OP_BYTES];
  if (!bytes[1]) /* the thread that sets the first scene does, before others look */
    for (uint64_t i = 0; i < sizeof bytes; i++) bytes[i] = pattern(i);
  return bytes + at % PERIOD;
}

enum { PIECE = 32 * 1024 };

bool send_bytes(hws_handle stream, uint64_t count) {
  struct hws_vec vec = {.ptr = (void *)(uintptr_t)pattern_from(0), .len = count};
  struct hws_how how = how_block();
  struct hws_event event = {0};
  return went("send", hws_send(stream, &vec, 1, &how, &event, NULL), &event);
}

static bool recv_some(hws_handle stream, void *bytes, uint64_t room, struct hws_event *event) {
  struct hws_vec vec = {.ptr = bytes, .len = room};
  struct hws_how how = how_block();
  *event = (struct hws_event){0};
  hws_result result = hws_recv(stream, &vec, 1, &how, event, NULL);
  if (result < 0) return fault("recv: refused, %s", hws_status_name(result));
  return true;
}

bool expect_pattern(hws_handle stream, uint64_t from, uint64_t to) {
  uint8_t *bytes = malloc(PIECE);
  bool fine = bytes;
  while (fine && from < to) {
    struct hws_event event;
    fine = recv_some(stream, bytes, to - from < PIECE ? to - from : PIECE, &event);
    if (fine && event.status != HWS_OK)
      fine = fault("%llu bytes did not come: %s", (unsigned long long)(to - from), hws_status_name(event.status));
    if (fine && memcmp(bytes, pattern_from(from), event.bytes) != 0)
      fine = fault("wrong bytes from %llu on", (unsigned long long)from);
    from += event.bytes;
  }
  free(bytes);
  return fine;
}

bool last_word(hws_handle stream, struct hws_event *event) {
  uint8_t *bytes = malloc(PIECE);
  if (!bytes) abort();
  bool fine;
  do fine = recv_some(stream, bytes, PIECE, event);
  while (fine && event->status == HWS_OK);
  free(bytes);
  return fine;
}

bool shut_down(hws_handle stream) {
  struct hws_how how = how_block();
  struct hws_event event = {0};
  return went("shutdown", hws_shutdown(stream, &how, &event, NULL), &event);
}

bool echo(const struct ends *ends) {
  enum { BYTES = 16 };
  for (unsigned side = US; side <= PEER; side++)
    if (!send_bytes(ends->of[side], BYTES) || !expect_pattern(ends->of[!side], 0, BYTES)) return false;
  return true;
}

/* 1: a piece was taken; 0: no room; negative: a fault. */
static int try_piece(hws_handle stream, uint64_t *filled) {
  struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
  struct hws_vec vec = {.ptr = (void *)(uintptr_t)pattern_from(*filled), .len = PIECE};
  struct hws_event event = {0};
  hws_result result = hws_send(stream, &vec, 1, &how, &event, NULL);
  if (result == HWS_E_AGAIN) return 0;
  if (result != 1 || event.status != HWS_OK) return fault("filling: %s", hws_status_name(event.status)) - 1;
  *filled += event.bytes;
  return 1;
}

/* While a bystander's bytes come and go, both loops turn. */
static bool let_loops_turn(const struct stage *stage) {
  worker_pause();
  return !stage->bystander.of[US] || echo(&stage->bystander);
}

/* What systems and loops move on from one buffer to the next makes room again, for a while; and what a system does
 * about a far end it does on timers of its own. */
static uint64_t quiet_for(const struct stage *stage) {
  bool far = stage->transport->traits >> HAS_CLOSE_WAITS & 1;
  return far && stage->cell->at.class < ON_YAMUX ? 60 * MILLISECOND : 0;
}

bool fill_up(const struct stage *stage, hws_handle stream, uint64_t *filled) {
  unsigned enough = stage->cell->at.class == ON_FILTER || stage->cell->at.way == BY_FAILURE ? 20 : 6;
  uint64_t moved = hws_now();
  int taken = 1;
  bool fine = true;
  *filled = 0;
  for (unsigned refused = 0; fine && taken >= 0 && (refused < enough || hws_now() < moved + quiet_for(stage));) {
    taken = try_piece(stream, filled);
    refused = taken ? 0 : refused + 1;
    if (taken) moved = hws_now();
    if (refused) fine = let_loops_turn(stage);
  }
  return fine && taken >= 0;
}
