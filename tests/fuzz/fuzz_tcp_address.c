/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses of TCP against any text. What is accepted as an address of IP is one for the system too and comes back from
 * its own URL; a name has nothing in it that could be taken for something else; what is refused gets one printable
 * line.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/hawser_plugin.h"
#include "transports/tcp/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds) {
  if (!holds) abort();
}

static void check_line(const char *line, size_t room) {
  size_t length = strnlen(line, room);
  check(length > 0 && length < room - 1);
  for (size_t i = 0; i < length; i++) check(line[i] >= 0x20 && line[i] <= 0x7e);
}

static void check_ip(const struct ip *ip, const char *text) {
  uint8_t system[16];
  check(inet_pton(ip->version == 4 ? AF_INET : AF_INET6, text, system) == 1);
  check(memcmp(system, ip->bytes, ip->version == 4 ? 4 : 16) == 0);
}

static void check_name(const struct tcp_address *address) {
  uint8_t system[16];
  struct in_addr loose;
  check(address->host[0] != 0 && strlen(address->host) <= TCP_HOST_MAX);
  check(strspn(address->host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
        strlen(address->host));
  check(inet_pton(AF_INET, address->host, system) != 1 && inet_aton(address->host, &loose) == 0);
}

/* "tcp://HOST:PORT" as the host would hand it over again. */
static void check_back(const struct tcp_address *address) {
  char url[TCP_URL_MAX];
  char why[200];
  struct tcp_address again;
  struct ip ip = address->ip;
  size_t length = tcp_address_url(&ip, address->port, url);
  check(length == strlen(url) && strncmp(url, "tcp://", 6) == 0);
  check(tcp_address_parse(url + 6, length - 6, &again, why, sizeof why) == HWS_IO_OK);
  check(!again.is_name && !again.is_service && again.port == address->port);
  check(again.ip.version == ip.version && memcmp(again.ip.bytes, ip.bytes, sizeof ip.bytes) == 0);
  ip_unmap(&ip);
  ip.scope = UINT32_MAX;
  check(tcp_address_url(&ip, UINT16_MAX, url) < sizeof url - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char why[200] = "";
  struct tcp_address address;
  char *text = malloc(size + 1);
  if (!text) return 0;
  if (size > 0) memcpy(text, data, size);
  text[size] = 0;
  if (tcp_address_parse(text, size, &address, why, sizeof why) != HWS_IO_OK) {
    check_line(why, sizeof why);
  } else {
    check(strlen(address.service) >= 1 && strlen(address.service) <= TCP_SERVICE_MAX);
    check(strlen(address.scope) <= TCP_SCOPE_MAX && (!address.scope[0] || address.ip.version == 6));
    if (address.is_name)
      check_name(&address);
    else
      check_ip(&address.ip, address.host);
    if (!address.is_name) check_back(&address);
  }
  free(text);
  return 0;
}
