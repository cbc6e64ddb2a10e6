/* SPDX-License-Identifier: Apache-2.0
 *
 * NTF-6: what this library holds for idle connections of TCP in both modes, each with a recv that waits; counted where
 * it allocates, and printed. The system's own memory is not in it. HAWSER_IDLE_CONNECTIONS says how many connections;
 * both ends of each are here.
 */
#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/buffer.h"
#include "tests/core/places.h"

enum { CONNECTIONS = 200, CONNECTIONS_MAX = 5000, TEN_THOUSAND = 10000, IDLE_TURNS = 50 };

/* ---- the counter ------------------------------------------------------------------------------------------------- */

static atomic_llong live;

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *memory, size_t bytes);
void __real_free(void *memory);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *memory, size_t bytes);
void __wrap_free(void *memory);

static void *counted(void *memory) {
  if (memory) atomic_fetch_add(&live, (long long)_msize(memory));
  return memory;
}

void *__wrap_malloc(size_t bytes) {
  return counted(__real_malloc(bytes));
}

void *__wrap_calloc(size_t count, size_t bytes) {
  return counted(__real_calloc(count, bytes));
}

void *__wrap_realloc(void *memory, size_t bytes) {
  long long before = memory ? (long long)_msize(memory) : 0;
  void *moved = __real_realloc(memory, bytes);
  if (moved) atomic_fetch_sub(&live, before);
  return counted(moved);
}

void __wrap_free(void *memory) {
  if (memory) atomic_fetch_sub(&live, (long long)_msize(memory));
  __real_free(memory);
}

/* ---- idle connections -------------------------------------------------------------------------------------------- */

static unsigned wanted_connections(void) {
  const char *text = getenv("HAWSER_IDLE_CONNECTIONS");
  unsigned long count = text ? strtoul(text, NULL, 10) : CONNECTIONS;
  return count > 0 && count <= CONNECTIONS_MAX ? (unsigned)count : CONNECTIONS;
}

/* Bytes of one end of a connection. */
static uint64_t measure(const char *parameters) {
  struct world *world = world_open(0);
  unsigned count = wanted_connections();
  static struct pair pairs[CONNECTIONS_MAX];
  static char rooms[2 * CONNECTIONS_MAX];
  char url[URL_MAX];
  (void)snprintf(url, sizeof url, "tcp://127.0.0.1:0%s", parameters);
  hws_handle listener = listen_at(world, url);
  struct pair first = connect_at(world, listener, parameters); /* what is made once */
  long long before = atomic_load(&live);
  for (unsigned i = 0; i < count; i++) {
    pairs[i] = connect_at(world, listener, parameters);
    (void)post_recv(world, pairs[i].client, &rooms[2 * i], 1);
    (void)post_recv(world, pairs[i].server, &rooms[2 * i + 1], 1);
  }
  for (int turn = 0; turn < IDLE_TURNS; turn++) world_turn(world);
  long long held = atomic_load(&live) - before;
  assert_true(held > 0);
  for (unsigned i = 0; i < count; i++) {
    world->kept = 0; /* the ends of the recvs say nothing here */
    abort_handle(pairs[i].client);
    abort_handle(pairs[i].server);
  }
  abort_handle(first.client);
  abort_handle(first.server);
  close_handle(listener);
  world_join(world);
  return (uint64_t)held / (2 * (uint64_t)count);
}

static void print(const char *mode, uint64_t bytes) {
  printf("%-10s %7llu bytes for one idle end of a connection, %5llu MiB for 10000 (measured with %u connections)\n",
         mode, (unsigned long long)bytes, (unsigned long long)(bytes * TEN_THOUSAND >> 20), wanted_connections());
}

/* An overlapped read has its memory while it waits; readiness has none. */
static void idle_connections(void **state) {
  (void)state;
  uint64_t overlapped = measure("");
  uint64_t readiness = measure("?io=readiness");
  print("overlapped", overlapped);
  print("readiness", readiness);
  assert_true(overlapped >= CHUNK_SIZE);
  assert_true(readiness < CHUNK_SIZE / 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(idle_connections)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
