/* SPDX-License-Identifier: Apache-2.0
 *
 * A plugin that is right in every field, each of which can be made wrong by a definition. It carries no bytes: all that
 * matters is whether it is let in.
 */
#include <stddef.h>

#include "plugins/hawser_plugin.h"

#ifndef P_MAGIC
#define P_MAGIC HWS_PLUGIN_MAGIC
#endif
#ifndef P_SIZE
#define P_SIZE sizeof(struct hws_plugin)
#endif
#ifndef P_MAJOR
#define P_MAJOR HWS_PLUGIN_MAJOR
#endif
#ifndef P_MINOR_LOW
#define P_MINOR_LOW 0
#endif
#ifndef P_MINOR_HIGH
#define P_MINOR_HIGH HWS_PLUGIN_MINOR
#endif
#ifndef P_POINTER_BITS
#define P_POINTER_BITS (8 * sizeof(void *))
#endif
#ifndef P_CAPABILITIES
#define P_CAPABILITIES (HWS_CAP_LISTEN | HWS_CAP_DIAL | HWS_CAP_PEER)
#endif
#ifndef P_HOST_NEEDS
#define P_HOST_NEEDS HWS_HOST_WATCH
#endif
#ifndef P_IO_SCRATCH
#define P_IO_SCRATCH 4096
#endif
#ifndef P_RESERVED0
#define P_RESERVED0 0
#endif
#ifndef P_RESERVED3
#define P_RESERVED3 0
#endif
#ifndef P_NAME
#define P_NAME "right"
#endif
#ifndef P_VERSION
#define P_VERSION "1.0 (test)"
#endif
#ifndef P_SCHEMES
#define P_SCHEMES "right"
#endif
#ifndef P_SCHEME_LIST
#define P_SCHEME_LIST schemes
#endif
#ifndef P_OPEN
#define P_OPEN plugin_open
#endif
#ifndef P_OPEN_RESULT
#define P_OPEN_RESULT 0
#endif
#ifndef P_MANIFEST
#define P_MANIFEST &manifest
#endif
/* Spoils the finished vtable. */
#ifndef P_SPOIL
#define P_SPOIL (void)0
#endif

static int32_t end_make(void *self, struct hws_host_endpoint *host, const char *address, void **ep) {
  (void)self, (void)host, (void)address, (void)ep;
  return HWS_IO_UNSUPPORTED;
}

static int32_t end_adopt(void *self, struct hws_host_endpoint *host, void *accepted, void **ep) {
  (void)self, (void)host, (void)accepted, (void)ep;
  return HWS_IO_UNSUPPORTED;
}

static int32_t end_io(void *ep, struct hws_io *io) {
  (void)ep;
  io->status = HWS_IO_UNSUPPORTED;
  return 1;
}

static void end_ready(void *ep, uint32_t direction) {
  (void)ep, (void)direction;
}

static int32_t end_query(void *ep, uint32_t what, void *answer, uint32_t size) {
  (void)ep, (void)what, (void)answer, (void)size;
  return HWS_IO_UNSUPPORTED;
}

static void end_destroy(void *ep, uint32_t abort) {
  (void)ep, (void)abort;
}

static const struct hws_host *the_host;

static void plugin_fini(void *self) {
  (void)self;
  the_host->log(NULL, HWS_LOG_INFO, P_NAME " fini");
}

__attribute__((unused)) static int32_t plugin_open(const struct hws_host *host, struct hws_vtable *vtable) {
  the_host = host;
  host->log(NULL, HWS_LOG_INFO, P_NAME " open");
  vtable->listen = end_make;
  vtable->dial = end_make;
  vtable->adopt = end_adopt;
  vtable->submit = end_io;
  vtable->cancel = end_io;
  vtable->on_ready = end_ready;
  vtable->query = end_query;
  vtable->destroy = end_destroy;
  vtable->fini = plugin_fini;
  P_SPOIL;
  return P_OPEN_RESULT;
}

static const char *const schemes[] = {P_SCHEMES, NULL};

/* Room behind the manifest of this minor, as a newer one has it. */
static const struct {
  struct hws_plugin plugin;
  uint64_t more[4];
} manifest = {{
                  .magic = P_MAGIC,
                  .size = P_SIZE,
                  .major = P_MAJOR,
                  .minor_low = P_MINOR_LOW,
                  .minor_high = P_MINOR_HIGH,
                  .pointer_bits = P_POINTER_BITS,
                  .capabilities = P_CAPABILITIES,
                  .host_needs = P_HOST_NEEDS,
                  .io_scratch = P_IO_SCRATCH,
                  .reserved0 = P_RESERVED0,
                  .name = P_NAME,
                  .version = P_VERSION,
                  .schemes = P_SCHEME_LIST,
                  .open = P_OPEN,
                  .reserved = {0, 0, 0, P_RESERVED3},
              },
              {1, 1, 1, 1}};

const struct hws_plugin *hws_plugin_v1(void) {
  (void)schemes, (void)manifest;
  return (const struct hws_plugin *)(P_MANIFEST);
}
