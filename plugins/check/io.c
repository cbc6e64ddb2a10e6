/* SPDX-License-Identifier: Apache-2.0
 *
 * Ios that end exactly once.
 */
#include "plugins/check/io.h"

#include <stdlib.h>
#include <string.h>

#include "plugins/check/endpoint.h"
#include "plugins/check/fault.h"
#include "plugins/check/host.h"
#include "plugins/check/under.h"

static const struct {
  int32_t status;
  const char *name;
} statuses[] = {
    {HWS_IO_OK, "OK"},           {HWS_IO_NOMEM, "NOMEM"},     {HWS_IO_CANCELED, "CANCELED"},
    {HWS_IO_CLOSED, "CLOSED"},   {HWS_IO_RESET, "RESET"},     {HWS_IO_UNSUPPORTED, "UNSUPPORTED"},
    {HWS_IO_FAULT, "FAULT"},     {HWS_IO_REFUSED, "REFUSED"}, {HWS_IO_LIMIT, "LIMIT"},
    {HWS_IO_ADDRESS, "ADDRESS"}, {HWS_IO_IN_USE, "IN_USE"},   {HWS_IO_ACCESS, "ACCESS"},
    {HWS_IO_FAILED, "FAILED"},
};

const char *check_status_name(int32_t status) {
  for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
    if (statuses[i].status == status) return statuses[i].name;
  }
  return NULL;
}

static const char *kind_name(unsigned kind) {
  static const char *const names[] = {"none", "listen", "dial", "accept", "read", "write", "shutdown"};
  if (kind == HWS_IO_SENDFILE) return "sendfile";
  return kind < sizeof names / sizeof names[0] ? names[kind] : "unknown";
}

static uint32_t direction_of(unsigned kind) {
  bool writes = kind == HWS_IO_WRITE || kind == HWS_IO_SHUTDOWN || kind == HWS_IO_SENDFILE;
  return writes ? HWS_WRITE : HWS_READ;
}

static bool step(struct check_io *io, enum check_io_state from, enum check_io_state to) {
  return atomic_compare_exchange_strong(&io->state, &from, to);
}

static uint64_t bytes_asked(const struct hws_io *io) {
  uint64_t bytes = io->length;
  for (uint32_t i = 0; i < io->vec_count; i++) bytes += io->vec[i].len;
  return bytes;
}

/* ---- results ---- */

static void check_inputs(const struct hws_io *io, const struct hws_io *asked, const char *kind) {
  bool same = io->size == asked->size && io->kind == asked->kind && io->flags == asked->flags &&
              io->vec == asked->vec && io->vec_count == asked->vec_count && io->scratch == asked->scratch &&
              io->descriptor_room == asked->descriptor_room && io->descriptors == asked->descriptors &&
              io->offset == asked->offset && io->file == asked->file && io->length == asked->length;
  CHECK(same, "a %s ended, but the host's half of the io was changed", kind);
}

static void check_moved(const struct hws_io *io, const char *kind) {
  uint64_t asked = bytes_asked(io);
  bool moves = io->kind == HWS_IO_READ || io->kind == HWS_IO_WRITE || io->kind == HWS_IO_SENDFILE;
  CHECK(moves || io->bytes == 0, "a %s moved %llu bytes", kind, (unsigned long long)io->bytes);
  CHECK(io->bytes <= asked, "a %s of %llu bytes moved %llu", kind, (unsigned long long)asked,
        (unsigned long long)io->bytes);
  CHECK(io->kind != HWS_IO_WRITE || io->status != HWS_IO_OK || asked == 0 || io->bytes > 0,
        "a write ended with OK, but moved nothing");
}

static void check_results(struct check_io *io) {
  const char *kind = kind_name(io->asked.kind);
  check_inputs(&io->io, &io->asked, kind);
  CHECK(check_status_name(io->io.status), "a %s ended with status %d, which does not exist", kind, io->io.status);
  CHECK(io->io.os_error >= 0, "a %s ended with os_error %d", kind, io->io.os_error);
  CHECK(io->io.status != HWS_IO_CANCELED || io->cancelled, "a %s ended as cancelled, but nobody cancelled it", kind);
  CHECK((io->io.kind == HWS_IO_ACCEPT && io->io.status == HWS_IO_OK) == (io->io.accepted != NULL),
        "a %s ended with %s and `accepted` %s", kind, check_status_name(io->io.status),
        io->io.accepted ? "set" : "not set");
  check_moved(&io->io, kind);
  CHECK(io->io.flags_done == 0 || (io->io.flags_done == HWS_IO_EOM && io->asked.kind == HWS_IO_READ),
        "a %s ended with flags_done %u", kind, io->io.flags_done);
}

/* The plugin's part is over: what is left is to let waiters know. */
static void settle(struct check_io *io) {
  check_results(io);
  atomic_fetch_sub(&io->endpoint->pending, 1);
  if (io->carried) check_under_ended(io);
  check_signal_raise(io->endpoint->host->changed);
}

/* ---- requests ---- */

struct check_io *check_io_new(struct hws_host_endpoint *endpoint, enum hws_io_kind kind, const struct hws_iov *vec,
                              uint32_t count) {
  size_t scratch = endpoint->manifest->io_scratch;
  size_t vector = sizeof *vec * count;
  struct check_io *io = calloc(1, sizeof *io + vector + scratch);
  CHECK(io, "the kit itself is out of memory");
  struct hws_iov *copy = (struct hws_iov *)(io + 1);
  if (count > 0) memcpy(copy, vec, vector);
  io->endpoint = endpoint;
  io->io = (struct hws_io){.size = sizeof io->io,
                           .kind = (uint16_t)kind,
                           .vec_count = count,
                           .vec = count > 0 ? copy : NULL,
                           .scratch = scratch > 0 ? (char *)copy + vector : NULL};
  io->asked = io->io;
  check_host_keep(endpoint->host, io);
  return io;
}

void check_io_start(struct check_io *io) {
  struct hws_host_endpoint *endpoint = io->endpoint;
  unsigned kind = io->asked.kind;
  struct check_mutex *direction = endpoint->directions[direction_of(kind)];
  check_mutex_lock(direction);
  atomic_store(&endpoint->latest[direction_of(kind)], io);
  atomic_fetch_add(&endpoint->pending, 1);
  check_trace_inside(kind_name(kind));
  int32_t answer = endpoint->vtable->submit(endpoint->ep, &io->io);
  check_trace_inside(NULL);
  if (answer == 1) {
    CHECK(step(io, CHECK_IO_SUBMITTING, CHECK_IO_ENDED), "completed a %s inside submit, and also returned 1",
          kind_name(kind));
    settle(io);
  } else {
    CHECK(answer == 0, "submit of a %s returned %d", kind_name(kind), answer);
    if (!step(io, CHECK_IO_SUBMITTING, CHECK_IO_PENDING)) {
      atomic_store(&io->state, CHECK_IO_ENDED);
      settle(io);
    }
  }
  check_mutex_unlock(direction);
}

struct check_io *check_io_submit(struct hws_host_endpoint *endpoint, enum hws_io_kind kind, const struct hws_iov *vec,
                                 uint32_t count) {
  struct check_io *io = check_io_new(endpoint, kind, vec, count);
  check_io_start(io);
  return io;
}

struct check_io *check_io_submit_file(struct hws_host_endpoint *endpoint, int64_t file, uint64_t offset,
                                      uint64_t length) {
  struct check_io *io = check_io_new(endpoint, HWS_IO_SENDFILE, NULL, 0);
  io->io.file = file;
  io->io.offset = offset;
  io->io.length = length;
  io->asked = io->io;
  check_io_start(io);
  return io;
}

bool check_io_ended(const struct check_io *io) {
  return atomic_load(&io->state) == CHECK_IO_ENDED;
}

static bool is_known(struct hws_host_endpoint *endpoint, const struct hws_io *raw) {
  for (uint32_t which = HWS_READ; which <= HWS_WRITE; which++)
    if ((const struct hws_io *)atomic_load(&endpoint->latest[which]) == raw) return true;
  check_mutex_lock(endpoint->host->lists);
  struct check_io *io = endpoint->host->ios;
  while (io && &io->io != raw) io = io->next;
  check_mutex_unlock(endpoint->host->lists);
  return io != NULL;
}

void check_io_complete(struct hws_host_endpoint *endpoint, struct hws_io *raw) {
  struct check_io *io = (struct check_io *)raw;
  CHECK(raw, "completed a NULL io");
  CHECK(is_known(endpoint, raw), "completed an io that is none of the host's");
  CHECK(io->endpoint == endpoint, "completed an io of another endpoint");
  CHECK(atomic_load(&endpoint->life) == CHECK_OPEN, "completed a %s after destroy", kind_name(io->asked.kind));
  if (step(io, CHECK_IO_SUBMITTING, CHECK_IO_EARLY)) return;
  bool mine = step(io, CHECK_IO_PENDING, CHECK_IO_ENDED) || step(io, CHECK_IO_CANCELING, CHECK_IO_ENDED) ||
              step(io, CHECK_IO_PENDING, CHECK_IO_ENDED);
  CHECK(mine, "completed a %s twice", kind_name(io->asked.kind));
  settle(io);
}

void check_io_cancel(struct check_io *io) {
  const char *kind = kind_name(io->asked.kind);
  struct check_mutex *direction = io->endpoint->directions[direction_of(io->asked.kind)];
  check_mutex_lock(direction);
  if (!check_io_ended(io)) io->cancelled = true;
  if (step(io, CHECK_IO_PENDING, CHECK_IO_CANCELING)) {
    check_trace_inside("cancel");
    int32_t answer = io->endpoint->vtable->cancel(io->endpoint->ep, &io->io);
    check_trace_inside(NULL);
    if (answer == 1) {
      CHECK(step(io, CHECK_IO_CANCELING, CHECK_IO_ENDED), "completed a %s inside cancel, and also returned 1", kind);
      settle(io);
    } else {
      bool moves = io->asked.kind == HWS_IO_READ || io->asked.kind == HWS_IO_WRITE;
      CHECK(answer == 0, "cancel of a %s returned %d", kind, answer);
      bool left = step(io, CHECK_IO_CANCELING, CHECK_IO_PENDING);
      CHECK(!left || !moves || !(io->endpoint->manifest->capabilities & HWS_CAP_REVOKE),
            "promises REVOKE, but a cancel left a %s pending", kind);
    }
  }
  check_mutex_unlock(direction);
}
