/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses of TCP as they stand in URLs: HOST:PORT, where HOST is an IPv4 address, an IPv6 address in brackets, or a
 * name, and PORT a number or the name of a service. Pure.
 */
#ifndef HAWSER_TRANSPORTS_TCP_ADDRESS_H
#define HAWSER_TRANSPORTS_TCP_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transports/tcp/ip.h"

enum {
  TCP_HOST_MAX = 253,
  TCP_SERVICE_MAX = 15, /* as the registry of services has it */
  TCP_SCOPE_MAX = 15,   /* of the name of an interface */
  TCP_URL_MAX = 96      /* with its zero byte */
};

struct tcp_address {
  char host[TCP_HOST_MAX + 1];       /* as it was written, without brackets and scope */
  char service[TCP_SERVICE_MAX + 1]; /* as it was written */
  char scope[TCP_SCOPE_MAX + 1];     /* what stands behind the % of an IPv6 address; empty: nothing */
  bool is_name;                      /* host is no address: it has to be looked up */
  bool is_service;                   /* and so has service */
  struct ip ip;                      /* unless is_name; its scope is not filled in */
  uint16_t port;                     /* unless is_service */
};

/* 0, or HWS_IO_ADDRESS with one line of printable ASCII in `why`. The text is what stands in the URL, decoded. */
int32_t tcp_address_parse(const char *text, size_t bytes, struct tcp_address *address, char *why, size_t why_size);

/* "tcp://1.2.3.4:80", "tcp://[::1]:80", "tcp://[fe80::1%252]:80". Returns the length. */
size_t tcp_address_url(const struct ip *ip, uint16_t port, char url[TCP_URL_MAX]);

#endif
