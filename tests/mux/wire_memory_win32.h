/* SPDX-License-Identifier: Apache-2.0
 *
 * A wire over memory, for what needs a carrier that holds little: there are no sockets here but those of TCP, of which
 * the system takes megabytes before a sender has to wait. The far end is a connection of a runtime of its own.
 */
#ifndef HAWSER_TESTS_MUX_WIRE_MEMORY_WIN32_H
#define HAWSER_TESTS_MUX_WIRE_MEMORY_WIN32_H

#include "tests/mux/wire.h"

enum { WIRE_MEMORY_BYTES = 200000 }; /* in each direction: as much as Linux gives a Unix socket */

struct wire_memory;

struct wire_memory *wire_memory_listen(char *url, size_t size);
void wire_memory_accept(struct wire_memory *wire);
void wire_memory_close(struct wire_memory *wire);
long wire_memory_send(struct wire_memory *wire, const void *bytes, size_t length);
long wire_memory_recv(struct wire_memory *wire, void *bytes, size_t length);
void wire_memory_wait(struct wire_memory *wire, bool to_write);

#endif
