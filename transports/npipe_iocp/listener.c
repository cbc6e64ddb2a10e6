/* SPDX-License-Identifier: Apache-2.0
 *
 * A listening pipe. Its name is there from the listen on, until it is closed: the last instance is not handed over
 * before there is another (PIP-11).
 */
#include "transports/npipe_iocp/listener.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "transports/npipe_iocp/connection.h"
#include "transports/npipe_iocp/instances.h"

#define SECOND_NS UINT64_C(1000000000)

struct npipe_listener {
  struct socket_endpoint base;
  const struct hws_host *host;
  struct hws_host_endpoint *endpoint;
  struct pipe_name *name; /* with a reference */
  bool owns;              /* it is the name's listener */
  struct npipe_settings settings;
  PSECURITY_DESCRIPTOR security;
  struct hws_io *accepting; /* the ACCEPT that waits for a connection */
  atomic_bool listening;    /* set once, after what query answers was written */
  struct instances instances;
  uint64_t told;    /* of the failures to make an instance, those that the log knows */
  uint64_t told_ns; /* when it last heard of one */
};

static const struct socket_endpoint_ops listener_ops;

static struct npipe_listener *listener_of(struct socket_endpoint *endpoint) {
  return (struct npipe_listener *)endpoint;
}

static int32_t read_url(struct npipe_listener *listener, const char *text, char *why, size_t why_size) {
  struct npipe_settings *settings = &listener->settings;
  struct npipe_address address;
  int32_t status = npipe_address_parse(text, strlen(text), &address, why, why_size);
  if (status == HWS_IO_OK)
    status = npipe_settings_read(settings, true, listener->host, listener->endpoint, why, why_size);
  if (status != HWS_IO_OK) return status;
  int error = pipe_security(settings, &listener->security);
  if (error) {
    (void)snprintf(why, why_size, "sddl is no security descriptor (error %d)", error);
    return HWS_IO_ADDRESS;
  }
  listener->name = pipe_name_get(listener->host, &address);
  return listener->name ? HWS_IO_OK : HWS_IO_NOMEM;
}

static void listener_free(struct npipe_listener *listener) {
  const struct hws_host *host = listener->host;
  if (listener->owns) pipe_name_unlisten(listener->name);
  pipe_name_unref(listener->name, host);
  (void)LocalFree(listener->security);
  host->release(listener);
}

int32_t npipe_listener_make(const struct hws_host *host, struct hws_host_endpoint *endpoint, const char *text,
                            struct socket_endpoint **made) {
  char why[160] = "";
  struct npipe_listener *listener = host->alloc(sizeof *listener);
  if (!listener) return HWS_IO_NOMEM;
  listener->base.ops = &listener_ops;
  listener->host = host;
  listener->endpoint = endpoint;
  int32_t status = read_url(listener, text, why, sizeof why);
  if (status == HWS_IO_OK) {
    *made = &listener->base;
  } else {
    if (why[0]) host->explain(endpoint, why);
    listener_free(listener);
  }
  return status;
}

/* ---- listening --------------------------------------------------------------------------------------------------- */

static int32_t end_failed(const struct npipe_listener *listener, struct hws_io *io, bool taken, int error) {
  int32_t status = taken ? HWS_IO_IN_USE : pipe_status(error);
  if (taken) listener->host->explain(listener->endpoint, "somebody listens there already");
  if (status == HWS_IO_ACCESS) listener->host->explain(listener->endpoint, "listening there is not permitted");
  return packet_end(io, status, error, 0);
}

/* Windows refuses the first instance where there is one of that name, with the same error as a lack of rights; so who
 * is there has to be asked before. Between the question and the answer it is still Windows that refuses. */
static bool is_taken(struct npipe_listener *listener) {
  listener->owns = pipe_name_listen(listener->name);
  return !listener->owns || (!pipe_name_is_ours(listener->name) && pipe_exists(&listener->name->address));
}

/* At least one instance, or why not. */
static int begin_waiting(struct npipe_listener *listener) {
  struct packet_pool *pool = &listener->instances.pool;
  packet_pool_post(pool);
  if (pool->posted + pool->waiting > 0) return 0;
  listener->host->timer_at(listener->endpoint, 0);
  packet_pool_close(pool);
  return pool->error;
}

static int32_t submit_listen(struct npipe_listener *listener, struct hws_io *io) {
  const struct pipe_kind kind = {&listener->settings, listener->security};
  if (is_taken(listener)) return end_failed(listener, io, true, ERROR_ACCESS_DENIED);
  int32_t status = instances_open(&listener->instances, listener->host, listener->endpoint, listener->name, &kind);
  if (status != HWS_IO_OK) return packet_end(io, status, 0, 0);
  int error = begin_waiting(listener);
  if (error)
    return end_failed(listener, io, error == ERROR_ACCESS_DENIED && pipe_exists(&listener->name->address), error);
  atomic_store(&listener->listening, true);
  return packet_end(io, HWS_IO_OK, 0, 0);
}

/* ---- accepting --------------------------------------------------------------------------------------------------- */

/* PIP-10. At most one line a second, as a shortage lasts. */
static void tell_failures(struct npipe_listener *listener) {
  const struct packet_pool *pool = &listener->instances.pool;
  uint64_t now = listener->host->now();
  if (pool->failures == listener->told) return;
  if (listener->told_ns != 0 && now - listener->told_ns < SECOND_NS) return;
  char text[120];
  char line[200];
  listener->told = pool->failures;
  listener->told_ns = now;
  packet_error_text(pool->error, text, sizeof text);
  (void)snprintf(line, sizeof line, "accept: no new instance of the pipe: %s (%llu times so far)", text,
                 (unsigned long long)pool->failures);
  listener->host->log(listener->endpoint, HWS_LOG_WARNING, line);
}

/* 1: the io has ended. A connection that there is no memory for waits no longer: it is closed. */
static int32_t accept_one(struct npipe_listener *listener, struct hws_io *io) {
  HANDLE pipe = packet_pool_take(&listener->instances.pool);
  tell_failures(listener);
  if (pipe == INVALID_HANDLE_VALUE) return 0;
  struct socket_endpoint *connection =
      npipe_connection_accepted(listener->host, pipe, listener->name, listener->settings.messages);
  if (!connection) pipe_name_close(listener->name, pipe);
  (void)packet_end(io, connection ? HWS_IO_OK : HWS_IO_NOMEM, 0, 0);
  io->accepted = connection;
  return 1;
}

static int32_t submit_accept(struct npipe_listener *listener, struct hws_io *io) {
  if (accept_one(listener, io)) return 1;
  listener->accepting = io;
  return 0;
}

static void accept_pending(struct npipe_listener *listener) {
  struct hws_io *io = listener->accepting;
  tell_failures(listener);
  if (!io || !accept_one(listener, io)) return;
  listener->accepting = NULL;
  listener->host->complete(listener->endpoint, io);
}

/* ---- slots ------------------------------------------------------------------------------------------------------- */

static int32_t listener_submit(struct socket_endpoint *endpoint, struct hws_io *io) {
  struct npipe_listener *listener = listener_of(endpoint);
  bool listening = atomic_load(&listener->listening);
  if (io->kind == HWS_IO_LISTEN && !listening) return submit_listen(listener, io);
  if (io->kind == HWS_IO_ACCEPT && listening) return submit_accept(listener, io);
  return packet_end(io, HWS_IO_UNSUPPORTED, 0, 0);
}

static int32_t listener_cancel(struct socket_endpoint *endpoint, struct hws_io *io) {
  struct npipe_listener *listener = listener_of(endpoint);
  if (io != listener->accepting) return 0;
  listener->accepting = NULL; /* what is posted stays posted */
  return packet_end(io, HWS_IO_CANCELED, 0, 0);
}

static void listener_on_packet(struct socket_endpoint *endpoint, struct hws_packet *packet, uint64_t bytes,
                               int32_t os_error) {
  struct npipe_listener *listener = listener_of(endpoint);
  (void)bytes;
  packet_pool_on_packet(&listener->instances.pool, packet, os_error);
  accept_pending(listener);
}

static void listener_on_timer(struct socket_endpoint *endpoint) {
  struct npipe_listener *listener = listener_of(endpoint);
  if (!atomic_load(&listener->listening)) return;
  packet_pool_post(&listener->instances.pool);
  accept_pending(listener);
}

static int32_t listener_query(struct socket_endpoint *endpoint, uint32_t what, void *answer, uint32_t size) {
  struct npipe_listener *listener = listener_of(endpoint);
  char url[NPIPE_URL_MAX];
  if (!atomic_load(&listener->listening)) return HWS_IO_UNSUPPORTED;
  size_t length = npipe_address_url(&listener->name->address, url);
  return socket_answer_listener(what, url, length, -1 /* there is no one handle */, answer, size);
}

static int32_t listener_retire(struct socket_endpoint *endpoint, bool abort) {
  struct npipe_listener *listener = listener_of(endpoint);
  (void)abort;
  return atomic_load(&listener->listening) ? (int32_t)instances_stop(&listener->instances) : 0;
}

static void listener_destroy(struct socket_endpoint *endpoint, bool abort) {
  struct npipe_listener *listener = listener_of(endpoint);
  (void)abort;
  packet_pool_close(&listener->instances.pool);
  listener_free(listener);
}

static const struct socket_endpoint_ops listener_ops = {.submit = listener_submit,
                                                        .cancel = listener_cancel,
                                                        .on_packet = listener_on_packet,
                                                        .on_timer = listener_on_timer,
                                                        .query = listener_query,
                                                        .retire = listener_retire,
                                                        .destroy = listener_destroy};
