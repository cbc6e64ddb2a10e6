/* SPDX-License-Identifier: Apache-2.0
 *
 * A story's calls into the library, which others need not wait for: the linker puts these before the library's own
 * (--wrap, for each CALL here).
 */
#include "abi/hawser.h"
#include "tests/sim/real/owner.h"

#define CALL(name, parameters, arguments)                                                                              \
  hws_result __real_##name parameters;                                                                                 \
  hws_result __wrap_##name parameters;                                                                                 \
  hws_result __wrap_##name parameters {                                                                                \
    bool owned = owner_leave();                                                                                        \
    hws_result result = __real_##name arguments;                                                                       \
    if (owned) owner_return();                                                                                         \
    return result;                                                                                                     \
  }

typedef const struct hws_how *how_in;
typedef struct hws_event *event_out;
typedef hws_handle *handle_out;

CALL(hws_runtime_open, (const struct hws_runtime_config *config, handle_out runtime), (config, runtime))
CALL(hws_runtime_join, (hws_handle runtime, int64_t timeout_ns), (runtime, timeout_ns))
CALL(hws_queue_open, (hws_handle runtime, handle_out queue), (runtime, queue))
CALL(hws_queue_wait, (hws_handle queue, event_out events, uint32_t max, int64_t timeout_ns),
     (queue, events, max, timeout_ns))
CALL(hws_queue_wake, (hws_handle queue, uint64_t tag), (queue, tag))
CALL(hws_queue_waitable, (hws_handle queue, int64_t *descriptor), (queue, descriptor))
CALL(hws_scope_open, (hws_handle runtime, hws_handle parent, uint64_t deadline_ns, handle_out scope),
     (runtime, parent, deadline_ns, scope))
CALL(hws_scope_cancel, (hws_handle scope, uint64_t code, const char *reason), (scope, code, reason))
CALL(hws_scope_status, (hws_handle scope), (scope))
CALL(hws_cancel, (hws_handle op), (op))
CALL(hws_listen,
     (hws_handle runtime, const char *url, hws_handle life, how_in how, event_out out, handle_out op,
      handle_out listener),
     (runtime, url, life, how, out, op, listener))
CALL(hws_dial,
     (hws_handle runtime, const char *url, hws_handle life, how_in how, event_out out, handle_out op,
      handle_out stream),
     (runtime, url, life, how, out, op, stream))
CALL(hws_accept, (hws_handle source, hws_handle life, how_in how, event_out out, handle_out op, handle_out stream),
     (source, life, how, out, op, stream))
CALL(hws_session, (hws_handle stream, const struct hws_session_config *config, handle_out session),
     (stream, config, session))
CALL(hws_open,
     (hws_handle session, const struct hws_open_config *config, how_in how, event_out out, handle_out op,
      handle_out stream),
     (session, config, how, out, op, stream))
CALL(hws_send, (hws_handle stream, const struct hws_vec *vec, uint32_t count, how_in how, event_out out, handle_out op),
     (stream, vec, count, how, out, op))
CALL(hws_sendfile,
     (hws_handle stream, int64_t file, uint64_t offset, uint64_t length, how_in how, event_out out, handle_out op),
     (stream, file, offset, length, how, out, op))
CALL(hws_recv, (hws_handle stream, const struct hws_vec *vec, uint32_t count, how_in how, event_out out, handle_out op),
     (stream, vec, count, how, out, op))
CALL(hws_acquire, (hws_handle stream, how_in how, event_out out, handle_out op), (stream, how, out, op))
CALL(hws_release, (hws_handle lease, uint64_t consumed), (lease, consumed))
CALL(hws_flush, (hws_handle stream), (stream))
CALL(hws_shutdown, (hws_handle object, how_in how, event_out out, handle_out op), (object, how, out, op))
CALL(hws_reset, (hws_handle object, uint64_t code, const char *reason), (object, code, reason))
CALL(hws_stop, (hws_handle stream, uint32_t directions, uint64_t code, const char *reason),
     (stream, directions, code, reason))
CALL(hws_watch, (hws_handle object, how_in how, event_out out, handle_out op), (object, how, out, op))
CALL(hws_close, (hws_handle object, how_in how, event_out out, handle_out op), (object, how, out, op))
CALL(hws_detail, (hws_handle object, struct hws_detail *detail), (object, detail))
CALL(hws_detail_of, (hws_handle stream, uint32_t direction, struct hws_detail *detail), (stream, direction, detail))
CALL(hws_refusal, (struct hws_detail * detail), (detail))
CALL(hws_metadata, (hws_handle stream, uint32_t index, void *buffer, uint32_t size, struct hws_pair *pair),
     (stream, index, buffer, size, pair))
CALL(hws_text, (hws_handle object, uint32_t which, char *text, uint32_t size), (object, which, text, size))
CALL(hws_peer, (hws_handle object, struct hws_peer *peer), (object, peer))
CALL(hws_stat, (hws_handle object, const char *name, uint64_t *value), (object, name, value))
