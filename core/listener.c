/* SPDX-License-Identifier: Apache-2.0
 *
 * Listening and accepting on a plugin's endpoint.
 */
#include "core/listener.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/conn.h"
#include "core/refused.h"
#include "core/route.h"

enum { TEXT_MAX = 512 };

struct listener {
  struct object object;
  struct lock lock; /* all below */
  struct endpoint endpoint;
  struct filter *filters; /* tried once, for their parameters; those of connections are their own */
  size_t filter_count;
  struct member member;
  struct life life;
  struct op *starting; /* the listen op, while it pends */
  struct op *closer;
  struct op_list accepts;
  struct op_list watches;
  struct cause *cause;
  bool listening; /* the listen's transfer is out */
  bool ready;
  bool accepting; /* an accept's transfer is out */
  void *spare;    /* accepted when nobody wanted it any more: for the next accept */
  bool gone;
  char local[TEXT_MAX];
  _Atomic(uint64_t) accepted;
};

static void listener_free(struct object *object) {
  struct listener *listener = (struct listener *)object;
  member_remove(object->runtime, &listener->member);
  life_detach(&listener->life);
  filters_free(listener->filters, listener->filter_count);
  endpoint_free(&listener->endpoint);
  cause_unref(listener->cause);
  object_retire(object);
  free(listener);
}

static const struct object_class listener_class = {.type = OBJECT_LISTENER, .free = listener_free};

/* ---- ending ---- */

/* An accept's connection will not come; consumes the cause, and the op's pin of the connection. */
static void disappoint(struct op *op, struct cause *cause) {
  struct conn *conn = op->result;
  op->result = NULL;
  conn_fail(conn, cause);
  object_unpin(&conn->stream.object);
}

static void fail_all(struct op_list *list, const struct cause *cause, struct op_list *ended) {
  for (struct op *op; (op = list->first);) {
    op_list_remove(list, op);
    if (op->result) disappoint(op, cause_ref((struct cause *)(uintptr_t)cause));
    op_fail(op, cause, ended);
  }
}

/* Lock held. */
static void end_locked(struct listener *listener, struct cause *cause, struct op_list *ended) {
  if (listener->cause) return;
  listener->cause = cause_ref(cause);
  if (listener->starting) op_fail(listener->starting, cause, ended);
  listener->starting = NULL;
  fail_all(&listener->accepts, cause, ended);
  fail_all(&listener->watches, cause, ended);
}

/* Get rid of a connection that nobody takes. */
static void dispose(struct listener *listener, void *accepted) {
  const struct plugin *plugin = listener->endpoint.plugin;
  void *none = NULL;
  plugin->vtable.adopt(plugin->vtable.self, NULL, accepted, &none);
}

static void nudge(struct listener *listener) {
  struct loop *loop = &listener->object.runtime->loop; /* also before there is an endpoint */
  if (loop->caller_driven) loop_nudge(loop);
}

void listener_end(struct listener *listener, struct cause *cause) {
  struct op_list ended = {0};
  lock_take(&listener->lock);
  end_locked(listener, cause, &ended);
  bool close = !listener->gone;
  void *spare = listener->spare;
  listener->spare = NULL;
  lock_drop(&listener->lock);
  op_deliver(&ended);
  cause_unref(cause);
  if (spare) dispose(listener, spare);
  if (close) endpoint_close(&listener->endpoint, true);
  nudge(listener);
}

static bool listener_over(struct object *object, enum member_end how) {
  (void)how; /* nothing of its own is on its way to anybody */
  listener_end((struct listener *)object,
               cause_make(HWS_E_CLOSED, 0, HWS_CODE_SHUTTING_DOWN, "the runtime was closed"));
  return false;
}

static void life_over(struct object *object, struct cause *cause) {
  listener_end((struct listener *)object, cause_ref(cause));
}

static void listener_gone(struct endpoint *endpoint) {
  struct listener *listener = (struct listener *)endpoint->owner;
  struct op_list ended = {0};
  lock_take(&listener->lock);
  listener->gone = true;
  struct op *op = listener->closer;
  listener->closer = NULL;
  if (op) op_end(op, HWS_OK, &ended);
  lock_drop(&listener->lock);
  op_deliver(&ended);
}

/* ---- accepting ---- */

static bool claim(struct listener *listener) {
  if (listener->accepting || listener->listening || !listener->ready || listener->cause) return false;
  if (!listener->accepts.first) return false;
  listener->accepting = true;
  transfer_prepare(&listener->endpoint.transfers[HWS_READ], HWS_IO_ACCEPT, NULL, 0);
  return true;
}

/* Lock held. Where the op was cancelled meanwhile the next one gets the connection. */
static struct op *accept_result(struct listener *listener, void **accepted, struct op_list *ended) {
  const struct transfer *transfer = &listener->endpoint.transfers[HWS_READ];
  struct op *op = listener->accepts.first;
  listener->accepting = false;
  *accepted = NULL;
  if (transfer->io.status == HWS_IO_OK) {
    *accepted = transfer->io.accepted;
    if (op) op_list_remove(&listener->accepts, op);
    return op;
  }
  if (transfer->io.status == HWS_IO_CANCELED) return NULL;
  struct cause *cause = endpoint_cause(&listener->endpoint, transfer, "accept");
  if (op) {
    op_list_remove(&listener->accepts, op);
    disappoint(op, cause_ref(cause));
    op_fail(op, cause, ended);
  }
  cause_unref(cause);
  return NULL;
}

/* No lock held. The op is in nobody's list: it ends here. */
static void born(struct listener *listener, struct op *op, void *accepted) {
  struct conn *conn = op->result;
  struct op_list ended = {0};
  op->result = NULL;
  int status = conn_adopt(conn, accepted);
  atomic_fetch_add_explicit(&listener->accepted, 1, memory_order_relaxed);
  op_end(op, status, &ended);
  op_deliver(&ended);
  object_unpin(&conn->stream.object);
}

static void apply_accept(struct listener *listener) {
  struct op_list ended = {0};
  void *accepted;
  lock_take(&listener->lock);
  struct op *op = accept_result(listener, &accepted, &ended);
  bool spare = accepted && !op && !listener->cause;
  if (spare) listener->spare = accepted;
  lock_drop(&listener->lock);
  op_deliver(&ended);
  if (op)
    born(listener, op, accepted);
  else if (accepted && !spare)
    dispose(listener, accepted);
}

static void pump(struct listener *listener) {
  for (;;) {
    lock_take(&listener->lock);
    bool claimed = claim(listener);
    lock_drop(&listener->lock);
    if (!claimed || !endpoint_submit(&listener->endpoint.transfers[HWS_READ])) return;
    apply_accept(listener);
  }
}

/* Lock held: it stands in a list, or is the closer. */
static void give_up(struct listener *listener, struct op *op, int status, struct op_list *ended) {
  struct conn *conn = op->result;
  struct cause *unmade = conn ? stream_unmade(&conn->stream, status) : NULL;
  if (conn) disappoint(op, unmade ? cause_ref(unmade) : cause_make(status, 0, 0, "the accept was given up"));
  op_list_remove(op->event.kind == HWS_KIND_ACCEPT ? &listener->accepts : &listener->watches, op);
  if (op == listener->closer) listener->closer = NULL;
  op_end_unmade(op, status, unmade, ended);
  cause_unref(unmade);
}

static void revoke(struct op *op) {
  struct listener *listener = (struct listener *)op->on;
  struct op_list ended = {0};
  lock_take(&listener->lock);
  bool mine = atomic_load(&op->state) != OP_ENDED && (op->listed || op == listener->closer);
  if (mine) give_up(listener, op, op_asked(op), &ended);
  lock_drop(&listener->lock);
  op_deliver(&ended);
}

/* Lock held: the op waits here, or has ended. */
static void enlist(struct listener *listener, struct op_list *list, struct op *op, const struct request *request) {
  struct op_list none = {0}; /* an op in submission stays with its submitter */
  op_list_append(list, op);
  int status = op_arm(op, request);
  if (status != HWS_OK) give_up(listener, op, status, &none);
}

/* One that was accepted for an op that had gone. Lock held. */
static void *take_spare(struct listener *listener) {
  void *spare = listener->accepts.first ? NULL : listener->spare;
  if (spare) listener->spare = NULL;
  return spare;
}

/* The op waits in the list, or has ended. */
static void submit(struct listener *listener, struct op *op, const struct request *request) {
  struct op_list none = {0};
  lock_take(&listener->lock);
  struct cause *cause = cause_ref(listener->cause);
  void *spare = cause ? NULL : take_spare(listener);
  if (!cause && !spare) enlist(listener, &listener->accepts, op, request);
  lock_drop(&listener->lock);
  if (cause) {
    disappoint(op, cause_ref(cause));
    op_fail(op, cause, &none);
    cause_unref(cause);
  } else if (spare) {
    born(listener, op, spare);
  }
}

int listener_accept(struct listener *listener, struct scope *life, const struct request *request, hws_handle *stream) {
  struct runtime *runtime = listener->object.runtime;
  struct conn *conn = NULL;
  int status = HWS_OK;
  struct op *op = op_new(request, runtime, &listener->object, HWS_KIND_ACCEPT, revoke, &status);
  if (!op) return status;
  status = conn_await(runtime, listener->endpoint.route, op, &conn);
  if (status != HWS_OK) {
    op_discard(op);
    return status;
  }
  *stream = conn->stream.object.handle;
  op->event.object = *stream;
  op->result = conn;
  object_pin(&conn->stream.object); /* the op's */
  object_pin(&conn->stream.object); /* ours: another thread may harvest and close it */
  submit(listener, op, request);
  stream_live(&conn->stream, life);
  pump(listener);
  int result = op_submitted_maker(op, request, &conn->stream.object, stream);
  object_unpin(&conn->stream.object);
  return result;
}

/* ---- listening ---- */

static void listening(struct listener *listener) {
  const struct transfer *transfer = &listener->endpoint.transfers[HWS_READ];
  struct endpoint *endpoint = &listener->endpoint;
  struct op_list ended = {0};
  struct cause *cause = NULL;
  lock_take(&listener->lock);
  listener->listening = false;
  if (transfer->io.status == HWS_IO_OK && !listener->cause) {
    listener->ready = true;
    if (endpoint->plugin->vtable.query)
      endpoint->plugin->vtable.query(endpoint->ep, HWS_QUERY_LOCAL, listener->local, sizeof listener->local);
    if (listener->starting) op_end(listener->starting, HWS_OK, &ended);
    listener->starting = NULL;
  } else if (!listener->cause) {
    cause = endpoint_cause(endpoint, transfer, endpoint->route->url.address);
  }
  lock_drop(&listener->lock);
  op_deliver(&ended);
  if (cause) listener_end(listener, cause);
}

static void read_done(struct transfer *transfer) {
  struct listener *listener = (struct listener *)transfer->endpoint->owner;
  if (listener->listening)
    listening(listener);
  else
    apply_accept(listener);
  pump(listener);
}

static void write_done(struct transfer *transfer) {
  (void)transfer; /* a listener writes nothing */
}

/* Lock held: the listen is `starting`. Its endpoint is to be closed then. */
static void give_start_up(struct listener *listener, int status, struct op_list *ended) {
  struct cause *cause = cause_make(status, 0, 0, "the listen was given up");
  op_end_early(listener->starting, status, ended);
  listener->starting = NULL;
  end_locked(listener, cause, ended);
  cause_unref(cause);
}

static void start_revoke(struct op *op) {
  struct listener *listener = (struct listener *)op->on;
  struct op_list ended = {0};
  lock_take(&listener->lock);
  bool mine = listener->starting == op;
  if (mine) give_start_up(listener, op_asked(op), &ended);
  lock_drop(&listener->lock);
  op_deliver(&ended);
  if (!mine) return;
  endpoint_close(&listener->endpoint, true);
  nudge(listener);
}

/* The endpoint is open: from here on whoever ends the listener closes it. One that has ended already (the runtime's
 * join) did so when there was none. True: the listen is to be submitted. */
static bool start(struct listener *listener, struct op *op, const struct request *request) {
  struct op_list ended = {0};
  lock_take(&listener->lock);
  listener->gone = false;
  if (listener->cause) {
    op_fail(op, listener->cause, &ended);
  } else {
    listener->starting = op;
    int status = op_arm(op, request);
    if (status != HWS_OK) give_start_up(listener, status, &ended);
  }
  listener->listening = !listener->cause;
  if (listener->listening) transfer_prepare(&listener->endpoint.transfers[HWS_READ], HWS_IO_LISTEN, NULL, 0);
  bool listens = listener->listening;
  lock_drop(&listener->lock);
  op_deliver(&ended);
  return listens;
}

/* Bad parameters of filters are refused here, though these will only stand on what is accepted. */
static int try_filters(struct listener *listener, struct route *route) {
  listener->filter_count = route_filters(route);
  int status = filters_new(route, &listener->object, read_done, write_done, &listener->filters);
  return status == HWS_OK ? filters_try(listener->filters, listener->filter_count, FILTER_ACCEPTED) : status;
}

static int make(struct listener *listener, void **ep) {
  struct endpoint *endpoint = &listener->endpoint;
  struct route *route = endpoint->route;
  const struct plugin *plugin = route_transport(route);
  endpoint_init(endpoint, &listener->object, plugin, read_done, write_done, listener_gone);
  int status = try_filters(listener, route);
  if (status != HWS_OK) return status;
  if (!plugin->vtable.listen || !(plugin->manifest->capabilities & HWS_CAP_LISTEN))
    return refused_say(HWS_E_UNSUPPORTED, "%s cannot listen", plugin->manifest->name);
  status = plugin->vtable.listen(plugin->vtable.self, (struct hws_host_endpoint *)endpoint, route->url.address, ep);
  return status == HWS_OK ? HWS_OK : endpoint_refuse(endpoint, status, "listen");
}

/* Once there is an endpoint to look at. */
static int join_members(struct listener *listener, void *ep) {
  int status = member_add(listener->object.runtime, &listener->member, &listener->object, listener_over);
  if (status != HWS_OK) endpoint_unopened(&listener->endpoint, ep);
  return status;
}

static int listener_new(struct runtime *runtime, const char *text, struct listener **out) {
  struct listener *listener = calloc(1, sizeof *listener);
  if (!listener) return HWS_E_NOMEM;
  int status = route_find(runtime, text, &listener->endpoint.route);
  if (status == HWS_OK && (status = object_init(&listener->object, &listener_class, runtime)) != HWS_OK)
    endpoint_free(&listener->endpoint);
  if (status != HWS_OK) {
    free(listener);
    return status;
  }
  listener->endpoint.place = route_filters(listener->endpoint.route);
  listener->gone = true; /* until there is an endpoint */
  *out = listener;
  return HWS_OK;
}

int listener_listen(struct runtime *runtime, const char *url, struct scope *life, const struct request *request,
                    hws_handle *handle) {
  struct listener *listener = NULL;
  struct op *op = NULL;
  void *ep = NULL;
  int status = listener_new(runtime, url, &listener);
  if (!listener) return status;
  if (status == HWS_OK) status = make(listener, &ep);
  if (status == HWS_OK) status = join_members(listener, ep);
  if (status == HWS_OK) op = endpoint_begin(&listener->endpoint, ep, request, HWS_KIND_LISTEN, start_revoke, &status);
  if (!op) {
    object_close(&listener->object);
    object_unpin(&listener->object);
    return status;
  }
  object_pin(&listener->object); /* from here on another thread may end it, or harvest and close it */
  *handle = listener->object.handle;
  if (!start(listener, op, request))
    endpoint_close(&listener->endpoint, true);
  else if (endpoint_submit(&listener->endpoint.transfers[HWS_READ]))
    listening(listener);
  if (life && life_attach(&listener->life, life, &listener->object, life_over) != HWS_OK)
    listener_end(listener, cause_ref(life->cause));
  int result = op_submitted_maker(op, request, &listener->object, handle);
  object_unpin(&listener->object);
  return result;
}

/* ---- the rest ---- */

int listener_watch(struct listener *listener, const struct request *request) {
  int status = HWS_OK;
  struct op_list none = {0};
  if (request_watch_is_over(request, &listener->object, &status)) return status;
  struct op *op = op_new(request, listener->object.runtime, &listener->object, HWS_KIND_WATCH, revoke, &status);
  if (!op) return status;
  lock_take(&listener->lock);
  if (listener->cause) {
    op_fail(op, listener->cause, &none);
  } else {
    enlist(listener, &listener->watches, op, request);
  }
  lock_drop(&listener->lock);
  return op_submitted(op, request);
}

int listener_close(struct listener *listener, const struct request *request) {
  int status = HWS_OK;
  struct op *op = NULL;
  if (request->queue || request->out)
    op = op_new(request, listener->object.runtime, &listener->object, HWS_KIND_CLOSE, revoke, &status);
  struct op_list none = {0};
  lock_take(&listener->lock);
  status = op_begin_close(op, request, &none);
  if (op && status == HWS_OK && listener->gone)
    op_end(op, HWS_OK, &none);
  else if (status == HWS_OK)
    listener->closer = op;
  lock_drop(&listener->lock);
  listener_end(listener, cause_make(HWS_E_CLOSED, 0, 0, "the listener was closed"));
  int result = op ? op_submitted(op, request) : 0;
  object_unpin(&listener->object); /* the handle's */
  return result;
}

int listener_text(struct listener *listener, uint32_t which, char *text, uint32_t size) {
  const char *answer = "";
  if (which != HWS_TEXT_LOCAL && which != HWS_TEXT_TRANSPORT) return HWS_E_UNSUPPORTED;
  lock_take(&listener->lock);
  if (which == HWS_TEXT_LOCAL) answer = listener->local;
  if (which == HWS_TEXT_TRANSPORT && listener->endpoint.plugin) answer = listener->endpoint.plugin->manifest->name;
  int length = snprintf(text, size, "%s", answer);
  lock_drop(&listener->lock);
  return length;
}

void listener_detail(struct listener *listener, struct hws_detail *detail) {
  lock_take(&listener->lock);
  cause_tell(listener->cause, detail);
  lock_drop(&listener->lock);
}

bool listener_is_over(struct listener *listener) {
  lock_take(&listener->lock);
  bool over = listener->cause && listener->gone;
  lock_drop(&listener->lock);
  return over;
}

uint64_t listener_accepted(const struct listener *listener) {
  return atomic_load_explicit(&listener->accepted, memory_order_relaxed);
}
