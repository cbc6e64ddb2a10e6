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
                      const char *text, struct stream *stream, char *why, size_t why_size) {
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

static void reason_of(int error, char *text, size_t size) {
  if (winsock_status(error) == HWS_IO_REFUSED)
    (void)snprintf(text, size, "nobody listens there");
  else if (error == WSAETIMEDOUT || error == ERROR_SEM_TIMEOUT)
    (void)snprintf(text, size, "no answer");
  else
    winsock_text(error, text, size);
}

/* Does the user not see from the URL which address it is about? */
static bool is_named(const struct tcp_address *address) {
  return address->is_name || address->is_service;
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
  int length =
      snprintf(dial->why + dial->why_length, room, "%s%s%s%s", dial->why_length ? "; " : "",
               is_named(&dial->address) ? url + strlen("tcp://") : "", is_named(&dial->address) ? ": " : "", reason);
  /* What does not fit is left out as a whole. */
  if (length > 0 && (size_t)length < room)
    dial->why_length += (size_t)length;
  else
    dial->why[dial->why_length] = 0;
}

static void drop_socket(struct tcp_dial *dial) {
  const struct hws_host *host = dial->stream->host;
  if (dial->stream->socket != INVALID_SOCKET) (void)closesocket(dial->stream->socket);
  stream_init(dial->stream, host, INVALID_SOCKET);
}

/* ---- one address ------------------------------------------------------------------------------------------------- */

/* A connection to a free port of this machine can meet itself: the system may choose that very port for our end. */
static bool met_itself(SOCKET socket) {
  struct place ours;
  struct place theirs;
  return place_of_socket(socket, false, &ours) && place_of_socket(socket, true, &theirs) && place_is(&ours, &theirs);
}

/* Until this option is set the socket is not one that has addresses or can be shut down. */
static int finish(struct tcp_dial *dial) {
  SOCKET socket = dial->stream->socket;
  if (setsockopt(socket, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0) != 0) return WSAGetLastError();
  return met_itself(socket) ? WSAECONNREFUSED : 0;
}

/* ConnectEx wants a socket that is bound: to any address of its own. */
static int bind_anywhere(SOCKET socket, const struct place *to) {
  struct place any = {.bytes = to->bytes};
  any.system.any.sa_family = to->system.any.sa_family;
  return bind(socket, &any.system.any, any.bytes) == 0 ? 0 : WSAGetLastError();
}

static enum step connect_now(struct tcp_dial *dial, const struct place *place, int *error) {
  OVERLAPPED *overlapped = winsock_prepare(&dial->packet, dial->endpoint, HWS_READ);
  dial->over = false;
  if (winsock.connect_ex(dial->stream->socket, &place->system.any, place->bytes, NULL, 0, NULL, overlapped)) {
    if (!dial->stream->skips) return STEP_PENDING;
    *error = finish(dial);
    return *error ? STEP_FAILED : STEP_CONNECTED;
  }
  *error = WSAGetLastError();
  return *error == WSA_IO_PENDING ? STEP_PENDING : STEP_FAILED;
}

static enum step begin_attempt(struct tcp_dial *dial, int *error) {
  const struct place *place = &dial->places.list[dial->at];
  const struct hws_host *host = dial->stream->host;
  stream_init(dial->stream, host, winsock_socket(place->system.any.sa_family));
  *error = dial->stream->socket == INVALID_SOCKET ? WSAGetLastError() : 0;
  if (!*error) *error = bind_anywhere(dial->stream->socket, place);
  if (!*error) *error = tcp_settings_apply(&dial->settings, dial->stream->socket);
  if (!*error && stream_bind(dial->stream, dial->endpoint) != HWS_IO_OK) *error = WSAENOBUFS;
  return *error ? STEP_FAILED : connect_now(dial, place, error);
}

static void limit_attempt(struct tcp_dial *dial) {
  const struct hws_host *host = dial->stream->host;
  uint64_t until = dial->at + 1 == dial->places.count ? 0 : host->now() + dial->settings.attempt_ms * NS_PER_MS;
  host->timer_at(dial->endpoint, until);
}

/* ---- one address after another ----------------------------------------------------------------------------------- */

/* Go on from what a step came to, with the next address if need be. True: the io has ended. */
static bool go_on(struct tcp_dial *dial, struct hws_io *io, enum step step, int error) {
  const struct hws_host *host = dial->stream->host;
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
  if (step == STEP_CONNECTED) return stream_end(io, HWS_IO_OK, 0, 0);
  host->explain(dial->endpoint, dial->why);
  return stream_end(io, dial->status, dial->error, 0);
}

static bool begin_connecting(struct tcp_dial *dial, struct hws_io *io) {
  int error = 0;
  dial->state = TCP_DIAL_CONNECTING;
  enum step step = begin_attempt(dial, &error);
  return go_on(dial, io, step, error);
}

/* ---- the look-up ------------------------------------------------------------------------------------------------- */

static bool end_looking(struct tcp_dial *dial, struct hws_io *io, int32_t status) {
  dial->state = TCP_DIAL_IDLE;
  return stream_end(io, status, 0, 0);
}

static bool begin_looking(struct tcp_dial *dial, struct hws_io *io) {
  const struct hws_host *host = dial->stream->host;
  dial->state = TCP_DIAL_LOOKING;
  int32_t status = host->resolve(dial->endpoint, dial->address.host, dial->address.service);
  if (status == HWS_IO_LIMIT) host->explain(dial->endpoint, "too many names are being looked up");
  return status != HWS_IO_OK && end_looking(dial, io, status);
}

/* True: the io has ended. */
static bool take_answer(struct tcp_dial *dial, struct hws_io *io) {
  const struct hws_host *host = dial->stream->host;
  struct hws_address addresses[HWS_ADDRESSES_MAX];
  int32_t count = host->resolved(dial->endpoint, addresses, HWS_ADDRESSES_MAX);
  if (count == 0) return false;
  if (count < 0) return end_looking(dial, io, count);
  places_of_answer(&dial->places, addresses, (uint32_t)count);
  if (dial->places.count) return begin_connecting(dial, io);
  host->explain(dial->endpoint, "the name has no address of IPv4 or IPv6");
  return end_looking(dial, io, HWS_IO_ADDRESS);
}

/* ---- slots ------------------------------------------------------------------------------------------------------- */

int32_t tcp_dial_submit(struct tcp_dial *dial, struct hws_io *io) {
  char why[80];
  bool ended;
  if (dial->state != TCP_DIAL_IDLE || dial->stream->socket != INVALID_SOCKET)
    return stream_end(io, HWS_IO_UNSUPPORTED, 0, 0);
  dial->pending = io; /* before the look-up can answer */
  dial->cancelled = false;
  if (is_named(&dial->address)) {
    ended = begin_looking(dial, io);
  } else if (places_of_address(&dial->places, &dial->address, why, sizeof why) == HWS_IO_OK) {
    ended = begin_connecting(dial, io);
  } else {
    dial->stream->host->explain(dial->endpoint, why);
    ended = stream_end(io, HWS_IO_ADDRESS, 0, 0);
  }
  if (ended) dial->pending = NULL;
  return ended;
}

int32_t tcp_dial_cancel(struct tcp_dial *dial, struct hws_io *io) {
  const struct hws_host *host = dial->stream->host;
  if (dial->pending != io) return 0;
  if (dial->state == TCP_DIAL_CONNECTING) {
    dial->cancelled = true;
    winsock_cancel(dial->stream->socket, &dial->packet);
    return 0;
  }
  dial->pending = NULL;
  dial->state = TCP_DIAL_IDLE;
  host->unresolve(dial->endpoint);
  return stream_end(io, HWS_IO_CANCELED, 0, 0);
}

static struct hws_io *take_ended(struct tcp_dial *dial, bool ended) {
  struct hws_io *io = dial->pending;
  if (!ended) return NULL;
  dial->pending = NULL;
  return io;
}

static bool end_cancelled(struct tcp_dial *dial, struct hws_io *io) {
  dial->state = TCP_DIAL_IDLE;
  dial->stream->host->timer_at(dial->endpoint, 0);
  drop_socket(dial);
  return stream_end(io, HWS_IO_CANCELED, 0, 0);
}

struct hws_io *tcp_dial_on_packet(struct tcp_dial *dial, int os_error) {
  struct hws_io *io = dial->pending;
  if (!io || dial->state != TCP_DIAL_CONNECTING) return NULL;
  int error = winsock_packet_error(dial->stream->socket, &dial->packet, os_error);
  if (dial->cancelled) return take_ended(dial, end_cancelled(dial, io));
  if (!error) error = finish(dial);
  if (error && dial->over) error = WSAETIMEDOUT;
  return take_ended(dial, go_on(dial, io, error ? STEP_FAILED : STEP_CONNECTED, error));
}

struct hws_io *tcp_dial_on_post(struct tcp_dial *dial) {
  struct hws_io *io = dial->pending;
  if (!io || dial->state != TCP_DIAL_LOOKING) return NULL;
  return take_ended(dial, take_answer(dial, io));
}

/* The attempt has had its time. What comes of it, its packet tells. */
void tcp_dial_on_timer(struct tcp_dial *dial) {
  if (!dial->pending || dial->state != TCP_DIAL_CONNECTING || dial->cancelled) return;
  dial->over = true;
  winsock_cancel(dial->stream->socket, &dial->packet);
}
