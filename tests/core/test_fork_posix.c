/* SPDX-License-Identifier: Apache-2.0
 *
 * OP-7: in a child forked without exec every call on an object made before is HWS_E_FORKED and never hangs, closes do
 * nothing, and a new runtime opens. The parent goes on, and its connections end although a child holds copies.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/core/functions.h"
#include "tests/mux/wire_posix.h"

/* ---- children ---- */

enum { CHILD_LIMIT_S = 60 };

/* The sanitizers' allocators keep their locks over a fork: a child of theirs must not be made while a thread is in one.
 * And under ThreadSanitizer a child can start no thread. */
#if defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1, THREADLESS = 1 };
#elif defined(__SANITIZE_ADDRESS__)
enum { SANITIZED = 1, THREADLESS = 0 };
#else
enum { SANITIZED = 0, THREADLESS = 0 };
#endif

static struct world *child_world(void) {
  return world_open(THREADLESS ? HWS_RUNTIME_CALLER_DRIVEN : here->flags);
}

/* Run in a child; what fails there ends it at once, and what hangs, in time. */
static pid_t child_start(void (*run)(void *argument), void *argument) {
  (void)fflush(NULL);
  if (SANITIZED) threads_settle();
  pid_t child = fork();
  assert_true(child >= 0);
  if (child) return child;
  (void)setenv("CMOCKA_TEST_ABORT", "1", 1);
  (void)alarm(CHILD_LIMIT_S);
  run(argument);
  _exit(0);
}

static void child_end(pid_t child) {
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  if (WIFSIGNALED(status)) fail_msg("the child was ended by signal %d", WTERMSIG(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- calls on the parent's objects ---- */

static void forked(const char *name, hws_result result) {
  if (result != HWS_E_FORKED) fail_msg("%s: %s", name, hws_status_name(result));
}

/* Those that would wait for ever. */
static void calls_that_block(const struct zoo *zoo) {
  struct hws_event event;
  hws_handle made = 0;
  struct hws_vec vec = {.ptr = (char[8]){0}, .len = 8};
  struct hws_how how = {.size = sizeof how, .flags = HWS_BLOCK};
  forked("wait", hws_queue_wait(zoo->of[T_QUEUE], &event, 1, -1));
  forked("recv", hws_recv(zoo->of[T_STREAM], &vec, 1, &how, &event, NULL));
  forked("send", hws_send(zoo->of[T_STREAM], &vec, 1, &how, &event, NULL));
  forked("accept", hws_accept(zoo->of[T_LISTENER], 0, &how, &event, NULL, &made));
  forked("close", hws_close(zoo->of[T_SESSION], &how, &event, NULL));
  forked("join", hws_runtime_join(zoo->of[T_RUNTIME], -1));
}

static void calls_that_do_not(const struct zoo *zoo) {
  struct hws_how how = {.size = sizeof how, .queue = zoo->of[T_QUEUE]};
  functions_how = &how;
  for (size_t f = 0; f < function_count; f++)
    for (enum type t = 0; t < TYPES; t++)
      if (function_takes(&functions[f], t)) forked(functions[f].name, functions[f].call(zoo->of[t]));
  functions_how = NULL;
}

/* Closes above all: of everything, in every way. */
static void closes(const struct zoo *zoo) {
  for (enum type t = T_QUEUE; t < T_OP; t++) {
    struct hws_how abort = {.size = sizeof abort, .flags = HWS_ABORT};
    forked("close", hws_close(zoo->of[t], NULL, NULL, NULL));
    forked("abort", hws_close(zoo->of[t], &abort, NULL, NULL));
  }
  forked("close", hws_close(zoo->link.ends.server, NULL, NULL, NULL));
  forked("close", hws_close(zoo->leased.ends.client, NULL, NULL, NULL));
}

static void refused_child(void *argument) {
  const struct zoo *zoo = argument;
  calls_that_block(zoo);
  calls_that_do_not(zoo);
  closes(zoo);
  for (enum type t = 0; t < TYPES; t++) assert_null(hws_stat_name(zoo->of[t], 0));
}

/* The parent's objects are as they were. */
static void unharmed(struct zoo *zoo) {
  struct world *world = zoo->world;
  struct hws_event event;
  assert_status(hws_scope_status(zoo->of[T_SCOPE]), HWS_OK);
  assert_int_equal(hws_queue_wake(zoo->of[T_QUEUE], 5), HWS_OK);
  assert_int_equal(hws_queue_wait(zoo->of[T_QUEUE], &event, 1, (int64_t)LIMIT_NS), 1);
  assert_int_equal(event.tag, 5);
  send_all(zoo->link.ends.client, "a", 1); /* for the op that pended before the fork */
  send_all(zoo->link.ends.server, "back", 4);
  expect_bytes(zoo->link.ends.client, "back");
  assert_int_equal(world_await_status(world, zoo->recv_tag, HWS_OK).bytes, 1);
  send_all(zoo->leased.ends.client, "more", 4);
  expect_bytes(zoo->leased.ends.server, "more");
  hws_handle opened = open_stream(zoo->leased.sessions.client);
  hws_handle accepted = accept_stream(zoo->leased.sessions.server);
  send_all(opened, "new", 3);
  expect_bytes(accepted, "new");
  close_handle(opened);
  close_handle(accepted);
  assert_int_equal(hws_release(zoo->of[T_LEASE], 5), HWS_OK);
}

static void a_child_is_refused(void **state) {
  struct zoo zoo;
  zoo_open(&zoo, *state);
  child_end(child_start(refused_child, &zoo));
  unharmed(&zoo);
}

/* ---- a runtime of the child's own ---- */

static void works(struct world *world) {
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) {
    struct link link = link_open(world, carrier);
    send_all(link.ends.client, "ping", 4);
    expect_bytes(link.ends.server, "ping");
    uint64_t watch = post_watch(world, link.ends.server);
    abort_handle(link.ends.server);
    world_await_status(world, watch, HWS_E_CLOSED);
    abort_handle(link.ends.client);
    if (carrier == RAW) continue;
    abort_handle(link.sessions.client);
    abort_handle(link.sessions.server);
  }
}

/* The parent's handles as arguments of calls on the child's. */
static void mixed(struct world *world, const struct zoo *zoo) {
  char url[URL_MAX];
  hws_handle made = 0;
  struct hws_how scoped = how_scoped(world, zoo->of[T_SCOPE]);
  struct hws_how queued = {.size = sizeof queued, .queue = zoo->of[T_QUEUE]};
  struct hws_how fine = how_queue(world);
  url_new(url, "");
  forked("scope", hws_listen(world->runtime, url, 0, &scoped, NULL, NULL, &made));
  forked("queue", hws_listen(world->runtime, url, 0, &queued, NULL, NULL, &made));
  forked("life", hws_listen(world->runtime, url, zoo->of[T_SCOPE], &fine, NULL, NULL, &made));
  forked("parent", hws_scope_open(world->runtime, zoo->of[T_SCOPE], 0, &made));
  world_turn(world);
  assert_int_equal(world->kept, 0);
}

struct generations {
  const struct zoo *zoo;
  unsigned left;
  hws_handle runtime; /* of the generation before */
  hws_handle queue;
};

static void generation(void *argument) {
  struct generations before = *(struct generations *)argument;
  struct hws_event event;
  refused_child((void *)(uintptr_t)before.zoo);
  forked("join", hws_runtime_join(before.runtime, -1));
  forked("wait", hws_queue_wait(before.queue, &event, 1, -1));
  struct world *world = child_world();
  works(world);
  mixed(world, before.zoo);
  struct generations next = {before.zoo, before.left - 1, world->runtime, world->queue};
  if (next.left) child_end(child_start(generation, &next));
  works(world);
  world_join(world);
}

/* And one of the child's child. */
static void a_new_runtime_opens(void **state) {
  struct zoo zoo;
  zoo_open(&zoo, *state);
  struct generations first = {&zoo, 3, zoo.world->runtime, zoo.world->queue};
  child_end(child_start(generation, &first));
  unharmed(&zoo);
}

static void orphan(void *argument) {
  forked("join", hws_runtime_join(*(hws_handle *)argument, -1));
  struct world *world = child_world();
  works(world);
  world_join(world);
}

/* Also after the parent's runtime has ended: its handles are stale in the parent, and the parent's in the child. */
static void after_the_end(void **state) {
  (void)state;
  struct world *world = world_open(here->flags);
  hws_handle runtime = world->runtime;
  works(world);
  world_join(world);
  child_end(child_start(orphan, &runtime));
}

/* ---- a fork in the middle of everything ---- */

struct busy {
  struct world *world;
  struct pair sessions;
  pthread_mutex_t gate; /* of the sanitized: held by all but the one who forks */
  atomic_bool over;
};

static void be_busy(struct busy *busy) {
  struct hws_how how = {
      .size = sizeof how, .flags = HWS_BLOCK | HWS_RELATIVE, .deadline_ns = 200000}; /* mostly too little */
  struct hws_vec vec = {.ptr = (char[16]){0}, .len = 16};
  struct hws_event event;
  hws_handle stream = 0;
  assert_int_equal(hws_scope_open(busy->world->runtime, 0, 0, &how.scope), HWS_OK);
  if (hws_open(busy->sessions.client, NULL, &how, &event, NULL, &stream) == 1 && event.status == HWS_OK) {
    hws_send(stream, &vec, 1, &how, &event, NULL);
    hws_recv(stream, &vec, 1, &how, &event, NULL);
    hws_scope_cancel(how.scope, 0, NULL);
  }
  if (stream) hws_reset(stream, 0, NULL);
  if (stream) hws_close(stream, NULL, NULL, NULL);
  hws_close(how.scope, NULL, NULL, NULL);
}

static void keep_busy(void *argument) {
  struct busy *busy = argument;
  while (!atomic_load(&busy->over)) {
    if (SANITIZED) pthread_mutex_lock(&busy->gate);
    be_busy(busy);
    if (SANITIZED) pthread_mutex_unlock(&busy->gate);
  }
}

/* What the parent's threads held at that moment, nobody will ever give back in the child. */
static void busy_child(void *argument) {
  const struct busy *busy = argument;
  struct hws_event event;
  forked("wait", hws_queue_wait(busy->world->queue, &event, 1, -1));
  forked("close", hws_close(busy->sessions.client, NULL, NULL, NULL));
  struct world *world = child_world();
  works(world);
  world_join(world);
}

static void at_any_moment(void **state) {
  enum { THREADS = 3, FORKS = 12 };
  struct busy busy = {.world = *state, .sessions = sessions_open(*state), .gate = PTHREAD_MUTEX_INITIALIZER};
  struct thread *threads[THREADS];
  for (int i = 0; i < THREADS; i++) threads[i] = thread_start(keep_busy, &busy);
  for (int i = 0; i < FORKS; i++) {
    if (SANITIZED) pthread_mutex_lock(&busy.gate);
    pid_t child = child_start(busy_child, &busy);
    if (SANITIZED) pthread_mutex_unlock(&busy.gate);
    child_end(child);
  }
  atomic_store(&busy.over, true);
  for (int i = 0; i < THREADS; i++) thread_join(threads[i]);
  abort_handle(busy.sessions.client);
  abort_handle(busy.sessions.server);
  works(busy.world);
}

/* ---- copies of descriptors ---- */

static void hold_copies(void *argument) {
  const int *pipe_ends = argument;
  char byte;
  close(pipe_ends[1]);
  (void)!read(pipe_ends[0], &byte, 1); /* until the parent lets go, or is gone */
}

static int32_t watch_status(hws_handle object) {
  struct hws_how how = how_block();
  struct hws_event event;
  assert_int_equal(hws_watch(object, &how, &event, NULL), 1);
  return event.status;
}

static void connections_end(void **state) {
  struct world *world = *state;
  struct link closed = link_open(world, RAW), aborted = link_open(world, RAW), session = link_open(world, MUX);
  struct link shut = link_open(world, RAW);
  char url[URL_MAX];
  hws_handle listener = listen_at(world, url_new(url, ""));
  struct world *other = world_open(here->flags);
  int pipe_ends[2];
  assert_int_equal(pipe(pipe_ends), 0);
  pid_t child = child_start(hold_copies, pipe_ends);

  close_handle(closed.ends.client);
  assert_status(recv_status(closed.ends.server), HWS_E_EOF);
  abort_handle(aborted.ends.client);
  int32_t status = recv_status(aborted.ends.server);
  assert_true(status == HWS_E_EOF || status == HWS_E_RESET || status == HWS_E_IO);
  shut_down(shut.ends.client);
  assert_status(recv_status(shut.ends.server), HWS_E_EOF);
  send_all(shut.ends.server, "still", 5);
  expect_bytes(shut.ends.client, "still");
  abort_handle(session.sessions.client);
  status = watch_status(session.sessions.server);
  assert_true(status == HWS_E_CLOSED || status == HWS_E_RESET || status == HWS_E_IO);

  struct hws_how how = how_block();
  struct hws_event event;
  hws_handle dialled = 0;
  close_handle(listener);
  if (hws_dial(world->runtime, url, 0, &how, &event, NULL, &dialled) == 1) assert_status(event.status, HWS_E_REFUSED);
  close_handle(listen_at(world, url)); /* the address is free */
  world_join(other);

  close(pipe_ends[1]);
  child_end(child);
  close(pipe_ends[0]);
}

/* What is executed by a child has none of them. */
static void descriptors_close_on_exec(void **state) {
  struct zoo zoo;
  int64_t waitable;
  zoo_open(&zoo, *state);
  hws_queue_waitable(zoo.world->queue, &waitable);
  DIR *open = opendir("/proc/self/fd");
  assert_non_null(open);
  unsigned count = 0;
  for (struct dirent *entry; (entry = readdir(open));) {
    int descriptor = (int)strtol(entry->d_name, NULL, 10);
    char path[300], target[300] = "";
    (void)snprintf(path, sizeof path, "/proc/self/fd/%s", entry->d_name);
    bool ours = readlink(path, target, sizeof target - 1) > 0 &&
                (strncmp(target, "socket:", 7) == 0 || strncmp(target, "anon_inode:", 11) == 0);
    if (!ours || descriptor <= STDERR_FILENO) continue;
    if (!(fcntl(descriptor, F_GETFD) & FD_CLOEXEC)) fail_msg("%s would be inherited", target);
    count++;
  }
  closedir(open);
  assert_true(count >= 2);
  zoo_close(&zoo);
}

int main(void) {
  (void)own_folder(); /* one for all generations */
  const struct CMUnitTest tests[] = {
      EVERYWHERE(a_child_is_refused), EVERYWHERE(a_new_runtime_opens), EVERYWHERE(after_the_end),
      EVERYWHERE(at_any_moment),      EVERYWHERE(connections_end),     EVERYWHERE(descriptors_close_on_exec),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
