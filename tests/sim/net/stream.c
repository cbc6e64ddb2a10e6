/* SPDX-License-Identifier: Apache-2.0
 *
 * The calls of a connection: reads, writes, files, ends.
 */
#include <errno.h>

#include "core/failing_sim.h"
#include "core/file_sim.h"
#include "tests/sim/net/endpoint.h"

enum { FILE_CALL_MAX = 256 * 1024, DISK_NS = 5000000 };

enum hws_direction direction_of(const struct hws_io *io) {
  bool writes = io->kind == HWS_IO_WRITE || io->kind == HWS_IO_SHUTDOWN || io->kind == HWS_IO_SENDFILE;
  return writes ? HWS_WRITE : HWS_READ;
}

int32_t finish_error(struct hws_io *io, int32_t status, int os_error) {
  io->status = status;
  io->bytes = 0;
  io->accepted = NULL;
  io->os_error = os_error;
  io->descriptors_done = 0;
  return 1;
}

int32_t finish(struct hws_io *io, int32_t status, uint64_t bytes) {
  (void)finish_error(io, status, status == HWS_IO_RESET ? ECONNRESET : status == HWS_IO_CLOSED ? EPIPE : 0);
  io->bytes = bytes;
  return 1;
}

static uint64_t room_of(const struct hws_io *io) {
  uint64_t room = 0;
  for (uint32_t i = 0; i < io->vec_count; i++) room += io->vec[i].len;
  return room;
}

/* A call that fails by itself: for want of something, or for good. */
static bool fails(struct ep *ep, struct call *call, const char *name, enum setting how_often) {
  bool fated = sim_dice(1000) < ep->settings.of[how_often];
  if (fated) failing_sim_met(name);
  if (!fated && !failing_sim(name)) return false;
  switch (sim_dice(3)) {
  case 0:
    return finish_error(call->io, HWS_IO_NOMEM, ENOBUFS);
  case 1:
    return finish_error(call->io, HWS_IO_FAILED, EIO);
  default:
    wire_break(ep->sock); /* the system gave the connection up */
    return finish_error(call->io, HWS_IO_FAILED, ETIMEDOUT);
  }
}

static bool do_read(struct ep *ep, struct call *call) {
  struct hws_io *io = call->io;
  bool eom = false;
  if (!wire_readable(ep->sock)) return false;
  if (fails(ep, call, "read", SET_FAIL_READ)) return true;
  if (!room_of(io)) return finish(io, HWS_IO_OK, 0);
  int64_t moved = wire_read(ep->sock, io->vec, io->vec_count, 0, &eom);
  if (moved == 0 && !wire_ended(ep->sock)) return false;
  (void)finish(io, moved < 0 ? (int32_t)moved : HWS_IO_OK, moved < 0 ? 0 : (uint64_t)moved);
  io->flags_done = eom ? HWS_IO_EOM : 0;
  return true;
}

static bool do_write(struct ep *ep, struct call *call, bool to_the_last) {
  struct hws_io *io = call->io;
  uint64_t all = room_of(io);
  if (!wire_writable(ep->sock)) return false;
  if (fails(ep, call, "write", SET_FAIL_WRITE)) {
    io->bytes = call->moved;
    return true;
  }
  if (!all) return finish(io, io->flags & HWS_IO_EOM ? wire_end_message(ep->sock) : HWS_IO_OK, 0);
  do { /* who goes on to the last byte does while there is room: nothing else would tell it of that */
    int64_t moved = wire_write(ep->sock, io->vec, io->vec_count, call->moved, io->flags & HWS_IO_MORE);
    if (moved == 0) return false;
    if (moved < 0) return finish(io, (int32_t)moved, call->moved);
    call->moved += (uint64_t)moved;
  } while (to_the_last && call->moved < all);
  return finish(io, HWS_IO_OK, call->moved);
}

/* What can be had of the file at once. Negative: it cannot be read, or is none. */
static int64_t read_file(const struct hws_io *io, uint64_t done, uint8_t *to, uint64_t room) {
  uint64_t left = io->length - done;
  if (failing_sim("sendfile")) return -1;
  return file_sim_take(io->file, to, left < room ? left : room, io->offset + done);
}

/* Nothing has moved: the host may do it in another way. */
static bool file_is_over(struct call *call, int64_t got) {
  return finish(call->io, got < 0 && !call->moved ? HWS_IO_UNSUPPORTED : HWS_IO_OK, call->moved);
}

static bool do_file(struct ep *ep, struct call *call, bool to_the_last, bool may_block) {
  enum { PIECE = 16384 };
  static const char disk;
  uint8_t piece[PIECE];
  struct hws_io *io = call->io;
  if (ep->settings.of[SET_NO_FILE]) return finish(io, HWS_IO_UNSUPPORTED, 0);
  if (may_block) (void)sim_sleep(&disk, sim_now() + sim_dice(DISK_NS), false, "disk");
  do {
    if (!wire_writable(ep->sock)) return !to_the_last && call->moved && finish(io, HWS_IO_OK, call->moved);
    int64_t got = read_file(io, call->moved, piece, sizeof piece);
    if (got <= 0) return file_is_over(call, got);
    struct hws_iov vec = {.ptr = piece, .len = (uint64_t)got};
    int64_t moved = wire_write(ep->sock, &vec, 1, 0, false);
    if (moved < 0) return finish(io, (int32_t)moved, call->moved);
    if (moved == 0) return !to_the_last && call->moved && finish(io, HWS_IO_OK, call->moved);
    call->moved += (uint64_t)moved;
  } while (call->moved < io->length && call->moved < FILE_CALL_MAX);
  return finish(io, HWS_IO_OK, call->moved);
}

static bool do_shutdown(struct ep *ep, struct call *call) {
  if (!ep->settings.of[SET_HALF]) return finish(call->io, HWS_IO_UNSUPPORTED, 0);
  if (fails(ep, call, "shutdown", SET_FAIL_WRITE)) return true;
  wire_shut(ep->sock);
  return finish(call->io, HWS_IO_OK, 0);
}

bool stream_advance(struct ep *ep, struct call *call, bool to_the_last, bool may_block) {
  call->io->flags_done = 0;
  switch (call->io->kind) {
  case HWS_IO_READ:
    return do_read(ep, call);
  case HWS_IO_WRITE:
    return do_write(ep, call, to_the_last);
  case HWS_IO_SENDFILE:
    return do_file(ep, call, to_the_last, may_block);
  case HWS_IO_SHUTDOWN:
    return do_shutdown(ep, call);
  default:
    return finish(call->io, HWS_IO_UNSUPPORTED, 0);
  }
}
