/* SPDX-License-Identifier: Apache-2.0
 *
 * Version negotiation: whether this host can work with a plugin, judged by its manifest alone.
 *
 * Sizes come first: until magic and size were seen to be right, nothing else of the struct is read. What a newer minor
 * may have given a meaning to (reserved fields, unknown capability bits) is judged only if the plugin was not built
 * against a newer minor than the host's.
 */
#include "plugins/manifest.h"

#include <inttypes.h>
#include <string.h>

#include "plugins/refusal.h"

/* The bits that mean something in minor 0; HWS_CAP_EXPORT, IMPORT, LEND and DATAGRAM are reserved. */
static const uint64_t caps_known = HWS_CAP_LISTEN | HWS_CAP_DIAL | HWS_CAP_HALF_CLOSE | HWS_CAP_REVOKE | HWS_CAP_PEER |
                                   HWS_CAP_FILTER | HWS_CAP_MESSAGES | HWS_CAP_DESCRIPTORS | HWS_CAP_SENDFILE;

static bool is_newer(const struct hws_plugin *manifest, const struct hws_host *host) {
  return manifest->minor_high > host->minor;
}

static bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool manifest_name_valid(const char *name) {
  size_t length = strnlen(name, MANIFEST_NAME_MAX + 1);
  if (length == 0 || length > MANIFEST_NAME_MAX) return false;
  for (size_t i = 0; i < length; i++)
    if (!is_lower(name[i]) && !is_digit(name[i]) && name[i] != '_') return false;
  return true;
}

bool manifest_scheme_valid(const char *scheme) {
  size_t length = strnlen(scheme, MANIFEST_SCHEME_MAX + 1);
  if (length > MANIFEST_SCHEME_MAX || !is_lower(scheme[0])) return false;
  for (size_t i = 1; i < length; i++)
    if (!is_lower(scheme[i]) && !is_digit(scheme[i]) && scheme[i] != '.' && scheme[i] != '-') return false;
  return true;
}

static bool version_valid(const char *version) {
  size_t length = strnlen(version, MANIFEST_VERSION_MAX + 1);
  if (length == 0 || length > MANIFEST_VERSION_MAX) return false;
  for (size_t i = 0; i < length; i++)
    if (version[i] < 0x20 || version[i] > 0x7e) return false;
  return true;
}

static bool check_head(const struct hws_plugin *manifest, const char *path, struct plugin_error *error) {
  if (manifest == NULL) return refusal_say(error, path, "hws_plugin_v1: found NULL, wanted a manifest");
  if (manifest->magic != HWS_PLUGIN_MAGIC)
    return refusal_say(error, path, "magic: found 0x%08" PRIx32 ", wanted 0x%08x", manifest->magic,
                       (unsigned)HWS_PLUGIN_MAGIC);
  if (manifest->size < sizeof *manifest)
    return refusal_say(error, path, "size: found %" PRIu32 ", wanted at least %zu", manifest->size, sizeof *manifest);
  return true;
}

static bool check_version(const struct hws_plugin *manifest, const struct hws_host *host, const char *path,
                          struct plugin_error *error) {
  if (manifest->major != host->major)
    return refusal_say(error, path, "major: found %u, wanted %u", (unsigned)manifest->major, (unsigned)host->major);
  if (manifest->minor_low > manifest->minor_high)
    return refusal_say(error, path, "minor_low: found %u, wanted at most minor_high, which is %u",
                       (unsigned)manifest->minor_low, (unsigned)manifest->minor_high);
  if (manifest->minor_low > host->minor)
    return refusal_say(error, path, "minor_low: found %u, wanted at most this host's minor, which is %u",
                       (unsigned)manifest->minor_low, (unsigned)host->minor);
  if (manifest->pointer_bits != 8 * sizeof(void *))
    return refusal_say(error, path, "pointer_bits: found %u, wanted %zu", (unsigned)manifest->pointer_bits,
                       8 * sizeof(void *));
  return true;
}

static bool check_capabilities(const struct hws_plugin *manifest, const struct hws_host *host, const char *path,
                               struct plugin_error *error) {
  uint64_t caps = manifest->capabilities;
  bool filter = (caps & HWS_CAP_FILTER) != 0;
  if ((caps & ~caps_known) != 0 && !is_newer(manifest, host))
    return refusal_say(error, path, "capabilities: found 0x%" PRIx64 ", wanted only bits of 0x%" PRIx64 " in minor %u",
                       caps, caps_known, (unsigned)manifest->minor_high);
  if (filter && (caps & (HWS_CAP_LISTEN | HWS_CAP_DIAL)) != 0)
    return refusal_say(error, path, "capabilities: found 0x%" PRIx64 ", wanted HWS_CAP_FILTER without LISTEN and DIAL",
                       caps);
  if ((caps & (HWS_CAP_LISTEN | HWS_CAP_DIAL | HWS_CAP_FILTER)) == 0 && !is_newer(manifest, host))
    return refusal_say(error, path, "capabilities: found 0x%" PRIx64 ", wanted one of LISTEN, DIAL and FILTER", caps);
  if (filter && (manifest->host_needs & HWS_HOST_UNDER) == 0)
    return refusal_say(error, path, "host_needs: found 0x%" PRIx64 ", wanted HWS_HOST_UNDER for a filter",
                       manifest->host_needs);
  return true;
}

static bool check_needs(const struct hws_plugin *manifest, const struct hws_host *host, const char *path,
                        struct plugin_error *error) {
  uint64_t missing = manifest->host_needs & ~host->capabilities;
  if (missing != 0)
    return refusal_say(error, path, "host_needs: found 0x%" PRIx64 ", wanted only what this host offers, 0x%" PRIx64,
                       manifest->host_needs, host->capabilities);
  if (manifest->io_scratch > MANIFEST_SCRATCH_MAX)
    return refusal_say(error, path, "io_scratch: found %" PRIu32 ", wanted at most %d", manifest->io_scratch,
                       MANIFEST_SCRATCH_MAX);
  if (manifest->open == NULL) return refusal_say(error, path, "open: found NULL, wanted a function");
  return true;
}

static bool check_reserved(const struct hws_plugin *manifest, const struct hws_host *host, const char *path,
                           struct plugin_error *error) {
  if (is_newer(manifest, host)) return true;
  if (manifest->reserved0 != 0)
    return refusal_say(error, path, "reserved0: found 0x%" PRIx32 ", wanted 0", manifest->reserved0);
  for (size_t i = 0; i < sizeof manifest->reserved / sizeof manifest->reserved[0]; i++)
    if (manifest->reserved[i] != 0)
      return refusal_say(error, path, "reserved[%zu]: found 0x%" PRIx64 ", wanted 0", i, manifest->reserved[i]);
  return true;
}

static bool check_names(const struct hws_plugin *manifest, const char *path, struct plugin_error *error) {
  if (manifest->name == NULL) return refusal_say(error, path, "name: found NULL, wanted [a-z0-9_]{1,32}");
  if (!manifest_name_valid(manifest->name))
    return refusal_say(error, path, "name: found '%.33s', wanted [a-z0-9_]{1,32}", manifest->name);
  if (manifest->version == NULL) return refusal_say(error, path, "version: found NULL, wanted a text");
  if (!version_valid(manifest->version))
    return refusal_say(error, path, "version: found '%.33s', wanted 1 to 32 printable characters", manifest->version);
  return true;
}

static bool check_schemes(const struct hws_plugin *manifest, const char *path, struct plugin_error *error) {
  const char *const *schemes = manifest->schemes;
  if (schemes == NULL) return refusal_say(error, path, "schemes: found NULL, wanted a list");
  if (schemes[0] == NULL) return refusal_say(error, path, "schemes: found none, wanted 1 to %d", MANIFEST_SCHEMES_MAX);
  for (unsigned i = 0; schemes[i] != NULL; i++) {
    if (i == MANIFEST_SCHEMES_MAX)
      return refusal_say(error, path, "schemes: found more than %d, or no NULL at the end", MANIFEST_SCHEMES_MAX);
    if (!manifest_scheme_valid(schemes[i]))
      return refusal_say(error, path, "schemes: found '%.17s', wanted [a-z][a-z0-9.-]{0,15}", schemes[i]);
    for (unsigned j = 0; j < i; j++)
      if (strcmp(schemes[i], schemes[j]) == 0) return refusal_say(error, path, "schemes: found '%s' twice", schemes[i]);
  }
  return true;
}

bool manifest_check(const struct hws_plugin *manifest, const struct hws_host *host, const char *path,
                    struct plugin_error *error) {
  return check_head(manifest, path, error) && check_version(manifest, host, path, error) &&
         check_reserved(manifest, host, path, error) && check_capabilities(manifest, host, path, error) &&
         check_needs(manifest, host, path, error) && check_names(manifest, path, error) &&
         check_schemes(manifest, path, error);
}

bool manifest_serves(const struct hws_plugin *manifest, const char *scheme) {
  for (unsigned i = 0; manifest->schemes[i] != NULL; i++)
    if (strcmp(manifest->schemes[i], scheme) == 0) return true;
  return false;
}
