/* SPDX-License-Identifier: Apache-2.0
 *
 * Dialling.
 *
 * Opening a local pipe never waits: there is a free instance, or all are taken. Then the system is asked to tell when
 * one is free. Somebody else may be quicker each time, so a few answers that come at once are followed by a pause.
 */
#include "transports/npipe_iocp/dial.h"

enum { TRIES = 4 /* in one go */ };

#define PAUSE_FIRST_NS UINT64_C(1000000)
#define PAUSE_MAX_NS UINT64_C(50000000)

void npipe_dial_init(struct npipe_dial *dial, struct hws_host_endpoint *endpoint, struct pipe_stream *stream) {
  dial->stream = stream;
  dial->endpoint = endpoint;
  busy_init(&dial->busy, &stream->name->address);
}

static const struct hws_host *host_of(const struct npipe_dial *dial) {
  return dial->stream->base.host;
}

/* ---- one try ----------------------------------------------------------------------------------------------------- */

static int explained(const struct npipe_dial *dial, const char *why, int error) {
  host_of(dial)->explain(dial->endpoint, why);
  return error;
}

/* An end of a pipe reads bytes until it is told to read messages. */
static int set_mode(const struct npipe_dial *dial, HANDLE pipe) {
  DWORD mode = PIPE_READMODE_MESSAGE;
  if (!dial->stream->messages || SetNamedPipeHandleState(pipe, &mode, NULL, NULL)) return 0;
  int error = (int)GetLastError();
  if (error == ERROR_INVALID_PARAMETER) return explained(dial, "the pipe carries bytes, not messages", error);
  return error;
}

/* 0, or an error of the system: ERROR_PIPE_BUSY if all instances are taken. */
static int connect_now(struct npipe_dial *dial) {
  struct packet_stream *base = &dial->stream->base;
  base->handle = pipe_open(&dial->stream->name->address);
  if (base->handle == INVALID_HANDLE_VALUE) return (int)GetLastError();
  int error = set_mode(dial, base->handle);
  if (!error && pipe_stream_bind(dial->stream, dial->endpoint) != HWS_IO_OK) error = ERROR_NOT_ENOUGH_MEMORY;
  if (!error) return 0;
  (void)CloseHandle(base->handle);
  base->handle = INVALID_HANDLE_VALUE;
  return error;
}

static int32_t end_failed(const struct npipe_dial *dial, struct hws_io *io, int error) {
  if (error == ERROR_FILE_NOT_FOUND) (void)explained(dial, "nobody listens there", error);
  if (error == ERROR_ACCESS_DENIED) (void)explained(dial, "the pipe does not let us in", error);
  return packet_end(io, error == ERROR_INVALID_PARAMETER ? HWS_IO_UNSUPPORTED : pipe_status(error), error, 0);
}

/* ---- until one is free ------------------------------------------------------------------------------------------- */

static void pause(struct npipe_dial *dial) {
  uint64_t pause_ns = dial->pause_ns ? dial->pause_ns * 2 : PAUSE_FIRST_NS;
  dial->pause_ns = pause_ns < PAUSE_MAX_NS ? pause_ns : PAUSE_MAX_NS;
  host_of(dial)->timer_at(dial->endpoint, host_of(dial)->now() + dial->pause_ns);
}

/* 1: the io has ended. 0: something will come. */
static int32_t try_on(struct npipe_dial *dial, struct hws_io *io) {
  for (int tries = 0; tries < TRIES; tries++) {
    int error = connect_now(dial);
    if (!error) return packet_end(io, HWS_IO_OK, 0, 0);
    if (error != ERROR_PIPE_BUSY) return end_failed(dial, io, error);
    error = busy_wait(&dial->busy, host_of(dial), dial->endpoint);
    if (error == ERROR_IO_PENDING) return 0;
    if (error) break;
  }
  pause(dial);
  return 0;
}

/* ---- slots ------------------------------------------------------------------------------------------------------- */

int32_t npipe_dial_submit(struct npipe_dial *dial, struct hws_io *io) {
  bool begun = dial->pending || dial->busy.out || dial->stream->base.handle != INVALID_HANDLE_VALUE;
  if (begun) return packet_end(io, HWS_IO_UNSUPPORTED, 0, 0);
  dial->pause_ns = 0;
  if (try_on(dial, io)) return 1;
  dial->pending = io;
  return 0;
}

int32_t npipe_dial_cancel(struct npipe_dial *dial, struct hws_io *io) {
  if (dial->pending != io) return 0;
  dial->pending = NULL;
  host_of(dial)->timer_at(dial->endpoint, 0);
  busy_cancel(&dial->busy);
  return packet_end(io, HWS_IO_CANCELED, 0, 0);
}

static struct hws_io *go_on(struct npipe_dial *dial) {
  struct hws_io *io = dial->pending;
  if (!io || !try_on(dial, io)) return NULL;
  dial->pending = NULL;
  return io;
}

struct hws_io *npipe_dial_on_packet(struct npipe_dial *dial) {
  dial->busy.out = false;
  dial->pause_ns = 0;
  return go_on(dial);
}

struct hws_io *npipe_dial_on_timer(struct npipe_dial *dial) {
  return dial->busy.out ? NULL : go_on(dial);
}

int32_t npipe_dial_retire(struct npipe_dial *dial) {
  busy_cancel(&dial->busy);
  return dial->busy.out ? 1 : 0;
}

void npipe_dial_close(struct npipe_dial *dial) {
  busy_close(&dial->busy);
}
