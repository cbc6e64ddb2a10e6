/* SPDX-License-Identifier: Apache-2.0
 *
 * What the scenarios are written in: blocking calls on the public ABI that end the program with one line
 * when they do not go as they must, and data that both ends can make by themselves.
 */
#ifndef HAWSER_TESTS_INTEROP_CALLS_H
#define HAWSER_TESTS_INTEROP_CALLS_H

#include <stddef.h>
#include <stdint.h>

#include "abi/hawser.h"

/* Far above what a loaded machine needs: reached by a fault only. */
#define LIMIT_NS 60000000000u

__attribute__((noreturn, format(HAWSER_PRINTF, 1, 2))) void fail(const char *format, ...);

/* The hows of blocking and of queued ops. */
struct hws_how how_block(void);
struct hws_how how_queue(hws_handle queue, uint64_t tag);

/* Name of a status, for messages. */
const char *name_of(int32_t status);

/* There is one runtime. */
void runtime_open(void);
void runtime_end(void);
hws_handle queue_open(void);
hws_handle dial_url(const char *url);
hws_handle listen_at(const char *url, char *bound, uint32_t size);
hws_handle session_over(hws_handle stream, uint32_t mode, const char *settings);
hws_handle stream_open(hws_handle session);

/* Those that may fail return their status. */
int32_t try_accept(hws_handle source, hws_handle *stream);
int32_t try_send(hws_handle stream, const void *bytes, size_t length);
int32_t try_receive(hws_handle stream, void *bytes, size_t length, size_t *received);
int32_t try_end_sending(hws_handle stream);

void send_all(hws_handle stream, const void *bytes, size_t length);
void send_text(hws_handle stream, const char *text);
void end_sending(hws_handle stream);

/* Up to length bytes; 0 at the end. */
size_t receive(hws_handle stream, void *bytes, size_t length);
/* Receives until that fails. */
int32_t receive_status(hws_handle stream);
void expect_text(hws_handle stream, const char *text);
void expect_end(hws_handle stream);
int32_t try_close(hws_handle object, uint64_t *lost); /* bytes that sends had been told were taken */
void close_object(hws_handle object);

/* The status of the one event that is due on a queue. */
int32_t wait_one(hws_handle queue, uint64_t tag);
/* Until a counter has reached a value. */
void wait_stat(hws_handle object, const char *name, uint64_t value);

/* A stream on which the peer was given a command; see README.md. */
hws_handle command(hws_handle session, const char *line);
void expect_ok(hws_handle session, const char *line);

/* A new stream echoes what is sent on it. */
void expect_echo(hws_handle session);

/* The same bytes as every peer makes of the same seed, and their FNV-1a. */
struct source {
  uint64_t state;
  uint64_t sum;
};

struct source source_of(uint64_t seed);
void source_fill(struct source *source, uint8_t *bytes, size_t length);
void source_expect(struct source *source, const uint8_t *bytes, size_t length);

void send_source(hws_handle stream, struct source *source, uint64_t length);
void expect_source(hws_handle stream, struct source *source, uint64_t length);

/* Send so much while it comes back, and end: the peer's end must follow. */
void echo_through(hws_handle stream, uint64_t seed, uint64_t length);

#endif
