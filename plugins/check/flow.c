/* SPDX-License-Identifier: Apache-2.0
 *
 * Flows of bytes.
 */
#include "plugins/check/flow.h"

#include <stdlib.h>

#include "plugins/check/pattern.h"

static size_t least(uint64_t left, size_t chunk) {
  return left < chunk ? (size_t)left : chunk;
}

static void make_buffers(struct flow *flow) {
  flow->write_buffer = malloc(flow->write_bytes);
  flow->read_buffer = malloc(flow->read_bytes);
  CHECK(flow->write_buffer && flow->read_buffer, "the kit itself is out of memory");
}

static void free_buffers(struct flow *flow) {
  free(flow->write_buffer);
  free(flow->read_buffer);
}

static void start_write(struct flow *flow) {
  size_t bytes = least(flow->bytes - flow->sent, flow->write_bytes);
  check_pattern_fill(flow->write_buffer, flow->begin + flow->sent, bytes);
  flow->writing = fixture_write(flow->from, flow->write_buffer, bytes);
}

static void start_read(struct flow *flow) {
  size_t bytes = least(flow->bytes - flow->received, flow->read_bytes);
  flow->reading = fixture_read(flow->to, flow->read_buffer, bytes);
}

static void finish_write(struct flow *flow) {
  const struct hws_io *io = &flow->writing->io;
  CHECK(io->status == HWS_IO_OK, "a write failed with %s (os_error %d)", check_status_name(io->status), io->os_error);
  flow->sent += io->bytes;
  flow->writing = NULL;
}

static void finish_read(struct flow *flow) {
  const struct hws_io *io = &flow->reading->io;
  CHECK(io->status == HWS_IO_OK, "a read failed with %s (os_error %d)", check_status_name(io->status), io->os_error);
  CHECK(io->bytes > 0, "the end came after %llu bytes of %llu", (unsigned long long)flow->received,
        (unsigned long long)flow->bytes);
  check_pattern_compare(flow->read_buffer, flow->begin + flow->received, (size_t)io->bytes);
  flow->received += io->bytes;
  flow->reading = NULL;
}

/* Whether anything moved. */
static bool step(struct flow *flow) {
  bool moved = false;
  if (flow->sent < flow->bytes && !flow->writing) start_write(flow);
  if (flow->received < flow->bytes && !flow->reading) start_read(flow);
  if (flow->writing && check_io_ended(flow->writing)) {
    finish_write(flow);
    moved = true;
  }
  if (flow->reading && check_io_ended(flow->reading)) {
    finish_read(flow);
    moved = true;
  }
  return moved;
}

static bool is_left(const struct flow *flow) {
  return flow->received < flow->bytes || flow->sent < flow->bytes || flow->writing;
}

struct running {
  struct flow *flows;
  size_t count;
};

/* Whether anything moved, or nothing is left to move. */
static bool step_all(void *argument) {
  struct running *running = argument;
  bool moved = false;
  bool left = false;
  for (size_t i = 0; i < running->count; i++) {
    struct flow *flow = &running->flows[i];
    if (step(flow)) moved = true;
    if (is_left(flow)) left = true;
  }
  return moved || !left;
}

static bool left_over(const struct running *running) {
  for (size_t i = 0; i < running->count; i++) {
    if (is_left(&running->flows[i])) return true;
  }
  return false;
}

void flow_run(struct check_host *host, struct flow *flows, size_t count) {
  struct running running = {flows, count};
  for (size_t i = 0; i < count; i++) make_buffers(&flows[i]);
  while (left_over(&running)) check_until(host, step_all, &running, "bytes to move");
  for (size_t i = 0; i < count; i++) free_buffers(&flows[i]);
}

void flow_send(struct flow *flow) {
  flow->write_buffer = malloc(flow->write_bytes);
  CHECK(flow->write_buffer, "the kit itself is out of memory");
  while (flow->sent < flow->bytes) {
    start_write(flow);
    fixture_wait(flow->writing);
    finish_write(flow);
  }
  free(flow->write_buffer);
}

void flow_receive(struct flow *flow) {
  flow->read_buffer = malloc(flow->read_bytes);
  CHECK(flow->read_buffer, "the kit itself is out of memory");
  while (flow->received < flow->bytes) {
    start_read(flow);
    fixture_wait(flow->reading);
    finish_read(flow);
  }
  free(flow->read_buffer);
}
