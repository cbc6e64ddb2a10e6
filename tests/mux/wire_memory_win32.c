/* SPDX-License-Identifier: Apache-2.0
 *
 * A wire over memory.
 */
#include "tests/mux/wire_memory_win32.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/mux/world.h"

enum { MOMENT_MS = 100 };

struct wire_memory {
  hws_handle listener;
  hws_handle stream;
};

/* One for the process, and never closed: a wire outlives the runtime of its test. */
static hws_handle runtime(void) {
  static hws_handle only;
  struct hws_runtime_config config = {.size = sizeof config, .plugin_dir = TEST_PLUGIN_DIR};
  if (!only) assert_int_equal(hws_runtime_open(&config, &only), HWS_OK);
  return only;
}

static struct hws_how how_try(void) {
  return (struct hws_how){.size = sizeof(struct hws_how), .flags = HWS_TRY};
}

struct wire_memory *wire_memory_listen(char *url, size_t size) {
  static unsigned number;
  struct hws_how how = how_block();
  struct hws_event event;
  struct wire_memory *wire = calloc(1, sizeof *wire);
  assert_non_null(wire);
  (void)snprintf(url, size, "mem://wire%u?buffer=%d", number++, WIRE_MEMORY_BYTES);
  assert_int_equal(hws_listen(runtime(), url, 0, &how, &event, NULL, &wire->listener), 1);
  assert_status(event.status, HWS_OK);
  return wire;
}

void wire_memory_accept(struct wire_memory *wire) {
  struct hws_how how = how_block();
  struct hws_event event;
  assert_int_equal(hws_accept(wire->listener, 0, &how, &event, NULL, &wire->stream), 1);
  assert_status(event.status, HWS_OK);
  close_handle(wire->listener);
  wire->listener = 0;
}

void wire_memory_close(struct wire_memory *wire) {
  if (wire->listener) close_handle(wire->listener);
  if (wire->stream) close_handle(wire->stream);
  free(wire);
}

static long result_of(hws_result result, const struct hws_event *event) {
  if (result == HWS_E_AGAIN) return 0;
  return result == 1 && event->status == HWS_OK ? (long)event->bytes : -1;
}

long wire_memory_send(struct wire_memory *wire, const void *bytes, size_t length) {
  struct hws_vec vec = {.ptr = (void *)(uintptr_t)bytes, .len = length};
  struct hws_how how = how_try();
  struct hws_event event;
  return result_of(hws_send(wire->stream, &vec, 1, &how, &event, NULL), &event);
}

long wire_memory_recv(struct wire_memory *wire, void *bytes, size_t length) {
  struct hws_vec vec = {.ptr = bytes, .len = length};
  struct hws_how how = how_try();
  struct hws_event event;
  return result_of(hws_recv(wire->stream, &vec, 1, &how, &event, NULL), &event);
}

void wire_memory_wait(struct wire_memory *wire, bool to_write) {
  struct hws_how how = {.size = sizeof how, .flags = HWS_BLOCK | HWS_RELATIVE, .deadline_ns = MOMENT_MS * MILLISECOND};
  struct hws_event event;
  (void)(to_write ? hws_send : hws_recv)(wire->stream, NULL, 0, &how, &event, NULL);
}
