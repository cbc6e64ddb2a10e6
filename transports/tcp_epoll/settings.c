/* SPDX-License-Identifier: Apache-2.0
 *
 * The parameters of a URL. What an accepted connection is to have is set on the listener once: the system hands it on.
 */
#include "transports/tcp_epoll/settings.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "transports/socket_number.h"

enum { KEEPALIVE_MAX = 32767, PROBES = 3 };

static const struct socket_number nodelay = {"nodelay", 0, 1, 1};
static const struct socket_number keepalive = {"keepalive", 0, KEEPALIVE_MAX, 0};
static const struct socket_number ipv6only = {"ipv6only", 0, 1, 1};
static const struct socket_number attempt_ms = {"attempt_ms", 100, 60000, 3000};

int32_t tcp_settings_read(struct tcp_settings *settings, bool listens, const struct tcp_address *address,
                          const struct hws_host *host, struct hws_host_endpoint *endpoint, char *why, size_t why_size) {
  bool may_be_6 = address->is_name || address->ip.version == 6;
  bool good = socket_number_read(&nodelay, host, endpoint, &settings->nodelay, why, why_size) &&
              socket_number_read(&keepalive, host, endpoint, &settings->keepalive_s, why, why_size);
  if (good && listens) {
    good = socket_number_read(&socket_backlog, host, endpoint, &settings->backlog, why, why_size);
    /* Not asked for where it means nothing, so that the host refuses it. */
    if (good && may_be_6) good = socket_number_read(&ipv6only, host, endpoint, &settings->ipv6only, why, why_size);
  } else if (good) {
    good = socket_number_read(&attempt_ms, host, endpoint, &settings->attempt_ms, why, why_size);
  }
  return good ? HWS_IO_OK : HWS_IO_ADDRESS;
}

static bool set(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

/* Three probes, a third of the time apart: who is silent is given up after twice the time. */
static bool keep_alive(int fd, int seconds) {
  return set(fd, SOL_SOCKET, SO_KEEPALIVE, 1) && set(fd, IPPROTO_TCP, TCP_KEEPIDLE, seconds) &&
         set(fd, IPPROTO_TCP, TCP_KEEPINTVL, (seconds + PROBES - 1) / PROBES) &&
         set(fd, IPPROTO_TCP, TCP_KEEPCNT, PROBES);
}

int tcp_settings_apply(const struct tcp_settings *settings, int fd) {
  bool good = !settings->nodelay || set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (good && settings->keepalive_s) good = keep_alive(fd, (int)settings->keepalive_s);
  return good ? 0 : errno;
}
