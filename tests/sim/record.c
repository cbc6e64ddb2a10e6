/* SPDX-License-Identifier: Apache-2.0
 *
 * Records of ops, and what is allowed to come of them.
 */
#include "tests/sim/record.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/judge.h"
#include "tests/sim/stage.h"

struct happened happened;

static struct record records[RECORDS_MAX];
static unsigned count;
static char text[512];

const char *story_fault(void) {
  return text;
}

void fault(const char *format, ...) {
  if (text[0]) return;
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
}

void records_reset(void) {
  count = 0;
  text[0] = 0;
  happened = (struct happened){0};
}

unsigned records_count(void) {
  return count;
}

struct record *record_at(unsigned index) {
  return &records[index];
}

unsigned record_index(const struct record *record) {
  return (unsigned)(record - records);
}

/* stage_byte for many bytes. Each 256 of them are those of `row`, turned. */
static void bytes_of(uint8_t seed, uint64_t at, uint8_t *to, uint64_t bytes) {
  enum { ROW = 256, INVERSE_OF_7 = 183 };
  static uint8_t row[2 * ROW];
  static bool made;
  for (unsigned i = 0; !made && i < 2 * ROW; i++) row[i] = (uint8_t)(i * 7);
  made = true;
  while (bytes) {
    uint64_t in_row = at % ROW;
    uint64_t part = ROW - in_row < bytes ? ROW - in_row : bytes;
    uint8_t turned = (uint8_t)((uint8_t)(seed + at / ROW) * INVERSE_OF_7);
    memcpy(to, row + turned + in_row, part);
    to += part;
    at += part;
    bytes -= part;
  }
}

/* In lanes that do not wait for each other: this is what a story spends most of its time with. */
static uint64_t sum_of(const struct record *record) {
  enum { LANES = 4, BYTES = 8 };
  uint64_t lanes[LANES] = {1, 2, 3, 4};
  uint64_t at = 0;
  for (; at + sizeof lanes <= record->size; at += sizeof lanes)
    for (unsigned i = 0; i < LANES; i++) {
      uint64_t word;
      memcpy(&word, record->memory + at + (uint64_t)i * BYTES, BYTES);
      lanes[i] = (lanes[i] ^ word) * 0x100000001b3;
    }
  for (; at < record->size; at++) lanes[0] = (lanes[0] ^ record->memory[at]) * 0x100000001b3;
  return ((lanes[0] * 31 + lanes[1]) * 31 + lanes[2]) * 31 + lanes[3];
}

struct record *record_new(uint16_t kind, struct end *end, uint64_t size) {
  if (count == RECORDS_MAX) return NULL;
  struct record *record = &records[count++];
  *record = (struct record){.kind = kind, .end = end, .size = size, .begun = stage_now(), .thread = -1};
  record->seed = (uint8_t)(count * 31);
  record->memory = stage_memory(size ? size : 1);
  if (kind == HWS_KIND_SEND)
    bytes_of(record->seed, 0, record->memory, size);
  else
    memset(record->memory, 0xee, size);
  if (end) record->object = end->was;
  return record;
}

/* ---- ends ---- */

static void take_lease(struct record *record) {
  if (record->event.status != HWS_OK || !record->event.code) {
    record->released = true;
    return;
  }
  free(record->memory);
  record->size = record->event.bytes;
  record->memory = stage_memory(record->size + 1);
  memcpy(record->memory, (const void *)(uintptr_t)record->event.data, record->size);
}

static void ended(struct record *record, const struct hws_event *event) {
  unsigned index = record_index(record);
  if (record->state == RECORD_ENDED)
    fault("op %u (kind %u): a second event, status %d", index, record->kind, event->status);
  if (record->state == RECORD_REFUSED) fault("op %u (kind %u): refused, and an event came", index, record->kind);
  if (event->kind != record->kind) fault("op %u: kind %u for %u", index, event->kind, record->kind);
  if (record->object && event->object && event->object != record->object)
    fault("op %u (kind %u): another object in the event", index, record->kind);
  if (event->bytes > record->size && record->kind != HWS_KIND_ACQUIRE)
    fault("op %u (kind %u): %llu of %llu bytes", index, record->kind, (unsigned long long)event->bytes,
          (unsigned long long)record->size);
  record->event = *event;
  record->state = RECORD_ENDED;
  if (!judge_status(record, event->status))
    fault("op %u (kind %u): status %d (%s) for no reason", index, record->kind, event->status,
          hws_status_name(event->status));
  judge_flags(record);
  if (event->status == HWS_OK && record->kind == HWS_KIND_SEND && event->bytes != record->size && !record->tries)
    fault("op %u: a send that went well took %llu of %llu bytes", index, (unsigned long long)event->bytes,
          (unsigned long long)record->size);
  if (event->status == HWS_E_EOF && record->end) record->end->eof = true;
  if (record->kind == HWS_KIND_CLOSE && record->end) record->end->close_told = true;
  if (record->kind == HWS_KIND_ACQUIRE) take_lease(record);
  record->sum = sum_of(record);
}

void record_returned(struct record *record, hws_result result, const struct hws_event *out) {
  unsigned index = record_index(record);
  record->returned = true;
  record->result = result;
  uint64_t limit =
      record->blocks ? (record->deadline > record->begun ? record->deadline : record->begun) : record->begun;
  if (stage_now() > limit + stage_patience_ns)
    fault("op %u (kind %u): the call took %llu ms", index, record->kind,
          (unsigned long long)((stage_now() - record->begun) / 1000000));
  if (result == 1) {
    ended(record, out);
  } else if (result < 0) {
    if (record->state == RECORD_ENDED)
      fault("op %u (kind %u): an event came, and the call refused", index, record->kind);
    record->state = RECORD_REFUSED;
    bool stale = result == HWS_E_HANDLE && (!record->end || end_was_left(record->end) || turmoil());
    if (!stale && result != HWS_E_BUSY && !judge_status(record, result))
      fault("op %u (kind %u): refused with %d (%s)", index, record->kind, result, hws_status_name(result));
  } else if (record->tries || record->blocks) {
    fault("op %u (kind %u): the call left it pending", index, record->kind);
  }
}

void record_harvested(const struct hws_event *event, unsigned queue, uint64_t call) {
  if (event->kind == HWS_KIND_WAKE) return;
  if (event->tag >= count) {
    fault("an event with the tag %llu, kind %u", (unsigned long long)event->tag, event->kind);
    return;
  }
  struct record *record = &records[event->tag];
  if (record->queue != queue || record->tries || record->blocks)
    fault("op %u (kind %u): its event came to queue %u", record_index(record), record->kind, queue);
  const struct end *end = record->end;
  if (end && end->all_told && call > end->all_told)
    fault("op %u (kind %u): its event came after its object's close", record_index(record), record->kind);
  ended(record, event);
}

const struct record *records_overdue(uint64_t now) {
  for (unsigned i = 0; i < count; i++)
    if (judge_is_overdue(&records[i], now)) return &records[i];
  return NULL;
}

unsigned records_outstanding(void) {
  unsigned outstanding = 0;
  for (unsigned i = 0; i < count; i++) outstanding += records[i].state == RECORD_ASKED;
  return outstanding;
}

/* ---- bytes ---- */

struct reader {
  const struct end *end;
  unsigned at;     /* in end->sends */
  uint64_t offset; /* in that one */
};

/* The next bytes that were sent, up to `most` of them. 0: no more; -1: nobody knows. */
static int64_t next_sent(struct reader *reader, uint8_t *bytes, uint64_t most) {
  for (; reader->at < reader->end->send_count; reader->at++, reader->offset = 0) {
    const struct record *record = &records[reader->end->sends[reader->at]];
    if (record->state == RECORD_REFUSED) continue;
    if (record->state == RECORD_ASKED) return -1;
    if (reader->offset >= record->event.bytes) continue;
    uint64_t left = record->event.bytes - reader->offset;
    if (left < most) most = left;
    bytes_of(record->seed, reader->offset, bytes, most);
    reader->offset += most;
    return (int64_t)most;
  }
  return 0;
}

static uint64_t first_other(const uint8_t *a, const uint8_t *b) {
  uint64_t at = 0;
  while (a[at] == b[at]) at++;
  return at;
}

static bool cut_short(const struct end *from) {
  return !from->resets && (from->aborted || from->reset);
}

static void check_bytes(const struct end *to) {
  enum { CHUNK = 4096 };
  uint8_t sent[CHUNK];
  struct reader reader = {.end = to->peer};
  uint64_t total = 0;
  if (to->unsure || !to->peer) return;
  for (unsigned i = 0; i < to->recv_count; i++) {
    const struct record *record = &records[to->recvs[i]];
    if (record->state == RECORD_ASKED) return; /* a join was faster than whoever waited for it */
    if (record->state == RECORD_REFUSED) continue;
    uint64_t bytes = record->kind == HWS_KIND_ACQUIRE ? record->taken : record->event.bytes;
    for (uint64_t j = 0; j < bytes;) {
      int64_t same = next_sent(&reader, sent, bytes - j < CHUNK ? bytes - j : CHUNK);
      if (same < 0) return;
      bool wrong = !same || memcmp(sent, record->memory + j, (size_t)same) != 0;
      uint64_t good = !wrong ? (uint64_t)same : same ? first_other(sent, record->memory + j) : 0;
      total += good;
      j += good;
      if (!wrong) continue;
      fault("pair %u to side %u: byte %llu is wrong (op %u, %s)", to->pair, to->side, (unsigned long long)total,
            record_index(record), same ? "another was sent" : "never sent");
      return;
    }
  }
  if (to->eof && !to->read_again && next_sent(&reader, sent, 1) > 0 && !to->aborted && !cut_short(to->peer))
    fault("pair %u to side %u: the end came after %llu bytes, and more had been taken", to->pair, to->side,
          (unsigned long long)total);
}

void records_check(struct end *ends, unsigned ends_count) {
  for (unsigned i = 0; i < count; i++) {
    const struct record *record = &records[i];
    if (record->state == RECORD_ENDED && record->sum != sum_of(record))
      fault("op %u (kind %u): its memory was touched after its event", i, record->kind);
  }
  for (unsigned i = 0; i < ends_count; i++) check_bytes(&ends[i]);
}

void records_free(void) {
  for (unsigned i = 0; i < count; i++) free(records[i].memory);
}

void records_print(void) {
  static const char *const states[] = {"pends", "refused", "ended"};
  for (unsigned i = 0; i < count; i++) {
    const struct record *record = &records[i];
    const struct end *end = record->end;
    printf("  op %2u: kind %u", i, record->kind);
    if (end && end->peer) printf(" of %u.%u", end->pair, end->side);
    if (end && !end->peer) printf(" of a lone stream");
    int32_t status = record->state == RECORD_ENDED ? record->event.status : record->result;
    printf(", begun at %llu us, %s: %d (%s), flags %x, %llu of %llu bytes\n",
           (unsigned long long)(record->begun / 1000), states[record->state], status, hws_status_name(status),
           record->event.flags, (unsigned long long)record->event.bytes, (unsigned long long)record->size);
  }
}
