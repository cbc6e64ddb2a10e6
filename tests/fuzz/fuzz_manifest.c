/* SPDX-License-Identifier: Apache-2.0
 *
 * PLG-2: any manifest and any vtable, as a broken or hostile plugin may state them. The input is the numbers of both,
 * then texts that end with a zero byte: name, version, schemes. A text that is too long gets no end at all, and lies in
 * memory of exactly the length that may be read.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/manifest.h"

enum { SCHEMES = MANIFEST_SCHEMES_MAX + 1 };

struct input {
  const uint8_t *data;
  size_t size;
};

static void require(int condition) {
  if (!condition) abort();
}

static void take(struct input *input, void *to, size_t size) {
  size_t length = size < input->size ? size : input->size;
  if (length > 0) memcpy(to, input->data, length);
  input->data += length;
  input->size -= length;
}

/* NULL: the input has ended. */
static char *take_text(struct input *input, size_t most) {
  if (input->size == 0) return NULL;
  size_t length = strnlen((const char *)input->data, input->size);
  size_t kept = length <= most ? length : most + 1;
  char *text = calloc(1, length <= most ? kept + 1 : kept);
  require(text != NULL);
  memcpy(text, input->data, kept);
  input->data += length;
  input->size -= length;
  if (input->size > 0) input->data++, input->size--;
  return text;
}

static int32_t open_nothing(const struct hws_host *host, struct hws_vtable *vtable) {
  (void)host, (void)vtable;
  abort();
}

static void slot(void) {
}

static void check_vtable(struct input *input, const struct hws_plugin *manifest, const struct hws_host *host) {
  struct plugin_error error = {.text = ""};
  struct hws_vtable vtable;
  uint32_t present = 0;
  void (*function)(void) = slot;
  memset(&vtable, 0, sizeof vtable);
  take(input, &vtable.size, sizeof vtable.size);
  take(input, &vtable.reserved, sizeof vtable.reserved);
  take(input, &present, sizeof present);
  char *at = (char *)&vtable.listen;
  for (unsigned i = 0; at + i * sizeof function < (char *)(&vtable + 1); i++)
    if (present >> i & 1) memcpy(at + i * sizeof function, &function, sizeof function);
  if (!manifest_check_vtable(manifest, host, &vtable, "/p.so", &error)) {
    require(error.text[0] != '\0' && memchr(error.text, '\0', sizeof error.text) != NULL);
    return;
  }
  require(vtable.submit != NULL && vtable.cancel != NULL && vtable.destroy != NULL && vtable.size <= sizeof vtable);
  if (manifest->capabilities & HWS_CAP_LISTEN) require(vtable.listen != NULL && vtable.adopt != NULL);
  if (manifest->capabilities & HWS_CAP_DIAL) require(vtable.dial != NULL);
}

static void check_accepted(const struct hws_plugin *manifest, const struct hws_host *host) {
  require(manifest->size >= sizeof *manifest && manifest->minor_low <= host->minor);
  require((manifest->host_needs & ~host->capabilities) == 0 && manifest->io_scratch <= MANIFEST_SCRATCH_MAX);
  require(manifest_name_valid(manifest->name));
  for (unsigned i = 0; manifest->schemes[i] != NULL; i++) {
    require(manifest_scheme_valid(manifest->schemes[i]));
    require(manifest_serves(manifest, manifest->schemes[i]));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct hws_host host = {.major = HWS_PLUGIN_MAJOR, .minor = 2, .capabilities = HWS_HOST_WATCH | HWS_HOST_UNDER};
  struct plugin_error error = {.text = ""};
  struct input input = {data, size};
  struct input vtable_input;
  struct hws_plugin manifest;
  char *texts[2];
  char *schemes[SCHEMES + 1] = {NULL};
  memset(&manifest, 0, sizeof manifest);
  take(&input, &manifest, offsetof(struct hws_plugin, name));
  take(&input, manifest.reserved, sizeof manifest.reserved);
  vtable_input = input;
  take(&input, &(uint8_t[12]){0}, 12);
  manifest.name = texts[0] = take_text(&input, MANIFEST_NAME_MAX);
  manifest.version = texts[1] = take_text(&input, MANIFEST_VERSION_MAX);
  for (unsigned i = 0; i < SCHEMES; i++) schemes[i] = take_text(&input, MANIFEST_SCHEME_MAX);
  manifest.schemes = (const char *const *)schemes;
  manifest.open = open_nothing;
  if (manifest_check(&manifest, &host, "/p.so", &error)) {
    check_accepted(&manifest, &host);
    check_vtable(&vtable_input, &manifest, &host);
  } else {
    require(strncmp(error.text, "plugin /p.so: ", 14) == 0);
    require(strpbrk(error.text, "\r\n") == NULL);
  }
  free(texts[0]);
  free(texts[1]);
  for (unsigned i = 0; i < SCHEMES; i++) free(schemes[i]);
  return 0;
}
