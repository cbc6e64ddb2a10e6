/* SPDX-License-Identifier: Apache-2.0
 *
 * The parameters of a URL.
 */
#include "transports/tcp_iocp/settings.h"

#include <mstcpip.h>

#include <stdio.h>

#include "transports/socket_number.h"
#include "transports/socket_word.h"

enum { KEEPALIVE_MAX = 32767, PROBES = 3, ACCEPTS_MAX = 4096, ACCEPTS_DEFAULT = 32, MS_PER_S = 1000 };

static const struct socket_number nodelay = {"nodelay", 0, 1, 1};
static const struct socket_number keepalive = {"keepalive", 0, KEEPALIVE_MAX, 0};
static const struct socket_number transmitfile = {"transmitfile", 0, 1, 1};
static const struct socket_number accepts = {"accepts", 1, ACCEPTS_MAX, ACCEPTS_DEFAULT};
static const struct socket_number ipv6only = {"ipv6only", 0, 1, 1};
static const struct socket_number attempt_ms = {"attempt_ms", 100, 60000, 3000};

static const struct socket_word io = {"io", {[TCP_IO_OVERLAPPED] = "overlapped", [TCP_IO_READINESS] = "readiness"}};
static const struct socket_word accept_by = {"accept", {"overlapped", "readiness"}};

/* An older host may have no readiness. */
static bool read_io(struct tcp_settings *settings, const struct hws_host *host, struct hws_host_endpoint *endpoint,
                    char *why, size_t why_size) {
  if (!socket_word_read(&io, TCP_IO_OVERLAPPED, host, endpoint, &settings->io, why, why_size)) return false;
  const uint64_t needed = HWS_HOST_WATCH | HWS_HOST_UNWATCH;
  if (settings->io != TCP_IO_READINESS || (host->capabilities & needed) == needed) return true;
  (void)snprintf(why, why_size, "io=readiness: the host offers no readiness of sockets");
  return false;
}

/* How it accepts, which is asked for only where it means something: else the host refuses the parameter. */
static bool read_accepting(struct tcp_settings *settings, const struct hws_host *host,
                           struct hws_host_endpoint *endpoint, char *why, size_t why_size) {
  if (settings->io == TCP_IO_READINESS &&
      !socket_word_read(&accept_by, TCP_IO_OVERLAPPED, host, endpoint, &settings->accept, why, why_size))
    return false;
  return settings->accept == TCP_IO_READINESS ||
         socket_number_read(&accepts, host, endpoint, &settings->accepts, why, why_size);
}

int32_t tcp_settings_read(struct tcp_settings *settings, bool listens, const struct tcp_address *address,
                          const struct hws_host *host, struct hws_host_endpoint *endpoint, char *why, size_t why_size) {
  bool may_be_6 = address->is_name || address->ip.version == 6;
  bool good = read_io(settings, host, endpoint, why, why_size) &&
              socket_number_read(&nodelay, host, endpoint, &settings->nodelay, why, why_size) &&
              socket_number_read(&keepalive, host, endpoint, &settings->keepalive_s, why, why_size) &&
              socket_number_read(&transmitfile, host, endpoint, &settings->transmits, why, why_size);
  if (good && listens) {
    good = socket_number_read(&socket_backlog, host, endpoint, &settings->backlog, why, why_size) &&
           read_accepting(settings, host, endpoint, why, why_size);
    /* Not asked for where it means nothing, so that the host refuses it. */
    if (good && may_be_6) good = socket_number_read(&ipv6only, host, endpoint, &settings->ipv6only, why, why_size);
  } else if (good) {
    good = socket_number_read(&attempt_ms, host, endpoint, &settings->attempt_ms, why, why_size);
  }
  return good ? HWS_IO_OK : HWS_IO_ADDRESS;
}

/* The system sends its own number of probes, that far apart. */
static bool keep_alive(SOCKET socket, u_long seconds) {
  struct tcp_keepalive values = {
      .onoff = 1, .keepalivetime = seconds * MS_PER_S, .keepaliveinterval = (seconds + PROBES - 1) / PROBES * MS_PER_S};
  DWORD bytes = 0;
  return WSAIoctl(socket, SIO_KEEPALIVE_VALS, &values, sizeof values, NULL, 0, &bytes, NULL, NULL) == 0;
}

int tcp_settings_apply(const struct tcp_settings *settings, SOCKET socket) {
  const DWORD on = 1;
  bool good = !settings->nodelay || setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, (const char *)&on, sizeof on) == 0;
  if (good && settings->keepalive_s) good = keep_alive(socket, settings->keepalive_s);
  return good ? 0 : WSAGetLastError();
}
