/* SPDX-License-Identifier: Apache-2.0
 *
 * The codec of frames, plain yamux and the native superset: bytes in, frames out. Pure: no I/O, no allocation, no state
 * but the parser's own. What is legal in one header alone is decided here; what needs a session's memory (ids, windows,
 * streams) is not, and bodies of native frames are native.h's. docs/wire.md describes the bytes.
 */
#ifndef HAWSER_CORE_MUX_FRAME_H
#define HAWSER_CORE_MUX_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_HEADER_SIZE = 12 };

enum frame_type {
  FRAME_DATA = 0,
  FRAME_WINDOW = 1,
  FRAME_PING = 2,
  FRAME_GOAWAY = 3,
  FRAME_NATIVE = 0x10, /* from here on types are native, and all have a body of `length` bytes */
  FRAME_OPEN = 0x10,
  FRAME_RESET = 0x11,
  FRAME_SETTINGS = 0x14,
  FRAME_DRAIN = 0x16,
  FRAME_CRITICAL = 0x80 /* from here on one that is not known is a fault; below, it is skipped */
};

enum frame_flag { FRAME_SYN = 1, FRAME_ACK = 2, FRAME_FIN = 4, FRAME_RST = 8, FRAME_EOM = 0x4000 };

/* One header. `length` is the size of the body for Data and native types; for the others it is their value: credit, a
 * ping's opaque number, a go-away's reason, a reset's code. */
struct frame {
  uint8_t type;
  uint16_t flags;
  uint32_t stream;
  uint32_t length;
};

void frame_encode(uint8_t out[FRAME_HEADER_SIZE], const struct frame *frame);

/* Checks one header. NULL when it is legal, else a static text that says what is wrong. `frame` is filled either way,
 * so that a fault can be reported with what was received. Flag bits that plain yamux does not know are left out. */
const char *frame_decode(const uint8_t in[FRAME_HEADER_SIZE], struct frame *frame);

/* The same among peers that both speak native. */
const char *frame_decode_native(const uint8_t in[FRAME_HEADER_SIZE], struct frame *frame);

/* Does a body of `length` bytes follow the header? */
static inline bool frame_has_body(const struct frame *frame) {
  return frame->type == FRAME_DATA || frame->type >= FRAME_NATIVE;
}

enum parse_event {
  PARSE_MORE,  /* all input is eaten */
  PARSE_FRAME, /* a header is complete: parser->frame; body_left is the size of the body that follows */
  PARSE_BODY,  /* parser->body, parser->body_len: the next part of the body, lying in the caller's input */
  PARSE_BAD    /* parser->error; final: every later call answers the same and eats nothing */
};

/* Between two calls it is in one of four states: in a body (body_left > 0), failed (error), in a header that comes in
 * pieces (have > 0), or at a frame's start. */
struct parser {
  struct frame frame;
  const uint8_t *body;
  size_t body_len;
  const char *error;
  uint32_t body_left;
  bool native;  /* may be set between two frames, once both ends are known to speak it */
  uint8_t have; /* bytes of `header` that are filled; all of them once it failed */
  uint8_t header[FRAME_HEADER_SIZE];
};

void parser_init(struct parser *parser);

/* Takes from *data, moving *data and *len on, and returns what comes next. Bodies are not held: their parts are handed
 * through as they arrive and live as long as the input does. An empty Data frame gives PARSE_FRAME alone. */
enum parse_event parser_next(struct parser *parser, const uint8_t **data, size_t *len);

#endif
