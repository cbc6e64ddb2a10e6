/* SPDX-License-Identifier: Apache-2.0
 *
 * Driving an endpoint of the sample transport by hand.
 */
#ifndef HAWSER_TESTS_PLUGINS_SIDE_H
#define HAWSER_TESTS_PLUGINS_SIDE_H

#include <stdbool.h>

#include "tests/plugins/fake_host.h"

enum { PENDS = -1000 };

/* One side as a host sees it. */
struct side {
  struct hws_host_endpoint host;
  void *ep;
};

/* The plugin, and the vtable of an instance that was opened for the test that runs. */
extern const struct hws_plugin *side_manifest;
extern struct hws_vtable side_table;

/* For cmocka: of the group, and of each test, which gives back all memory. */
int side_load(void **state);
int side_begin(void **state);
int side_end(void **state);

int32_t side_make(struct side *side, bool listens, const char *address, const struct fake_setting *settings);
void side_listen(struct side *side, const char *address, const struct fake_setting *settings);
int32_t side_dial(struct side *side, const char *address, const struct fake_setting *settings);
void side_adopt(struct side *side, void *accepted);
void side_accept(struct side *listener, struct side *side);

/* A connection; the listener is gone. */
void side_connect(struct side *client, struct side *server, const struct fake_setting *settings);
void side_destroy(struct side *side, uint32_t abort);

/* The io's status, or PENDS. */
int32_t side_submit(struct side *side, struct fake_io *io, uint16_t kind, struct hws_iov *vec, uint32_t count);

/* The same of one without vectors that does not pend. */
int32_t side_start(struct side *side, uint16_t kind);

/* The bytes moved, or a negative status, or PENDS. */
int64_t side_move(struct side *side, struct fake_io *io, uint16_t kind, void *bytes, size_t size);
int64_t side_put(struct side *side, const char *text);
int64_t side_get_status(struct side *side);
void side_assert_gets(struct side *side, const char *text);

/* Delivers a post if there is one. */
bool side_deliver(struct side *side);

#endif
