/* SPDX-License-Identifier: Apache-2.0
 *
 * The wire.
 */
#include "tests/sim/net/wire.h"

#include <string.h>

enum { READY_READ = 1, READY_WRITE = 2, READY_HANGUP = 4 }; /* as core/loop.h has them */

static void arrived(struct sim_event *event);
static void changed(struct sim_event *event);

static uint64_t least(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

bool wire_readable(const struct sock *sock) {
  return sock->reset || (sock->first && sock->first->at <= sim_now()) || wire_ended(sock);
}

bool wire_ended(const struct sock *sock) {
  return sock->ended && !sock->first && sock->arrives <= sim_now();
}

bool wire_writable(const struct sock *sock) {
  return sock->reset || sock->shut || !sock->peer || sock->peer->held < sock->settings.buffer;
}

/* What the poller is to know, and the owner's pending calls. */
static void tell(struct sock *sock, unsigned bits) {
  unsigned level = (wire_readable(sock) ? READY_READ : 0U) | (wire_writable(sock) ? READY_WRITE : 0U);
  if (sock->reset || wire_ended(sock)) level |= READY_HANGUP;
  if (sock->reset) level |= READY_READ | READY_WRITE;
  sock->watched.level = level;
  unsigned edges = bits & level;
  if (level & READY_HANGUP) edges |= READY_HANGUP | READY_READ;
  if (edges) watched_edge(&sock->watched, edges);
  if (sock->changed && !sock->change.at) sim_post(&sock->change, sim_now());
}

static void changed(struct sim_event *event) {
  struct sock *sock = (struct sock *)((char *)event - offsetof(struct sock, change));
  if (sock->changed) sock->changed(sock, sock->owner);
}

static void drop_segments(struct sock *sock) {
  for (struct segment *segment; (segment = sock->first);) {
    sock->first = segment->next;
    sock->host->release(segment);
  }
  sock->last = NULL;
  sock->held = 0;
}

static void free_sock(struct sock *sock) {
  sim_take_back(&sock->arrival);
  sim_take_back(&sock->change);
  drop_segments(sock);
  sock->host->release(sock);
}

/* Both were closed: nobody can see it any more. */
static void maybe_free(struct sock *sock) {
  struct sock *peer = sock->peer;
  if (!sock->closed || (peer && !peer->closed)) return;
  free_sock(sock);
  if (peer) free_sock(peer);
}

static void break_both(struct sock *sock) {
  struct sock *ends[2] = {sock, sock->peer};
  for (int i = 0; i < 2; i++) {
    if (!ends[i] || ends[i]->reset) continue;
    ends[i]->reset = true;
    drop_segments(ends[i]);
    if (!ends[i]->closed) tell(ends[i], READY_READ | READY_WRITE);
  }
}

static void arrived(struct sim_event *event) {
  struct sock *sock = (struct sock *)((char *)event - offsetof(struct sock, arrival));
  if (sock->closed) {
    if (sock->first && sock->first->at <= sim_now()) break_both(sock); /* nobody is there to read it */
    return;
  }
  tell(sock, READY_READ);
  const struct segment *next = sock->first;
  while (next && next->at <= sim_now()) next = next->next;
  if (next)
    sim_post(&sock->arrival, next->at);
  else if (sock->ended && sock->arrives > sim_now())
    sim_post(&sock->arrival, sock->arrives);
}

bool wire_pair(const struct hws_host *host, const struct wire_settings *settings, struct sock *pair[2]) {
  for (int i = 0; i < 2; i++) {
    pair[i] = host->alloc(sizeof *pair[i]);
    if (!pair[i]) {
      if (i) host->release(pair[0]);
      return false;
    }
    *pair[i] = (struct sock){.host = host,
                             .settings = *settings,
                             .arrival.run = arrived,
                             .change.run = changed,
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
  if (bytes < 2 || sim_dice(100) >= sock->settings.cut) return bytes;
  return 1 + sim_dice(bytes);
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

int64_t wire_read(struct sock *sock, const struct hws_iov *vec, uint32_t count, uint64_t skip) {
  if (sock->reset) return HWS_IO_RESET;
  uint64_t room = cut(sock, room_of(vec, count) - skip);
  uint64_t moved = 0;
  while (moved < room && sock->first && sock->first->at <= sim_now()) {
    struct segment *segment = sock->first;
    uint64_t part = least(room - moved, segment->bytes - segment->from);
    copy(vec, skip + moved, segment->data + segment->from, part, true);
    segment->from += part;
    moved += part;
    sock->held -= part;
    if (segment->from < segment->bytes) continue;
    sock->first = segment->next;
    if (!sock->first) sock->last = NULL;
    sock->host->release(segment);
  }
  if (moved && sock->peer && !sock->peer->closed) tell(sock->peer, READY_WRITE);
  sock->watched.level = (wire_readable(sock) ? READY_READ : 0U) | (sock->watched.level & READY_WRITE);
  return (int64_t)moved;
}

int64_t wire_write(struct sock *sock, const struct hws_iov *vec, uint32_t count, uint64_t skip) {
  struct sock *peer = sock->peer;
  if (sock->reset) return HWS_IO_RESET;
  if (sock->shut || !peer) return HWS_IO_CLOSED;
  if (peer->held >= sock->settings.buffer) {
    sock->watched.level &= ~(unsigned)READY_WRITE;
    return 0;
  }
  uint64_t bytes = cut(sock, least(room_of(vec, count) - skip, sock->settings.buffer - peer->held));
  if (!bytes) return 0;
  struct segment *segment = sock->host->alloc(sizeof *segment + bytes);
  if (!segment) return HWS_IO_NOMEM;
  copy(vec, skip, segment->data, bytes, false);
  segment->bytes = bytes;
  uint64_t at = sim_now() + sim_dice(sock->settings.delay_ns + 1);
  segment->at = peer->arrives = at > peer->arrives ? at : peer->arrives;
  *(peer->last ? &peer->last->next : &peer->first) = segment;
  peer->last = segment;
  peer->held += bytes;
  if (!peer->arrival.at) sim_post(&peer->arrival, segment->at);
  return (int64_t)bytes;
}

/* ---- ends ---- */

void wire_shut(struct sock *sock) {
  if (sock->shut) return;
  sock->shut = true;
  struct sock *peer = sock->peer;
  if (!peer || sock->reset) return;
  peer->ended = true;
  uint64_t at = sim_now() + sim_dice(sock->settings.delay_ns + 1);
  if (at > peer->arrives) peer->arrives = at;
  if (!peer->arrival.at) sim_post(&peer->arrival, peer->arrives);
}

void wire_close(struct sock *sock, bool abort) {
  sock->changed = NULL;
  sock->closed = true;
  if (abort || sock->first)
    break_both(sock); /* also where something is only on its way: it will come, and find nobody */
  else
    wire_shut(sock);
  maybe_free(sock);
}
