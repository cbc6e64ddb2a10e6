/* SPDX-License-Identifier: Apache-2.0
 *
 * IP addresses as bytes and as texts. Pure.
 */
#ifndef HAWSER_TRANSPORTS_TCP_IP_H
#define HAWSER_TRANSPORTS_TCP_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IP_TEXT_MAX = 46 /* with its zero byte */ };

struct ip {
  uint8_t version; /* 4 or 6 */
  uint8_t bytes[16];
  uint32_t scope; /* index of the interface of a link-local address; 0: none */
};

/* Exactly four decimal numbers without leading zeros. */
bool ip_parse_4(const char *text, size_t bytes, struct ip *ip);

/* As RFC 4291 writes them, without a scope; the last 32 bits may be written as version 4. */
bool ip_parse_6(const char *text, size_t bytes, struct ip *ip);

/* As RFC 5952 writes them; a scope is left out. Returns the length. */
size_t ip_format(const struct ip *ip, char text[IP_TEXT_MAX]);

/* A version 4 address that came as one of version 6 (::ffff:1.2.3.4) becomes what it is. */
void ip_unmap(struct ip *ip);

#endif
