/* SPDX-License-Identifier: Apache-2.0
 *
 * Listening, dialling and accepting. A dial is decided at once: it is connected and waits in the backlog, or refused.
 */
#include "plugins/memory/names.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "plugins/memory/endpoint.h"
#include "plugins/memory/io.h"
#include "plugins/memory/lock.h"

struct names *names_new(const struct hws_host *host) {
  struct names *names = host->alloc(sizeof *names);
  if (names == NULL) return NULL;
  names->host = host;
  names->lock = lock_new(host);
  if (names->lock != NULL) return names;
  host->release(names);
  return NULL;
}

void names_free(struct names *names) {
  const struct hws_host *host = names->host;
  lock_free(host, names->lock);
  host->release(names);
}

static struct endpoint *find(const struct names *names, const char *name) {
  for (struct endpoint *holder = names->holder; holder != NULL; holder = holder->listening.next_holder)
    if (strcmp(holder->name, name) == 0) return holder;
  return NULL;
}

bool names_listen(struct endpoint *listener, struct hws_io *io) {
  struct names *names = listener->names;
  lock_take(names->lock);
  if (find(names, listener->name) != NULL) {
    io_end(io, HWS_IO_IN_USE, 0);
  } else {
    listener->listening.next_holder = names->holder;
    names->holder = listener;
    io_end(io, HWS_IO_OK, 0);
  }
  lock_drop(names->lock);
  return true;
}

/* The listener's end of a new connection, whose other end is the dialler. NULL: no memory, and nothing changed. */
static struct endpoint *connect_ends(const struct endpoint *listener, struct endpoint *dialler) {
  const struct hws_host *host = dialler->host;
  struct pipe *to_listener = pipe_new(host, listener->buffer);
  struct pipe *to_dialler = pipe_new(host, dialler->buffer);
  struct endpoint *accepted = host->alloc(sizeof *accepted);
  if (to_listener == NULL || to_dialler == NULL || accepted == NULL) {
    pipe_discard(to_listener);
    pipe_discard(to_dialler);
    host->release(accepted);
    return NULL;
  }
  accepted->names = listener->names;
  accepted->host = host;
  accepted->role = ROLE_ACCEPTED;
  memcpy(accepted->name, listener->name, sizeof accepted->name);
  accepted->pipes[HWS_READ] = dialler->pipes[HWS_WRITE] = to_listener;
  accepted->pipes[HWS_WRITE] = dialler->pipes[HWS_READ] = to_dialler;
  pipe_attach(to_listener, HWS_WRITE, dialler->self);
  pipe_attach(to_dialler, HWS_READ, dialler->self);
  return accepted;
}

static void enqueue(struct endpoint *listener, struct endpoint *accepted) {
  struct listening *listening = &listener->listening;
  if (listening->last == NULL)
    listening->first = accepted;
  else
    listening->last->next = accepted;
  listening->last = accepted;
  listening->count++;
  if (!listening->waits) return;
  listening->waits = false;
  listener->host->post(listener->self);
}

static struct endpoint *dequeue(struct listening *listening) {
  struct endpoint *accepted = listening->first;
  if (accepted == NULL) return NULL;
  listening->first = accepted->next;
  if (listening->first == NULL) listening->last = NULL;
  listening->count--;
  accepted->next = NULL;
  return accepted;
}

static void refuse(const struct endpoint *dialler, struct hws_io *io, const char *why) {
  char text[128];
  (void)snprintf(text, sizeof text, "mem://%s: %s", dialler->name, why);
  dialler->host->explain(dialler->self, text);
  io_end(io, HWS_IO_REFUSED, 0);
}

bool names_dial(struct endpoint *dialler, struct hws_io *io) {
  struct names *names = dialler->names;
  lock_take(names->lock);
  struct endpoint *listener = find(names, dialler->name);
  if (listener == NULL) {
    refuse(dialler, io, "nobody listens there");
  } else if (listener->listening.count >= listener->listening.backlog) {
    refuse(dialler, io, "the backlog is full");
  } else {
    struct endpoint *accepted = connect_ends(listener, dialler);
    if (accepted != NULL) enqueue(listener, accepted);
    io_end(io, accepted != NULL ? HWS_IO_OK : HWS_IO_NOMEM, 0);
  }
  lock_drop(names->lock);
  return true;
}

bool names_accept(struct endpoint *listener, struct hws_io *io) {
  struct names *names = listener->names;
  lock_take(names->lock);
  struct endpoint *accepted = dequeue(&listener->listening);
  if (accepted == NULL) listener->listening.waits = true;
  lock_drop(names->lock);
  if (accepted == NULL) return false;
  io_end(io, HWS_IO_OK, 0);
  io->accepted = accepted;
  return true;
}

void names_leave(struct endpoint *listener) {
  struct names *names = listener->names;
  lock_take(names->lock);
  struct endpoint **link = &names->holder;
  while (*link != NULL && *link != listener) link = &(*link)->listening.next_holder;
  if (*link == listener) *link = listener->listening.next_holder;
  lock_drop(names->lock);
  /* Nobody finds it any more, so nothing is added to the backlog from here on. */
  for (struct endpoint *left = dequeue(&listener->listening); left != NULL; left = dequeue(&listener->listening))
    endpoint_destroy(left, 1);
}
