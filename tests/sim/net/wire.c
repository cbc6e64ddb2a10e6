/* SPDX-License-Identifier: Apache-2.0
 *
 * The wire.
 */
#include "tests/sim/net/wire.h"

#include <string.h>

#include "core/failing_sim.h"

enum { READY_READ = 1, READY_WRITE = 2, READY_HANGUP = 4 }; /* as core/loop.h has them */

static uint64_t least(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

static bool percent(uint64_t of_a_hundred) {
  return sim_dice(100) < of_a_hundred;
}

static uint64_t delay(const struct sock *sock) {
  return sim_dice(sock->settings.of[SET_DELAY] * 1000 + 1);
}

bool wire_readable(const struct sock *sock) {
  return sock->reset || (sock->first && sock->first->at <= sim_now()) || wire_ended(sock);
}

bool wire_ended(const struct sock *sock) {
  return sock->ended && !sock->first && sock->arrives <= sim_now();
}

/* A quarter of the buffer: kernels let no byte by byte pass. */
static bool has_room(const struct sock *sock) {
  uint64_t buffer = sock->settings.of[SET_BUFFER];
  bool broken = sock->reset_at && sock->sent >= sock->reset_at; /* the reset comes */
  return !broken && sock->peer->held + buffer / 4 < buffer + !sock->peer->held;
}

/* Where no reset tells of it later. */
static bool nobody_takes_it(const struct sock *sock) {
  return sock->peer->closed && !sock->settings.of[SET_LINGER];
}

bool wire_writable(const struct sock *sock) {
  return sock->reset || sock->shut || nobody_takes_it(sock) || has_room(sock);
}

uint64_t wire_untaken(const struct sock *sock) {
  return sock->reset ? 0 : sock->peer->held;
}

uint64_t wire_under_way(const struct sock *sock) {
  if (sock->reset || sock->peer->reset) return 0;
  uint64_t bytes = 0;
  for (const struct segment *each = sock->peer->first; each; each = each->next)
    if (each->at > sim_now()) bytes += each->bytes - each->from;
  return bytes + (sock->shut && sock->peer->arrives > sim_now());
}

/* ---- telling ---- */

static unsigned level_of(const struct sock *sock) {
  unsigned level = (wire_readable(sock) ? READY_READ : 0U) | (wire_writable(sock) ? READY_WRITE : 0U);
  if (sock->reset) level |= READY_READ | READY_WRITE;
  if (sock->reset || wire_ended(sock)) level |= READY_HANGUP;
  return level;
}

static void tell_late(struct sim_event *event) {
  struct sock *sock = (struct sock *)((char *)event - offsetof(struct sock, late));
  unsigned bits = sock->late_bits;
  sock->late_bits = 0;
  watched_edge(&sock->watched, bits);
}

static void changed(struct sim_event *event) {
  struct sock *sock = (struct sock *)((char *)event - offsetof(struct sock, change));
  if (sock->changed) sock->changed(sock, sock->owner);
}

/* The poller, which may hear of it late, and the calls that the system does. */
static void tell(struct sock *sock, unsigned bits) {
  uint64_t late = sock->settings.of[SET_LATE] * 1000;
  if (sock->closed) return;
  sock->watched.level = level_of(sock);
  unsigned edges = bits & sock->watched.level;
  if (sock->watched.level & READY_HANGUP) edges |= READY_HANGUP | READY_READ;
  if (edges && late) {
    sock->late_bits |= edges;
    if (!sock->late.at) sim_post(&sock->late, sim_now() + sim_dice(late));
  } else if (edges) {
    watched_edge(&sock->watched, edges);
  }
  if (sock->changed && !sock->change.at) sim_post(&sock->change, sim_now() + (late ? sim_dice(late) : 0));
}

/* An edge of nothing: who is told looks, and finds that. */
static void tell_in_vain(struct sock *sock) {
  if (percent(sock->settings.of[SET_SPURIOUS]))
    watched_edge(&sock->watched, 1U + (unsigned)sim_dice(READY_READ | READY_WRITE));
}

/* ---- resets ---- */

static void drop_segments(struct sock *sock, bool arrived_too) {
  struct segment **place = &sock->first;
  sock->last = NULL;
  while (*place) {
    struct segment *segment = *place;
    if (!arrived_too && segment->at <= sim_now()) {
      sock->last = segment;
      place = &segment->next;
      continue;
    }
    *place = segment->next;
    sock->held -= segment->bytes - segment->from;
    sock->host->release(segment);
  }
}

static void reset_arrives(struct sim_event *event) {
  struct sock *sock = (struct sock *)((char *)event - offsetof(struct sock, doom));
  if (sock->reset) return;
  sock->reset = true;
  drop_segments(sock, !percent(sock->settings.of[SET_KEEPS]));
  tell(sock, READY_READ | READY_WRITE);
}

static void send_reset(struct sock *to) {
  if (!to->reset && !to->doom.at) sim_post(&to->doom, sim_now() + delay(to));
}

void wire_break(struct sock *sock) {
  send_reset(sock);
  send_reset(sock->peer);
}

static void free_sock(struct sock *sock) {
  sim_take_back(&sock->arrival);
  sim_take_back(&sock->change);
  sim_take_back(&sock->late);
  sim_take_back(&sock->doom);
  drop_segments(sock, true);
  sock->host->release(sock);
}

/* Both were closed: nobody can see it any more. */
static void maybe_free(struct sock *sock) {
  struct sock *peer = sock->peer;
  if (!sock->closed || !peer->closed) return;
  free_sock(sock);
  free_sock(peer);
}

/* ---- arriving ---- */

static void await_arrival(struct sock *sock) {
  const struct segment *next = sock->first;
  while (next && next->at <= sim_now()) next = next->next;
  if (next)
    sim_post(&sock->arrival, next->at);
  else if (sock->ended && sock->arrives > sim_now())
    sim_post(&sock->arrival, sock->arrives);
}

/* Nobody is there to read it. */
static void arrived_for_nobody(struct sock *sock) {
  if (!sock->first || sock->first->at > sim_now()) return;
  drop_segments(sock, true);
  if (sock->settings.of[SET_LINGER])
    send_reset(sock->peer);
  else
    tell(sock->peer, READY_WRITE);
}

static void arrived(struct sim_event *event) {
  struct sock *sock = (struct sock *)((char *)event - offsetof(struct sock, arrival));
  if (sock->closed)
    arrived_for_nobody(sock);
  else
    tell(sock, READY_READ);
  await_arrival(sock);
}

bool wire_pair(const struct hws_host *host, const struct settings *settings, struct sock *pair[2]) {
  for (int i = 0; i < 2; i++) {
    pair[i] = host->alloc(sizeof *pair[i]);
    if (!pair[i]) {
      if (i) host->release(pair[0]);
      return false;
    }
    *pair[i] = (struct sock){.host = host,
                             .settings = *settings,
                             .reset_at = settings->of[i ? SET_RESET_IN : SET_RESET_OUT],
                             .arrival.run = arrived,
                             .change.run = changed,
                             .late.run = tell_late,
                             .doom.run = reset_arrives,
                             .watched.level = READY_WRITE};
  }
  pair[0]->peer = pair[1];
  pair[1]->peer = pair[0];
  return true;
}

/* ---- bytes ---- */

static uint64_t room_of(const struct hws_iov *vec, uint32_t count) {
  uint64_t room = 0;
  for (uint32_t i = 0; i < count; i++) room += vec[i].len;
  return room;
}

/* How much of what could be moved is: now and then a part. */
static uint64_t cut(const struct sock *sock, uint64_t bytes) {
  return bytes < 2 || !percent(sock->settings.of[SET_CUT]) ? bytes : 1 + sim_dice(bytes);
}

/* Copy to or from the vectors, `skip` bytes into them. */
static void copy(const struct hws_iov *vec, uint64_t skip, uint8_t *bytes, uint64_t count, bool into_vec) {
  for (; count; vec++) {
    if (skip >= vec->len) {
      skip -= vec->len;
      continue;
    }
    uint64_t part = least(vec->len - skip, count);
    uint8_t *there = (uint8_t *)vec->ptr + skip;
    memcpy(into_vec ? there : bytes, into_vec ? bytes : there, part);
    bytes += part;
    count -= part;
    skip = 0;
  }
}

static void take_first(struct sock *sock) {
  struct segment *segment = sock->first;
  sock->first = segment->next;
  if (!sock->first) sock->last = NULL;
  sock->host->release(segment);
}

int64_t wire_read(struct sock *sock, const struct hws_iov *vec, uint32_t count, uint64_t skip, bool *eom) {
  uint64_t room = cut(sock, room_of(vec, count) - skip);
  uint64_t moved = 0;
  *eom = false;
  while (moved < room && !*eom && sock->first && sock->first->at <= sim_now()) {
    struct segment *segment = sock->first;
    uint64_t part = least(room - moved, segment->bytes - segment->from);
    copy(vec, skip + moved, segment->data + segment->from, part, true);
    segment->from += part;
    moved += part;
    sock->held -= part;
    if (segment->from < segment->bytes) continue;
    *eom = segment->eom;
    take_first(sock);
  }
  if (!moved && sock->reset) return HWS_IO_RESET;
  if (moved) tell(sock->peer, READY_WRITE);
  sock->watched.level = level_of(sock);
  tell_in_vain(sock);
  return (int64_t)moved;
}

/* Into the peer's buffer, behind what is there. */
static void put(struct sock *sock, struct segment *segment) {
  struct sock *peer = sock->peer;
  uint64_t rate = sock->settings.of[SET_RATE];
  if (peer->reset) { /* and this end has not heard of it yet */
    sock->host->release(segment);
    return;
  }
  uint64_t at = sim_now() + delay(sock);
  if (rate && at < peer->arrives) at = peer->arrives; /* the cable is busy that long */
  if (rate) at += segment->bytes * 1000000 / rate;
  segment->at = peer->arrives = at > peer->arrives ? at : peer->arrives;
  *(peer->last ? &peer->last->next : &peer->first) = segment;
  peer->last = segment;
  peer->held += segment->bytes;
  if (!peer->arrival.at) sim_post(&peer->arrival, segment->at);
}

/* more: whether it ends a message is said later, and so its last byte is kept back. */
static struct segment *make_segment(struct sock *sock, const struct hws_iov *vec, uint64_t skip, uint64_t bytes,
                                    bool ends, bool more) {
  struct segment *segment = sock->host->alloc(sizeof *segment + bytes + 1);
  if (!segment) return NULL;
  if (sock->keeps) segment->data[segment->bytes++] = sock->kept;
  copy(vec, skip, segment->data + segment->bytes, bytes, false);
  segment->bytes += bytes;
  segment->eom = ends;
  sock->keeps = more;
  if (sock->keeps) sock->kept = segment->data[--segment->bytes];
  return segment;
}

int64_t wire_write(struct sock *sock, const struct hws_iov *vec, uint32_t count, uint64_t skip, bool more) {
  if (sock->reset) return HWS_IO_RESET;
  if (sock->shut || nobody_takes_it(sock)) return HWS_IO_CLOSED;
  tell_in_vain(sock);
  uint64_t all = room_of(vec, count) - skip;
  uint64_t bytes = 0;
  if (has_room(sock)) bytes = cut(sock, least(all, sock->settings.of[SET_BUFFER] - sock->peer->held));
  if (sock->reset_at) bytes = least(bytes, sock->reset_at - sock->sent);
  if (!bytes) return 0;
  bool keeps = sock->settings.of[SET_MESSAGES];
  struct segment *segment = make_segment(sock, vec, skip, bytes, keeps && !more && bytes == all, keeps && more);
  if (!segment) return HWS_IO_NOMEM;
  if (segment->bytes)
    put(sock, segment);
  else
    sock->host->release(segment);
  sock->sent += bytes;
  if (sock->reset_at && sock->sent >= sock->reset_at) {
    failing_sim_met("reset");
    wire_break(sock);
  }
  sock->watched.level = level_of(sock);
  return (int64_t)bytes;
}

int32_t wire_end_message(struct sock *sock) {
  if (sock->reset) return HWS_IO_RESET;
  if (sock->shut) return HWS_IO_CLOSED;
  if (!sock->keeps) return HWS_IO_OK;
  struct segment *segment = make_segment(sock, NULL, 0, 0, true, false);
  if (!segment) return HWS_IO_NOMEM;
  put(sock, segment);
  return HWS_IO_OK;
}

/* ---- ends ---- */

void wire_shut(struct sock *sock) {
  if (sock->shut) return;
  struct sock *peer = sock->peer;
  struct segment *rest = sock->keeps && !sock->reset ? make_segment(sock, NULL, 0, 0, true, false) : NULL;
  bool lost = sock->keeps && !sock->reset && !rest;
  if (rest) {
    rest->eom = false; /* a message that was not finished */
    put(sock, rest);
  }
  sock->shut = true;
  if (lost) wire_break(sock); /* an end would be a lie */
  if (sock->reset || lost) return;
  peer->ended = true;
  uint64_t at = sim_now() + delay(sock);
  if (at > peer->arrives) peer->arrives = at;
  if (!peer->arrival.at) sim_post(&peer->arrival, peer->arrives);
}

/* What was not read is dropped before the close, as a good program does; what is under way will find nobody. */
static void drop_arrived(struct sock *sock) {
  while (sock->first && sock->first->at <= sim_now()) {
    sock->held -= sock->first->bytes - sock->first->from;
    take_first(sock);
  }
}

void wire_close(struct sock *sock, bool abort) {
  sock->changed = NULL;
  sock->closed = true;
  if (!abort) {
    drop_arrived(sock);
    wire_shut(sock);
    tell(sock->peer, READY_WRITE);
  } else if (!sock->reset) {
    sock->reset = true;
    drop_segments(sock, true);
    send_reset(sock->peer);
  }
  maybe_free(sock);
}
