/* SPDX-License-Identifier: Apache-2.0
 *
 * The places, and what is built in them.
 */
#include "tests/core/places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/mux/wire.h"

const struct place places[6] = {{"mem", 0}, {"mem", HWS_RUNTIME_CALLER_DRIVEN},
                                {LOCAL, 0}, {LOCAL, HWS_RUNTIME_CALLER_DRIVEN},
                                {"tcp", 0}, {"tcp", HWS_RUNTIME_CALLER_DRIVEN}};
const struct place *here;
struct world *here_world;

bool is_tcp(const struct place *place) {
  return strcmp(strcmp(place->scheme, LOCAL) == 0 ? local_scheme : place->scheme, "tcp") == 0;
}

int place_open(void **state) {
  here = *state;
  *state = here_world = world_open(here->flags);
  return 0;
}

/* ---- streams ---- */

struct pair sessions_open(struct world *world) {
  return pair_sessions(world, here->scheme, NULL);
}

struct link link_open(struct world *world, enum carrier carrier) {
  struct link link = {.sessions = {0}};
  if (carrier == RAW) {
    link.ends = pair_raw(world, here->scheme);
  } else {
    link.sessions = sessions_open(world);
    uint64_t accepted = post_accept(world, link.sessions.server, &link.ends.server);
    link.ends.client = open_stream(link.sessions.client);
    world_await_status(world, accepted, HWS_OK);
  }
  return link;
}

void link_close(const struct link *link) {
  abort_handle(link->ends.client);
  abort_handle(link->ends.server);
  if (link->sessions.client) abort_handle(link->sessions.client);
  if (link->sessions.server) abort_handle(link->sessions.server);
}

/* Every process has a loopback address of its own, and ports that the system gives to nobody by itself. */
static void own_tcp_url(char *url, unsigned number) {
  enum { PORT_FIRST = 20000, PORTS = 12000 };
  unsigned own = ((unsigned)getpid() << 1 | 1) & 0xffffff;
  (void)snprintf(url, URL_MAX, "tcp://127.%u.%u.%u:%u", own >> 16, own >> 8 & 0xff, own & 0xff,
                 PORT_FIRST + number % PORTS);
}

const char *url_new(char url[URL_MAX], const char *parameters) {
  static unsigned number;
  char plain[URL_MAX];
  if (strcmp(here->scheme, "mem") == 0)
    (void)snprintf(plain, URL_MAX, "mem://place%u", number++);
  else if (strcmp(here->scheme, "tcp") == 0)
    own_tcp_url(plain, number++);
  else
    local_url(plain, URL_MAX);
  (void)snprintf(plain + strlen(plain), URL_MAX - strlen(plain), "%s", parameters);
  return url_through(url, plain);
}

hws_handle listen_at(struct world *world, const char *url) {
  struct hws_how how = how_block();
  struct hws_event event;
  hws_handle listener = 0;
  assert_int_equal(hws_listen(world->runtime, url, 0, &how, &event, NULL, &listener), 1);
  assert_status(event.status, HWS_OK);
  return listener;
}

struct pair connect_at(struct world *world, hws_handle listener, const char *parameters) {
  char url[2 * URL_MAX];
  struct pair pair = {0};
  struct hws_how how = how_block();
  struct hws_event event;
  hws_result length = hws_text(listener, HWS_TEXT_LOCAL, url, URL_MAX);
  assert_true(length > 0);
  (void)snprintf(url + length, URL_MAX, "%s", parameters);
  uint64_t accepted = post_accept(world, listener, &pair.server);
  assert_int_equal(hws_dial(world->runtime, url, 0, &how, &event, NULL, &pair.client), 1);
  assert_status(event.status, HWS_OK);
  world_await_status(world, accepted, HWS_OK);
  return pair;
}

/* ---- bytes ---- */

enum { PIECE = 32 * 1024, REFUSALS = 3 };

/* True: a piece was taken. */
static bool try_piece(hws_handle stream, uint64_t seed, uint8_t *bytes, uint64_t *taken) {
  struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
  struct hws_vec vec = {.ptr = bytes, .len = PIECE};
  struct hws_event event;
  pattern_fill(seed, *taken, bytes, PIECE);
  hws_result result = hws_send(stream, &vec, 1, &how, &event, NULL);
  if (result == 1) assert_status(event.status, HWS_OK);
  if (result == 1) *taken += event.bytes;
  if (result != 1) assert_status(result, HWS_E_AGAIN);
  return result == 1;
}

/* Under chaos what makes room may only have been put off. False: nothing came of a long wait either. */
static bool room_may_come(hws_handle stream) {
  struct hws_how how = {.size = sizeof how, .flags = HWS_BLOCK | HWS_RELATIVE, .deadline_ns = 50 * MILLISECOND};
  struct hws_event event;
  if (!through_chaos()) return false;
  assert_int_equal(hws_send(stream, NULL, 0, &how, &event, NULL), 1);
  return event.status == HWS_OK;
}

uint64_t fill_up(hws_handle stream, uint64_t seed) {
  uint8_t *bytes = malloc(PIECE);
  uint64_t taken = 0;
  assert_non_null(bytes);
  /* What the system moves on from one of its buffers to the next makes room again, for a moment. */
  int enough = is_tcp(here) ? 2 * REFUSALS : REFUSALS;
  for (int refused = 0; refused < enough;) {
    if (try_piece(stream, seed, bytes, &taken) || room_may_come(stream)) {
      refused = 0;
    } else {
      if (enough > REFUSALS) usleep(2000);
      threads_settle(); /* an I/O thread may yet make room */
      refused++;
    }
  }
  free(bytes);
  return taken;
}

void drain(hws_handle stream, uint64_t seed, uint64_t from, uint64_t length) {
  uint8_t *bytes = malloc(PIECE);
  assert_non_null(bytes);
  for (uint64_t done = 0; done < length;) {
    struct hws_event event = recv_once(stream, bytes, length - done < PIECE ? length - done : PIECE);
    assert_status(event.status, HWS_OK);
    pattern_expect(seed, from + done, bytes, event.bytes);
    done += event.bytes;
  }
  free(bytes);
}

/* ---- dice ---- */

uint32_t dice_roll(struct dice *dice, uint32_t sides) {
  dice->state += UINT64_C(0x9e3779b97f4a7c15);
  uint64_t x = dice->state;
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return (uint32_t)((x ^ (x >> 31)) % sides);
}
