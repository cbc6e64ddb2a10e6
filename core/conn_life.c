/* SPDX-License-Identifier: Apache-2.0
 *
 * How raw connections come and go: dialled, accepted, failed, gone.
 */
#include <stdlib.h>
#include <string.h>

#include "core/conn.h"
#include "core/refused.h"

enum { TEXT_MAX = 512 };

/* Also one that ended by itself before, in whatever way: nobody else would close its endpoint now. One whose handle is
 * stale was closed by its user, and sends what it has; or a session stands on it, and closes it. */
static bool conn_over(struct object *object, enum member_end how) {
  struct conn *conn = (struct conn *)object;
  lock_take(&conn->lock);
  bool goes_on = object_closing(object) && (how == MEMBER_END || (how == MEMBER_HASTEN && !conn->stream.closing));
  lock_drop(&conn->lock);
  if (goes_on) return true;
  /* Its ops first: one that still stood when the endpoint goes would be begun and cancelled, over and over. */
  stream_reset((struct stream *)object, cause_make(HWS_E_CLOSED, 0, HWS_CODE_SHUTTING_DOWN, "the runtime was closed"));
  lock_take(&conn->lock);
  conn->over = true;
  if (how != MEMBER_END) conn->aborting = true;
  lock_drop(&conn->lock);
  conn_pump(conn);
  return false;
}

void conn_free(struct object *object) {
  struct conn *conn = (struct conn *)object;
  member_remove(object->runtime, &conn->member);
  if (conn->buffer) buffer_unref(conn->buffer);
  conn_drop_copy(conn);
  free(conn->local);
  free(conn->remote);
  filters_free(conn->filters, conn->filter_count);
  endpoint_free(&conn->endpoint);
  stream_fini(&conn->stream);
  free(conn);
}

int conn_new(struct runtime *runtime, struct conn **out) {
  struct conn *conn = calloc(1, sizeof *conn);
  if (!conn) return HWS_E_NOMEM;
  int status = stream_init(&conn->stream, &conn_class, runtime, &conn->lock);
  if (status != HWS_OK) {
    free(conn);
    return status;
  }
  conn->gone = true; /* until there is an endpoint */
  conn->top = &conn->endpoint;
  *out = conn;
  return HWS_OK;
}

static void conn_gone(struct endpoint *endpoint) {
  struct conn *conn = (struct conn *)endpoint->owner;
  struct op_list ended = {0};
  lock_take(&conn->lock);
  conn->gone = true;
  conn_left(conn);
  conn_lose_copy(conn);
  stream_end(&conn->stream, cause_plain(HWS_E_CLOSED), false, &ended);
  if (conn->stream.closing) stream_closed(&conn->stream, &ended);
  lock_drop(&conn->lock);
  op_deliver(&ended);
}

void conn_fail(struct conn *conn, struct cause *cause) {
  struct op_list ended = {0};
  lock_take(&conn->lock);
  stream_made(&conn->stream);
  stream_end(&conn->stream, cause, true, &ended);
  conn->aborting = true;
  lock_drop(&conn->lock);
  op_deliver(&ended);
  cause_unref(cause);
}

/* ---- connected ---- */

static char *ask_text(struct endpoint *endpoint, void *ep, uint32_t what) {
  char text[TEXT_MAX] = "";
  int32_t (*query)(void *, uint32_t, void *, uint32_t) = endpoint->plugin->vtable.query;
  if (query) query(ep, what, text, sizeof text);
  text[sizeof text - 1] = 0;
  return strdup(text);
}

static bool ask(struct endpoint *endpoint, void *ep, uint64_t capability, uint32_t what, void *answer, uint32_t size) {
  const struct plugin *plugin = endpoint->plugin;
  return (plugin->manifest->capabilities & capability) && plugin->vtable.query &&
         plugin->vtable.query(ep, what, answer, size) >= 0;
}

/* Ask now, once: later the endpoint may be gone. */
static void learn(struct conn *conn, void *ep) {
  struct endpoint *endpoint = &conn->endpoint;
  char *local = ask_text(endpoint, ep, HWS_QUERY_LOCAL);
  char *remote = ask_text(endpoint, ep, HWS_QUERY_REMOTE);
  if (!local || !remote) {
    free(local);
    free(remote);
  } else {
    conn->local = local;
    conn->remote = remote;
  }
  struct hws_peer_id peer = {.size = sizeof peer};
  if (ask(endpoint, ep, HWS_CAP_PEER, HWS_QUERY_PEER, &peer, sizeof peer)) conn->peer = peer;
  /* A filter is a stream of bytes, whatever it stands on. */
  uint32_t messages = 0;
  bool keeps = ask(endpoint, ep, HWS_CAP_MESSAGES, HWS_QUERY_MESSAGES, &messages, sizeof messages) && messages == 1;
  conn->messages = keeps && !conn->filters;
  uint64_t untaken = 0;
  bool ends = conn->top->plugin->manifest->capabilities & HWS_CAP_HALF_CLOSE;
  conn->lingers = ends && ask(endpoint, ep, HWS_CAP_HALF_CLOSE, HWS_QUERY_LINGER, &untaken, sizeof untaken);
}

/* The transport's connection stands: put the filters on it. HWS_OK, or why not, with *cause. Lock held. */
static int stand(struct conn *conn, enum filter_role role, struct cause **cause) {
  int status = filters_wrap(conn->filters, conn->filter_count, &conn->endpoint, role, &conn->top, cause);
  if (status == HWS_OK) learn(conn, conn->endpoint.ep);
  return status;
}

static void dial_failed(struct conn *conn, struct op *op, struct cause *cause, struct op_list *ended) {
  stream_end(&conn->stream, cause, true, ended);
  conn->aborting = true;
  if (op) op_fail(op, cause, ended);
  cause_unref(cause);
}

void conn_connected(struct conn *conn, struct op_list *ended) {
  const struct transfer *transfer = &conn->endpoint.transfers[HWS_READ];
  struct op *op = conn->connecting;
  struct cause *cause = NULL;
  conn->connecting = NULL;
  conn->dialing = false;
  if (conn->stream.cause) { /* ended meanwhile */
    if (op) op_fail(op, conn->stream.cause, ended);
  } else if (transfer->io.status != HWS_IO_OK) {
    cause = endpoint_cause(&conn->endpoint, transfer, conn->endpoint.route->url.address);
    dial_failed(conn, op, cause, ended);
  } else if (stand(conn, FILTER_DIALLED, &cause) != HWS_OK) {
    dial_failed(conn, op, cause, ended);
  } else {
    conn->stream.ready = conn->stream.usable = true;
    if (op) op_end(op, HWS_OK, ended);
  }
}

/* A plugin that cannot revoke may have begun with a file whose op waits to hear of that. */
static void conn_begun(struct endpoint *endpoint) {
  conn_pump((struct conn *)endpoint->owner);
}

/* Make the endpoints of a connection yet to come. If it fails, the connection is disposed of. A member only then: its
 * end looks at them. */
static int set_stage(struct conn *conn, struct route *route) {
  struct object *object = &conn->stream.object;
  endpoint_init(&conn->endpoint, object, route_transport(route), conn_read_done, conn_write_done, conn_gone);
  if (!conn_may_revoke(conn)) conn->endpoint.begun = conn_begun;
  int status = filters_new(route, object, conn_read_done, conn_write_done, &conn->filters);
  conn->filter_count = route_filters(route);
  if (status == HWS_OK) status = member_add(object->runtime, &conn->member, object, conn_over);
  if (status == HWS_OK) return HWS_OK;
  object_close(object);
  object_unpin(object);
  return status;
}

/* It is there. The caller's op ends with the status: not HWS_OK, if the user gave it up before it came. */
static int welcome(struct conn *conn, void *ep, bool *opened, struct cause **cause) {
  struct stream *stream = &conn->stream;
  lock_take(&conn->lock);
  stream_made(stream);
  int status = endpoint_open(&conn->endpoint, ep);
  *opened = status == HWS_OK;
  if (*opened) {
    conn->gone = false;
    status = stand(conn, FILTER_ACCEPTED, cause);
    stream->ready = stream->usable = status == HWS_OK;
    if (stream->cause) status = stream->cause->status;
    if (stream->closing) status = HWS_E_CLOSED;
    conn->aborting = status != HWS_OK;
  }
  lock_drop(&conn->lock);
  return status;
}

int conn_adopt(struct conn *conn, void *accepted) {
  struct endpoint *endpoint = &conn->endpoint;
  const struct plugin *plugin = endpoint->plugin;
  struct cause *cause = NULL;
  void *ep = NULL;
  bool opened = false;
  int status = plugin->vtable.adopt(plugin->vtable.self, (struct hws_host_endpoint *)endpoint, accepted, &ep);
  if (status == HWS_OK)
    status = welcome(conn, ep, &opened, &cause);
  else
    ep = NULL;
  if (status == HWS_OK) return HWS_OK;
  if (!opened) endpoint_unopened(endpoint, ep);
  if (!opened)
    cause = cause_make(status, 0, 0, "%s: the accepted connection could not be taken over", plugin->manifest->name);
  if (cause) conn_fail(conn, cause);
  if (opened) conn_pump(conn);
  return status;
}

int conn_await(struct runtime *runtime, struct route *route, struct op *op, struct conn **out) {
  struct conn *conn = NULL;
  int status = conn_new(runtime, &conn);
  if (status == HWS_OK) status = set_stage(conn, route);
  if (status != HWS_OK) return status;
  object_pin(&op->object);
  lock_take(&conn->lock);
  conn->stream.maker = op;
  lock_drop(&conn->lock);
  op_makes(op, &conn->stream.object);
  *out = conn;
  return HWS_OK;
}

/* ---- dial ---- */

/* Lock held: the dial is `connecting`. The pump closes the endpoint then. */
static void give_dial_up(struct conn *conn, int status, struct op_list *ended) {
  struct cause *cause = cause_make(status, 0, HWS_CODE_CANCELED, "the dial was given up");
  op_end_early(conn->connecting, status, ended);
  conn->connecting = NULL;
  conn->aborting = true;
  stream_end(&conn->stream, cause, true, ended);
  cause_unref(cause);
}

static void dial_revoke(struct op *op) {
  struct conn *conn = (struct conn *)op->on;
  struct op_list ended = {0};
  lock_take(&conn->lock);
  bool mine = conn->connecting == op;
  if (mine) give_dial_up(conn, op_asked(op), &ended);
  lock_drop(&conn->lock);
  op_deliver(&ended);
  if (mine) conn_pump(conn);
}

static int dial_make(struct conn *conn, struct route *route, void **ep) {
  struct endpoint *endpoint = &conn->endpoint;
  const struct plugin *plugin = route_transport(route);
  int status = filters_try(conn->filters, conn->filter_count, FILTER_DIALLED);
  if (status != HWS_OK) return status;
  if (!plugin->vtable.dial || !(plugin->manifest->capabilities & HWS_CAP_DIAL))
    return refused_say(HWS_E_UNSUPPORTED, "%s cannot dial", plugin->manifest->name);
  status = plugin->vtable.dial(plugin->vtable.self, (struct hws_host_endpoint *)endpoint, route->url.address, ep);
  return status == HWS_OK ? HWS_OK : endpoint_refuse(endpoint, status, "dial");
}

/* The endpoint is open: from here on the pump closes it. A connection that was ended or closed before dials nowhere.
 * True: the dial is to be submitted. Lock held. */
static bool dial_start(struct conn *conn, struct op *op, const struct request *request, struct op_list *ended) {
  struct stream *stream = &conn->stream;
  const struct cause *cause = stream->cause ? stream->cause : stream->closing ? cause_plain(HWS_E_CLOSED) : NULL;
  conn->gone = false;
  stream->dialled = true;
  if (cause) {
    op_fail(op, cause, ended);
    conn->aborting = true;
    return false;
  }
  conn->connecting = op;
  int status = op_arm(op, request);
  if (status != HWS_OK) give_dial_up(conn, status, ended);
  conn->dialing = status == HWS_OK;
  if (conn->dialing) transfer_prepare(&conn->endpoint.transfers[HWS_READ], HWS_IO_DIAL, NULL, 0);
  return conn->dialing;
}

static void dial_submit(struct conn *conn, struct op *op, const struct request *request) {
  struct op_list ended = {0};
  lock_take(&conn->lock);
  bool dials = dial_start(conn, op, request, &ended);
  lock_drop(&conn->lock);
  if (dials && endpoint_submit(&conn->endpoint.transfers[HWS_READ])) {
    lock_take(&conn->lock);
    conn_connected(conn, &ended);
    lock_drop(&conn->lock);
    op_deliver(&ended);
  }
  conn_pump(conn);
}

static int dial_new(struct runtime *runtime, struct route *route, struct conn **out) {
  struct conn *conn = NULL;
  int status = conn_new(runtime, &conn);
  if (status == HWS_OK) status = set_stage(conn, route);
  if (status != HWS_OK) return status;
  conn->endpoint.route = route_ref(route);
  conn->endpoint.place = route_filters(route);
  *out = conn;
  return HWS_OK;
}

int conn_dial(struct runtime *runtime, const char *text, struct scope *life, const struct request *request,
              hws_handle *stream) {
  struct conn *conn = NULL;
  struct op *op = NULL;
  struct route *route = NULL;
  void *ep = NULL;
  int status = route_find(runtime, text, &route);
  if (status != HWS_OK) return status;
  status = dial_new(runtime, route, &conn);
  if (status == HWS_OK) status = dial_make(conn, route, &ep);
  if (status == HWS_OK) op = endpoint_begin(&conn->endpoint, ep, request, HWS_KIND_DIAL, dial_revoke, &status);
  route_unref(route); /* the connection has its own */
  if (!op) {
    if (conn) object_close(&conn->stream.object);
    if (conn) object_unpin(&conn->stream.object);
    return status;
  }
  object_pin(&conn->stream.object); /* from here on another thread may end it, or harvest and close it */
  *stream = conn->stream.object.handle;
  dial_submit(conn, op, request);
  stream_live(&conn->stream, life);
  int result = op_submitted_maker(op, request, &conn->stream.object, stream);
  object_unpin(&conn->stream.object);
  return result;
}
