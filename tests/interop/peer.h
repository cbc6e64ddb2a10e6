/* SPDX-License-Identifier: Apache-2.0
 *
 * The session with the peer, in either role: the driver dials the peer's server, or listens and starts a peer that
 * dials.
 */
#ifndef HAWSER_TESTS_INTEROP_PEER_H
#define HAWSER_TESTS_INTEROP_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/hawser.h"

struct peer_setup {
  bool listens;
  uint32_t mode;
  const char *url;    /* where to dial or to listen */
  const char *traits; /* what the peer is able to do, as in README.md */
  char **command;     /* starts a peer that dials; NULL-terminated */
};

/* As server: listen, say where, and go on once a line comes on standard input. */
void peer_begin(const struct peer_setup *setup);
hws_handle peer_session(const char *settings);
/* The same without a session on it. */
hws_handle peer_stream(void);

/* Ends the runtime, and sees that every peer that was started ended well. */
void peer_end(void);

bool traits_have(const char *traits, const char *name);
bool peer_has(const char *trait);
uint64_t peer_number(const char *trait, uint64_t otherwise);

#endif
