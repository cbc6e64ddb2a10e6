/* SPDX-License-Identifier: Apache-2.0
 *
 * Two ends of one session over any transport, as the cases of hawser need them; public ABI only.
 */
#ifndef HAWSER_BENCH_SESSION_H
#define HAWSER_BENCH_SESSION_H

#include "abi/hawser.h"
#include "bench/measure.h"

struct end {
  hws_handle runtime;
  hws_handle listener; /* the server's */
  hws_handle session;
};

/* A connected session. Modes: `caller`, a caller-driven runtime, else one with an I/O thread; `native` or `auto`, else
 * plain yamux; `streams=N`, room for so many streams. */
struct end end_open(const struct plan *plan);

/* Another connection, dialled by the client and accepted by the server: plain, or with a session on it. */
hws_handle end_connection(const struct end *end, const struct plan *plan);
hws_handle end_session(const struct end *end, const struct plan *plan);

/* The next stream of a session: opened by the client, accepted by the server. */
hws_handle end_stream(hws_handle session, const struct plan *plan);

/* Whether the mode is one in which a session opens any number of streams. */
int is_native(const struct plan *plan);

/* Close a stream behind all that was sent: a client waits until the server, having read everything, ended its own
 * direction. */
void stream_finish(const struct plan *plan, hws_handle stream);

/* Close the session with whatever streams it has, and join the runtime. */
void end_close(const struct end *end);

/* HWS_BLOCK and nothing else. */
extern const struct hws_how how_block;

/* A queue for this thread's events. */
hws_handle queue_open(const struct end *end);

/* Pass on a result that is not negative, else say what failed and exit. */
hws_result must(hws_result result, const char *what);

/* Whether a status says that the other end is done; any other failure ends the process. */
int is_end(int32_t status, const char *what);

/* HWS_BLOCK. Exits on failure; recv_some returns 0 at the end, recv_all whether everything came. */
void send_all(hws_handle stream, void *bytes, uint64_t len);
uint64_t recv_some(hws_handle stream, void *bytes, uint64_t room);
int recv_all(hws_handle stream, void *bytes, uint64_t len);

/* One byte back to the sender, from who measured, and whether it has come. */
void stream_say_enough(hws_handle stream);
int stream_is_enough(hws_handle stream);

/* The cases. */
void bench_rtt(const struct plan *plan);
void bench_bulk(const struct plan *plan);
void bench_bulk_many(const struct plan *plan);
void bench_inflight(const struct plan *plan);
void bench_oneway(const struct plan *plan);
void bench_oneway_batch(const struct plan *plan);
void bench_openclose(const struct plan *plan);
void bench_idle(const struct plan *plan);
void bench_victim(const struct plan *plan);
void bench_cancel(const struct plan *plan);

#endif
