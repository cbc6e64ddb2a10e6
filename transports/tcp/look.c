/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking up, for listeners and for dials.
 */
#include "transports/tcp/look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transports/tcp/sockaddr.h"

/* An interface by its number or its name; 0: there is none. */
static uint32_t scope_of(const char *text) {
  if (text[strspn(text, "0123456789")] != 0) return sockaddr_interface(text);
  unsigned long number = strtoul(text, NULL, 10);
  return number <= UINT32_MAX ? (uint32_t)number : 0;
}

static int32_t take_address(const struct hws_host *host, struct hws_host_endpoint *endpoint,
                            const struct tcp_address *address, struct places *places) {
  char why[80];
  struct place *place = &places->list[0];
  *place = (struct place){.ip = address->ip, .port = address->port};
  places->count = 1;
  if (!address->scope[0] || (place->ip.scope = scope_of(address->scope))) return 1;
  (void)snprintf(why, sizeof why, "there is no interface '%s'", address->scope);
  host->explain(endpoint, why);
  return HWS_IO_ADDRESS;
}

int32_t look_begin(const struct hws_host *host, struct hws_host_endpoint *endpoint, const struct tcp_address *address,
                   struct places *places) {
  if (!look_is_needed(address)) return take_address(host, endpoint, address, places);
  int32_t status = host->resolve(endpoint, address->host, address->service);
  if (status == HWS_IO_LIMIT) host->explain(endpoint, "too many names are being looked up");
  return status;
}

int32_t look_take(const struct hws_host *host, struct hws_host_endpoint *endpoint, struct places *places) {
  struct hws_address addresses[HWS_ADDRESSES_MAX];
  struct place found[HWS_ADDRESSES_MAX];
  uint32_t usable = 0;
  int32_t count = host->resolved(endpoint, addresses, HWS_ADDRESSES_MAX);
  if (count <= 0) return count;
  for (int32_t i = 0; i < count && i < HWS_ADDRESSES_MAX; i++)
    if (sockaddr_read(addresses[i].storage, addresses[i].size, &found[usable])) usable++;
  places_alternate(places, found, usable);
  if (places->count) return 1;
  host->explain(endpoint, "the name has no address of IPv4 or IPv6");
  return HWS_IO_ADDRESS;
}
