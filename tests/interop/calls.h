/* SPDX-License-Identifier: Apache-2.0
 *
 * What the scenarios of client.c are written in: blocking calls on the public ABI that end the program with one line
 * when they do not go as they must, and data that both ends can make by themselves.
 */
#ifndef HAWSER_TESTS_INTEROP_CALLS_H
#define HAWSER_TESTS_INTEROP_CALLS_H

#include <stddef.h>
#include <stdint.h>

#include "abi/hawser.h"

/* Far above what a loaded machine needs: reached by a fault only. */
#define LIMIT_NS 90000000000u

__attribute__((noreturn, format(HAWSER_PRINTF, 1, 2))) void fail(const char *format, ...);

/* The hows of blocking and of queued ops. */
struct hws_how how_block(void);
struct hws_how how_queue(hws_handle queue, uint64_t tag);

/* Name of a status, for messages. */
const char *name_of(int32_t status);

hws_handle runtime_open(void);
hws_handle session_dial(hws_handle runtime, const char *url, const char *settings);
hws_handle stream_open(hws_handle session);

void send_all(hws_handle stream, const void *bytes, size_t length);
void send_text(hws_handle stream, const char *text);
void end_sending(hws_handle stream);

/* Up to length bytes; 0 at the end. */
size_t receive(hws_handle stream, void *bytes, size_t length);
int32_t receive_status(hws_handle stream);
void expect_text(hws_handle stream, const char *text);
void expect_end(hws_handle stream);
void close_object(hws_handle object);

/* A stream on which the server was given a command; see gopeer/server.go. */
hws_handle command(hws_handle session, const char *line);
void expect_ok(hws_handle session, const char *line);

/* The same bytes as gopeer makes of the same seed, and their FNV-1a. */
struct source {
  uint64_t state;
  uint64_t sum;
};

struct source source_of(uint64_t seed);
void source_fill(struct source *source, uint8_t *bytes, size_t length);
void source_expect(struct source *source, const uint8_t *bytes, size_t length);

void send_source(hws_handle stream, struct source *source, uint64_t length);
void expect_source(hws_handle stream, struct source *source, uint64_t length);

#endif
