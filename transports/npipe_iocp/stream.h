/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes of a connected pipe, or its messages.
 */
#ifndef HAWSER_NPIPE_IOCP_STREAM_H
#define HAWSER_NPIPE_IOCP_STREAM_H

#include "transports/npipe_iocp/message.h"
#include "transports/npipe_iocp/name.h"
#include "transports/packet_stream_iocp.h"

struct pipe_stream {
  struct packet_stream base;
  struct pipe_name *name; /* with a reference */
  bool server;
  bool messages;
  /* under the read direction */
  bool ended;     /* the peer sends no more */
  bool scattered; /* the read that is out is into `scatter` */
  char *scatter;  /* what is read for several pieces at once; NULL: not needed yet */
  /* under the write direction */
  bool shut;              /* we send no more */
  bool whole;             /* the write that is out is the whole message */
  char *gather;           /* pieces that are written as one; NULL: not needed yet */
  struct message message; /* parts of it */
};

/* Takes the reference of the name over. */
void pipe_stream_init(struct pipe_stream *stream, const struct hws_host *host, struct pipe_name *name, bool messages);

/* Bind a pipe to the endpoint's port, which it is not bound to yet. 0, or a negative hws_io_status. */
int32_t pipe_stream_bind(struct pipe_stream *stream, struct hws_host_endpoint *endpoint);

/* Go on with one that was bound, for whichever endpoint. */
void pipe_stream_begin(struct pipe_stream *stream, struct hws_host_endpoint *endpoint);

/* Close the pipe, if there is one, and let go of its name. abort: what the peer has not read is discarded, where the
 * system can. */
void pipe_stream_close(struct pipe_stream *stream, bool abort);

#endif
