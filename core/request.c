/* SPDX-License-Identifier: Apache-2.0
 *
 * What every op's call has in common: reading hws_how, and answering at once.
 */
#include "core/op.h"
#include "core/park.h"
#include "core/queue.h"
#include "core/refused.h"
#include "core/scope.h"

enum {
  HOW_FLAGS = HWS_BLOCK | HWS_TRY | HWS_MORE | HWS_EOM | HWS_INTERRUPTIBLE | HWS_RELATIVE | HWS_ABORT,
  HOW_SIZE_V1 = 40
};
_Static_assert(sizeof(struct hws_how) == HOW_SIZE_V1, "the first version of hws_how");

static int check_flags(const struct request *request) {
  uint32_t flags = request->flags;
  if (flags & ~(uint32_t)HOW_FLAGS) return refused_say(HWS_E_INVAL, "how->flags has unknown bits");
  if ((flags & HWS_BLOCK) && (flags & HWS_TRY))
    return refused_say(HWS_E_INVAL, "HWS_BLOCK and HWS_TRY exclude each other");
  if ((flags & HWS_BLOCK) && !request->out)
    return refused_say(HWS_E_INVAL, "HWS_BLOCK needs an event to answer in: out is NULL");
  if ((flags & HWS_INTERRUPTIBLE) && !(flags & HWS_BLOCK))
    return refused_say(HWS_E_INVAL, "HWS_INTERRUPTIBLE is for HWS_BLOCK");
  return HWS_OK;
}

static void resolve_deadline(struct request *request, uint64_t deadline) {
  request->deadline = deadline;
  if (!deadline || !(request->flags & HWS_RELATIVE)) return;
  uint64_t now = clock_now();
  request->deadline = deadline > UINT64_MAX - 1 - now ? 0 : now + deadline;
}

int request_begin(struct request *request, struct runtime *runtime, const struct hws_how *how, struct hws_event *out,
                  hws_handle *op, bool needs_answer) {
  *request = (struct request){.out = out, .op = op};
  if (op) __atomic_store_n(op, 0, __ATOMIC_RELAXED); /* which may be looked at meanwhile: op_new */
  if (!how && needs_answer) return refused_say(HWS_E_INVAL, "how is NULL: nobody would hear of the op");
  if (!how) return HWS_OK;
  if (how->size < HOW_SIZE_V1)
    return refused_say(HWS_E_INVAL, "how->size is %u, less than any version's", (unsigned)how->size);
  request->flags = how->flags;
  request->tag = how->tag;
  int status = check_flags(request);
  if (status != HWS_OK) return status;
  if (needs_answer && !how->queue && !((how->flags & (HWS_BLOCK | HWS_TRY)) && out))
    return refused_say(HWS_E_INVAL,
                       "nobody would hear of the op: no queue, and neither HWS_BLOCK nor HWS_TRY with out");
  resolve_deadline(request, how->deadline_ns);
  request->queue = how->queue;
  return how->scope ? scope_pin(how->scope, runtime, &request->scope) : HWS_OK;
}

void request_end(struct request *request) {
  if (request->scope) object_unpin(&request->scope->object);
}

int request_verdict(const struct request *request) {
  if (request->scope) {
    int status = scope_status(request->scope);
    if (status != HWS_OK) return status;
  }
  if (request->deadline && clock_now() >= request->deadline) return HWS_E_DEADLINE;
  return HWS_OK;
}

int request_judge(const struct request *request, struct hws_event *event) {
  event->status = request_verdict(request);
  if (event->status != HWS_OK) event->flags |= HWS_EVENT_OP;
  return event->status;
}

static void never_revoked(struct op *op) {
  (void)op;
}

int request_answer(const struct request *request, struct object *on, const struct hws_event *event) {
  if (request->out) {
    *request->out = *event;
    request->out->tag = request->tag;
    request->out->op = 0;
    return 1;
  }
  if (!request->queue) return 0;
  int status = HWS_OK;
  struct op *op = op_new(request, object_runtime(on), on, (enum hws_kind)event->kind, never_revoked, &status);
  if (!op) return status;
  hws_handle handle = op->event.op;
  op->event = *event;
  op->event.tag = request->tag;
  op->event.op = handle;
  atomic_store_explicit(&op->state, OP_ENDED, memory_order_release);
  struct op_list one = {.first = op, .last = op};
  queue_post(op->queue, &one);
  return 0;
}

int request_answer_close(const struct request *request, struct object *on, const struct hws_event *event) {
  if (!request->queue && !request->out) return 0;
  struct op_list none = {0};
  int why = HWS_OK;
  struct op *op = op_new(request, object_runtime(on), on, HWS_KIND_CLOSE, never_revoked, &why);
  if (!op) return why;
  op->event.flags = event->flags;
  op_end(op, event->status, &none);
  return op_submitted(op, request);
}

bool request_watch_is_over(const struct request *request, struct object *on, int *result) {
  struct hws_event event = {.object = on->handle, .kind = HWS_KIND_WATCH};
  if (request_judge(request, &event) == HWS_OK) return false;
  *result = request_answer(request, on, &event);
  return true;
}
