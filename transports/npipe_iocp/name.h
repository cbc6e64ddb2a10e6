/* SPDX-License-Identifier: Apache-2.0
 *
 * The names of this process's pipes. A pipe's name is there as long as any instance of it, so connections that outlive
 * their listener keep it: then it is ours still, and can be listened at again. All that is of one name shares it here.
 */
#ifndef HAWSER_NPIPE_IOCP_NAME_H
#define HAWSER_NPIPE_IOCP_NAME_H

#include "transports/npipe_iocp/pipe.h"

struct pipe_name {
  struct npipe_address address;
  /* under a lock of their own */
  uint32_t instances; /* made here and not closed yet */
  uint32_t refs;
  bool listening;
  struct pipe_name *next;
};

/* The name of that address; NULL: no memory. */
struct pipe_name *pipe_name_get(const struct hws_host *host, const struct npipe_address *address);
void pipe_name_ref(struct pipe_name *name);
void pipe_name_unref(struct pipe_name *name, const struct hws_host *host); /* NULL is fine */

/* Whether an instance of ours keeps it, so that nobody else can have it. */
bool pipe_name_is_ours(struct pipe_name *name);

/* Become its listener. False: there is one in this process. */
bool pipe_name_listen(struct pipe_name *name);
void pipe_name_unlisten(struct pipe_name *name);

/* A new instance, as pipe_create; the first of this process is the first of all, or an error (PIP-5). */
HANDLE pipe_name_create(struct pipe_name *name, const struct pipe_kind *kind);

/* Close an instance. */
void pipe_name_close(struct pipe_name *name, HANDLE pipe);

#endif
