/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of small stories. Acts of thread 0 are on one end of a pair, those of the others meet them.
 */
#include "tests/sim/small.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ACTS = 6 };

struct small {
  const char *name;
  unsigned threads;
  uint8_t finale;
  struct act acts[ACTS];
};

#define ACT(doer, what, of_side, how, bytes, ...)                                                                      \
  { .kind = ACT_##what, .thread = (doer), .side = (of_side), .way = WAY_##how, .size = (bytes), __VA_ARGS__ }
#define OF_THE_LAST .number = 0

static const struct small table[] = {
    {"cancel-recv",
     2,
     FINALE_CLOSE,
     {ACT(0, RECV, 0, QUEUE, 100), ACT(0, CANCEL, 0, QUEUE, 100, OF_THE_LAST), ACT(1, SEND, 1, BLOCK, 100)}},
    {"cancel-blocked",
     3,
     FINALE_CLOSE,
     {ACT(0, RECV, 0, BLOCK, 100), ACT(1, CANCEL, 0, QUEUE, 100, OF_THE_LAST), ACT(2, SEND, 1, QUEUE, 100)}},
    {"cancel-send",
     2,
     FINALE_CLOSE,
     {ACT(0, SEND, 0, QUEUE, 3000), ACT(0, CANCEL, 0, QUEUE, 100, OF_THE_LAST), ACT(1, RECV, 1, BLOCK, 100)}},
    {"close-recv",
     2,
     FINALE_CLOSE,
     {ACT(0, RECV, 0, QUEUE, 100), ACT(1, CLOSE, 0, QUEUE, 100), ACT(1, SEND, 1, QUEUE, 100)}},
    {"close-close",
     2,
     FINALE_CLOSE,
     {ACT(0, SEND, 0, QUEUE, 100), ACT(0, CLOSE, 0, QUEUE, 100), ACT(1, CLOSE, 1, QUEUE, 100)}},
    {"cancel-close",
     2,
     FINALE_CLOSE,
     {ACT(0, SEND, 0, QUEUE, 3000), ACT(0, CLOSE, 0, QUEUE, 100), ACT(1, CANCEL, 0, QUEUE, 100, OF_THE_LAST)}},
    {"abort-recv",
     2,
     FINALE_CLOSE,
     {ACT(0, RECV, 0, BLOCK, 100), ACT(1, ABORT, 0, QUEUE, 100), ACT(1, SEND, 1, TRY, 100)}},
    {"reset-send",
     2,
     FINALE_CLOSE,
     {ACT(0, SEND, 0, QUEUE, 3000), ACT(1, RESET, 1, QUEUE, 100), ACT(1, RECV, 1, TRY, 100)}},
    {"reset-shutdown",
     2,
     FINALE_CLOSE,
     {ACT(0, SEND, 0, QUEUE, 100), ACT(0, SHUTDOWN, 0, QUEUE, 100), ACT(1, RESET, 0, QUEUE, 100)}},
    {"scope-recv",
     2,
     FINALE_CLOSE,
     {ACT(0, RECV, 0, QUEUE, 100, .scope = 1), ACT(1, SCOPE_CANCEL, 0, QUEUE, 100, .scope = 1),
      ACT(1, SEND, 1, QUEUE, 100)}},
    {"deadline-recv",
     2,
     FINALE_CLOSE,
     {ACT(0, RECV, 0, BLOCK, 100, .deadline_ns = 20000), ACT(1, SEND, 1, BLOCK, 100)}},
    {"signal-recv",
     2,
     FINALE_CLOSE,
     {ACT(0, RECV, 0, BLOCK, 100, .number = 4), ACT(1, SIGNAL, 0, QUEUE, 100, .number = 0),
      ACT(1, SEND, 1, QUEUE, 100)}},
    {"lease-close",
     2,
     FINALE_CLOSE,
     {ACT(0, ACQUIRE, 0, BLOCK, 100), ACT(0, RELEASE, 0, QUEUE, 100, .number = 3), ACT(1, SEND, 1, BLOCK, 100),
      ACT(1, CLOSE, 0, QUEUE, 100)}},
    {"lease-lease",
     2,
     FINALE_CLOSE,
     {ACT(0, ACQUIRE, 0, BLOCK, 100), ACT(0, RELEASE, 0, QUEUE, 100, .number = 10), ACT(0, ACQUIRE, 0, QUEUE, 100),
      ACT(1, SEND, 1, QUEUE, 100), ACT(1, SEND, 1, QUEUE, 100)}},
    {"watch-close",
     2,
     FINALE_CLOSE,
     {ACT(0, WATCH, 0, QUEUE, 100), ACT(0, CLOSE, 0, QUEUE, 100), ACT(1, CLOSE, 1, QUEUE, 100)}},
    {"harvest-recv",
     2,
     FINALE_CLOSE,
     {ACT(0, RECV, 0, QUEUE, 100), ACT(0, HARVEST, 0, QUEUE, 100), ACT(1, SEND, 1, QUEUE, 100)}},
    {"waitable-recv",
     2,
     FINALE_CLOSE,
     {ACT(0, RECV, 0, QUEUE, 100), ACT(0, HARVEST, 0, TRY, 100), ACT(1, SEND, 1, QUEUE, 100)}},
    {"open-end",
     2,
     FINALE_CLOSE,
     {ACT(0, OPEN, 0, QUEUE, 100, .number = 1), ACT(1, ACCEPT, 1, QUEUE, 100), ACT(1, LISTENER_CLOSE, 1, QUEUE, 100)}},
    {"join-recv", 2, FINALE_JOIN, {ACT(0, RECV, 0, QUEUE, 100), ACT(1, SEND, 1, QUEUE, 100)}},
    {"join-close", 2, FINALE_JOIN, {ACT(0, CLOSE, 0, QUEUE, 100), ACT(1, SEND, 1, QUEUE, 100)}},
    {"close-join", 2, FINALE_CLOSE_JOIN, {ACT(0, SEND, 0, QUEUE, 100), ACT(1, RECV, 1, QUEUE, 100)}},
};

enum { TABLE = sizeof table / sizeof table[0] };

unsigned small_count(void) {
  return TABLE * SMALL_VARIANTS;
}

void small_make(struct story *story, uint64_t number) {
  static const struct {
    uint8_t carrier;
    uint8_t place;
  } carriers[] = {{CARRIER_RAW, 0}, {CARRIER_RAW, 1}, {CARRIER_RAW, 2}, {CARRIER_NATIVE, 0}, {CARRIER_YAMUX, 1}};
  uint64_t index = number - SMALL_FIRST;
  unsigned variant = (unsigned)(index % SMALL_VARIANTS);
  *story = (struct story){.seed = number};
  if (index / SMALL_VARIANTS >= TABLE) return;
  const struct small *small = &table[index / SMALL_VARIANTS];
  story->carrier = carriers[variant / 4].carrier;
  story->place = carriers[variant / 4].place;
  story->one_runtime = variant & 1;
  story->caller_driven[0] = story->caller_driven[1] = (variant & 2) != 0;
  story->finale = small->finale;
  story->buffer = 1000;
  story->threads = small->threads;
  story->pairs = 1;
  for (; story->count < ACTS && small->acts[story->count].size; story->count++)
    story->acts[story->count] = small->acts[story->count];
}

void small_name(uint64_t story, char name[SMALL_NAME_MAX]) {
  uint64_t index = story - SMALL_FIRST;
  if (small_is(story) && index < small_count())
    (void)snprintf(name, SMALL_NAME_MAX, "%s/%u", table[index / SMALL_VARIANTS].name,
                   (unsigned)(index % SMALL_VARIANTS));
  else
    (void)snprintf(name, SMALL_NAME_MAX, "%llu", (unsigned long long)story);
}

bool small_find(const char *name, uint64_t *story) {
  size_t length = strcspn(name, "/");
  for (unsigned i = 0; i < TABLE; i++) {
    if (strlen(table[i].name) != length || strncmp(table[i].name, name, length) != 0) continue;
    unsigned long variant = name[length] ? strtoul(name + length + 1, NULL, 10) : 0;
    *story = SMALL_FIRST + i * SMALL_VARIANTS + variant;
    return variant < SMALL_VARIANTS;
  }
  return false;
}
