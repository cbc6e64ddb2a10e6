/* SPDX-License-Identifier: Apache-2.0
 *
 * The vtable that a plugin's open filled: its size, and a function for everything that the manifest promises.
 */
#include "plugins/manifest.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "plugins/refusal.h"

/* A slot, and when it must be there: always, or if a capability or a need of the host is stated. */
struct slot {
  const char *name;
  size_t offset;
  bool always;
  uint64_t capability;
  uint64_t need;
};

#define SLOT(name) #name, offsetof(struct hws_vtable, name)

static const struct slot slots[] = {
    {SLOT(listen), false, HWS_CAP_LISTEN, 0},
    {SLOT(dial), false, HWS_CAP_DIAL, 0},
    {SLOT(adopt), false, HWS_CAP_LISTEN, 0},
    {SLOT(import_handle), false, HWS_CAP_IMPORT, 0},
    {SLOT(wrap), false, HWS_CAP_FILTER, 0},
    {SLOT(submit), true, 0, 0},
    {SLOT(cancel), true, 0, 0},
    {SLOT(on_ready), false, 0, HWS_HOST_WATCH},
    {SLOT(on_packet), false, 0, HWS_HOST_PORT},
    {SLOT(on_timer), false, 0, 0},
    {SLOT(on_post), false, 0, HWS_HOST_RESOLVE},
    {SLOT(on_done), false, 0, HWS_HOST_UNDER},
    {SLOT(query), false, HWS_CAP_PEER, 0},
    {SLOT(error_text), false, 0, 0},
    {SLOT(destroy), true, 0, 0},
    {SLOT(fini), false, 0, 0},
    {SLOT(retire), false, 0, 0},
};

/* All function pointers have one representation, so any of them can be looked at as this one. */
typedef void (*any_function)(void);
_Static_assert(sizeof(any_function) == sizeof(((struct hws_vtable *)0)->submit), "function pointers differ in size");

static any_function slot_read(const struct hws_vtable *vtable, const struct slot *slot) {
  any_function function;
  memcpy(&function, (const char *)vtable + slot->offset, sizeof function);
  return function;
}

static void slots_clear_outside(struct hws_vtable *vtable) {
  const any_function none = NULL;
  for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++)
    if (slots[i].offset + sizeof none > vtable->size) memcpy((char *)vtable + slots[i].offset, &none, sizeof none);
}

bool manifest_check_vtable(const struct hws_plugin *manifest, const struct hws_host *host, struct hws_vtable *vtable,
                           const char *path, struct plugin_error *error) {
  slots_clear_outside(vtable);
  const size_t least = offsetof(struct hws_vtable, listen);
  if (vtable->size < least || vtable->size > sizeof *vtable)
    return refusal_say(error, path, "vtable.size: found %" PRIu32 ", wanted %zu to %zu", vtable->size, least,
                       sizeof *vtable);
  if (vtable->reserved != 0 && manifest->minor_high <= host->minor)
    return refusal_say(error, path, "vtable.reserved: found 0x%" PRIx32 ", wanted 0", vtable->reserved);
  for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++) {
    const struct slot *slot = &slots[i];
    bool promised =
        slot->always || (manifest->capabilities & slot->capability) != 0 || (manifest->host_needs & slot->need) != 0;
    if (promised && slot_read(vtable, slot) == NULL)
      return refusal_say(error, path,
                         "vtable.%s: found NULL, wanted a function (capabilities 0x%" PRIx64 ", host_needs 0x%" PRIx64
                         ")",
                         slot->name, manifest->capabilities, manifest->host_needs);
  }
  return true;
}
