/* SPDX-License-Identifier: Apache-2.0
 *
 * The fake host's part in the tests of the sample transport.
 */
#include "tests/plugins/side.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "plugins/registry.h"

const struct hws_plugin *side_manifest;
struct hws_vtable side_table;

int side_load(void **state) {
  (void)state;
  struct plugin_error error;
  fake_host_reset();
  const struct plugin *plugin = registry_load(&fake.host, NULL, TEST_PLUGIN_DIR "/memory" TEST_PLUGIN_SUFFIX, &error);
  assert_string_equal(error.text, "");
  assert_non_null(plugin);
  side_manifest = plugin->manifest;
  return 0;
}

int side_begin(void **state) {
  (void)state;
  fake_host_reset();
  memset(&side_table, 0, sizeof side_table);
  side_table.size = sizeof side_table;
  assert_int_equal(side_manifest->open(&fake.host, &side_table), 0);
  return 0;
}

/* Every test gives back all memory. */
int side_end(void **state) {
  (void)state;
  side_table.fini(side_table.self);
  assert_int_equal(atomic_load(&fake.allocations), 0);
  return 0;
}

/* Submits. The io's status, or PENDS. */
int32_t side_submit(struct side *side, struct fake_io *io, uint16_t kind, struct hws_iov *vec, uint32_t count) {
  memset(io, 0, sizeof *io);
  io->io.size = sizeof io->io;
  io->io.kind = kind;
  if (count == 1) io->vec = *vec; /* a pending io outlives its submitter's frame */
  io->io.vec = count == 1 ? &io->vec : vec;
  io->io.vec_count = count;
  io->io.status = -999;
  int32_t result = side_table.submit(side->ep, &io->io);
  assert_int_equal(atomic_load(&io->completions), 0); /* this transport never completes inside submit */
  if (result == 0) return PENDS;
  assert_int_equal(result, 1);
  return io->io.status;
}

int32_t side_start(struct side *side, uint16_t kind) {
  struct fake_io io;
  return side_submit(side, &io, kind, NULL, 0);
}

/* The bytes moved, or a negative status or PENDS. */
int64_t side_move(struct side *side, struct fake_io *io, uint16_t kind, void *bytes, size_t size) {
  struct hws_iov vec = {bytes, size};
  int32_t status = side_submit(side, io, kind, &vec, 1);
  return status == HWS_IO_OK ? (int64_t)io->io.bytes : status;
}

int64_t side_put(struct side *side, const char *text) {
  struct fake_io io;
  return side_move(side, &io, HWS_IO_WRITE, (void *)(uintptr_t)text, strlen(text));
}

void side_assert_gets(struct side *side, const char *text) {
  char bytes[256] = "";
  struct fake_io io;
  assert_int_equal(side_move(side, &io, HWS_IO_READ, bytes, sizeof bytes), strlen(text));
  assert_memory_equal(bytes, text, strlen(text));
}

int64_t side_get_status(struct side *side) {
  char byte;
  struct fake_io io;
  return side_move(side, &io, HWS_IO_READ, &byte, 1);
}

/* Delivers a post if there is one. */
bool side_deliver(struct side *side) {
  if (atomic_exchange(&side->host.posts, 0) == 0) return false;
  side_table.on_post(side->ep);
  return true;
}

void side_destroy(struct side *side, uint32_t abort) {
  side_table.destroy(side->ep, abort);
  side->ep = NULL;
}

int32_t side_make(struct side *side, bool listens, const char *address, const struct fake_setting *settings) {
  memset(side, 0, sizeof *side);
  side->host.settings = settings;
  return listens ? side_table.listen(side_table.self, &side->host, address, &side->ep)
                 : side_table.dial(side_table.self, &side->host, address, &side->ep);
}

void side_listen(struct side *side, const char *address, const struct fake_setting *settings) {
  assert_int_equal(side_make(side, true, address, settings), HWS_IO_OK);
  assert_int_equal(side_start(side, HWS_IO_LISTEN), HWS_IO_OK);
}

int32_t side_dial(struct side *side, const char *address, const struct fake_setting *settings) {
  assert_int_equal(side_make(side, false, address, settings), HWS_IO_OK);
  return side_start(side, HWS_IO_DIAL);
}

void side_adopt(struct side *side, void *accepted) {
  memset(side, 0, sizeof *side);
  assert_non_null(accepted);
  assert_int_equal(side_table.adopt(side_table.self, &side->host, accepted, &side->ep), HWS_IO_OK);
}

void side_accept(struct side *listener, struct side *side) {
  struct fake_io io;
  assert_int_equal(side_submit(listener, &io, HWS_IO_ACCEPT, NULL, 0), HWS_IO_OK);
  side_adopt(side, io.io.accepted);
}

/* A connection; the listener is gone. */
void side_connect(struct side *client, struct side *server, const struct fake_setting *settings) {
  struct side listener;
  side_listen(&listener, "a", settings);
  assert_int_equal(side_dial(client, "a", settings), HWS_IO_OK);
  side_accept(&listener, server);
  side_destroy(&listener, 0);
}
