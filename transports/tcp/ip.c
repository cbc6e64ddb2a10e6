/* SPDX-License-Identifier: Apache-2.0
 *
 * IP addresses as bytes and as texts.
 */
#include "transports/tcp/ip.h"

#include <stdio.h>
#include <string.h>

enum { WORDS = 8 };

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool ip_parse_4(const char *text, size_t bytes, struct ip *ip) {
  struct ip found = {.version = 4};
  size_t at = 0;
  for (int i = 0; i < 4; i++) {
    unsigned number = 0;
    size_t begin = at;
    if (i > 0 && (at == bytes || text[at++] != '.')) return false;
    if (i > 0) begin = at;
    while (at < bytes && is_digit(text[at]) && at - begin < 3) number = number * 10 + (unsigned)(text[at++] - '0');
    if (at == begin || number > 255 || (text[begin] == '0' && at - begin > 1)) return false;
    found.bytes[i] = (uint8_t)number;
  }
  if (at != bytes) return false;
  *ip = found;
  return true;
}

static int hex(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* What is being read of a version 6 address: the words so far, and how many stood before the "::". */
struct reader {
  const char *text;
  size_t bytes;
  size_t at;
  uint8_t words[2 * WORDS];
  unsigned count;
  int gap; /* -1: none so far */
};

static bool add_word(struct reader *reader, unsigned word) {
  if (reader->count == WORDS) return false;
  uint8_t *at = reader->words + (size_t)reader->count * 2;
  at[0] = (uint8_t)(word >> 8);
  at[1] = (uint8_t)word;
  reader->count++;
  return true;
}

static bool add_version_4(struct reader *reader) {
  struct ip tail;
  if (!ip_parse_4(reader->text + reader->at, reader->bytes - reader->at, &tail)) return false;
  reader->at = reader->bytes;
  return add_word(reader, (unsigned)tail.bytes[0] << 8 | tail.bytes[1]) &&
         add_word(reader, (unsigned)tail.bytes[2] << 8 | tail.bytes[3]);
}

static bool read_word(struct reader *reader) {
  size_t begin = reader->at;
  unsigned word = 0;
  for (int digit; reader->at < reader->bytes && (digit = hex(reader->text[reader->at])) >= 0; reader->at++)
    word = word << 4 | (unsigned)digit;
  if (reader->at < reader->bytes && reader->text[reader->at] == '.') {
    reader->at = begin;
    return add_version_4(reader);
  }
  return reader->at > begin && reader->at - begin <= 4 && add_word(reader, word);
}

static bool read_gap(struct reader *reader) {
  if (reader->bytes - reader->at < 2 || memcmp(reader->text + reader->at, "::", 2) != 0) return false;
  if (reader->gap >= 0) return false;
  reader->gap = (int)reader->count;
  reader->at += 2;
  return true;
}

static bool read_all(struct reader *reader) {
  bool separated = read_gap(reader);
  if (!separated && !read_word(reader)) return false;
  while (reader->at < reader->bytes) {
    if (!separated && !read_gap(reader) && reader->text[reader->at++] != ':') return false;
    if (reader->at == reader->bytes) return reader->text[reader->at - 2] == ':'; /* ends with "::" */
    if (!read_word(reader)) return false;
    separated = false;
  }
  return true;
}

bool ip_parse_6(const char *text, size_t bytes, struct ip *ip) {
  struct reader reader = {.text = text, .bytes = bytes, .gap = -1};
  if (bytes < 2 || !read_all(&reader)) return false;
  if (reader.gap < 0 ? reader.count != WORDS : reader.count == WORDS) return false;
  struct ip found = {.version = 6};
  size_t head = reader.gap < 0 ? sizeof found.bytes : 2 * (size_t)reader.gap;
  size_t tail = 2 * (size_t)reader.count - (reader.gap < 0 ? 2 * (size_t)reader.count : head);
  memcpy(found.bytes, reader.words, head);
  memcpy(found.bytes + sizeof found.bytes - tail, reader.words + head, tail);
  *ip = found;
  return true;
}

/* ---- as text ----------------------------------------------------------------------------------------------------- */

static unsigned word_at(const struct ip *ip, int word) {
  const uint8_t *at = ip->bytes + (size_t)word * 2;
  return (unsigned)at[0] << 8 | at[1];
}

/* The first of the longest runs of zeros; one alone is no run. */
static int longest_run(const struct ip *ip, int *length) {
  int best = -1;
  *length = 1;
  for (int from = 0, to; from < WORDS; from = to + 1) {
    for (to = from; to < WORDS && word_at(ip, to) == 0; to++) continue;
    if (to - from <= *length) continue;
    best = from;
    *length = to - from;
  }
  return best;
}

static size_t format_6(const struct ip *ip, char text[IP_TEXT_MAX]) {
  size_t length = 0;
  int run_length;
  int run = longest_run(ip, &run_length);
  for (int i = 0; i < WORDS;) {
    if (i == run) {
      length += (size_t)snprintf(text + length, IP_TEXT_MAX - length, "::");
      i += run_length;
      continue;
    }
    const char *colon = i > 0 && text[length - 1] != ':' ? ":" : "";
    length += (size_t)snprintf(text + length, IP_TEXT_MAX - length, "%s%x", colon, word_at(ip, i));
    i++;
  }
  return length;
}

size_t ip_format(const struct ip *ip, char text[IP_TEXT_MAX]) {
  const uint8_t *b = ip->bytes;
  if (ip->version == 4) return (size_t)snprintf(text, IP_TEXT_MAX, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
  if (memcmp(b, mapped, sizeof mapped) == 0)
    return (size_t)snprintf(text, IP_TEXT_MAX, "::ffff:%u.%u.%u.%u", b[12], b[13], b[14], b[15]);
  return format_6(ip, text);
}

void ip_unmap(struct ip *ip) {
  if (ip->version != 6 || memcmp(ip->bytes, mapped, sizeof mapped) != 0) return;
  struct ip plain = {.version = 4};
  memcpy(plain.bytes, ip->bytes + sizeof mapped, 4);
  *ip = plain;
}
