/* SPDX-License-Identifier: Apache-2.0
 *
 * The sizes and limits of a session: those that nobody can change, and those that its settings say.
 */
#ifndef HAWSER_CORE_MUX_LIMITS_H
#define HAWSER_CORE_MUX_LIMITS_H

#include <stddef.h>
#include <stdint.h>

enum {
  FRAME_BODY_MAX = 64 * 1024,
  BATCH_BYTES = 256 * 1024,
  BATCH_PIECES = 256,
  NEST_MAX = 4,
  PONGS_MAX = 64,
  REPLIES_MAX = 256,
  UNACKED_MAX = 256, /* opens that the peer has not answered in any way */
  STREAMS_PLAIN_MAX = 512,
  STREAMS_PLAIN = 256, /* of the peer's at once, where no setting says otherwise */
  STREAMS_NATIVE = 1024,
  WINDOW_PLAIN = 256 * 1024, /* the credit that every stream begins with */
  WINDOW_NATIVE = 64 * 1024,
  FRAME_TAKEN_MAX = 16 * 1024 * 1024, /* bodies that a native session says it takes; credit bounds them anyway */
  LAZY_BYTES = 64 * 1024
};

/* Settings of a session, in the order of the table in settings.c. */
enum session_setting {
  SET_WINDOW_FIRST,
  SET_WINDOW_MAX,
  SET_POOL,
  SET_UNSENT,
  SET_STREAMS,
  SET_BACKLOG,
  SET_KEEPALIVE,
  SET_KEEPALIVE_TIMEOUT,
  SET_WRITE_TIMEOUT,
  SET_LINGER,
  SET_DRAIN,
  SET_USELESS,
  SET_RESETS,
  SET_RESET_RATE,
  SET_ANSWERS,
  SET_HANDSHAKE,
  SET_SNIFF,
  SESSION_SETTINGS
};

int mux_settings(const char *text, uint64_t *values, char *error, size_t size);

#endif
