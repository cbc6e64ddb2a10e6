/* SPDX-License-Identifier: Apache-2.0
 *
 * A transport that is wrong in one thing. The layer passes everything on, both ways, but for that.
 */
#include "tests/transports/faulty.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static enum faulty_kind fault;
static const struct hws_host *above; /* the kit's */
static struct hws_host shim;         /* what the real plugin is given for it */
static struct hws_vtable real;
static struct hws_plugin manifest;

struct layer {
  void *ep; /* the real plugin's */
  struct hws_host_endpoint *host;
  struct hws_io *late; /* to be completed by on_post */
  char *late_buffer;   /* to be written by on_ready */
  bool drops_next;     /* connection */
  unsigned reads;
};

static int descriptor_of(const struct layer *layer) {
  int64_t handle = -1;
  return real.query(layer->ep, HWS_QUERY_HANDLE, &handle, sizeof handle) >= 0 ? (int)handle : -1;
}

/* ---- what the real plugin asks of its host ----------------------------------------------------------------------- */

static void spoil_result(struct hws_io *io) {
  if (fault == FAULTY_CHANGES_THE_IO) io->flags = 1;
  if (io->kind == HWS_IO_READ && io->status == HWS_IO_OK) {
    if (fault == FAULTY_SPOILS_A_BYTE && io->bytes > 1000) ((char *)io->vec->ptr)[io->bytes - 1] ^= 1;
    if (fault == FAULTY_ENDS_EARLY && io->bytes > 1000) io->bytes = 0;
  }
  if (io->kind == HWS_IO_WRITE && io->status == HWS_IO_OK && io->bytes > 1) {
    if (fault == FAULTY_COUNTS_TOO_MUCH) io->bytes++;
    if (fault == FAULTY_COUNTS_TOO_LITTLE) io->bytes--;
    if (fault == FAULTY_UNKNOWN_STATUS) io->status = -77;
  }
}

static void shim_complete(struct hws_host_endpoint *host, struct hws_io *io) {
  if (fault == FAULTY_NEVER_COMPLETES && io->kind == HWS_IO_READ) return;
  if (fault == FAULTY_CANCELS_BY_ITSELF && io->kind == HWS_IO_READ) io->status = HWS_IO_CANCELED;
  spoil_result(io);
  above->complete(host, io);
  if (fault == FAULTY_COMPLETES_TWICE) above->complete(host, io);
}

static void *shim_alloc(uint64_t bytes) {
  void *memory = above->alloc(bytes);
  if (!memory && fault == FAULTY_ABORTS_ON_NOMEM) abort();
  return memory;
}

static void shim_rearm(struct hws_host_endpoint *host, uint32_t direction) {
  if (fault != FAULTY_NEVER_REARMS) above->rearm(host, direction);
}

static void shim_timer_at(struct hws_host_endpoint *host, uint64_t ns) {
  if (fault == FAULTY_SPINS) {
    above->post(host);
  } else {
    above->timer_at(host, ns);
  }
}

/* ---- what the host asks of the plugin ---------------------------------------------------------------------------- */

static struct layer *layer_new(struct hws_host_endpoint *host) {
  struct layer *layer = calloc(1, sizeof *layer);
  if (!layer) abort();
  layer->host = host;
  if (fault == FAULTY_KEEPS_MEMORY) (void)above->alloc(10);
  if (fault == FAULTY_KEEPS_DESCRIPTOR) (void)!dup(0);
  return layer;
}

static int32_t settle(struct layer *layer, int32_t status, void **ep) {
  if (status == HWS_IO_OK) {
    *ep = layer;
  } else {
    free(layer);
    if (fault == FAULTY_SETS_EP_ON_FAILURE) *ep = NULL;
  }
  return status;
}

static int32_t slot_listen(void *self, struct hws_host_endpoint *host, const char *address, void **ep) {
  struct layer *layer = layer_new(host);
  if (fault == FAULTY_KNOWS_EVERY_PARAMETER) (void)above->config(host, "no.such.parameter");
  return settle(layer, real.listen(self, host, address, &layer->ep), ep);
}

static int32_t slot_dial(void *self, struct hws_host_endpoint *host, const char *address, void **ep) {
  struct layer *layer = layer_new(host);
  return settle(layer, real.dial(self, host, address, &layer->ep), ep);
}

static int32_t slot_adopt(void *self, struct hws_host_endpoint *host, void *accepted, void **ep) {
  if (!host) return real.adopt(self, host, accepted, ep);
  struct layer *layer = layer_new(host);
  return settle(layer, real.adopt(self, host, accepted, &layer->ep), ep);
}

static int32_t end(struct hws_io *io, int32_t status) {
  io->status = status;
  io->bytes = 0;
  return 1;
}

/* Faults before the real plugin sees the io. 0: it is to see it. */
static int32_t submit_wrongly(struct layer *layer, struct hws_io *io) {
  switch (fault) {
  case FAULTY_READS_WITHOUT_BYTES:
    return io->kind == HWS_IO_READ && io->vec_count == 0 ? end(io, HWS_IO_OK) : 0;
  case FAULTY_IGNORES_SHUTDOWN:
    return io->kind == HWS_IO_SHUTDOWN ? end(io, HWS_IO_OK) : 0;
  case FAULTY_ACCEPTS_NOTHING:
    return io->kind == HWS_IO_ACCEPT ? end(io, HWS_IO_OK) : 0;
  case FAULTY_SHUTS_BOTH:
    if (io->kind == HWS_IO_SHUTDOWN) (void)shutdown(descriptor_of(layer), SHUT_RDWR);
    return 0;
  case FAULTY_CLOSES_EARLY:
    if (io->kind != HWS_IO_SHUTDOWN) return 0;
    (void)close(descriptor_of(layer));
    return end(io, HWS_IO_OK);
  case FAULTY_CRASHES:
    if (io->kind == HWS_IO_SHUTDOWN) abort();
    return 0;
  case FAULTY_BLOCKS: {
    struct pollfd item = {.fd = descriptor_of(layer), .events = POLLIN};
    while (io->kind == HWS_IO_READ && poll(&item, 1, -1) < 0 && errno == EINTR) {
    }
    return 0;
  }
  case FAULTY_DROPS_ACCEPTS:
    if (io->kind == HWS_IO_ACCEPT && layer->drops_next) {
      layer->drops_next = false;
      (void)close(accept(descriptor_of(layer), NULL, NULL));
    }
    return 0;
  default:
    return 0;
  }
}

static int32_t slot_submit(void *ep, struct hws_io *io) {
  struct layer *layer = ep;
  if (submit_wrongly(layer, io) == 1) return 1;
  int32_t answer = real.submit(layer->ep, io);
  if (answer != 1) return answer;
  spoil_result(io);
  if (fault == FAULTY_DIALS_ANYTHING && io->kind == HWS_IO_DIAL) io->status = HWS_IO_OK;
  if (fault == FAULTY_STEALS_ADDRESSES && io->kind == HWS_IO_LISTEN) io->status = HWS_IO_OK;
  if (fault == FAULTY_COMPLETES_AND_RETURNS && io->kind == HWS_IO_READ) above->complete(layer->host, io);
  return fault == FAULTY_SUBMIT_RETURNS_TWO && io->kind == HWS_IO_WRITE ? 2 : answer;
}

static int32_t slot_cancel(void *ep, struct hws_io *io) {
  struct layer *layer = ep;
  char eaten[16];
  bool reads = io->kind == HWS_IO_READ;
  if (fault == FAULTY_CANCEL_IS_LATE && reads) {
    layer->late = io;
    above->post(layer->host);
    return 0;
  }
  if (fault == FAULTY_CANCEL_EATS && reads) (void)!recv(descriptor_of(layer), eaten, sizeof eaten, MSG_DONTWAIT);
  if (fault == FAULTY_DROPS_ACCEPTS && io->kind == HWS_IO_ACCEPT) layer->drops_next = true;
  int32_t answer = real.cancel(layer->ep, io);
  if (fault == FAULTY_WRITES_LATE && reads && io->vec_count) layer->late_buffer = io->vec->ptr;
  if (fault == FAULTY_CANCEL_COMPLETES_TOO && answer == 1) above->complete(layer->host, io);
  return answer;
}

static void slot_on_ready(void *ep, uint32_t direction) {
  struct layer *layer = ep;
  if (layer->late_buffer) layer->late_buffer[0] = 0;
  real.on_ready(layer->ep, fault == FAULTY_LOSES_END ? direction & 1u : direction);
}

static void slot_on_timer(void *ep) {
  real.on_timer(((struct layer *)ep)->ep);
}

static void slot_on_post(void *ep) {
  struct layer *layer = ep;
  struct hws_io *io = layer->late;
  layer->late = NULL;
  if (io && real.cancel(layer->ep, io) == 1) above->complete(layer->host, io);
  if (fault == FAULTY_SPINS) {
    real.on_timer(layer->ep);
  } else {
    real.on_post(layer->ep);
  }
}

static int32_t slot_query(void *ep, uint32_t what, void *answer, uint32_t size) {
  const struct layer *layer = ep;
  int32_t result = real.query(layer->ep, what, answer, size);
  if (fault == FAULTY_WRONG_PEER && what == HWS_QUERY_PEER) ((struct hws_peer_id *)answer)->uid++;
  if (fault == FAULTY_TAKES_ALL && what == HWS_QUERY_UNTAKEN && result >= 0) *(uint64_t *)answer = 0;
  bool text = what == HWS_QUERY_LOCAL || what == HWS_QUERY_REMOTE;
  return fault == FAULTY_CUTS_TEXT && text && result >= (int32_t)size ? (int32_t)size - 1 : result;
}

static void misuse_memory(void) {
  char *memory = above->alloc(10);
  if (!memory) return;
  if (fault == FAULTY_WRITES_PAST_MEMORY) memory[10] = 1;
  above->release(memory);
  if (fault == FAULTY_RELEASES_TWICE) above->release(memory);
}

static void slot_destroy(void *ep, uint32_t abort_it) {
  struct layer *layer = ep;
  struct hws_host_endpoint *host = layer->host;
  real.destroy(layer->ep, abort_it);
  free(layer);
  misuse_memory();
  if (fault == FAULTY_POSTS_AFTER_DESTROY) above->post(host);
}

/* ---- the plugin -------------------------------------------------------------------------------------------------- */

static const struct hws_plugin *real_manifest(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  void *symbol = library ? dlsym(library, "hws_plugin_v1") : NULL;
  if (!symbol) abort();
  const struct hws_plugin *(*manifest_of)(void);
  memcpy(&manifest_of, &symbol, sizeof manifest_of);
  return manifest_of();
}

static int32_t (*real_open)(const struct hws_host *host, struct hws_vtable *vtable);

static int32_t layer_open(const struct hws_host *host, struct hws_vtable *vtable) {
  above = host;
  shim = *host;
  shim.complete = shim_complete;
  shim.alloc = shim_alloc;
  shim.rearm = shim_rearm;
  shim.timer_at = shim_timer_at;
  real.size = sizeof real;
  int32_t status = real_open(&shim, &real);
  *vtable = real;
  vtable->listen = slot_listen;
  vtable->dial = slot_dial;
  vtable->adopt = slot_adopt;
  vtable->submit = slot_submit;
  vtable->cancel = slot_cancel;
  vtable->on_ready = slot_on_ready;
  vtable->on_timer = slot_on_timer;
  vtable->on_post = slot_on_post;
  vtable->query = slot_query;
  vtable->destroy = slot_destroy;
  return status;
}

const struct hws_plugin *faulty_manifest(const char *real_plugin, enum faulty_kind kind) {
  manifest = *real_manifest(real_plugin);
  real_open = manifest.open;
  manifest.open = layer_open;
  fault = kind;
  return &manifest;
}
