/* SPDX-License-Identifier: Apache-2.0
 *
 * Dialling.
 *
 * Each address gets a socket of its own, as a socket belongs to one version of IP. While others are left, an address
 * that does not answer is given up after a while; the last one has as long as the system and the op's deadline give it.
 * The endpoint has one timer: it runs for whichever is next, that end or a new try of the step (socket_dial_epoll.h).
 */
#define _GNU_SOURCE /* the strerror_r that returns the text */
#include "transports/tcp_epoll/dial.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transports/socket_result_posix.h"

#define NS_PER_MS UINT64_C(1000000)

int32_t tcp_dial_init(struct tcp_dial *dial, const struct hws_host *host, struct hws_host_endpoint *endpoint,
                      const char *text, struct socket_stream *stream, char *why, size_t why_size) {
  dial->stream = stream;
  dial->endpoint = endpoint;
  int32_t status = tcp_address_parse(text, strlen(text), &dial->address, why, why_size);
  if (status == HWS_IO_OK && !dial->address.is_service && dial->address.port == 0) {
    (void)snprintf(why, why_size, "port 0 cannot be dialled");
    status = HWS_IO_ADDRESS;
  }
  if (status == HWS_IO_OK)
    status = tcp_settings_read(&dial->settings, false, &dial->address, host, endpoint, why, why_size);
  return status;
}

/* ---- failures ---------------------------------------------------------------------------------------------------- */

enum { REASON_MAX = 100 };

static const char *reason_of(int32_t status, int error, char room[REASON_MAX]) {
  if (status == HWS_IO_REFUSED) return "nobody listens there";
  if (error == ETIMEDOUT) return "no answer";
  return error ? strerror_r(error, room, REASON_MAX) : "cannot be watched";
}

/* The first failure counts, unless a later one says more: that somebody is there, who refuses. */
static void note_failure(struct tcp_dial *dial, int32_t status, int error) {
  char url[TCP_URL_MAX];
  char words[REASON_MAX];
  (void)place_url(&dial->places.list[dial->at], url);
  if (dial->status == HWS_IO_OK || (status == HWS_IO_REFUSED && dial->status != HWS_IO_REFUSED)) {
    dial->status = status;
    dial->error = error;
  }
  size_t room = sizeof dial->why - dial->why_length;
  int length = snprintf(dial->why + dial->why_length, room, "%s%s%s%s", dial->why_length ? "; " : "",
                        look_is_needed(&dial->address) ? url + strlen("tcp://") : "",
                        look_is_needed(&dial->address) ? ": " : "", reason_of(status, error, words));
  /* What does not fit is left out as a whole. */
  if (length > 0 && (size_t)length < room)
    dial->why_length += (size_t)length;
  else
    dial->why[dial->why_length] = 0;
}

/* Back to where there is no socket. One that was watched is taken out of the loop first. */
static void drop_socket(struct tcp_dial *dial) {
  struct socket_stream *stream = dial->stream;
  const struct hws_host *host = stream->host;
  if (stream->endpoint) host->unwatch(dial->endpoint);
  (void)close(stream->fd);
  socket_stream_init(stream, host, -1);
}

/* ---- one address after another ----------------------------------------------------------------------------------- */

/* A connection to a free port of this machine can meet itself: the system may choose that very port for our end. */
static bool met_itself(int fd) {
  struct place ours;
  struct place theirs;
  return sockaddr_of_socket(fd, false, &ours) && sockaddr_of_socket(fd, true, &theirs) && place_is(&ours, &theirs);
}

static enum socket_dial_step fail_step(struct tcp_dial *dial, int error) {
  dial->step.status = socket_status(error);
  dial->step.error = error;
  return SOCKET_DIAL_FAILED;
}

static enum socket_dial_step begin_attempt(struct tcp_dial *dial) {
  const struct place *place = &dial->places.list[dial->at];
  int fd = socket(sockaddr_family(place), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail_step(dial, errno);
  dial->stream->fd = fd;
  int error = tcp_settings_apply(&dial->settings, fd);
  if (error) return fail_step(dial, error);
  dial->to = sockaddr_make(place);
  return socket_dial_begin(&dial->step, dial->stream, dial->endpoint, (const struct sockaddr *)dial->to.storage,
                           dial->to.bytes);
}

static void limit_attempt(struct tcp_dial *dial) {
  const struct hws_host *host = dial->stream->host;
  dial->attempt_until = 0;
  if (dial->at + 1 == dial->places.count) return;
  dial->attempt_until = host->now() + dial->settings.attempt_ms * NS_PER_MS;
  /* Else the step has set it for its own next try. */
  if (dial->step.state == SOCKET_DIAL_CONNECTING) host->timer_at(dial->endpoint, dial->attempt_until);
}

/* Go on from what a step came to, with the next address if need be. True: the io has ended. */
static bool go_on(struct tcp_dial *dial, struct hws_io *io, enum socket_dial_step step) {
  const struct hws_host *host = dial->stream->host;
  for (;;) {
    if (step == SOCKET_DIAL_CONNECTED && met_itself(dial->stream->fd)) step = fail_step(dial, ECONNREFUSED);
    if (step != SOCKET_DIAL_FAILED) break;
    note_failure(dial, dial->step.status, dial->step.error);
    if (dial->stream->fd >= 0) drop_socket(dial);
    if (++dial->at == dial->places.count) break;
    step = begin_attempt(dial);
    if (step == SOCKET_DIAL_PENDING) limit_attempt(dial);
  }
  if (step == SOCKET_DIAL_PENDING) return false;
  dial->state = TCP_DIAL_IDLE;
  dial->attempt_until = 0;
  host->timer_at(dial->endpoint, 0);
  if (step == SOCKET_DIAL_CONNECTED) return socket_end(io, HWS_IO_OK, 0, 0);
  host->explain(dial->endpoint, dial->why);
  return socket_end(io, dial->status, dial->error, 0);
}

static bool begin_connecting(struct tcp_dial *dial, struct hws_io *io) {
  dial->state = TCP_DIAL_CONNECTING;
  enum socket_dial_step step = begin_attempt(dial);
  if (step == SOCKET_DIAL_PENDING) limit_attempt(dial);
  return go_on(dial, io, step);
}

/* ---- the look-up ------------------------------------------------------------------------------------------------- */

/* True: the io has ended. */
static bool looked_up(struct tcp_dial *dial, struct hws_io *io, int32_t looked) {
  if (looked == 0) return false;
  if (looked > 0) return begin_connecting(dial, io);
  dial->state = TCP_DIAL_IDLE;
  return socket_end(io, looked, 0, 0);
}

/* ---- slots ------------------------------------------------------------------------------------------------------- */

int32_t tcp_dial_submit(struct tcp_dial *dial, struct hws_io *io) {
  if (dial->state != TCP_DIAL_IDLE || dial->stream->fd >= 0) return socket_end(io, HWS_IO_UNSUPPORTED, 0, 0);
  dial->pending = io; /* before the look-up can answer */
  dial->state = TCP_DIAL_LOOKING;
  int32_t looked = look_begin(dial->stream->host, dial->endpoint, &dial->address, &dial->places);
  bool ended = looked_up(dial, io, looked);
  if (ended) dial->pending = NULL;
  return ended;
}

int32_t tcp_dial_cancel(struct tcp_dial *dial, struct hws_io *io) {
  const struct hws_host *host = dial->stream->host;
  if (dial->pending != io) return 0;
  dial->pending = NULL;
  if (dial->state == TCP_DIAL_LOOKING) host->unresolve(dial->endpoint);
  socket_dial_cancel(&dial->step);
  host->timer_at(dial->endpoint, 0);
  dial->state = TCP_DIAL_IDLE;
  return socket_end(io, HWS_IO_CANCELED, 0, 0);
}

static struct hws_io *take_ended(struct tcp_dial *dial, bool ended) {
  struct hws_io *io = dial->pending;
  if (!ended) return NULL;
  dial->pending = NULL;
  return io;
}

void tcp_dial_on_ready(struct tcp_dial *dial) {
  socket_dial_on_ready(&dial->step);
}

struct hws_io *tcp_dial_on_post(struct tcp_dial *dial) {
  struct hws_io *io = dial->pending;
  if (!io) return NULL;
  if (dial->state == TCP_DIAL_LOOKING)
    return take_ended(dial, looked_up(dial, io, look_take(dial->stream->host, dial->endpoint, &dial->places)));
  return take_ended(dial, go_on(dial, io, socket_dial_on_post(&dial->step)));
}

struct hws_io *tcp_dial_on_timer(struct tcp_dial *dial) {
  struct hws_io *io = dial->pending;
  if (!io || dial->state != TCP_DIAL_CONNECTING) return NULL;
  bool over = dial->attempt_until != 0 && dial->stream->host->now() >= dial->attempt_until;
  enum socket_dial_step step = over ? fail_step(dial, ETIMEDOUT) : socket_dial_on_timer(&dial->step);
  /* A step that was tried again may be connecting now, under the limit that it had. */
  if (step == SOCKET_DIAL_PENDING && dial->attempt_until && dial->step.state == SOCKET_DIAL_CONNECTING)
    dial->stream->host->timer_at(dial->endpoint, dial->attempt_until);
  return take_ended(dial, go_on(dial, io, step));
}
