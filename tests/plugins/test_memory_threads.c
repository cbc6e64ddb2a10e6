/* SPDX-License-Identifier: Apache-2.0
 *
 * The sample transport under the threads that a host has: each direction of each end in a thread of its own, and a loop
 * for each end. Shows that no wake-up and no byte is lost, and, under ThreadSanitizer, that there is no race.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "plugins/registry.h"
#include "tests/plugins/fake_host.h"

enum { TOTAL = 1 << 20, WAIT_SECONDS = 60 };

static const struct plugin *memory;

static int begin(void **state) {
  (void)state;
  struct plugin_error error;
  fake_host_reset();
  memory = registry_load(&fake.host, NULL, TEST_PLUGIN_DIR "/memory" TEST_PLUGIN_SUFFIX, &error);
  assert_string_equal(error.text, "");
  assert_non_null(memory);
  return 0;
}

struct side {
  struct hws_host_endpoint host;
  void *ep;
  pthread_mutex_t directions[2];
  sem_t posted;
  atomic_bool over;
  bool failed[2]; /* by direction, read after its thread was joined */
  uint32_t seed;
};

/* Not an assertion: cmocka's belong to the main thread. */
static bool wait_for(sem_t *bell) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += WAIT_SECONDS;
  while (sem_timedwait(bell, &until) != 0)
    if (errno != EINTR) return false;
  return true;
}

static unsigned char byte_at(uint64_t position) {
  return (unsigned char)(position * 2654435761u >> 13);
}

/* One io to its end, as a host does it; every few of them it tries to cancel first. */
static bool carry_out(struct side *side, struct fake_io *io, enum hws_direction direction, bool cancels) {
  const struct hws_vtable *table = &memory->vtable;
  pthread_mutex_lock(&side->directions[direction]);
  int32_t result = table->submit(side->ep, &io->io);
  if (result == 0 && cancels) result = table->cancel(side->ep, &io->io);
  pthread_mutex_unlock(&side->directions[direction]);
  return result == 1 || wait_for(io->bell);
}

static void *move_bytes(struct side *side, enum hws_direction direction, unsigned char *block, size_t size) {
  sem_t bell;
  uint64_t position = 0;
  uint32_t seed = side->seed + direction;
  sem_init(&bell, 0, 0);
  while (position < TOTAL && !side->failed[direction]) {
    seed = seed * 1664525 + 1013904223;
    uint64_t length = 1 + (seed >> 8) % size;
    if (length > TOTAL - position) length = TOTAL - position;
    struct hws_iov vec = {block, length};
    struct fake_io io = {.io = {.size = sizeof io.io, .vec = &vec, .vec_count = 1}, .bell = &bell};
    io.io.kind = direction == HWS_READ ? HWS_IO_READ : HWS_IO_WRITE;
    for (uint64_t i = 0; direction == HWS_WRITE && i < length; i++) block[i] = byte_at(position + i);
    side->failed[direction] = !carry_out(side, &io, direction, seed % 7 == 0) || io.io.bytes > length ||
                              (io.io.status != HWS_IO_OK && io.io.status != HWS_IO_CANCELED);
    for (uint64_t i = 0; direction == HWS_READ && i < io.io.bytes; i++)
      if (block[i] != byte_at(position + i)) side->failed[direction] = true;
    position += io.io.bytes;
  }
  sem_destroy(&bell);
  return NULL;
}

static void *read_all(void *argument) {
  unsigned char block[3000];
  return move_bytes(argument, HWS_READ, block, sizeof block);
}

static void *write_all(void *argument) {
  unsigned char block[2000];
  return move_bytes(argument, HWS_WRITE, block, sizeof block);
}

static void *run_loop(void *argument) {
  struct side *side = argument;
  while (wait_for(&side->posted) && !atomic_load(&side->over)) {
    if (atomic_exchange(&side->host.posts, 0) == 0) continue;
    pthread_mutex_lock(&side->directions[HWS_READ]);
    pthread_mutex_lock(&side->directions[HWS_WRITE]);
    memory->vtable.on_post(side->ep);
    pthread_mutex_unlock(&side->directions[HWS_WRITE]);
    pthread_mutex_unlock(&side->directions[HWS_READ]);
  }
  return NULL;
}

static void side_init(struct side *side, uint32_t seed, const struct fake_setting *settings) {
  memset(side, 0, sizeof *side);
  side->seed = seed;
  side->host.settings = settings;
  side->host.bell = &side->posted;
  sem_init(&side->posted, 0, 0);
  pthread_mutex_init(&side->directions[HWS_READ], NULL);
  pthread_mutex_init(&side->directions[HWS_WRITE], NULL);
}

static void side_free(struct side *side) {
  sem_destroy(&side->posted);
  pthread_mutex_destroy(&side->directions[HWS_READ]);
  pthread_mutex_destroy(&side->directions[HWS_WRITE]);
}

static int32_t start(struct side *side, uint16_t kind, struct fake_io *io) {
  memset(io, 0, sizeof *io);
  io->io.size = sizeof io->io;
  io->io.kind = kind;
  return memory->vtable.submit(side->ep, &io->io) == 1 ? io->io.status : 1;
}

static void connect_sides(struct side *client, struct side *server) {
  static const struct fake_setting buffer[] = {{"buffer", "1000"}, {NULL, NULL}};
  const struct hws_vtable *table = &memory->vtable;
  struct side listener;
  struct fake_io io;
  side_init(&listener, 0, buffer);
  assert_int_equal(table->listen(table->self, &listener.host, "threads", &listener.ep), 0);
  assert_int_equal(start(&listener, HWS_IO_LISTEN, &io), 0);
  side_init(client, 1, buffer);
  assert_int_equal(table->dial(table->self, &client->host, "threads", &client->ep), 0);
  assert_int_equal(start(client, HWS_IO_DIAL, &io), 0);
  assert_int_equal(start(&listener, HWS_IO_ACCEPT, &io), 0);
  side_init(server, 77, NULL);
  assert_int_equal(table->adopt(table->self, &server->host, io.io.accepted, &server->ep), 0);
  table->destroy(listener.ep, 0);
  side_free(&listener);
}

static void test_transfer(void **state) {
  (void)state;
  struct side sides[2];
  pthread_t movers[4];
  pthread_t loops[2];
  connect_sides(&sides[0], &sides[1]);
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(pthread_create(&loops[i], NULL, run_loop, &sides[i]), 0);
    assert_int_equal(pthread_create(&movers[2 * i], NULL, read_all, &sides[i]), 0);
    assert_int_equal(pthread_create(&movers[2 * i + 1], NULL, write_all, &sides[i]), 0);
  }
  for (size_t i = 0; i < 4; i++) assert_int_equal(pthread_join(movers[i], NULL), 0);
  for (size_t i = 0; i < 2; i++) {
    atomic_store(&sides[i].over, true);
    sem_post(&sides[i].posted);
    assert_int_equal(pthread_join(loops[i], NULL), 0);
  }
  /* The ends go while the other may be posting. */
  for (size_t i = 0; i < 2; i++) {
    memory->vtable.destroy(sides[i].ep, i == 0);
    assert_false(sides[i].failed[HWS_READ]);
    assert_false(sides[i].failed[HWS_WRITE]);
  }
  for (size_t i = 0; i < 2; i++) side_free(&sides[i]);
}

struct crowd {
  atomic_bool over;
  atomic_uint connected;
  atomic_uint refused;
  atomic_uint wrong;
};

/* Dials, writes if somebody was there, and leaves, in turn orderly and not. */
static void *dial_often(void *argument) {
  struct crowd *crowd = argument;
  const struct hws_vtable *table = &memory->vtable;
  for (unsigned round = 0; !atomic_load(&crowd->over); round++) {
    struct side side;
    struct fake_io io;
    side_init(&side, 0, NULL);
    if (table->dial(table->self, &side.host, "crowd", &side.ep) != 0) {
      atomic_fetch_add(&crowd->wrong, 1);
      break;
    }
    int32_t status = start(&side, HWS_IO_DIAL, &io);
    if (status == HWS_IO_OK)
      atomic_fetch_add(&crowd->connected, 1);
    else
      atomic_fetch_add(status == HWS_IO_REFUSED ? &crowd->refused : &crowd->wrong, 1);
    if (status == HWS_IO_OK && start(&side, HWS_IO_SHUTDOWN, &io) != HWS_IO_OK) atomic_fetch_add(&crowd->wrong, 1);
    table->destroy(side.ep, round % 2);
    side_free(&side);
  }
  return NULL;
}

/* A listener that comes and goes under a crowd of diallers: each is connected or refused, and nothing is left over. */
static void test_crowd(void **state) {
  (void)state;
  struct crowd crowd = {false};
  const struct hws_vtable *table = &memory->vtable;
  pthread_t diallers[4];
  unsigned accepted = 0;
  int before = atomic_load(&fake.allocations);
  for (size_t i = 0; i < 4; i++) assert_int_equal(pthread_create(&diallers[i], NULL, dial_often, &crowd), 0);
  while (accepted < 300 || atomic_load(&crowd.refused) == 0) {
    struct side listener;
    struct fake_io io;
    side_init(&listener, 0, NULL);
    assert_int_equal(table->listen(table->self, &listener.host, "crowd", &listener.ep), 0);
    assert_int_equal(start(&listener, HWS_IO_LISTEN, &io), 0);
    for (unsigned i = 0; i < 10; i++) {
      int32_t status = start(&listener, HWS_IO_ACCEPT, &io);
      if (status == 1 && !wait_for(&listener.posted)) fail_msg("nobody came within %d s", WAIT_SECONDS);
      if (status == 1) table->on_post(listener.ep);
      assert_non_null(io.io.accepted);
      accepted++;
      assert_int_equal(table->adopt(table->self, NULL, io.io.accepted, NULL), 0);
    }
    table->destroy(listener.ep, 0);
    side_free(&listener);
  }
  atomic_store(&crowd.over, true);
  for (size_t i = 0; i < 4; i++) assert_int_equal(pthread_join(diallers[i], NULL), 0);
  assert_int_equal(atomic_load(&crowd.wrong), 0);
  assert_true(atomic_load(&crowd.connected) >= accepted);
  assert_int_equal(atomic_load(&fake.allocations), before);
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_transfer),
      cmocka_unit_test(test_crowd),
  };
  return cmocka_run_group_tests_name("memory_threads", tests, begin, NULL);
}
