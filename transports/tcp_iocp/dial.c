/* SPDX-License-Identifier: Apache-2.0
 *
 * Dialling.
 *
 * Each address gets a socket of its own, as a socket belongs to one version of IP. While others are left, an address
 * that does not answer is given up after a while; the last one has as long as the system and the op's deadline give it.
 * An attempt that is given up, or cancelled, ends by its packet like any other: its socket is closed after that.
 */
#include "transports/tcp_iocp/dial.h"

#include <stdio.h>
#include <string.h>

#define NS_PER_MS UINT64_C(1000000)

enum step { STEP_CONNECTED, STEP_PENDING, STEP_FAILED };

int32_t tcp_dial_init(struct tcp_dial *dial, const struct hws_host *host, struct hws_host_endpoint *endpoint,
                      const char *text, char *why, size_t why_size) {
  stream_init(&dial->stream, host, INVALID_SOCKET);
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

static void reason_of(int error, char *text, size_t size) {
  if (winsock_status(error) == HWS_IO_REFUSED)
    (void)snprintf(text, size, "nobody listens there");
  else if (error == WSAETIMEDOUT || error == ERROR_SEM_TIMEOUT)
    (void)snprintf(text, size, "no answer");
  else
    packet_error_text(error, text, size);
}

/* The first failure counts, unless a later one says more: that somebody is there, who refuses. */
static void note_failure(struct tcp_dial *dial, int error) {
  char url[TCP_URL_MAX];
  char reason[160];
  int32_t status = winsock_status(error);
  (void)place_url(&dial->places.list[dial->at], url);
  reason_of(error, reason, sizeof reason);
  if (dial->status == HWS_IO_OK || (status == HWS_IO_REFUSED && dial->status != HWS_IO_REFUSED)) {
    dial->status = status;
    dial->error = error;
  }
  size_t room = sizeof dial->why - dial->why_length;
  int length = snprintf(dial->why + dial->why_length, room, "%s%s%s%s", dial->why_length ? "; " : "",
                        look_is_needed(&dial->address) ? url + strlen("tcp://") : "",
                        look_is_needed(&dial->address) ? ": " : "", reason);
  /* What does not fit is left out as a whole. */
  if (length > 0 && (size_t)length < room)
    dial->why_length += (size_t)length;
  else
    dial->why[dial->why_length] = 0;
}

static void drop_socket(struct tcp_dial *dial) {
  const struct hws_host *host = dial->stream.host;
  if (stream_socket(&dial->stream) != INVALID_SOCKET) (void)closesocket(stream_socket(&dial->stream));
  stream_init(&dial->stream, host, INVALID_SOCKET);
}

/* ---- one address ------------------------------------------------------------------------------------------------- */

/* A connection to a free port of this machine can meet itself: the system may choose that very port for our end. */
static bool met_itself(SOCKET socket) {
  struct place ours;
  struct place theirs;
  return sockaddr_of_socket((int64_t)socket, false, &ours) && sockaddr_of_socket((int64_t)socket, true, &theirs) &&
         place_is(&ours, &theirs);
}

/* Until this option is set the socket is not one that has addresses or can be shut down. */
static int finish(struct tcp_dial *dial) {
  SOCKET socket = stream_socket(&dial->stream);
  if (setsockopt(socket, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0) != 0) return WSAGetLastError();
  return met_itself(socket) ? WSAECONNREFUSED : 0;
}

/* ConnectEx wants a socket that is bound: to any address of its own. */
static int bind_anywhere(SOCKET socket, const struct place *to) {
  struct sockaddr_of any = sockaddr_make(&(struct place){.ip.version = to->ip.version});
  return bind(socket, (const struct sockaddr *)any.storage, (int)any.bytes) == 0 ? 0 : WSAGetLastError();
}

static enum step connect_now(struct tcp_dial *dial, const struct place *place, int *error) {
  struct sockaddr_of to = sockaddr_make(place);
  OVERLAPPED *overlapped = packet_prepare(&dial->packet, dial->endpoint, HWS_READ);
  dial->over = false;
  if (winsock.connect_ex(stream_socket(&dial->stream), (const struct sockaddr *)to.storage, (int)to.bytes, NULL, 0,
                         NULL, overlapped)) {
    if (!dial->stream.skips) return STEP_PENDING;
    *error = finish(dial);
    return *error ? STEP_FAILED : STEP_CONNECTED;
  }
  *error = WSAGetLastError();
  return *error == WSA_IO_PENDING ? STEP_PENDING : STEP_FAILED;
}

static enum step begin_attempt(struct tcp_dial *dial, int *error) {
  const struct place *place = &dial->places.list[dial->at];
  const struct hws_host *host = dial->stream.host;
  stream_init(&dial->stream, host, winsock_socket(sockaddr_family(place)));
  *error = stream_socket(&dial->stream) == INVALID_SOCKET ? WSAGetLastError() : 0;
  if (!*error) *error = bind_anywhere(stream_socket(&dial->stream), place);
  if (!*error) *error = tcp_settings_apply(&dial->settings, stream_socket(&dial->stream));
  if (!*error && stream_bind(&dial->stream, dial->endpoint) != HWS_IO_OK) *error = WSAENOBUFS;
  return *error ? STEP_FAILED : connect_now(dial, place, error);
}

static void limit_attempt(struct tcp_dial *dial) {
  const struct hws_host *host = dial->stream.host;
  uint64_t until = dial->at + 1 == dial->places.count ? 0 : host->now() + dial->settings.attempt_ms * NS_PER_MS;
  host->timer_at(dial->endpoint, until);
}

/* ---- one address after another ----------------------------------------------------------------------------------- */

/* Go on from what a step came to, with the next address if need be. True: the io has ended. */
static bool go_on(struct tcp_dial *dial, struct hws_io *io, enum step step, int error) {
  const struct hws_host *host = dial->stream.host;
  while (step == STEP_FAILED) {
    note_failure(dial, error);
    drop_socket(dial);
    if (++dial->at == dial->places.count) break;
    step = begin_attempt(dial, &error);
  }
  if (step == STEP_PENDING) {
    limit_attempt(dial);
    return false;
  }
  dial->state = TCP_DIAL_IDLE;
  host->timer_at(dial->endpoint, 0);
  if (step == STEP_CONNECTED) return packet_end(io, HWS_IO_OK, 0, 0);
  host->explain(dial->endpoint, dial->why);
  return packet_end(io, dial->status, dial->error, 0);
}

static bool begin_connecting(struct tcp_dial *dial, struct hws_io *io) {
  int error = 0;
  dial->state = TCP_DIAL_CONNECTING;
  enum step step = begin_attempt(dial, &error);
  return go_on(dial, io, step, error);
}

/* ---- the look-up ------------------------------------------------------------------------------------------------- */

/* True: the io has ended. */
static bool looked_up(struct tcp_dial *dial, struct hws_io *io, int32_t looked) {
  if (looked == 0) return false;
  if (looked > 0) return begin_connecting(dial, io);
  dial->state = TCP_DIAL_IDLE;
  return packet_end(io, looked, 0, 0);
}

/* ---- slots ------------------------------------------------------------------------------------------------------- */

int32_t tcp_dial_submit(struct tcp_dial *dial, struct hws_io *io) {
  if (dial->state != TCP_DIAL_IDLE || stream_socket(&dial->stream) != INVALID_SOCKET)
    return packet_end(io, HWS_IO_UNSUPPORTED, 0, 0);
  dial->pending = io; /* before the look-up can answer */
  dial->cancelled = false;
  dial->state = TCP_DIAL_LOOKING;
  int32_t looked = look_begin(dial->stream.host, dial->endpoint, &dial->address, &dial->places);
  bool ended = looked_up(dial, io, looked);
  if (ended) dial->pending = NULL;
  return ended;
}

int32_t tcp_dial_cancel(struct tcp_dial *dial, struct hws_io *io) {
  const struct hws_host *host = dial->stream.host;
  if (dial->pending != io) return 0;
  if (dial->state == TCP_DIAL_CONNECTING) {
    dial->cancelled = true;
    packet_cancel(dial->stream.handle, &dial->packet);
    return 0;
  }
  dial->pending = NULL;
  dial->state = TCP_DIAL_IDLE;
  host->unresolve(dial->endpoint);
  return packet_end(io, HWS_IO_CANCELED, 0, 0);
}

static struct hws_io *take_ended(struct tcp_dial *dial, bool ended) {
  struct hws_io *io = dial->pending;
  if (!ended) return NULL;
  dial->pending = NULL;
  return io;
}

static bool end_cancelled(struct tcp_dial *dial, struct hws_io *io) {
  dial->state = TCP_DIAL_IDLE;
  dial->stream.host->timer_at(dial->endpoint, 0);
  drop_socket(dial);
  return packet_end(io, HWS_IO_CANCELED, 0, 0);
}

struct hws_io *tcp_dial_on_packet(struct tcp_dial *dial, int os_error) {
  struct hws_io *io = dial->pending;
  if (!io || dial->state != TCP_DIAL_CONNECTING) return NULL;
  int error = winsock_packet_error(stream_socket(&dial->stream), &dial->packet, os_error);
  if (dial->cancelled) return take_ended(dial, end_cancelled(dial, io));
  if (!error) error = finish(dial);
  if (error && dial->over) error = WSAETIMEDOUT;
  return take_ended(dial, go_on(dial, io, error ? STEP_FAILED : STEP_CONNECTED, error));
}

struct hws_io *tcp_dial_on_post(struct tcp_dial *dial) {
  struct hws_io *io = dial->pending;
  if (!io || dial->state != TCP_DIAL_LOOKING) return NULL;
  return take_ended(dial, looked_up(dial, io, look_take(dial->stream.host, dial->endpoint, &dial->places)));
}

/* The attempt has had its time. What comes of it, its packet tells. */
void tcp_dial_on_timer(struct tcp_dial *dial) {
  if (!dial->pending || dial->state != TCP_DIAL_CONNECTING || dial->cancelled) return;
  dial->over = true;
  packet_cancel(dial->stream.handle, &dial->packet);
}
