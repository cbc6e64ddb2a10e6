/* SPDX-License-Identifier: Apache-2.0
 *
 * One direction of a connection: a bounded ring of bytes that one end writes and the other reads.
 *
 * A pipe belongs to both of its ends and is freed when the second one leaves. An end is named by the direction in which
 * it uses the pipe: HWS_READ takes bytes out, HWS_WRITE puts bytes in.
 */
#ifndef HAWSER_PLUGINS_MEMORY_PIPE_H
#define HAWSER_PLUGINS_MEMORY_PIPE_H

#include <stdbool.h>

#include "plugins/hawser_plugin.h"

struct pipe;

/* NULL: no memory. */
struct pipe *pipe_new(const struct hws_host *host, uint64_t size);

/* Free one that has no ends yet. NULL does nothing. */
void pipe_discard(struct pipe *pipe);

/* From now on this end is posted to when something that it waited for happened. */
void pipe_attach(struct pipe *pipe, enum hws_direction end, struct hws_host_endpoint *endpoint);

/* Carry out a read or write as far as it goes. True: it ended, its results are filled in. False: nothing could be
 * moved, and the end's endpoint is posted to once that has changed. */
bool pipe_read(struct pipe *pipe, struct hws_io *io);
bool pipe_write(struct pipe *pipe, struct hws_io *io);

/* Bytes that were written and not read. */
uint64_t pipe_unread(struct pipe *pipe);

/* No more will be written; what was written can still be read. */
void pipe_end(struct pipe *pipe);

/* An end goes away for good. abort: the other end is told of a reset, and unread bytes are lost. */
void pipe_leave(struct pipe *pipe, enum hws_direction end, bool abort);

#endif
