/* SPDX-License-Identifier: Apache-2.0
 *
 * The ring and who waits at it.
 *
 * No wake-up is lost: an end that finds nothing to do marks itself as waiting under the same lock under which the other
 * end changes the ring and looks for that mark. The host then calls on_post with both directions of the endpoint taken,
 * so not before the submit that marked it has returned.
 */
#include "plugins/memory/pipe.h"

#include <string.h>

#include "plugins/memory/io.h"
#include "plugins/memory/lock.h"

enum pipe_state {
  PIPE_OPEN,  /* bytes go in and come out */
  PIPE_ENDED, /* the writer is done: what is there comes out, then the end */
  PIPE_LEFT,  /* the reader went away: nothing goes in any more */
  PIPE_RESET  /* one end aborted: both see it at once */
};

struct pipe_end {
  struct hws_host_endpoint *endpoint; /* NULL before it was adopted and after it left */
  bool waits;
};

struct pipe {
  const struct hws_host *host;
  struct lock *lock; /* guards all below */
  enum pipe_state state;
  unsigned owners;
  struct pipe_end ends[2];
  uint64_t size;
  uint64_t start; /* of the unread bytes */
  uint64_t used;
  unsigned char bytes[];
};

struct pipe *pipe_new(const struct hws_host *host, uint64_t size) {
  struct pipe *pipe = host->alloc(sizeof *pipe + size);
  if (pipe == NULL) return NULL;
  pipe->lock = lock_new(host);
  if (pipe->lock == NULL) {
    host->release(pipe);
    return NULL;
  }
  pipe->host = host;
  pipe->size = size;
  pipe->owners = 2;
  return pipe;
}

void pipe_discard(struct pipe *pipe) {
  if (pipe == NULL) return;
  lock_free(pipe->host, pipe->lock);
  pipe->host->release(pipe);
}

void pipe_attach(struct pipe *pipe, enum hws_direction end, struct hws_host_endpoint *endpoint) {
  lock_take(pipe->lock);
  pipe->ends[end].endpoint = endpoint;
  lock_drop(pipe->lock);
}

static uint64_t least(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

/* Posting under the lock is what keeps the endpoint from leaving meanwhile. */
static void wake(struct pipe *pipe, enum hws_direction end) {
  if (!pipe->ends[end].waits) return;
  pipe->ends[end].waits = false;
  pipe->host->post(pipe->ends[end].endpoint);
}

static bool wait(struct pipe *pipe, enum hws_direction end) {
  pipe->ends[end].waits = true;
  return false;
}

static void copy_out(struct pipe *pipe, unsigned char *to, uint64_t length) {
  uint64_t run = least(length, pipe->size - pipe->start);
  memcpy(to, pipe->bytes + pipe->start, run);
  memcpy(to + run, pipe->bytes, length - run);
  pipe->start = (pipe->start + length) % pipe->size;
  pipe->used -= length;
}

static void copy_in(struct pipe *pipe, const unsigned char *from, uint64_t length) {
  uint64_t free_start = (pipe->start + pipe->used) % pipe->size;
  uint64_t run = least(length, pipe->size - free_start);
  memcpy(pipe->bytes + free_start, from, run);
  memcpy(pipe->bytes, from + run, length - run);
  pipe->used += length;
}

static uint64_t read_into(struct pipe *pipe, const struct hws_io *io) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < io->vec_count && pipe->used > 0; i++) {
    uint64_t length = least(io->vec[i].len, pipe->used);
    if (length > 0) copy_out(pipe, io->vec[i].ptr, length);
    bytes += length;
  }
  if (bytes > 0) wake(pipe, HWS_WRITE);
  return bytes;
}

static uint64_t write_from(struct pipe *pipe, const struct hws_io *io) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < io->vec_count && pipe->used < pipe->size; i++) {
    uint64_t length = least(io->vec[i].len, pipe->size - pipe->used);
    if (length > 0) copy_in(pipe, io->vec[i].ptr, length);
    bytes += length;
  }
  if (bytes > 0) wake(pipe, HWS_READ);
  return bytes;
}

bool pipe_read(struct pipe *pipe, struct hws_io *io) {
  bool ended = true;
  lock_take(pipe->lock);
  if (pipe->state == PIPE_RESET)
    io_end(io, HWS_IO_RESET, 0);
  else if (pipe->used > 0)
    io_end(io, HWS_IO_OK, read_into(pipe, io));
  else if (pipe->state == PIPE_ENDED)
    io_end(io, HWS_IO_OK, 0);
  else
    ended = wait(pipe, HWS_READ);
  lock_drop(pipe->lock);
  return ended;
}

bool pipe_write(struct pipe *pipe, struct hws_io *io) {
  bool ended = true;
  lock_take(pipe->lock);
  if (pipe->state == PIPE_RESET)
    io_end(io, HWS_IO_RESET, 0);
  else if (pipe->state != PIPE_OPEN)
    io_end(io, HWS_IO_CLOSED, 0);
  else if (pipe->used < pipe->size)
    io_end(io, HWS_IO_OK, write_from(pipe, io));
  else
    ended = wait(pipe, HWS_WRITE);
  lock_drop(pipe->lock);
  return ended;
}

uint64_t pipe_unread(struct pipe *pipe) {
  lock_take(pipe->lock);
  uint64_t unread = pipe->used;
  lock_drop(pipe->lock);
  return unread;
}

void pipe_end(struct pipe *pipe) {
  lock_take(pipe->lock);
  if (pipe->state == PIPE_OPEN) pipe->state = PIPE_ENDED;
  wake(pipe, HWS_READ);
  lock_drop(pipe->lock);
}

static enum pipe_state state_after(enum pipe_state state, enum hws_direction end, bool abort) {
  if (abort) return PIPE_RESET;
  if (state != PIPE_OPEN) return state;
  return end == HWS_WRITE ? PIPE_ENDED : PIPE_LEFT;
}

void pipe_leave(struct pipe *pipe, enum hws_direction end, bool abort) {
  enum hws_direction other = end == HWS_READ ? HWS_WRITE : HWS_READ;
  lock_take(pipe->lock);
  pipe->state = state_after(pipe->state, end, abort);
  pipe->ends[end].endpoint = NULL;
  pipe->ends[end].waits = false;
  wake(pipe, other);
  bool last = --pipe->owners == 0;
  lock_drop(pipe->lock);
  if (last) pipe_discard(pipe);
}
