/* SPDX-License-Identifier: Apache-2.0
 *
 * A list in the packets themselves: the second half of their storage is ours while they are out (hawser_plugin.h).
 */
#include "core/packet.h"

#include <stddef.h>

enum { WORD_NEXT = 4, WORD_BYTES = 5, WORD_ERROR = 6 };

static struct hws_packet *next_of(const struct hws_packet *packet) {
  return (struct hws_packet *)(uintptr_t)packet->storage[WORD_NEXT];
}

static void link_to(struct hws_packet *packet, struct hws_packet *next) {
  packet->storage[WORD_NEXT] = (uintptr_t)next;
}

void packet_put(struct direction *direction, struct packet_end end) {
  struct hws_packet *packet = end.packet;
  packet->storage[WORD_BYTES] = end.bytes;
  packet->storage[WORD_ERROR] = (uint32_t)end.os_error;
  struct hws_packet *head = atomic_load_explicit(&direction->packets, memory_order_relaxed);
  do link_to(packet, head);
  while (!atomic_compare_exchange_weak_explicit(&direction->packets, &head, packet, memory_order_release,
                                                memory_order_relaxed));
}

struct hws_packet *packet_take(struct direction *direction) {
  struct hws_packet *newest = atomic_exchange_explicit(&direction->packets, NULL, memory_order_acquire);
  struct hws_packet *oldest = NULL;
  while (newest) {
    struct hws_packet *next = next_of(newest);
    link_to(newest, oldest);
    oldest = newest;
    newest = next;
  }
  return oldest;
}

struct packet_end packet_next(struct hws_packet **list) {
  struct hws_packet *packet = *list;
  *list = next_of(packet);
  return (struct packet_end){packet, packet->storage[WORD_BYTES], (int32_t)packet->storage[WORD_ERROR]};
}
