/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of places, and places as texts.
 */
#include "transports/tcp/place.h"

#include <string.h>

/* The next from `at` on that is of that version, or of the other one; count: there is none. */
static uint32_t next_of(const struct place *found, uint32_t count, uint32_t at, uint8_t version, bool same) {
  while (at < count && (found[at].ip.version == version) != same) at++;
  return at;
}

void places_alternate(struct places *places, const struct place *found, uint32_t count) {
  places->count = 0;
  if (!count) return;
  uint8_t first = found[0].ip.version;
  uint32_t same = 0;
  uint32_t other = next_of(found, count, 0, first, false);
  while (places->count < PLACES_MAX && (same < count || other < count)) {
    bool take_same = same < count && (places->count % 2 == 0 || other >= count);
    places->list[places->count++] = found[take_same ? same : other];
    if (take_same)
      same = next_of(found, count, same + 1, first, true);
    else
      other = next_of(found, count, other + 1, first, false);
  }
}

bool place_is(const struct place *place, const struct place *other) {
  struct ip ips[2] = {place->ip, other->ip};
  ip_unmap(&ips[0]);
  ip_unmap(&ips[1]);
  return place->port == other->port && ips[0].version == ips[1].version &&
         memcmp(ips[0].bytes, ips[1].bytes, sizeof ips[0].bytes) == 0;
}

size_t place_url(const struct place *place, char url[TCP_URL_MAX]) {
  struct ip ip = place->ip;
  ip_unmap(&ip);
  return tcp_address_url(&ip, place->port, url);
}
