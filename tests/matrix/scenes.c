/* SPDX-License-Identifier: Apache-2.0
 *
 * For each op a scene in which it pends, and what lets it go well.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/matrix/play.h"
#include "tests/matrix/urls.h"

/* ---- listen, dial: a name is looked up ---- */

/* Where the other side listens, by a name in place of the address. */
static void by_name(struct play *play, const char *url) {
  if (strncmp(url, "sim", 3) == 0) { /* every name is one there, if it is to be looked up */
    (void)snprintf(play->url, sizeof play->url, "%s?look_up=1", url);
    return;
  }
  const char *scheme_end = strstr(url, "://") + 3;
  const char *port = strrchr(url, ':');
  (void)snprintf(play->url, sizeof play->url, "%.*s" HELD_NAME "%s", (int)(scheme_end - url), url,
                 port > scheme_end ? port : "");
}

static bool set_listen(struct play *play) {
  char url[STAGE_URL];
  names_hold();
  url_new(play->stage.transport->scheme, play->stage.number * 2 + 1, url);
  by_name(play, url);
  return true;
}

static hws_result submit_listen(struct play *play, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  hws_result result = hws_listen(play->stage.runtimes[US], play->url, play->life, how, out, op, &play->made);
  play->target = play->made;
  return result;
}

static bool set_dial(struct play *play) {
  names_hold();
  by_name(play, play->stage.urls[PEER]);
  return true;
}

static hws_result submit_dial(struct play *play, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  hws_result result = hws_dial(play->stage.runtimes[US], play->url, play->life, how, out, op, &play->made);
  play->target = play->made;
  return result;
}

static bool let_name(struct play *play) {
  (void)play;
  names_let_go();
  return true;
}

/* ---- accept ---- */

static bool set_accept(struct play *play) {
  if (!is_mux(play->cell)) {
    if (!listen_at(&play->stage, US)) return false;
    play->target = play->stage.listeners[US];
    return true;
  }
  if (!carry(play)) return false;
  play->target = play->stage.sessions.of[US];
  return true;
}

static hws_result submit_accept(struct play *play, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  return hws_accept(play->target, play->life, how, out, op, &play->made);
}

static void come(void *argument) {
  struct helper *helper = argument;
  struct stage *stage = &helper->play->stage;
  struct hws_how how = how_block();
  struct hws_event event = {0};
  if (is_mux(helper->play->cell))
    (void)hws_open(stage->sessions.of[PEER], NULL, &how, &event, NULL, &helper->made);
  else
    (void)hws_dial(stage->runtimes[PEER], stage->urls[US], 0, &how, &event, NULL, &helper->made);
  if (event.status != HWS_OK) fault("the peer could not come: %s", hws_status_name(event.status));
}

static bool let_accept(struct play *play) {
  return help(play, come);
}

/* ---- open: as many streams are open as may be ---- */

static bool open_one(struct play *play) {
  struct hws_how how = how_block();
  struct hws_event event = {0};
  hws_result result = hws_open(play->stage.sessions.of[US], NULL, &how, &event, NULL, &play->more[play->more_count++]);
  if (result != 1 || event.status != HWS_OK) return fault("open %u: %d", play->more_count, event.status);
  return true;
}

static bool set_open(struct play *play) {
  if (!carry(play)) return false;
  play->target = play->stage.sessions.of[US];
  /* Behind the peer's word on how many it takes. */
  if (play->cell->at.class != ON_YAMUX) return open_pair(&play->stage.sessions, 0, &play->link) && echo(&play->link);
  for (unsigned i = 0; i < OPENS_MAX; i++)
    if (!open_one(play)) return false;
  return true;
}

static hws_result submit_open(struct play *play, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  struct hws_open_config config = {.size = sizeof config, .life = play->life};
  return hws_open(play->target, &config, how, out, op, &play->made);
}

static bool let_open(struct play *play) {
  struct stage *stage = &play->stage;
  for (unsigned side = US; side <= PEER; side++) {
    drop(play->link.of[side]);
    play->link.of[side] = 0;
  }
  if (!play->carrier.of[PEER]) return true;
  return begin_session(&play->carrier.of[PEER], HWS_MODE_YAMUX, 0, NULL, &stage->sessions.of[PEER]);
}

/* ---- send, sendfile, shutdown, close: behind bytes that the peer does not read ---- */

static bool set_full(struct play *play) {
  return carry_link(play) && fill_up(&play->stage, play->target, &play->filled);
}

static hws_result submit_send(struct play *play, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  struct hws_vec vec = {.ptr = (void *)(uintptr_t)pattern_from(0), .len = OP_BYTES};
  return hws_send(play->target, &vec, 1, how, out, op);
}

static hws_result submit_sendfile(struct play *play, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  return hws_sendfile(play->target, pattern_file(OP_BYTES), 0, OP_BYTES, how, out, op);
}

/* What stood there, and what an earlier send and this one bring. */
static bool let_send(struct play *play) {
  hws_handle peer = play->link.of[PEER];
  bool fine = expect_pattern(peer, 0, play->filled) && expect_pattern(peer, 0, play->taken) &&
              expect_pattern(peer, 0, OP_BYTES);
  play->filled = play->taken = 0;
  return fine;
}

static bool set_shutdown(struct play *play) {
  struct hws_how how = how_queue(&play->stage);
  if (!set_full(play)) return false;
  play->blocker = how.tag;
  return submit_send(play, &how, NULL, NULL) == 0 || fault("the send before it did not pend");
}

static hws_result submit_shutdown(struct play *play, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  return hws_shutdown(play->target, how, out, op);
}

static hws_result submit_close(struct play *play, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  return hws_close(play->target, how, out, op);
}

static bool let_close(struct play *play) {
  struct hws_event event;
  if (!expect_pattern(play->link.of[PEER], 0, play->filled) || !last_word(play->link.of[PEER], &event)) return false;
  play->filled = 0;
  if (event.status != HWS_E_EOF) return fault("behind what was closed: %s", hws_status_name(event.status));
  bool waits = play->stage.transport->traits >> HAS_HALF_CLOSE & 1; /* for the peer's end */
  return is_mux(play->cell) || !waits || play->cell->at.way == BY_PEER_END || shut_down(play->link.of[PEER]);
}

/* ---- recv, acquire, watch: nothing comes ---- */

static hws_result submit_recv(struct play *play, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  struct hws_vec vec = {.ptr = play->room, .len = sizeof play->room};
  return hws_recv(play->target, &vec, 1, how, out, op);
}

static hws_result submit_acquire(struct play *play, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  return hws_acquire(play->target, how, out, op);
}

static bool let_recv(struct play *play) {
  return send_bytes(play->link.of[PEER], 1);
}

static hws_result submit_watch(struct play *play, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  return hws_watch(play->target, how, out, op);
}

/* Both directions end. The peer's may have already. */
static bool let_watch(struct play *play) {
  struct hws_event event;
  bool ended = play->cell->at.way == BY_PEER_END;
  for (unsigned side = US; side <= PEER; side++)
    if (!(ended && side == PEER) && !shut_down(play->link.of[side])) return false;
  for (unsigned side = US; side <= PEER; side++)
    if (!last_word(play->link.of[side], &event)) return false;
  return true;
}

/* ---- drain, part: a stream is open, or has something to send ---- */

static bool set_drain(struct play *play) {
  if (!carry_link(play)) return false;
  play->target = play->stage.sessions.of[US];
  return true;
}

static bool let_drain(struct play *play) {
  for (unsigned side = US; side <= PEER; side++) {
    struct hws_how how = how_block();
    struct hws_event event = {0};
    if (hws_close(play->link.of[side], &how, &event, NULL) != 1) return fault("a close: refused");
    play->link.of[side] = 0;
  }
  return true;
}

static bool set_part(struct play *play) {
  if (!set_full(play)) return false;
  if (hws_close(play->link.of[US], NULL, NULL, NULL) != 0) return fault("the stream's close did not pend");
  play->link.of[US] = 0;
  play->target = play->stage.sessions.of[US];
  return true;
}

static bool let_part(struct play *play) {
  if (!let_close(play)) return false;
  drop(play->link.of[PEER]);
  play->link.of[PEER] = 0;
  return true;
}

const struct scene scenes[OPS] = {
    [OP_LISTEN] = {set_listen, submit_listen, let_name},
    [OP_DIAL] = {set_dial, submit_dial, let_name},
    [OP_ACCEPT] = {set_accept, submit_accept, let_accept},
    [OP_OPEN] = {set_open, submit_open, let_open},
    [OP_SEND] = {set_full, submit_send, let_send},
    [OP_SENDFILE] = {set_full, submit_sendfile, let_send},
    [OP_RECV] = {carry_link, submit_recv, let_recv},
    [OP_ACQUIRE] = {carry_link, submit_acquire, let_recv},
    [OP_SHUTDOWN] = {set_shutdown, submit_shutdown, let_send},
    [OP_WATCH] = {carry_link, submit_watch, let_watch},
    [OP_CLOSE] = {set_full, submit_close, let_close},
    [OP_DRAIN] = {set_drain, submit_shutdown, let_drain},
    [OP_PART] = {set_part, submit_close, let_part},
};
