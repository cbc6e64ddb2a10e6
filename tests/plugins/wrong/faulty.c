/* SPDX-License-Identifier: Apache-2.0
 *
 * A loopback: what is written to an endpoint is read from it again. Right in everything except
 * what FAULT names.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "plugins/hawser_plugin.h"

enum {
  FAULT_DOUBLE = 1, /* completed twice */
  FAULT_BOTH,       /* completed inside submit, which returns 1 as well */
  FAULT_INSIDE,     /* completed inside submit, which returns 0: no fault at all */
  FAULT_NEVER,      /* never completed, and cancel does not help */
  FAULT_ODD,        /* submit returns a number that has no meaning */
  FAULT_MUCH,       /* reads and writes claim more bytes than there was room for */
  FAULT_NOTHING,    /* a write ends well without a byte */
  FAULT_POSITIVE,   /* a read's status is no status */
  FAULT_CANCEL,     /* a read is completed inside cancel, which returns 1 as well */
  FAULT_EMPTY,      /* an accept ends well without a connection; this one listens */
  FAULT_UNDER,      /* a transport that asks for what is below it */
  FAULT_STUBBORN,   /* promises no REVOKE, and a cancelled io ends late: no fault at all. It sends files, too */
  FAULT_LOST,       /* promises no REVOKE, and tells of a reset to reads only, once it is full: no fault at all */
  HERE = FAULT      /* what this build of the file gets wrong */
};

enum { STUBBORN_NS = 1000000000, FILE_END = 600000 };

struct loopback {
  struct hws_host_endpoint *host;
  struct hws_io *pending[2]; /* by direction, guarded by the host's directions */
  atomic_flag busy;          /* guards all below: the two directions run in parallel */
  bool waits[2];
  bool ended;
  uint32_t start;
  uint32_t used;
  unsigned char bytes[4096];
};

static const struct hws_host *host;

static void lock(struct loopback *loopback) {
  while (atomic_flag_test_and_set_explicit(&loopback->busy, memory_order_acquire)) {
  }
}

static void unlock(struct loopback *loopback) {
  atomic_flag_clear_explicit(&loopback->busy, memory_order_release);
}

static void wake(struct loopback *loopback, enum hws_direction direction) {
  if (!loopback->waits[direction]) return;
  loopback->waits[direction] = false;
  host->post(loopback->host);
}

static uint64_t move_out(struct loopback *loopback, const struct hws_io *io) {
  uint64_t moved = 0;
  for (uint32_t i = 0; i < io->vec_count; i++)
    for (uint64_t j = 0; j < io->vec[i].len && loopback->used > 0; j++, moved++) {
      ((unsigned char *)io->vec[i].ptr)[j] = loopback->bytes[loopback->start];
      loopback->start = (loopback->start + 1) % sizeof loopback->bytes;
      loopback->used--;
    }
  return moved;
}

static uint64_t move_in(struct loopback *loopback, const struct hws_io *io) {
  uint64_t moved = 0;
  for (uint32_t i = 0; i < io->vec_count; i++)
    for (uint64_t j = 0; j < io->vec[i].len && loopback->used < sizeof loopback->bytes; j++, moved++) {
      loopback->bytes[(loopback->start + loopback->used) % sizeof loopback->bytes] =
          ((const unsigned char *)io->vec[i].ptr)[j];
      loopback->used++;
    }
  return moved;
}

/* It looks at no file: all have so many bytes, each of which is a function of its place. */
static uint64_t move_file(struct loopback *loopback, const struct hws_io *io) {
  uint64_t moved = 0;
  for (; moved < io->length && io->offset + moved < FILE_END && loopback->used < sizeof loopback->bytes; moved++) {
    loopback->bytes[(loopback->start + loopback->used) % sizeof loopback->bytes] =
        (unsigned char)((io->offset + moved) * 31 >> 3);
    loopback->used++;
  }
  return moved;
}

/* True: it ended. */
static bool advance(struct loopback *loopback, struct hws_io *io) {
  bool ends = true;
  io->status = HWS_IO_OK;
  io->bytes = 0;
  io->accepted = NULL;
  lock(loopback);
  switch (io->kind) {
  case HWS_IO_LISTEN:
  case HWS_IO_ACCEPT:
  case HWS_IO_DIAL:
    break;
  case HWS_IO_READ:
    ends = HERE != FAULT_NEVER && (loopback->used > 0 || loopback->ended);
    if (HERE == FAULT_LOST) ends = loopback->used == sizeof loopback->bytes;
    if (HERE == FAULT_LOST) io->status = HWS_IO_RESET;
    loopback->waits[HWS_READ] = !ends;
    io->bytes = ends && io->status == HWS_IO_OK ? move_out(loopback, io) : 0;
    wake(loopback, HWS_WRITE);
    break;
  case HWS_IO_WRITE:
    ends = loopback->used < sizeof loopback->bytes;
    loopback->waits[HWS_WRITE] = !ends;
    io->bytes = move_in(loopback, io);
    wake(loopback, HWS_READ);
    break;
  case HWS_IO_SENDFILE:
    ends = loopback->used < sizeof loopback->bytes || io->offset >= FILE_END;
    loopback->waits[HWS_WRITE] = !ends;
    io->bytes = move_file(loopback, io);
    wake(loopback, HWS_READ);
    break;
  case HWS_IO_SHUTDOWN:
    loopback->ended = true;
    wake(loopback, HWS_READ);
    break;
  default:
    io->status = HWS_IO_UNSUPPORTED;
  }
  unlock(loopback);
  if (ends && HERE == FAULT_MUCH && io->bytes > 0) io->bytes += 1 << 20;
  if (ends && HERE == FAULT_NOTHING && io->kind == HWS_IO_WRITE) io->bytes = 0;
  if (ends && HERE == FAULT_POSITIVE && io->kind == HWS_IO_READ) io->status = 5;
  return ends;
}

static enum hws_direction direction_of(const struct hws_io *io) {
  bool writes = io->kind == HWS_IO_WRITE || io->kind == HWS_IO_SHUTDOWN || io->kind == HWS_IO_SENDFILE;
  return writes ? HWS_WRITE : HWS_READ;
}

static void complete(struct loopback *loopback, struct hws_io *io) {
  bool read = io->kind == HWS_IO_READ;
  host->complete(loopback->host, io);
  if (read && HERE == FAULT_DOUBLE) host->complete(loopback->host, io);
}

static int32_t loopback_submit(void *ep, struct hws_io *io) {
  struct loopback *loopback = ep;
  if (HERE == FAULT_ODD && io->kind == HWS_IO_READ) return 7;
  if (HERE == FAULT_UNDER && host->under_submit(loopback->host, io) != HWS_IO_UNSUPPORTED) return 7;
  if (!advance(loopback, io)) {
    loopback->pending[direction_of(io)] = io;
    return 0;
  }
  if (io->kind != HWS_IO_READ) return 1;
  complete(loopback, io);
  return HERE == FAULT_BOTH ? 1 : 0;
}

static int32_t loopback_cancel(void *ep, struct hws_io *io) {
  struct loopback *loopback = ep;
  enum hws_direction direction = direction_of(io);
  if (loopback->pending[direction] != io || (HERE == FAULT_NEVER && direction == HWS_READ)) return 0;
  if (HERE == FAULT_STUBBORN) {
    host->timer_at(loopback->host, host->now() + STUBBORN_NS);
    return 0;
  }
  loopback->pending[direction] = NULL;
  io->status = HWS_IO_CANCELED;
  io->bytes = 0;
  if (HERE == FAULT_CANCEL && direction == HWS_READ) host->complete(loopback->host, io);
  return 1;
}

static void loopback_on_post(void *ep) {
  struct loopback *loopback = ep;
  for (uint32_t direction = HWS_READ; direction <= HWS_WRITE; direction++) {
    struct hws_io *io = loopback->pending[direction];
    if (io == NULL || !advance(loopback, io)) continue;
    loopback->pending[direction] = NULL;
    complete(loopback, io);
  }
}

static void loopback_on_timer(void *ep) {
  struct loopback *loopback = ep;
  for (uint32_t direction = HWS_READ; direction <= HWS_WRITE; direction++) {
    struct hws_io *io = loopback->pending[direction];
    if (io == NULL) continue;
    loopback->pending[direction] = NULL;
    io->status = HWS_IO_CANCELED;
    io->bytes = 0;
    host->complete(loopback->host, io);
  }
}

static int32_t loopback_make(void *self, struct hws_host_endpoint *endpoint, const char *address, void **ep) {
  (void)self, (void)address;
  struct loopback *loopback = host->alloc(sizeof *loopback);
  if (loopback == NULL) return HWS_IO_NOMEM;
  loopback->host = endpoint;
  atomic_flag_clear(&loopback->busy);
  *ep = loopback;
  return HWS_IO_OK;
}

static int32_t loopback_adopt(void *self, struct hws_host_endpoint *endpoint, void *accepted, void **ep) {
  (void)self, (void)endpoint, (void)accepted, (void)ep;
  return HWS_IO_UNSUPPORTED; /* it never accepts anything */
}

static void loopback_destroy(void *ep, uint32_t abort) {
  (void)abort;
  host->release(ep);
}

static int32_t plugin_open(const struct hws_host *offered, struct hws_vtable *vtable) {
  host = offered;
  vtable->listen = loopback_make;
  vtable->dial = loopback_make;
  vtable->adopt = loopback_adopt;
  vtable->submit = loopback_submit;
  vtable->cancel = loopback_cancel;
  vtable->on_post = loopback_on_post;
  vtable->on_timer = loopback_on_timer;
  vtable->destroy = loopback_destroy;
  return HWS_IO_OK;
}

enum { REVOKES = HERE != FAULT_NEVER && HERE != FAULT_STUBBORN && HERE != FAULT_LOST };

static const char *const schemes[] = {FAULT_NAME, NULL};

static const struct hws_plugin manifest = {
    .magic = HWS_PLUGIN_MAGIC,
    .size = sizeof manifest,
    .major = HWS_PLUGIN_MAJOR,
    .minor_high = HWS_PLUGIN_MINOR,
    .pointer_bits = 8 * sizeof(void *),
    .capabilities = HWS_CAP_LISTEN | HWS_CAP_DIAL | HWS_CAP_HALF_CLOSE | (REVOKES ? HWS_CAP_REVOKE : 0) |
                    (HERE == FAULT_STUBBORN ? HWS_CAP_SENDFILE : 0),
    .name = FAULT_NAME,
    .version = "1",
    .schemes = schemes,
    .open = plugin_open,
};

const struct hws_plugin *hws_plugin_v1(void) {
  return &manifest;
}
