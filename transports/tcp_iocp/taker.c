/* SPDX-License-Identifier: Apache-2.0
 *
 * Accepting on notification.
 *
 * An error of accept is either the end of a connection that we have not seen (try the next), or a shortage (wait, and
 * longer each time), or proof that the socket does not listen. No error makes it spin (TRN-4).
 */
#include "transports/tcp_iocp/taker.h"

enum { TURN_MAX = 64 /* calls of accept in one turn */ };

static const uint64_t pause_first_ns = UINT64_C(10) * 1000 * 1000;
static const uint64_t pause_max_ns = UINT64_C(1000) * 1000 * 1000;

int32_t taker_open(struct taker *taker, const struct hws_host *host, struct hws_host_endpoint *endpoint,
                   SOCKET listener) {
  u_long on = 1;
  *taker = (struct taker){.host = host, .endpoint = endpoint, .listener = INVALID_SOCKET};
  if (ioctlsocket(listener, (long)FIONBIO, &on) != 0) return winsock_status(WSAGetLastError());
  int32_t status = host->watch(endpoint, (int64_t)listener);
  if (status == HWS_IO_OK) taker->listener = listener;
  return status;
}

static bool is_of_the_connection(int error) {
  return error == WSAECONNRESET || error == WSAECONNABORTED || error == WSAENETDOWN || error == WSAEINTR;
}

static bool is_shortage(int error) {
  int32_t status = winsock_status(error);
  return status == HWS_IO_NOMEM || status == HWS_IO_LIMIT;
}

static void pause(struct taker *taker) {
  uint64_t pause_ns = taker->pause_ns ? taker->pause_ns * 2 : pause_first_ns;
  taker->pause_ns = pause_ns < pause_max_ns ? pause_ns : pause_max_ns;
  taker->paused = true;
  taker->host->timer_at(taker->endpoint, taker->host->now() + taker->pause_ns);
}

SOCKET taker_take(struct taker *taker, int *error) {
  *error = 0;
  if (taker->paused) return INVALID_SOCKET;
  for (int calls = 0; calls < TURN_MAX; calls++) {
    SOCKET socket = accept(taker->listener, NULL, NULL);
    int failed = socket == INVALID_SOCKET ? WSAGetLastError() : 0;
    if (!failed) {
      taker->pause_ns = 0;
      (void)SetHandleInformation((HANDLE)socket, HANDLE_FLAG_INHERIT, 0);
      return socket;
    }
    if (is_of_the_connection(failed)) continue;
    if (failed == WSAEWOULDBLOCK)
      taker->host->rearm(taker->endpoint, HWS_READ);
    else if (is_shortage(failed))
      pause(taker);
    else
      *error = failed;
    return INVALID_SOCKET;
  }
  taker->host->post(taker->endpoint);
  return INVALID_SOCKET;
}

void taker_on_timer(struct taker *taker) {
  taker->paused = false;
}
