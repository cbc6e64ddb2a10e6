/* SPDX-License-Identifier: Apache-2.0
 *
 * What the scripted peer speaks over: a plain socket of the system, which no part of the library serves, and the scheme
 * by which the library reaches it.
 */
#ifndef HAWSER_TESTS_MUX_WIRE_H
#define HAWSER_TESTS_MUX_WIRE_H

#include <stdbool.h>
#include <stddef.h>

/* Where two ends on this machine meet by sockets: "unix" or "tcp". */
extern const char local_scheme[];
/* The transport that serves it, and whether that knows its peers. */
extern const char local_plugin[];
extern const bool local_knows_peers;

/* A URL of that scheme that nobody listens at. */
void local_url(char *url, size_t size);

/* Whether what tcp has been given to write can be taken back (HWS_CAP_REVOKE); if not, it was copied and goes out. */
extern const bool tcp_revokes;

/* How many dials a listener of tcp with a backlog of 1, which accepts nothing, takes before one has to wait. */
extern const unsigned tcp_backlog_of_one;

struct wire;

/* It listens; `url` is where. */
struct wire *wire_listen(char *url, size_t size);

/* Somebody has dialled: from now on it is the other end of that connection. */
void wire_accept(struct wire *wire);
void wire_close(struct wire *wire); /* NULL: nothing */

/* Bytes moved; 0: not now; negative: the other end has hung up. */
long wire_send(struct wire *wire, const void *bytes, size_t length);
long wire_recv(struct wire *wire, void *bytes, size_t length);

/* How many bytes lie there unread. */
size_t wire_readable(struct wire *wire);

/* Until it can be read, or written, or a moment has passed. */
void wire_wait(struct wire *wire, bool to_write);

#endif
