/* SPDX-License-Identifier: Apache-2.0
 *
 * HWS_INTERRUPTIBLE: a signal ends a blocking op that asked for it, that one only, and loses nothing (CAN-0). In a
 * queue's wait a signal is an answer. The library's own thread takes none.
 */
#include <dirent.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/core/scenes.h"
#include "tests/core/threads_posix.h"

static atomic_int signals;

static void on_signal(int signal) {
  (void)signal;
  atomic_fetch_add(&signals, 1);
}

static int place_with_signals(void **state) {
  struct sigaction action = {.sa_handler = on_signal};
  assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
  assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
  return place_open(state);
}

/* ---- who is ended ---- */

struct blocker {
  struct scene *scene;
  atomic_bool over;
  hws_result result;
  struct hws_event event;
};

static void block_interruptible(void *argument) {
  struct blocker *blocker = argument;
  hws_handle op = 0;
  struct hws_how how = {.size = sizeof how, .flags = HWS_BLOCK | HWS_INTERRUPTIBLE};
  blocker->result = blocker->scene->kind->submit(blocker->scene, &how, &blocker->event, &op);
  atomic_store(&blocker->over, true);
}

/* A thread that drives works now and then, as for a dial that is tried again; a signal at that moment ends no sleep. */
static void interrupt(struct thread *thread, const atomic_bool *over) {
  for (uint64_t until = hws_now() + LIMIT_NS; !atomic_load(over) && hws_now() < until; usleep(2000))
    thread_signal(thread, SIGUSR1);
}

/* Every kind that can pend. */
static void one_that_asked(void **state) {
  struct world *world = *state;
  for (size_t i = 0; i < scene_count; i++) {
    struct scene scene;
    if (!scene_open(&scene, world, &scene_kinds[i])) continue;
    struct blocker blocker = {.scene = &scene};
    struct thread *thread = thread_start(block_interruptible, &blocker);
    thread_blocked(thread);
    interrupt(thread, &blocker.over);
    thread_join(thread);
    assert_int_equal(blocker.result, 1);
    assert_status(blocker.event.status, HWS_E_CANCELED);
    assert_int_equal(blocker.event.flags, HWS_EVENT_OP); /* OP-9 */
    scene_close(&scene);
    if (scene.blocker) world_await(world, scene.blocker);
  }
}

struct receiver {
  struct link link;
  uint32_t flags;
  atomic_bool over;
  struct hws_event event;
  char got[8];
};

static void receive(void *argument) {
  struct receiver *receiver = argument;
  struct hws_how how = {.size = sizeof how, .flags = HWS_BLOCK | receiver->flags};
  struct hws_vec vec = {.ptr = receiver->got, .len = sizeof receiver->got};
  assert_int_equal(hws_recv(receiver->link.ends.server, &vec, 1, &how, &receiver->event, NULL), 1);
  atomic_store(&receiver->over, true);
}

/* Of several, one of which drives where no I/O thread does; the last has not asked. */
static void only_that_one(void **state) {
  struct world *world = *state;
  enum { MANY = 4 };
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++)
    for (int victim = 0; victim < MANY; victim++) {
      struct receiver receivers[MANY];
      struct thread *threads[MANY];
      bool ends = victim != MANY - 1;
      for (int i = 0; i < MANY; i++)
        receivers[i] =
            (struct receiver){.link = link_open(world, carrier), .flags = i < MANY - 1 ? HWS_INTERRUPTIBLE : 0U};
      for (int i = 0; i < MANY; i++) {
        threads[i] = thread_start(receive, &receivers[i]);
        thread_blocked(threads[i]);
      }
      int before = atomic_load(&signals);
      if (ends)
        interrupt(threads[victim], &receivers[victim].over);
      else
        thread_signal(threads[victim], SIGUSR1);
      if (ends) thread_join(threads[victim]);
      world_until(world, atomic_load(&signals) > before);
      for (int i = 0; i < MANY; i++) {
        if (i == victim && ends) continue;
        thread_blocked(threads[i]);
        assert_false(atomic_load(&receivers[i].over));
        send_all(receivers[i].link.ends.client, "yours", 5);
        thread_join(threads[i]);
        assert_status(receivers[i].event.status, HWS_OK);
        assert_memory_equal(receivers[i].got, "yours", 5);
      }
      if (ends) assert_status(receivers[victim].event.status, HWS_E_CANCELED);
      for (int i = 0; i < MANY; i++) link_close(&receivers[i].link);
    }
}

/* ---- CAN-0: nothing is lost ---- */

static void an_interrupted_recv_loses_nothing(void **state) {
  struct world *world = *state;
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) {
    struct receiver receiver = {.link = link_open(world, carrier), .flags = HWS_INTERRUPTIBLE};
    struct thread *thread = thread_start(receive, &receiver);
    thread_blocked(thread);
    interrupt(thread, &receiver.over);
    thread_join(thread);
    assert_status(receiver.event.status, HWS_E_CANCELED);
    assert_int_equal(receiver.event.bytes, 0);
    send_all(receiver.link.ends.client, "after it", 8);
    expect_bytes(receiver.link.ends.server, "after it");
    assert_int_equal(receiver.got[0], 0);
    link_close(&receiver.link);
  }
}

enum { SEED = 31, LARGE = 8 << 20 };

struct sender {
  hws_handle stream;
  atomic_bool over;
  uint8_t *bytes;
  struct hws_event event;
};

static void send_large(void *argument) {
  struct sender *sender = argument;
  struct hws_how how = {.size = sizeof how, .flags = HWS_BLOCK | HWS_INTERRUPTIBLE};
  struct hws_vec vec = {.ptr = sender->bytes, .len = LARGE};
  assert_int_equal(hws_send(sender->stream, &vec, 1, &how, &sender->event, NULL), 1);
  atomic_store(&sender->over, true);
}

static void an_interrupted_send_says_what_was_taken(void **state) {
  struct world *world = *state;
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) {
    struct link link = link_open(world, carrier);
    struct sender sender = {.stream = link.ends.client, .bytes = malloc(LARGE)};
    assert_non_null(sender.bytes);
    pattern_fill(SEED, 0, sender.bytes, LARGE);
    struct thread *thread = thread_start(send_large, &sender);
    thread_blocked(thread);
    interrupt(thread, &sender.over);
    thread_join(thread);
    assert_status(sender.event.status, HWS_E_CANCELED);
    assert_true(sender.event.bytes > 0 && sender.event.bytes < LARGE);
    uint64_t tail = post_send(world, link.ends.client, sender.bytes + sender.event.bytes, 1000);
    drain(link.ends.server, SEED, 0, sender.event.bytes + 1000);
    world_await_status(world, tail, HWS_OK);
    free(sender.bytes);
    link_close(&link);
  }
}

/* ---- who did not ask ---- */

/* A signal every few milliseconds. */
static void blocking_without_it(void **state) {
  struct world *world = *state;
  struct link link = link_open(world, MUX);
  struct itimerval every = {.it_interval = {.tv_usec = 2000}, .it_value = {.tv_usec = 2000}}, never = {0};
  atomic_store(&signals, 0);
  assert_int_equal(setitimer(ITIMER_REAL, &every, NULL), 0);
  uint64_t before = hws_now();
  for (int i = 0; i < 10; i++) {
    uint8_t byte;
    struct hws_vec vec = {.ptr = &byte, .len = 1};
    struct hws_how how = {.size = sizeof how, .flags = HWS_BLOCK | HWS_RELATIVE, .deadline_ns = 10 * MILLISECOND};
    struct hws_event event;
    assert_int_equal(hws_recv(link.ends.client, &vec, 1, &how, &event, NULL), 1);
    assert_status(event.status, HWS_E_DEADLINE);
  }
  assert_true(hws_now() - before >= 100 * MILLISECOND);
  struct hws_event event;
  hws_result result = 0;
  while (result == 0) result = hws_queue_wait(world->queue, &event, 1, (int64_t)SECOND);
  assert_status(result, HWS_E_INTERRUPTED);
  assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
  assert_true(atomic_load(&signals) > 0);
  send_all(link.ends.server, "all the same", 12);
  expect_bytes(link.ends.client, "all the same");
}

/* ---- a queue's wait ---- */

struct waiting {
  struct world *world;
  atomic_uint *left;
  atomic_bool over;
  hws_result result;
  struct hws_event event;
};

static void wait_for_one(void *argument) {
  struct waiting *waiting = argument;
  waiting->result = hws_queue_wait(waiting->world->queue, &waiting->event, 1, (int64_t)LIMIT_NS);
  atomic_store(&waiting->over, true);
  atomic_fetch_add(waiting->left, 1);
}

/* The signalled one leaves, driver or not; the events that come then are for the others, and none is lost. */
static void a_wait_is_interrupted(void **state) {
  struct world *world = *state;
  enum { MANY = 3 };
  for (int victim = 0; victim < MANY; victim++) {
    struct waiting waiting[MANY];
    struct thread *threads[MANY];
    atomic_uint left = 0;
    for (int i = 0; i < MANY; i++) {
      waiting[i] = (struct waiting){.world = world, .left = &left};
      threads[i] = thread_start(wait_for_one, &waiting[i]);
      thread_blocked(threads[i]);
    }
    interrupt(threads[victim], &waiting[victim].over);
    thread_join(threads[victim]);
    assert_status(waiting[victim].result, HWS_E_INTERRUPTED);
    for (unsigned gone = 1; gone < MANY; gone++) { /* one by one: wakes fold */
      uint64_t until = hws_now() + LIMIT_NS;
      assert_int_equal(hws_queue_wake(world->queue, gone), HWS_OK);
      while (atomic_load(&left) == gone && hws_now() < until) usleep(100);
      assert_int_equal(atomic_load(&left), gone + 1);
    }
    for (int i = 0; i < MANY; i++) {
      if (i == victim) continue;
      thread_join(threads[i]);
      assert_int_equal(waiting[i].result, 1);
      assert_int_equal(waiting[i].event.kind, HWS_KIND_WAKE);
    }
  }
}

/* ---- the library's own thread ---- */

static bool line_of(const char *task, const char *file, const char *key, char *line, size_t size) {
  char path[512];
  (void)snprintf(path, sizeof path, "/proc/self/task/%s/%s", task, file);
  FILE *stream = fopen(path, "re");
  bool found = false;
  while (stream && !found && fgets(line, (int)size, stream)) found = strncmp(line, key, strlen(key)) == 0;
  if (stream) (void)fclose(stream);
  return found;
}

/* It blocks all signals, so that they go to the program's threads. */
static void its_own_thread_takes_none(void **state) {
  struct world *world = *state;
  unsigned threads = 0;
  char line[256];
  world_turn(world);
  DIR *tasks = opendir("/proc/self/task");
  assert_non_null(tasks);
  for (struct dirent *task; (task = readdir(tasks));) {
    if (!line_of(task->d_name, "comm", "hawser-io", line, sizeof line)) continue;
    assert_true(line_of(task->d_name, "status", "SigBlk:", line, sizeof line));
    unsigned long long blocked = strtoull(line + strlen("SigBlk:"), NULL, 16);
    unsigned long long wanted = 0;
    const int each[] = {SIGHUP, SIGINT, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGCHLD};
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) wanted |= 1ULL << (each[i] - 1);
    assert_true((blocked & wanted) == wanted);
    threads++;
  }
  closedir(tasks);
  assert_int_equal(threads, world->driven ? 0 : 1);
}

#undef PLACED
#define PLACED(test, at, name)                                                                                         \
  { #test " (" name ")", test, place_with_signals, world_close, (void *)(uintptr_t)&places[at] }

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(one_that_asked),
      EVERYWHERE(only_that_one),
      EVERYWHERE(an_interrupted_recv_loses_nothing),
      EVERYWHERE(an_interrupted_send_says_what_was_taken),
      EVERYWHERE(blocking_without_it),
      EVERYWHERE(a_wait_is_interrupted),
      EVERYWHERE(its_own_thread_takes_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
