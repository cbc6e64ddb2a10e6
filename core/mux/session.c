/* SPDX-License-Identifier: Apache-2.0
 *
 * Starting a session, and asking about it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/mux/mux.h"
#include "core/refused.h"

enum { ERROR_MAX = 256 };

static struct mux *self(struct session *session) {
  return (struct mux *)session;
}

/* ---- start ---- */

static void mux_free(struct object *object) {
  struct mux *mux = (struct mux *)object;
  struct stream *under = mux->under;
  member_remove(object->runtime, &mux->member);
  life_detach(&mux->life);
  hold_end(mux);
  reader_free(mux);
  cause_unref(mux->cause);
  cause_unref(mux->cause_serving);
  cause_unref(mux->met);
  cause_unref(mux->deaf);
  cause_unref(mux->cut_short);
  cause_unref(mux->takes_none);
  free(mux->table);
  object_retire(object);
  free(mux);
  object_unpin(&under->object);
}

static const struct object_class mux_class = {.type = OBJECT_SESSION, .free = mux_free};

/* One that its user has closed goes on, as long as its own `drain` lets it. */
static bool session_over(struct object *object, enum member_end how) {
  if (object_closing(object) && how != MEMBER_CUT) return true;
  session_end((struct session *)object, cause_make(HWS_E_CLOSED, 0, HWS_CODE_SHUTTING_DOWN, "the runtime was closed"));
  return false;
}

static void life_over(struct object *object, struct cause *cause) {
  session_end((struct session *)object, cause_ref(cause));
}

static int check_config(const struct hws_session_config *config, uint64_t *values) {
  char error[ERROR_MAX];
  if (config->flags || config->mode > HWS_MODE_NATIVE || config->role > HWS_ROLE_SERVER)
    return refused_say(HWS_E_INVAL, "session: %s",
                       config->flags ? "flags is not zero" : "mode or role is none that there is");
  int status = mux_settings(config->settings, values, error, sizeof error);
  return status == HWS_OK ? HWS_OK : refused_say(status, "session: %s", error);
}

/* Take the stream from its user: nobody may have an op on it. Its handle is stale then, and its pin ours. */
static int consume(struct stream *under) {
  lock_take(under->lock);
  int status = HWS_OK;
  if (!under->ready)
    status = refused_say(HWS_E_BUSY, "the stream is not connected yet");
  else if (under->recvs.first || under->sends.first || under->watches.first || under->leases)
    status = refused_say(HWS_E_BUSY, "ops pend on the stream, or a lease of it is out");
  else if (under->depth >= NEST_MAX)
    status = refused_say(HWS_E_LIMIT, "sessions nest at most %d deep", (int)NEST_MAX);
  else if (under->in != IN_OPEN || under->out != OUT_OPEN)
    status = refused_say(under->cause ? under->cause->status : HWS_E_CLOSED, "a direction of the stream has ended%s%s",
                         under->cause && under->cause->refs ? ": " : "",
                         under->cause && under->cause->refs ? under->cause->text : "");
  /* rare: between the two steps of another call's close */
  else if (!object_close(&under->object))
    status = refused_say(HWS_E_HANDLE, "the stream's handle is stale");
  if (status == HWS_OK) under->usable = false;
  lock_drop(under->lock);
  return status;
}

static int mux_new(struct stream *under, const struct hws_session_config *config, struct mux **out) {
  struct runtime *runtime = under->object.runtime;
  struct mux *mux = calloc(1, sizeof *mux);
  if (!mux) return HWS_E_NOMEM;
  int status = check_config(config, mux->settings);
  if (status == HWS_OK) status = object_init(&mux->session.object, &mux_class, runtime);
  if (status != HWS_OK) {
    free(mux);
    return status;
  }
  bool dialled = under->dialled;
  mux->client = config->role == HWS_ROLE_DEFAULT ? dialled : config->role == HWS_ROLE_CLIENT;
  mux->next_id = mux->client ? 1 : 2;
  mux->seed = runtime->seed;
  mux->under = under;
  mux->depth = (uint8_t)(under->depth + 1);
  object_pin(&under->object);
  guard_init(mux);
  hold_begin(mux);
  reader_init(mux);
  writer_init(mux);
  mux_end_init(mux);
  part_init(mux);
  *out = mux;
  return HWS_OK;
}

/* Under one hold of the lock: the runtime's end, which finds the session as soon as it is a member, ends either one
 * that has its carrier or one that never will, and closes no stream that is still its user's. */
static int begin(struct mux *mux, uint32_t mode) {
  int status = member_add(mux->session.object.runtime, &mux->member, &mux->session.object, session_over);
  if (status == HWS_OK) status = consume(mux->under);
  if (status != HWS_OK) {
    mux->state = SESSION_ENDED;
    return status;
  }
  alive_start(mux);
  negotiate_start(mux, mode);
  return HWS_OK;
}

int session_start(struct stream *under, const struct hws_session_config *config, struct scope *life,
                  struct session **out) {
  struct mux *mux = NULL;
  int status = mux_new(under, config, &mux);
  if (status != HWS_OK) return status;
  lock_take(&mux->lock);
  status = begin(mux, config->mode);
  lock_drop(&mux->lock);
  if (status != HWS_OK) {
    object_close(&mux->session.object);
    object_unpin(&mux->session.object);
    return status;
  }
  *out = &mux->session;
  writer_kick(mux, KICK_CONTROL);
  reader_start(mux);
  if (life && life_attach(&mux->life, life, &mux->session.object, life_over) != HWS_OK)
    session_end(&mux->session, cause_ref(life->cause));
  return HWS_OK;
}

/* ---- watch, questions ---- */

int session_watch(struct session *session, const struct request *request) {
  struct mux *mux = self(session);
  struct op_list none = {0};
  int status = HWS_OK;
  if (request_watch_is_over(request, &session->object, &status)) return status;
  lock_take(&mux->lock);
  struct op *op = op_new(request, session->object.runtime, &session->object, HWS_KIND_WATCH, mux_revoke, &status);
  if (op && mux->state == SESSION_ENDED) {
    op_fail(op, mux->cause, &none);
  } else if (op) {
    op_list_append(&mux->watches, op);
    status = op_arm(op, request);
    if (status != HWS_OK) {
      op_list_remove(&mux->watches, op);
      op_end_early(op, status, &none);
    }
  }
  lock_drop(&mux->lock);
  return op ? op_submitted(op, request) : status;
}

void session_detail(struct session *session, struct hws_detail *detail) {
  struct mux *mux = self(session);
  lock_take(&mux->lock);
  const struct cause *ended = mux->cause ? mux->cause : mux->deaf;
  cause_tell(ended ? ended : mux->met, detail);
  lock_drop(&mux->lock);
}

static const char *wire_name(struct mux *mux) {
  lock_take(&mux->lock);
  const char *name = !negotiate_is_decided(mux) ? "" : mux->native ? "native" : "yamux";
  lock_drop(&mux->lock);
  return name;
}

int session_text(struct session *session, uint32_t which, char *text, uint32_t size) {
  if (which == HWS_TEXT_NAME) return HWS_E_UNSUPPORTED;
  if (which == HWS_TEXT_MODE) return snprintf(text, size, "%s", wire_name(self(session)));
  struct stream *under = self(session)->under;
  return under->class->text(under, which, text, size);
}

int session_peer(struct session *session, struct hws_peer *peer) {
  struct stream *under = self(session)->under;
  return under->class->peer(under, peer);
}

uint64_t session_count_of(const struct session *session, enum session_counter counter) {
  return atomic_load_explicit(&((const struct mux *)session)->counters[counter], memory_order_relaxed);
}
