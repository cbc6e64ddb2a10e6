/* SPDX-License-Identifier: Apache-2.0
 *
 * Named pipes of the system as this transport uses them.
 */
#ifndef HAWSER_NPIPE_IOCP_PIPE_H
#define HAWSER_NPIPE_IOCP_PIPE_H

#include "transports/npipe/address.h"
#include "transports/npipe/settings.h"
#include "transports/packet_iocp.h"

/* The system's own buffer in each direction. A write that finds no room in it waits, so none is larger. */
enum { PIPE_BUFFER_BYTES = 64 * 1024 };

/* The system's form of what it takes. */
static inline const wchar_t *pipe_text(const uint16_t *units) {
  return (const wchar_t *)units; /* which has the same 16 bits here */
}

/* How the instances of a listener are made. */
struct pipe_kind {
  const struct npipe_settings *settings;
  PSECURITY_DESCRIPTOR security;
};

/* A security descriptor in SDDL. 0, or the system's error; LocalFree ends it. */
int pipe_security(const struct npipe_settings *settings, PSECURITY_DESCRIPTOR *security);

/* A new instance. first: an error if there is one of that name. INVALID_HANDLE_VALUE, and GetLastError says why. */
HANDLE pipe_create(const struct npipe_address *address, const struct pipe_kind *kind, bool first);

/* A client's end of a free instance. INVALID_HANDLE_VALUE, and GetLastError says why. */
HANDLE pipe_open(const struct npipe_address *address);

/* Whether there is a pipe of that name, without connecting to it. */
bool pipe_exists(const struct npipe_address *address);

/* Whether there is something to be read. */
bool pipe_has_bytes(HANDLE pipe);

/* Who is at the other end; it stays so. */
void pipe_peer(HANDLE pipe, bool server, struct hws_peer_id *peer);

/* An error of the system as a hws_io_status. */
int32_t pipe_status(int error);

#endif
