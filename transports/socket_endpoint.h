/* SPDX-License-Identifier: Apache-2.0
 *
 * Endpoints of transports over sockets: listeners and connections behind one table of functions, and the way from the
 * slots of the vtable to them.
 */
#ifndef HAWSER_TRANSPORTS_SOCKET_ENDPOINT_H
#define HAWSER_TRANSPORTS_SOCKET_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

#include "plugins/hawser_plugin.h"

struct socket_endpoint;

/* As the slots of hws_vtable. Of on_ready and on_packet a transport has those that it asks its host for; an endpoint
 * that never posts has no on_post. */
struct socket_endpoint_ops {
  int32_t (*submit)(struct socket_endpoint *endpoint, struct hws_io *io);
  int32_t (*cancel)(struct socket_endpoint *endpoint, struct hws_io *io);
  void (*on_ready)(struct socket_endpoint *endpoint, uint32_t direction);
  void (*on_packet)(struct socket_endpoint *endpoint, struct hws_packet *packet, uint64_t bytes, int32_t os_error);
  void (*on_timer)(struct socket_endpoint *endpoint);
  void (*on_post)(struct socket_endpoint *endpoint);
  int32_t (*query)(struct socket_endpoint *endpoint, uint32_t what, void *answer, uint32_t size);
  int32_t (*retire)(struct socket_endpoint *endpoint, bool abort); /* NULL: no packet outlives its io */
  void (*destroy)(struct socket_endpoint *endpoint, bool abort);
};

/* Stands first in every endpoint. */
struct socket_endpoint {
  const struct socket_endpoint_ops *ops;
};

/* How a transport makes its endpoints. 0, or a negative hws_io_status with *made untouched. */
struct socket_makers {
  bool readiness; /* its endpoints have on_ready */
  bool packets;   /* and on_packet, of a completion port */
  int32_t (*listen)(const struct hws_host *host, struct hws_host_endpoint *endpoint, const char *address,
                    struct socket_endpoint **made);
  int32_t (*dial)(const struct hws_host *host, struct hws_host_endpoint *endpoint, const char *address,
                  struct socket_endpoint **made);
  /* Takes over an accepted connection, also when it fails. */
  int32_t (*adopt)(struct socket_endpoint *accepted, struct hws_host_endpoint *endpoint);
};

/* The body of a manifest's open: fill the vtable. One set of makers in a plugin. */
int32_t socket_open(const struct socket_makers *makers, const struct hws_host *host, struct hws_vtable *vtable);

/* ---- answers of query ---- */

int32_t socket_answer_text(const char *text, size_t length, void *answer, uint32_t size);
int32_t socket_answer_handle(int64_t handle, void *answer, uint32_t size);
int32_t socket_answer_untaken(uint64_t bytes, void *answer, uint32_t size);

/* All that a listener answers: where it listens, that it has no peer, and its handle; negative: it has none. */
int32_t socket_answer_listener(uint32_t what, const char *url, size_t length, int64_t handle, void *answer,
                               uint32_t size);

#endif
