/* SPDX-License-Identifier: Apache-2.0
 *
 * Encoding, checking and streaming parsing of headers.
 */
#include "core/mux/frame.h"

#include <string.h>

#include "core/mux/native.h"

enum { FRAME_VERSION = 0, FRAME_FLAGS = FRAME_SYN | FRAME_ACK | FRAME_FIN | FRAME_RST };

static uint32_t load32(const uint8_t *in) {
  return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

static void store32(uint8_t *out, uint32_t value) {
  out[0] = (uint8_t)(value >> 24);
  out[1] = (uint8_t)(value >> 16);
  out[2] = (uint8_t)(value >> 8);
  out[3] = (uint8_t)value;
}

void frame_encode(uint8_t out[FRAME_HEADER_SIZE], const struct frame *frame) {
  store32(out, (uint32_t)FRAME_VERSION << 24 | (uint32_t)frame->type << 16 | frame->flags);
  store32(out + 4, frame->stream);
  store32(out + 8, frame->length);
}

/* Says what is wrong with a header that is not an ordinary frame of a stream; NULL: nothing. */
__attribute__((noinline)) static const char *judge(uint8_t version, const struct frame *frame) {
  if (version != FRAME_VERSION) return "unknown version";
  if (frame->type > FRAME_GOAWAY) return "unknown type";
  if ((frame->flags & ~FRAME_FLAGS) != 0) return "unknown flag bits";
  switch (frame->type) {
  case FRAME_DATA:
    return frame->stream == 0 ? "data for stream 0" : NULL;
  case FRAME_WINDOW:
    return frame->stream == 0 ? "window update for stream 0" : NULL;
  case FRAME_GOAWAY:
    return frame->stream != 0 ? "go-away with a stream id" : NULL;
  default:
    if (frame->stream != 0) return "ping with a stream id";
    if (frame->flags == FRAME_SYN || frame->flags == FRAME_ACK) return NULL;
    return "ping that is neither a question nor an answer";
  }
}

/* The same for a header of a native session. */
__attribute__((noinline)) static const char *judge_native(uint8_t version, const struct frame *frame) {
  const struct frame without_eom = {frame->type, (uint16_t)(frame->flags & ~FRAME_EOM), frame->stream, frame->length};

  if (version != FRAME_VERSION) return "unknown version";
  switch (frame->type) {
  case FRAME_OPEN:
    if ((frame->flags & ~FRAME_EOM) != FRAME_SYN) return "open with flags other than SYN and EOM";
    if (frame->stream == 0) return "open of stream 0";
    return frame->length < OPEN_FIXED_SIZE ? "open that is too short" : NULL;
  case FRAME_RESET:
    if (frame->flags != 0) return "reset with flags";
    if (frame->stream == 0) return "reset of stream 0";
    if (frame->length < RESET_FIXED_SIZE) return "reset that is too short";
    return frame->length > RESET_FIXED_SIZE + RESET_REASON_MAX ? "reset with a reason that is too long" : NULL;
  case FRAME_SETTINGS:
    if (frame->flags != 0 || frame->stream != 0) return "settings with flags or a stream id";
    if (frame->length % SETTING_SIZE != 0) return "settings cut short";
    return frame->length > SETTINGS_COUNT_MAX * SETTING_SIZE ? "too many settings" : NULL;
  case FRAME_DRAIN:
    if (frame->flags != 0 || frame->stream != 0) return "drain with flags or a stream id";
    return frame->length != DRAIN_SIZE ? "drain of a wrong size" : NULL;
  case FRAME_DATA:
    return judge(version, &without_eom);
  default:
    if (frame->type >= FRAME_CRITICAL) return "unknown critical type";
    return frame->type >= FRAME_NATIVE ? NULL : judge(version, frame);
  }
}

/* Version, type and flags are looked at as one number: nearly every header passes these three tests. */
static inline const char *decode(const uint8_t *in, struct frame *frame, bool native) {
  const uint32_t first = load32(in);
  const uint32_t stream = load32(in + 4);

  frame->type = (uint8_t)(first >> 16);
  frame->flags = (uint16_t)first;
  frame->stream = stream;
  frame->length = load32(in + 8);
  if (first < (uint32_t)FRAME_PING << 16 && (frame->flags & ~FRAME_FLAGS) == 0 && stream != 0) return NULL;
  if (native) return judge_native((uint8_t)(first >> 24), frame);
  /* Plain peers ignore what they do not know, and so do we: the bits mean nothing behind this. */
  frame->flags &= FRAME_FLAGS;
  return judge((uint8_t)(first >> 24), frame);
}

const char *frame_decode(const uint8_t in[FRAME_HEADER_SIZE], struct frame *frame) {
  return decode(in, frame, false);
}

const char *frame_decode_native(const uint8_t in[FRAME_HEADER_SIZE], struct frame *frame) {
  return decode(in, frame, true);
}

void parser_init(struct parser *parser) {
  memset(parser, 0, sizeof *parser);
}

static inline void eat(const uint8_t **data, size_t *len, size_t count) {
  *data += count;
  *len -= count;
}

static inline enum parse_event next_body(struct parser *parser, const uint8_t **data, size_t *len) {
  if (*len == 0) return PARSE_MORE;
  parser->body = *data;
  parser->body_len = *len < parser->body_left ? *len : parser->body_left;
  parser->body_left -= (uint32_t)parser->body_len;
  eat(data, len, parser->body_len);
  return PARSE_BODY;
}

static inline enum parse_event take_header(struct parser *parser, const uint8_t *header) {
  const char *error = decode(header, &parser->frame, parser->native);

  if (error != NULL) {
    parser->error = error;
    parser->have = FRAME_HEADER_SIZE;
    return PARSE_BAD;
  }
  if (frame_has_body(&parser->frame)) parser->body_left = parser->frame.length;
  return PARSE_FRAME;
}

/* A header that comes in pieces, or one asked for after a fault. */
__attribute__((noinline)) static enum parse_event next_piece(struct parser *parser, const uint8_t **data, size_t *len) {
  size_t missing;
  size_t piece;

  if (parser->error != NULL) return PARSE_BAD;
  missing = FRAME_HEADER_SIZE - (size_t)parser->have;
  piece = *len < missing ? *len : missing;
  /* An empty input may come with a NULL pointer, which memcpy does not allow. */
  if (piece == 0) return PARSE_MORE;
  memcpy(parser->header + parser->have, *data, piece);
  eat(data, len, piece);
  if (piece < missing) {
    parser->have = (uint8_t)(parser->have + piece);
    return PARSE_MORE;
  }
  parser->have = 0;
  return take_header(parser, parser->header);
}

enum parse_event parser_next(struct parser *parser, const uint8_t **data, size_t *len) {
  const uint8_t *header = *data;

  if (parser->body_left != 0) return next_body(parser, data, len);
  if (parser->have != 0 || *len < FRAME_HEADER_SIZE) return next_piece(parser, data, len);
  eat(data, len, FRAME_HEADER_SIZE);
  return take_header(parser, header);
}
