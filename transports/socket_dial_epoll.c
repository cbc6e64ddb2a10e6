/* SPDX-License-Identifier: Apache-2.0
 *
 * Connecting a non-blocking stream socket.
 */
#include "transports/socket_dial_epoll.h"

#include <errno.h>
#include <poll.h>

#include "transports/socket_result_posix.h"

static const uint64_t delay_first_ns = UINT64_C(1) * 1000 * 1000;
static const uint64_t delay_max_ns = UINT64_C(100) * 1000 * 1000;

static enum socket_dial_step fail(struct socket_dial *dial, int32_t status, int error) {
  dial->state = SOCKET_DIAL_IDLE;
  dial->status = status;
  dial->error = error;
  return SOCKET_DIAL_FAILED;
}

static enum socket_dial_step back_off(struct socket_dial *dial) {
  const struct hws_host *host = dial->stream->host;
  dial->state = SOCKET_DIAL_BACK_OFF;
  dial->delay_ns = dial->delay_ns == 0 ? delay_first_ns : dial->delay_ns * 2;
  if (dial->delay_ns > delay_max_ns) dial->delay_ns = delay_max_ns;
  host->timer_at(dial->endpoint, host->now() + dial->delay_ns);
  return SOCKET_DIAL_PENDING;
}

static enum socket_dial_step try_connect(struct socket_dial *dial) {
  int error = connect(dial->stream->fd, dial->address, dial->address_bytes) == 0 ? 0 : errno;
  if (error == EAGAIN) return back_off(dial);
  /* A connect that a signal interrupts goes on in the background like one that would block. */
  bool under_way = error == EINPROGRESS || error == EINTR;
  if (error != 0 && !under_way) return fail(dial, socket_status(error), error);
  dial->state = under_way ? SOCKET_DIAL_CONNECTING : SOCKET_DIAL_IDLE;
  int32_t status = socket_stream_watch(dial->stream, dial->endpoint);
  if (status != HWS_IO_OK) return fail(dial, status, 0);
  if (!under_way) return SOCKET_DIAL_CONNECTED;
  dial->stream->host->rearm(dial->endpoint, HWS_WRITE);
  return SOCKET_DIAL_PENDING;
}

enum socket_dial_step socket_dial_begin(struct socket_dial *dial, struct socket_stream *stream,
                                        struct hws_host_endpoint *endpoint, const struct sockaddr *address,
                                        socklen_t address_bytes) {
  *dial = (struct socket_dial){.stream = stream,
                               .endpoint = endpoint,
                               .address = address,
                               .address_bytes = address_bytes,
                               .state = SOCKET_DIAL_IDLE};
  return try_connect(dial);
}

void socket_dial_on_ready(struct socket_dial *dial) {
  dial->stream->host->post(dial->endpoint);
}

enum socket_dial_step socket_dial_on_post(struct socket_dial *dial) {
  if (dial->state != SOCKET_DIAL_CONNECTING) return SOCKET_DIAL_PENDING;
  struct pollfd item = {.fd = dial->stream->fd, .events = POLLOUT};
  if (poll(&item, 1, 0) <= 0) {
    dial->stream->host->rearm(dial->endpoint, HWS_WRITE);
    return SOCKET_DIAL_PENDING;
  }
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(dial->stream->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return fail(dial, socket_status(error), error);
  dial->state = SOCKET_DIAL_IDLE;
  return SOCKET_DIAL_CONNECTED;
}

enum socket_dial_step socket_dial_on_timer(struct socket_dial *dial) {
  return dial->state == SOCKET_DIAL_BACK_OFF ? try_connect(dial) : SOCKET_DIAL_PENDING;
}

void socket_dial_cancel(struct socket_dial *dial) {
  if (dial->state == SOCKET_DIAL_BACK_OFF) dial->stream->host->timer_at(dial->endpoint, 0);
  dial->state = SOCKET_DIAL_IDLE;
}
