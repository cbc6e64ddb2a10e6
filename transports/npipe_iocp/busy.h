/* SPDX-License-Identifier: Apache-2.0
 *
 * Waiting for a free instance of a pipe, without a thread: the system is asked to tell when there is one, by a packet.
 * It is asked for a short time only, again and again, as not every system takes such a question back.
 */
#ifndef HAWSER_NPIPE_IOCP_BUSY_H
#define HAWSER_NPIPE_IOCP_BUSY_H

#include "transports/npipe_iocp/pipe.h"

/* As the system takes it. */
struct busy_question {
  LARGE_INTEGER timeout;
  ULONG name_bytes;
  BOOLEAN has_timeout;
  WCHAR name[NPIPE_PATH_MAX];
};

struct busy {
  struct hws_packet packet;
  bool out;    /* the packet is */
  HANDLE root; /* of all pipes; INVALID_HANDLE_VALUE: not opened yet */
  struct busy_question question;
};

void busy_init(struct busy *busy, const struct npipe_address *address);

/* ERROR_IO_PENDING: the packet will come. 0: one may be free. Else the system cannot be asked. */
int busy_wait(struct busy *busy, const struct hws_host *host, struct hws_host_endpoint *endpoint);

/* Its packet comes soon; at the latest in a tenth of a second. */
void busy_cancel(struct busy *busy);

void busy_close(struct busy *busy);

#endif
