/* SPDX-License-Identifier: Apache-2.0
 *
 * What a hostile peer can make a session hold, measured: every allocation of the library is counted (the linker wraps
 * malloc), and compared with what docs/settings.md promises. MUX-4, MUX-17, MUX-18.
 */
#include "tests/mux/memory.h"
#include "tests/mux/peer.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* ---- counting ---- */

static atomic_llong held;
static atomic_llong peak;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void __wrap_free(void *memory);

static void *count(void *memory) {
  long long now = memory ? atomic_fetch_add(&held, (long long)memory_size(memory)) : 0;
  if (memory) now += (long long)memory_size(memory);
  long long most = atomic_load(&peak);
  while (now > most && !atomic_compare_exchange_weak(&peak, &most, now)) continue;
  return memory;
}

void *__wrap_malloc(size_t size) {
  return count(__real_malloc(size));
}

void *__wrap_calloc(size_t count_of, size_t size) {
  return count(__real_calloc(count_of, size));
}

void __wrap_free(void *memory) {
  if (memory) atomic_fetch_sub(&held, (long long)memory_size(memory));
  __real_free(memory);
}

/* ---- a world of its own for each measurement: no pool of buffers that others have left ---- */

enum { PLAIN, NATIVE, WIRES };

static const char *const wire_names[] = {"plain", "native"};

struct scene {
  struct world *world;
  struct peer *peer;
  uint32_t window;
  long long before;
};

static struct scene begin(const struct world *like, int wire, const char *settings) {
  struct scene scene = {.world = world_open(like->driven ? HWS_RUNTIME_CALLER_DRIVEN : 0)};
  scene.peer = wire == NATIVE ? peer_open_native(scene.world, HWS_ROLE_SERVER, settings)
                              : peer_open(scene.world, HWS_ROLE_SERVER, settings);
  scene.window = wire == NATIVE ? NATIVE_INITIAL : WINDOW_INITIAL;
  peer_expect_quiet(scene.peer);
  scene.before = atomic_load(&held);
  atomic_store(&peak, scene.before);
  return scene;
}

static hws_handle opens(struct scene *scene, uint32_t id) {
  return scene->peer->native ? peer_opens_native(scene->peer, id) : peer_opens(scene->peer, id);
}

static void end(struct scene *scene) {
  peer_close(scene->peer);
  world_join(scene->world);
}

/* The session has seen all that was said; what did it hold, and what at most? */
static void expect_held(struct scene *scene, const char *what, long long paid, long long most) {
  peer_settle(scene->peer);
  long long now = atomic_load(&held) - scene->before;
  long long top = atomic_load(&peak) - scene->before;
  print_message("  %s, %s: %lld KiB held, %lld at the peak, for %lld KiB of credit; at most %lld\n",
                wire_names[scene->peer->native], what, now >> 10, top >> 10, paid >> 10, most >> 10);
  assert_status(detail_of(scene->peer->session).status, HWS_OK);
  assert_true(top <= most);
}

/* docs/settings.md: about twice the windows, and 256k a stream. */
static long long promised(long long streams, long long windows) {
  return 2 * windows + streams * 256 * 1024;
}

/* ---- frames upon frames ---- */

/* As many equal frames as `total` of credit pays for, in large writes. */
static void flood(struct peer *peer, uint32_t stream, uint32_t body, unsigned flags, uint32_t total) {
  enum { ROOM = 1 << 17 };
  static uint8_t bytes[ROOM];
  uint32_t cost = body + (flags & FRAME_EOM ? 1 : 0);
  size_t at = 0;
  for (uint32_t done = 0; done + cost <= total; done += cost) {
    if (ROOM - at < FRAME_HEADER_SIZE + (size_t)body) {
      assert_true(peer_say_raw(peer, bytes, at));
      at = 0;
    }
    frame_encode(bytes + at, &(struct frame){.flags = (uint16_t)flags, .stream = stream, .length = body});
    at += FRAME_HEADER_SIZE;
    memset(bytes + at, 'x', body);
    at += body;
  }
  assert_true(peer_say_raw(peer, bytes, at));
}

struct cut {
  const char *what;
  uint32_t body;
  unsigned flags;
  bool native; /* only */
};

static const struct cut cuts[] = {
    {"frames of a byte", 1, 0, false},
    {"frames of 100 bytes", 100, 0, false},
    {"messages without a byte", 0, FRAME_EOM, true},
    {"messages of a byte", 1, FRAME_EOM, true},
    {"messages of 200 bytes", 200, FRAME_EOM, true},
};

static void small_frames_cost_what_they_pay(void **state) {
  enum { STREAMS = 4, PART = 64 * 1024 };
  for (int wire = 0; wire < WIRES; wire++)
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
      if (cuts[i].native && wire != NATIVE) continue;
      struct scene scene = begin(*state, wire, NULL);
      for (uint32_t k = 0; k < STREAMS; k++) (void)opens(&scene, 1 + 2 * k);
      for (uint32_t k = 0; k < STREAMS; k++) flood(scene.peer, 1 + 2 * k, cuts[i].body, cuts[i].flags, PART);
      /* Of the buffers that are free, these need none. */
      expect_held(&scene, cuts[i].what, (long long)STREAMS * PART, 3LL * STREAMS * PART);
      end(&scene);
    }
}

/* Slices just large enough to hold the chunk that they lie in, spread as thinly as can be by bytes that are dropped. */
static void slices_do_not_hold_many_chunks(void **state) {
  enum { STREAMS = 16, SLICE = 4097, DROPPED = 110000, DEAD = 1001 };
  static uint8_t bytes[DROPPED];
  for (int wire = 0; wire < WIRES; wire++) {
    struct scene scene = begin(*state, wire, NULL);
    struct peer *peer = scene.peer;
    for (uint32_t k = 0; k < STREAMS; k++) (void)opens(&scene, 1 + 2 * k);
    hws_handle dead = opens(&scene, DEAD);
    assert_int_equal(hws_reset(dead, 0, NULL), HWS_OK);
    peer_settle(peer);
    for (uint32_t done = 0; done + SLICE <= scene.window; done += SLICE)
      for (uint32_t k = 0; k < STREAMS; k++) {
        assert_true(peer_say_data(peer, 0, 1 + 2 * k, bytes, SLICE));
        if (done < 65536) assert_true(peer_say_data(peer, 0, DEAD, bytes, DROPPED));
      }
    long long windows = (long long)STREAMS * scene.window;
    expect_held(&scene, "slices of 4 KiB and a byte", windows, promised(STREAMS, windows));
    end(&scene);
  }
}

/* Everything at once that a peer may open by itself, each with a whole window that nobody reads. */
static void all_streams_with_full_windows(void **state) {
  enum { STREAMS = 1024 };
  static uint8_t bytes[1 << 18];
  for (int wire = 0; wire < WIRES; wire++) {
    uint32_t streams = wire == NATIVE ? STREAMS : 256;
    struct scene scene = begin(*state, wire, NULL);
    for (uint32_t k = 0; k < streams; k++) {
      uint32_t id = 1 + 2 * k;
      if (wire == NATIVE)
        assert_true(peer_say_open(scene.peer, id, &(struct opening){0}));
      else
        assert_true(peer_say(scene.peer, FRAME_WINDOW, FRAME_SYN, id, 0));
      assert_true(peer_say_data(scene.peer, 0, id, bytes, scene.window));
    }
    long long windows = (long long)streams * scene.window;
    expect_held(&scene, "all streams with full windows", windows, promised(streams, windows));
    assert_int_equal(stat_of(scene.peer->session, "streams"), streams);
    /* One more is refused, and costs nothing. */
    long long before = atomic_load(&held);
    uint32_t id = 1 + 2 * streams;
    if (wire == NATIVE)
      assert_true(peer_say_open(scene.peer, id, &(struct opening){.payload = bytes, .payload_len = 60000}));
    else
      assert_true(peer_say(scene.peer, FRAME_WINDOW, FRAME_SYN, id, 0));
    peer_expect(scene.peer, FRAME_WINDOW, FRAME_RST, id, HWS_CODE_REFUSED);
    assert_true(atomic_load(&held) - before < 4096);
    end(&scene);
  }
}

/* ---- heads ---- */

/* Opens with 16 KiB of metadata that nobody accepts: bounded by the backlog. */
static void heads_are_bounded_by_the_backlog(void **state) {
  enum { BACKLOG = 1024, MORE = 50 };
  static char name[OPEN_HEAD_MAX + 1];
  memset(name, 'n', OPEN_HEAD_MAX);
  struct scene scene = begin(*state, NATIVE, NULL);
  for (uint32_t i = 0; i < BACKLOG; i++)
    assert_true(peer_say_open(scene.peer, 1 + 2 * i, &(struct opening){.name = name}));
  expect_held(&scene, "heads of 16 KiB, not accepted", (long long)BACKLOG * OPEN_HEAD_MAX,
              (long long)BACKLOG * (OPEN_HEAD_MAX + 1024) + (1 << 20));
  assert_int_equal(stat_of(scene.peer->session, "streams_refused"), 0);
  long long before = atomic_load(&held);
  for (uint32_t i = 0; i < MORE; i++) {
    uint32_t id = 1 + 2 * (BACKLOG + i);
    assert_true(peer_say_open(scene.peer, id, &(struct opening){.name = name}));
    peer_expect(scene.peer, FRAME_WINDOW, FRAME_RST, id, HWS_CODE_REFUSED);
  }
  assert_int_equal(stat_of(scene.peer->session, "streams_refused"), MORE);
  assert_true(atomic_load(&held) - before < 65536);
  end(&scene);
}

/* An open that does not go on holds its one head, and the session waits for no more than that. */
static void half_an_open_holds_its_head(void **state) {
  struct scene scene = begin(*state, NATIVE, NULL);
  uint8_t *frame = malloc(OPENING_MAX);
  static char name[OPEN_HEAD_MAX + 1];
  assert_non_null(frame);
  memset(name, 'n', OPEN_HEAD_MAX);
  (void)opening_bytes(frame, 1, &(struct opening){.name = name});
  long long before = atomic_load(&held);
  uint64_t read = stat_of(scene.peer->session, "bytes_in");
  assert_true(peer_say_raw(scene.peer, frame, 1000));
  world_until(scene.world, stat_of(scene.peer->session, "bytes_in") == read + 1000);
  assert_true(atomic_load(&held) - before < OPEN_HEAD_MAX + 1024);
  free(frame);
  end(&scene);
}

/* ---- answers that are not read ---- */

static void unread_answers_are_bounded(void **state) {
  enum { PINGS = 300000 };
  static uint8_t asked[PINGS * FRAME_HEADER_SIZE];
  for (uint32_t i = 0; i < PINGS; i++)
    frame_encode(asked + (size_t)i * FRAME_HEADER_SIZE, &(struct frame){FRAME_PING, FRAME_SYN, 0, i});
  for (int wire = 0; wire < WIRES; wire++) {
    struct scene scene = begin(*state, wire, "useless_rate=1000000000&write_timeout=60s");
    size_t said = 0;
    while (!stat_of(scene.peer->session, "read_pauses") && said < sizeof asked) {
      said += peer_try(scene.peer, asked + said, sizeof asked - said);
      world_turn(scene.world);
    }
    long long top = atomic_load(&peak) - scene.before;
    print_message("  %s, unread pongs: %lld KiB at the peak, when %zu KiB were said\n", wire_names[wire], top >> 10,
                  said >> 10);
    assert_true(said < sizeof asked);
    assert_true(top < 524288);
    end(&scene);
  }
}

/* ---- windows that grow ---- */

static uint8_t data[2 << 20];

/* Half a window is sent and read; returns what was granted for it. */
static uint32_t read_half(struct scene *scene, hws_handle stream, uint32_t id, uint32_t half) {
  struct frame frame;
  assert_true(peer_say_data(scene->peer, 0, id, data, half));
  recv_exactly(stream, data, half);
  assert_true(peer_hear(scene->peer, &frame));
  assert_int_equal(frame.type, FRAME_WINDOW);
  assert_int_equal(frame.stream, id);
  assert_true(frame.length >= half);
  return frame.length;
}

/* The same, for what the window is by now; counts by how much it grows. */
static void grow(struct scene *scene, hws_handle stream, uint32_t id, uint32_t *window, uint64_t *grown_by) {
  uint32_t half = *window / 2;
  uint32_t more = read_half(scene, stream, id, half) - half;
  *window += more;
  *grown_by += more;
}

/* The window after four rounds of a reader that keeps up. */
static uint32_t grown(const struct world *like, int wire, uint64_t *slowest) {
  struct scene scene = begin(like, wire, NULL);
  hws_handle stream = opens(&scene, 1);
  uint32_t window = scene.window;
  for (int round = 0; round < 4; round++) {
    uint64_t began = hws_now();
    uint32_t half = window / 2;
    window += read_half(&scene, stream, 1, half) - half;
    if (hws_now() - began > *slowest) *slowest = hws_now() - began;
  }
  end(&scene);
  return window;
}

/* MUX-17: 1 MiB within four windows. On a machine that is too slow for a reader that keeps up, try again. */
static void a_window_grows_within_four(void **state) {
  for (int wire = 0; wire < WIRES; wire++) {
    uint64_t until = hws_now() + LIMIT_NS;
    for (;;) {
      uint64_t slowest = 0;
      uint32_t window = grown(*state, wire, &slowest);
      if (window == 1 << 20) break;
      if (slowest < 100 * MILLISECOND || hws_now() > until) fail_msg("the window is %u", (unsigned)window);
    }
  }
}

/* When one stream has grown as far as the pool goes, all others still have their first window, and get it back. */
static void growth_starves_nobody(void **state) {
  enum { STREAMS = 40, POOL = 800 * 1024 };
  for (int wire = 0; wire < WIRES; wire++) {
    struct scene scene = begin(*state, wire, "window_pool=800k&window_max=4m");
    hws_handle greedy = opens(&scene, 1);
    hws_handle others[STREAMS];
    for (uint32_t i = 0; i < STREAMS; i++) others[i] = opens(&scene, 3 + 2 * i);
    uint32_t windows[1 + STREAMS];
    uint64_t grown_by = 0;
    for (uint32_t i = 0; i <= STREAMS; i++) windows[i] = scene.window;
    for (int round = 0; round < 8; round++) grow(&scene, greedy, 1, &windows[0], &grown_by);
    for (int round = 0; round < 3; round++)
      for (uint32_t i = 0; i < STREAMS; i++) grow(&scene, others[i], 3 + 2 * i, &windows[1 + i], &grown_by);
    assert_true(grown_by <= POOL);
    /* And a whole window of each, that nobody reads. */
    for (uint32_t i = 0; i <= STREAMS; i++) assert_true(peer_say_data(scene.peer, 0, 1 + 2 * i, data, windows[i]));
    peer_expect_quiet(scene.peer);
    long long all = (long long)(STREAMS + 1) * scene.window + POOL;
    expect_held(&scene, "windows that have grown", all, promised(STREAMS + 1, all));
    end(&scene);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(small_frames_cost_what_they_pay), BOTH_MODES(slices_do_not_hold_many_chunks),
      BOTH_MODES(all_streams_with_full_windows),   BOTH_MODES(heads_are_bounded_by_the_backlog),
      BOTH_MODES(half_an_open_holds_its_head),     BOTH_MODES(unread_answers_are_bounded),
      BOTH_MODES(a_window_grows_within_four),      BOTH_MODES(growth_starves_nobody),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
