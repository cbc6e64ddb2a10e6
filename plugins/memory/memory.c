/* SPDX-License-Identifier: Apache-2.0
 *
 * mem://NAME: byte streams between two endpoints of one process. The sample transport: whole, and small enough to be
 * read in one sitting. Begin here, then endpoint_io.c, pipe.c and names.c. It uses nothing but host services: when one
 * end has changed something that the other waits for, it posts to the other end's loop.
 *
 * Two kinds of lock, taken in this order: that of the table of names, then that of one pipe.
 */
#include <stddef.h>
#include <string.h>

#include "plugins/hawser_plugin.h"
#include "plugins/memory/endpoint.h"
#include "plugins/memory/names.h"

static void memory_fini(void *self) {
  names_free(self);
}

/* An older host has a shorter vtable, a newer one a longer: fill what both have, and say how far. */
static int32_t memory_open(const struct hws_host *host, struct hws_vtable *vtable) {
  struct hws_vtable ours = {
      .size = vtable->size < sizeof ours ? vtable->size : (uint32_t)sizeof ours,
      .self = names_new(host),
      .listen = endpoint_listen,
      .dial = endpoint_dial,
      .adopt = endpoint_adopt,
      .submit = endpoint_submit,
      .cancel = endpoint_cancel,
      .on_post = endpoint_on_post,
      .query = endpoint_query,
      .destroy = endpoint_destroy,
      .fini = memory_fini,
  };
  if (ours.self == NULL) return HWS_IO_NOMEM;
  memcpy(vtable, &ours, ours.size);
  return HWS_IO_OK;
}

static const char *const schemes[] = {"mem", NULL};

static const struct hws_plugin manifest = {
    .magic = HWS_PLUGIN_MAGIC,
    .size = sizeof manifest,
    .major = HWS_PLUGIN_MAJOR,
    .minor_low = 0,
    .minor_high = HWS_PLUGIN_MINOR,
    .pointer_bits = 8 * sizeof(void *),
    .capabilities = HWS_CAP_LISTEN | HWS_CAP_DIAL | HWS_CAP_HALF_CLOSE | HWS_CAP_REVOKE | HWS_CAP_PEER,
    .host_needs = 0,
    .name = "memory",
    .version = "1.0.0",
    .schemes = schemes,
    .open = memory_open,
};

const struct hws_plugin *hws_plugin_v1(void) {
  return &manifest;
}
