/* SPDX-License-Identifier: Apache-2.0
 *
 * Drawing networks: most are in some mood, a third do harm.
 */
#include "tests/sim/network.h"

#include <stdio.h>
#include <string.h>

static uint64_t next(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

static uint64_t below(uint64_t *state, uint64_t limit) {
  return next(state) % limit;
}

/* One of some values; the usual one is not written. */
struct choice {
  const char *name;
  uint64_t values[4];
  unsigned count;
};

static void put(char *text, const char *name, uint64_t value) {
  size_t at = strlen(text);
  (void)snprintf(text + at, NETWORK_TEXT - at, "&%s=%llu", name, (unsigned long long)value);
}

static void draw(char *text, uint64_t *state, const struct choice *choices, unsigned count, unsigned one_in) {
  for (unsigned i = 0; i < count; i++)
    if (below(state, one_in) == 0) put(text, choices[i].name, choices[i].values[below(state, choices[i].count)]);
}

static const struct choice moods[] = {
    {"rate", {500, 10000, 1000000}, 3},
    {"cut", {0, 60, 95}, 3},
    {"spurious", {10, 50}, 2},
    {"late_us", {10, 300, 20000}, 3},
    {"linger", {0}, 1},
    {"half", {0}, 1},
    {"no_file", {1}, 1},
    {"connect_us", {1, 3000}, 2},
    {"look_up", {1}, 1},
};

static const struct choice reads_and_writes[] = {{"fail_read", {3, 30}, 2}, {"fail_write", {3, 30}, 2}};

static const struct choice dials[] = {{"refuse", {40}, 1}, {"fail_dial", {40}, 1}};

static const struct choice accepts[] = {{"fail_accept", {20, 60}, 2}, {"aborted", {40}, 1}};

#define DRAW(text, choices, one_in) draw(text, &state, choices, sizeof(choices) / sizeof *(choices), one_in)

/* Mostly where bytes are. */
static void draw_reset(char *text, uint64_t *state) {
  static const uint64_t spans[] = {30, 1000, 30000, 300000};
  put(text, below(state, 2) ? "reset_out" : "reset_in", 1 + below(state, spans[below(state, 4)]));
  if (below(state, 2)) put(text, "keeps", below(state, 2) * 100);
}

static bool says(const char *text, const char *name, uint64_t value) {
  char word[64];
  int length = snprintf(word, sizeof word, "&%s=%llu", name, (unsigned long long)value);
  const char *at = strstr(text, word);
  return at && (at[length] == '&' || !at[length]);
}

static bool is_slow(const char *mood, bool patient) {
  return says(mood, "rate", 500) || says(mood, "rate", 10000) || (says(mood, "late_us", 20000) && !patient);
}

void network_make(struct network *network, const struct story *story) {
  static const uint64_t delays[] = {0, 1, 2000, 50000};
  uint64_t state = story->seed ^ 0x6e6574776f726b;
  bool raw = story->carrier == CARRIER_RAW;
  *network = (struct network){0};
  network->hurt = (unsigned)below(&state, story->pairs);
  bool patient = story->buffer >= 1000; /* else what takes long takes too long */
  if (below(&state, 2)) DRAW(network->mood, moods, 4);
  if (below(&state, 4) == 0) put(network->mood, "delay_us", delays[below(&state, patient ? 4 : 3)]);
  if (raw && !story->chaos && below(&state, 3) == 0) put(network->mood, "messages", 1);
  network->slow = story->place && is_slow(network->mood, patient);
  if (below(&state, 3)) return;
  if (below(&state, 2)) draw_reset(network->harm, &state);
  DRAW(network->harm, reads_and_writes, 3);
  DRAW(network->late, dials, 2);
  DRAW(network->heard, accepts, 2);
  if (network->heard[0]) put(network->heard, "spare", raw ? story->pairs : 1);
}

void network_print(const struct story *story) {
  struct network network;
  network_make(&network, story);
  if (!story->place) return;
  printf("  network: %s; hurts pair %u: %s; dials: %s; listens: %s\n", network.mood, network.hurt, network.harm,
         network.late, network.heard);
}
