/* SPDX-License-Identifier: Apache-2.0
 *
 * Making stories from seeds, and printing them.
 */
#include "tests/sim/story.h"

#include <stdio.h>

#include "tests/sim/stage.h"

static uint64_t next(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

static uint64_t below(uint64_t *state, uint64_t limit) {
  return next(state) % limit;
}

/* The usual limits are long enough for all that stories do; the others are small. */
const char *const story_settings[STORY_SESSIONS] = {
    "keepalive=0&write_timeout=3600s&handshake=3600s&unsent_max=64k&window_pool=100k",
    "keepalive=0&write_timeout=3600s&handshake=3600s&unsent_max=64k&window_pool=100k",
    "keepalive=1s&write_timeout=60s&handshake=60s&unsent_max=64k&window_pool=0",
    "keepalive=0&write_timeout=3600s&handshake=3600s&unsent_max=1m&window_pool=0&window_max=64k&linger=400ms",
    "keepalive=0&write_timeout=3600s&handshake=3600s&drain=0",
    "keepalive=3s&keepalive_timeout=20s&streams_max=6&backlog=5&answers_rate=1000&resets_rate=1000&unsent_max=64k",
};

/* How often each act occurs in a story, by what carries the streams. */
static const struct {
  const char *name;
  uint8_t raw;
  uint8_t session;
} grammar[ACT_KINDS] = {
    [ACT_SEND] = {"send", 20, 20},
    [ACT_PROBE] = {"probe", 4, 4},
    [ACT_SENDFILE] = {"sendfile", 4, 4},
    [ACT_RECV] = {"recv", 20, 20},
    [ACT_LOOK] = {"look", 4, 4},
    [ACT_ACQUIRE] = {"acquire", 6, 6},
    [ACT_RELEASE] = {"release", 8, 8},
    [ACT_SHUTDOWN] = {"shutdown", 5, 5},
    [ACT_WATCH] = {"watch", 3, 3},
    [ACT_CLOSE] = {"close", 3, 3},
    [ACT_ABORT] = {"abort", 1, 1},
    [ACT_RESET] = {"reset", 2, 2},
    [ACT_STOP] = {"stop", 0, 2},
    [ACT_FLUSH] = {"flush", 3, 3},
    [ACT_OPEN] = {"open", 3, 5},
    [ACT_ACCEPT] = {"accept", 3, 4},
    [ACT_LISTEN] = {"listen", 2, 1},
    [ACT_CANCEL] = {"cancel", 12, 12},
    [ACT_SCOPE_CANCEL] = {"scope_cancel", 2, 2},
    [ACT_SCOPE_WATCH] = {"scope_watch", 1, 1},
    [ACT_SESSION_SHUTDOWN] = {"session_shutdown", 0, 2},
    [ACT_SESSION_WATCH] = {"session_watch", 0, 2},
    [ACT_SESSION_CLOSE] = {"session_close", 0, 1},
    [ACT_SESSION_RESET] = {"session_reset", 0, 1},
    [ACT_LISTENER_CLOSE] = {"listener_close", 1, 0},
    [ACT_LISTENER_WATCH] = {"listener_watch", 1, 0},
    [ACT_NEST] = {"nest", 2, 2},
    [ACT_JOIN] = {"join", 0, 0},
    [ACT_HARVEST] = {"harvest", 10, 10},
    [ACT_SLEEP] = {"sleep", 4, 4},
    [ACT_SIGNAL] = {"signal", 1, 1},
};

const char *act_name(unsigned kind) {
  return kind < ACT_KINDS ? grammar[kind].name : "?";
}

static unsigned weight_of(const struct story *story, unsigned kind) {
  unsigned usual = story->carrier != CARRIER_RAW ? grammar[kind].session : grammar[kind].raw;
  if (kind == ACT_JOIN && story->joins) usual = 3;
  return usual * story->often[kind];
}

static uint8_t choose_kind(const struct story *story, uint64_t *state) {
  unsigned total = 0;
  for (unsigned i = 0; i < ACT_KINDS; i++) total += weight_of(story, i);
  uint64_t at = below(state, total ? total : 1);
  for (unsigned i = 0; i < ACT_KINDS; i++) {
    unsigned weight = weight_of(story, i);
    if (at < weight) return (uint8_t)i;
    at -= weight;
  }
  return ACT_SLEEP;
}

/* What some stories are about: little but these acts. */
enum { THEME_LEASES, THEME_BEGINNINGS, THEME_JOINS, THEME_NESTS, THEMES };

static const uint8_t themes[THEMES][ACT_KINDS] = {
    [THEME_LEASES] =
        {[ACT_SEND] = 2, [ACT_RECV] = 2, [ACT_ACQUIRE] = 6, [ACT_RELEASE] = 6, [ACT_CANCEL] = 1, [ACT_HARVEST] = 1},
    [THEME_BEGINNINGS] = {[ACT_SEND] = 2,
                          [ACT_OPEN] = 12,
                          [ACT_ACCEPT] = 6,
                          [ACT_LISTEN] = 4,
                          [ACT_CANCEL] = 3,
                          [ACT_RESET] = 12,
                          [ACT_CLOSE] = 4,
                          [ACT_SESSION_SHUTDOWN] = 3,
                          [ACT_HARVEST] = 1},
    [THEME_JOINS] = {[ACT_JOIN] = 6,
                     [ACT_OPEN] = 6,
                     [ACT_LISTEN] = 6,
                     [ACT_ACCEPT] = 4,
                     [ACT_NEST] = 12,
                     [ACT_SEND] = 1,
                     [ACT_CLOSE] = 3,
                     [ACT_WATCH] = 3,
                     [ACT_CANCEL] = 2,
                     [ACT_HARVEST] = 2},
    [THEME_NESTS] = {[ACT_NEST] = 20,
                     [ACT_OPEN] = 6,
                     [ACT_ACCEPT] = 6,
                     [ACT_SEND] = 1,
                     [ACT_RECV] = 2,
                     [ACT_SESSION_SHUTDOWN] = 4,
                     [ACT_SESSION_CLOSE] = 3,
                     [ACT_SESSION_WATCH] = 2,
                     [ACT_CANCEL] = 1,
                     [ACT_HARVEST] = 1},
};

/* Half of all stories have a theme. The others do few things, and some of them often: they meet more than stories that
 * do a bit of everything. */
static void choose_often(struct story *story, uint64_t *state) {
  static const uint8_t often[] = {0, 1, 1, 1, 1, 6};
  uint64_t theme = below(state, 2ULL * THEMES);
  for (unsigned i = 0; i < ACT_KINDS; i++)
    story->often[i] = theme < THEMES ? themes[theme][i] : often[below(state, sizeof often)];
  if (theme == THEME_BEGINNINGS) story->early = true;
  if (theme == THEME_BEGINNINGS && below(state, 2)) story->buffer = 12; /* the hello takes its time */
  if (theme == THEME_JOINS) story->joins = true;
  if (theme != THEME_LEASES) return;
  story->pairs = 1;
  story->chaos = 0;
  if (below(state, 2)) story->carrier = CARRIER_RAW;
}

static uint32_t choose_size(uint64_t *state) {
  static const uint32_t sizes[] = {1, 7, 100, 900, 5000, 30000, 90000, 300000};
  return 1 + (uint32_t)below(state, sizes[below(state, sizeof sizes / sizeof sizes[0])]);
}

static uint64_t choose_deadline(uint64_t *state) {
  static const uint64_t deadlines[] = {0, 0, 0, 1, 20000, 2000000, 100000000, 3000000000};
  return deadlines[below(state, sizeof deadlines / sizeof deadlines[0])];
}

static void make_act(const struct story *story, uint64_t *state, struct act *act) {
  *act = (struct act){.kind = choose_kind(story, state),
                      .thread = (uint8_t)below(state, story->threads),
                      .way = (uint8_t)below(state, WAYS),
                      .pair = (uint8_t)below(state, story->pairs),
                      .side = (uint8_t)below(state, 2),
                      .queue = (uint8_t)below(state, STORY_QUEUES),
                      .scope = (uint8_t)(below(state, 4) == 0 ? 1 + below(state, STORY_SCOPES) : 0),
                      .more = below(state, 4) == 0,
                      .lone = below(state, story->early ? 2 : 5) == 0,
                      .size = choose_size(state),
                      .deadline_ns = choose_deadline(state),
                      .number = next(state)};
  if (act->kind == ACT_LISTENER_CLOSE || act->kind == ACT_LISTENER_WATCH) act->side = 1;
  /* The pairs' own opens and accepts must meet. */
  if (story->early && act->kind == ACT_OPEN) act->side = 1, act->number &= ~UINT64_C(1);
  if (story->early && act->kind == ACT_ACCEPT) act->side = 0;
  if (story->early && act->kind == ACT_ACCEPT && story->carrier == CARRIER_RAW) act->kind = ACT_SLEEP;
  if (act->lone) return;
  /* One thread sends on an end, and one receives: what comes in which order is known then. */
  unsigned end = act->pair * 2U + act->side;
  if (act->kind == ACT_SEND || act->kind == ACT_SENDFILE) act->thread = (uint8_t)(end % story->threads);
  if (act->kind == ACT_RECV || act->kind == ACT_ACQUIRE) act->thread = (uint8_t)((end + 1) % story->threads);
}

void story_make(struct story *story, uint64_t seed) {
  static const uint32_t buffers[] = {12, 64, 300, 1000, 20000, 262144};
  uint64_t state = seed;
  (void)next(&state);
  *story = (struct story){.seed = seed};
  story->caller_driven[0] = below(&state, 2);
  story->caller_driven[1] = below(&state, 2);
  story->one_runtime = below(&state, 3) == 0;
  story->carrier = (uint8_t)below(&state, CARRIERS);
  story->place = (uint8_t)below(&state, STAGE_PLACES);
  story->chaos = (uint8_t)(below(&state, 3) == 0 ? 1 + below(&state, 2) : 0);
  story->finale = (uint8_t)below(&state, FINALES);
  story->buffer = buffers[below(&state, sizeof buffers / sizeof buffers[0])];
  story->threads = 2 + (unsigned)below(&state, STORY_THREADS_MAX - 1);
  story->pairs = 1 + (unsigned)below(&state, STORY_PAIRS_MAX);
  story->early = below(&state, 4) == 0;
  story->joins = below(&state, 5) == 0;
  story->session = (uint8_t)below(&state, STORY_SESSIONS);
  choose_often(story, &state);
  story->crowd = story->joins && below(&state, 6) == 0 ? 60 : 0;
  /* Only where nothing is lost on the way can be told what was lost at its ends. */
  if (story->session == SETTINGS_NO_DRAIN && below(&state, 2)) story->place = 0, story->finale = FINALE_BURST;
  story->count = 3 + (unsigned)below(&state, STORY_ACTS_MAX - 3);
  for (unsigned i = 0; i < story->count; i++) {
    struct act *act = &story->acts[i];
    make_act(story, &state, act);
    /* Through a small buffer much takes long, and shows nothing more. */
    if (act->size > story->buffer * 200) act->size = story->buffer * 200;
  }
}

void story_print(const struct story *story) {
  static const char *const carriers[] = {"raw", "yamux", "auto", "native"};
  static const char *const finales[] = {"close", "drain", "listen_out", "join", "close_join", "burst"};
  static const char *const ways[] = {"queue", "queue+out", "try", "block"};
  printf(
      "story %llu: %s, %s%s%s, %s, chaos %u, buffer %u, %u threads, %u pairs%s%s, crowd %u, settings %u, finale %s\n",
      (unsigned long long)story->seed, carriers[story->carrier], story->one_runtime ? "one runtime, " : "",
      story->caller_driven[0] ? "caller/" : "io/", story->caller_driven[1] ? "caller" : "io",
      stage_places[story->place], story->chaos, story->buffer, story->threads, story->pairs,
      story->early ? ", early" : "", story->joins ? ", joins" : "", story->crowd, story->session,
      finales[story->finale]);
  for (unsigned i = 0; i < story->count; i++) {
    const struct act *act = &story->acts[i];
    if (act->dropped) continue;
    printf("  %2u thread %u: %s %s%u.%u %s size %u queue %u scope %u%s deadline %llu n %llu\n", i, act->thread,
           act_name(act->kind), act->lone ? "lone " : "", act->pair, act->side, ways[act->way], act->size, act->queue,
           act->scope, act->more ? " more" : "", (unsigned long long)act->deadline_ns,
           (unsigned long long)(act->number % 1000));
  }
}
