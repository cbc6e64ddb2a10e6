/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of functions.
 */
#include "tests/core/functions.h"

static uint8_t byte;
static struct hws_event scratch;
static hws_handle made;
struct hws_how *functions_how;

#define CALL(name, call)                                                                                               \
  static hws_result name(hws_handle h) {                                                                               \
    return call;                                                                                                       \
  }
CALL(f_queue_open, hws_queue_open(h, &made))
CALL(f_join, hws_runtime_join(h, 0))
CALL(f_queue_wait, hws_queue_wait(h, &scratch, 1, 0))
CALL(f_wake, hws_queue_wake(h, 1))
CALL(f_waitable, hws_queue_waitable(h, &(int64_t){0}))
CALL(f_scope_open, hws_scope_open(h, 0, 0, &made))
CALL(f_scope_cancel, hws_scope_cancel(h, 0, NULL))
CALL(f_scope_status, hws_scope_status(h))
CALL(f_cancel, hws_cancel(h))
CALL(f_listen, hws_listen(h, "mem://refused", 0, functions_how, NULL, NULL, &made))
CALL(f_dial, hws_dial(h, "mem://refused", 0, functions_how, NULL, NULL, &made))
CALL(f_accept, hws_accept(h, 0, functions_how, NULL, NULL, &made))
CALL(f_session, hws_session(h, NULL, &made))
CALL(f_open, hws_open(h, NULL, functions_how, NULL, NULL, &made))
CALL(f_send, hws_send(h, &(struct hws_vec){.ptr = &byte, .len = 1}, 1, functions_how, NULL, NULL))
CALL(f_recv, hws_recv(h, &(struct hws_vec){.ptr = &byte, .len = 1}, 1, functions_how, NULL, NULL))
CALL(f_acquire, hws_acquire(h, functions_how, NULL, NULL))
CALL(f_release, hws_release(h, 0))
CALL(f_flush, hws_flush(h))
CALL(f_shutdown, hws_shutdown(h, functions_how, NULL, NULL))
CALL(f_stop, hws_stop(h, HWS_STOP_SEND, 0, NULL))
CALL(f_metadata, hws_metadata(h, 0, NULL, 0, &(struct hws_pair){0}))
CALL(f_reset, hws_reset(h, 0, NULL))
CALL(f_watch, hws_watch(h, functions_how, NULL, NULL))
CALL(f_close, hws_close(h, functions_how, NULL, NULL))
CALL(f_detail, hws_detail(h, &(struct hws_detail){.size = sizeof(struct hws_detail)}))
CALL(f_detail_of, hws_detail_of(h, HWS_STOP_RECV, &(struct hws_detail){.size = sizeof(struct hws_detail)}))
CALL(f_text, hws_text(h, HWS_TEXT_LOCAL, NULL, 0))
CALL(f_peer, hws_peer(h, &(struct hws_peer){.size = sizeof(struct hws_peer)}))
CALL(f_stat, hws_stat(h, "x", &(uint64_t){0}))
CALL(f_plugin_load, hws_plugin_load(h, "memory"))
CALL(f_plugin_scan, hws_plugin_scan(h))
CALL(f_plugin_at, hws_plugin_at(h, 0, &(struct hws_plugin_info){.size = sizeof(struct hws_plugin_info)}))

#define A(type) (1U << (type))
#define ANY ((1U << TYPES) - 1)
const struct function functions[] = {
    {"queue_open", f_queue_open, A(T_RUNTIME)},
    {"runtime_join", f_join, A(T_RUNTIME)},
    {"queue_wait", f_queue_wait, A(T_QUEUE)},
    {"queue_wake", f_wake, A(T_QUEUE)},
    {"queue_waitable", f_waitable, A(T_QUEUE)},
    {"scope_open", f_scope_open, A(T_RUNTIME)},
    {"scope_cancel", f_scope_cancel, A(T_SCOPE)},
    {"scope_status", f_scope_status, A(T_SCOPE)},
    {"cancel", f_cancel, A(T_OP)},
    {"listen", f_listen, A(T_RUNTIME)},
    {"dial", f_dial, A(T_RUNTIME)},
    {"accept", f_accept, A(T_LISTENER) | A(T_SESSION)},
    {"session", f_session, A(T_STREAM)},
    {"open", f_open, A(T_SESSION)},
    {"send", f_send, A(T_STREAM)},
    {"recv", f_recv, A(T_STREAM)},
    {"acquire", f_acquire, A(T_STREAM)},
    {"release", f_release, A(T_LEASE)},
    {"flush", f_flush, A(T_STREAM)},
    {"shutdown", f_shutdown, A(T_STREAM) | A(T_SESSION)},
    {"stop", f_stop, A(T_STREAM)},
    {"metadata", f_metadata, A(T_STREAM)},
    {"reset", f_reset, A(T_STREAM) | A(T_SESSION)},
    {"watch", f_watch, A(T_LISTENER) | A(T_STREAM) | A(T_SESSION) | A(T_SCOPE)},
    {"close", f_close, ANY & ~(A(T_RUNTIME) | A(T_LEASE) | A(T_OP))},
    {"detail", f_detail, ANY},
    {"detail_of", f_detail_of, A(T_STREAM)},
    {"text", f_text, ANY},
    {"peer", f_peer, A(T_STREAM) | A(T_SESSION)},
    {"stat", f_stat, ANY},
    {"plugin_load", f_plugin_load, A(T_RUNTIME)},
    {"plugin_scan", f_plugin_scan, A(T_RUNTIME)},
    {"plugin_at", f_plugin_at, A(T_RUNTIME)},
};
const size_t function_count = sizeof functions / sizeof functions[0];
