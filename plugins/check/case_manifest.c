/* SPDX-License-Identifier: Apache-2.0
 *
 * Cases: the manifest and the vtable.
 */
#include <string.h>

#include "plugins/check/cases.h"
#include "plugins/check/memory.h"

static bool is_among(const char *text, size_t from, size_t to, const char *letters) {
  size_t length = text ? strlen(text) : 0;
  return length >= from && length <= to && strspn(text, letters) == length;
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

static void check_texts(const struct hws_plugin *manifest) {
  CHECK(is_among(manifest->name, 1, 32, LOWER DIGITS "_"), "the name is not [a-z0-9_]{1,32}");
  size_t length = manifest->version ? strlen(manifest->version) : 0;
  CHECK(length >= 1 && length <= 32, "the version has %zu characters, not 1 to 32", length);
  for (size_t i = 0; i < length; i++) {
    CHECK(manifest->version[i] > ' ' && manifest->version[i] <= '~', "the version is not printable");
  }
  CHECK(manifest->schemes && manifest->schemes[0], "there are no schemes");
  for (size_t i = 0; manifest->schemes[i]; i++) {
    CHECK(i < 8, "there are more than 8 schemes, or the list has no end");
    const char *scheme = manifest->schemes[i];
    CHECK(is_among(scheme, 1, 16, LOWER DIGITS ".-") && strchr(LOWER, scheme[0]),
          "scheme %zu is not [a-z][a-z0-9.-]{0,15}", i);
  }
}

static void case_manifest(struct fixture *fixture) {
  const struct hws_plugin *manifest = check_manifest(fixture->config);
  CHECK(manifest->magic == HWS_PLUGIN_MAGIC, "magic is 0x%08x", manifest->magic);
  CHECK(manifest->size >= sizeof *manifest, "size is %u, less than %zu", manifest->size, sizeof *manifest);
  CHECK(manifest->major == HWS_PLUGIN_MAJOR, "major is %u", manifest->major);
  CHECK(manifest->minor_low <= manifest->minor_high, "minor_low is above minor_high");
  CHECK(manifest->minor_low <= HWS_PLUGIN_MINOR, "needs minor %u of a host, and this is %u", manifest->minor_low,
        HWS_PLUGIN_MINOR);
  CHECK(manifest->pointer_bits == 8 * sizeof(void *), "pointer_bits is %u", manifest->pointer_bits);
  CHECK(manifest->io_scratch <= 4096, "io_scratch is %u", manifest->io_scratch);
  CHECK(manifest->open, "open is NULL");
  bool filter = (manifest->capabilities & HWS_CAP_FILTER) != 0;
  bool carries = (manifest->capabilities & (HWS_CAP_LISTEN | HWS_CAP_DIAL)) != 0;
  CHECK(filter != carries, "is not just one of a filter and a transport (capabilities 0x%llx)",
        (unsigned long long)manifest->capabilities);
  if (manifest->minor_high <= HWS_PLUGIN_MINOR) {
    bool zero = manifest->reserved0 == 0;
    for (size_t i = 0; i < sizeof manifest->reserved / sizeof manifest->reserved[0]; i++) {
      if (manifest->reserved[i] != 0) zero = false;
    }
    CHECK(zero, "a reserved field is not zero");
  }
  check_texts(manifest);
}

static void case_vtable(struct fixture *fixture) {
  const struct check_host *host = fixture->host;
  const struct hws_vtable *vtable = host->filter ? &host->filter_vtable : &host->vtable;
  const struct hws_plugin *manifest = host->filter ? host->filter : host->manifest;
  const uint64_t capabilities = manifest->capabilities;
  CHECK(vtable->size > 0 && vtable->size <= sizeof *vtable, "open set vtable.size to %u", vtable->size);
  CHECK(vtable->reserved == 0, "open set vtable.reserved");
  CHECK(vtable->submit && vtable->cancel && vtable->destroy, "submit, cancel or destroy is NULL");
  CHECK(!(capabilities & HWS_CAP_LISTEN) || (vtable->listen && vtable->adopt), "listens, but listen or adopt is NULL");
  CHECK(!(capabilities & HWS_CAP_DIAL) || vtable->dial, "dials, but dial is NULL");
  CHECK(!(capabilities & HWS_CAP_FILTER) || (vtable->wrap && vtable->on_done), "filters, but wrap or on_done is NULL");
  CHECK(!(capabilities & HWS_CAP_PEER) || vtable->query, "knows peers, but query is NULL");
  CHECK(!(manifest->host_needs & HWS_HOST_WATCH) || vtable->on_ready, "needs readiness, but on_ready is NULL");
}

/* A host that refuses the plugin after open calls fini, which leaves nothing. */
static void case_open_fini(struct fixture *fixture) {
  int64_t before = check_memory_live();
  struct check_host *host =
      check_host_start(check_manifest(fixture->config), CHECK_ARM_AT_ONCE, true, fixture->config->patience_ms);
  if (host->vtable.fini) {
    check_trace_inside("fini");
    host->vtable.fini(host->vtable.self);
    check_trace_inside(NULL);
  }
  CHECK(check_memory_live() == before, "fini left %lld pieces of the host's memory",
        (long long)(check_memory_live() - before));
  check_host_stop(host);
}

const struct check_case check_cases_manifest[] = {
    {"manifest", 0, CHECK_NO_HOST, case_manifest},
    {"vtable", 0, 0, case_vtable},
    {"open and fini", 0, CHECK_NO_HOST, case_open_fini},
    {NULL, 0, 0, NULL},
};
