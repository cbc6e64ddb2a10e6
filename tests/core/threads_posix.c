/* SPDX-License-Identifier: Apache-2.0
 *
 * The threads of places.h, and whether one is asleep, as the kernel says.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/core/places.h"
#include "tests/core/threads_posix.h"

struct thread {
  pthread_t thread;
  void (*run)(void *argument);
  void *argument;
  atomic_int id;
};

static void *thread_main(void *argument) {
  struct thread *thread = argument;
  atomic_store(&thread->id, (int)syscall(SYS_gettid));
  thread->run(thread->argument);
  return NULL;
}

struct thread *thread_start(void (*run)(void *argument), void *argument) {
  struct thread *thread = calloc(1, sizeof *thread);
  assert_non_null(thread);
  thread->run = run;
  thread->argument = argument;
  assert_int_equal(pthread_create(&thread->thread, NULL, thread_main, thread), 0);
  return thread;
}

void thread_join(struct thread *thread) {
  assert_int_equal(pthread_join(thread->thread, NULL), 0);
  free(thread);
}

/* Asleep in the kernel, at this moment. */
static bool is_asleep(int id) {
  char path[64], stat[256] = "";
  (void)snprintf(path, sizeof path, "/proc/self/task/%d/stat", id);
  int file = id ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  ssize_t length = file >= 0 ? read(file, stat, sizeof stat - 1) : 0;
  if (file >= 0) close(file);
  const char *state = length > 0 ? strrchr(stat, ')') : NULL;
  return state && state[2] == 'S';
}

/* Asleep, and the same the next time one looks. */
void thread_blocked(struct thread *thread) {
  uint64_t until = hws_now() + LIMIT_NS;
  for (int asleep = 0; asleep < 3;) {
    if (hws_now() > until) fail_msg("the thread never blocked");
    asleep = is_asleep(atomic_load(&thread->id)) ? asleep + 1 : 0;
    usleep(1000);
  }
}

static bool others_asleep(void) {
  bool asleep = true;
  int self = (int)syscall(SYS_gettid);
  DIR *tasks = opendir("/proc/self/task");
  assert_non_null(tasks);
  for (struct dirent *task; asleep && (task = readdir(tasks));) {
    int id = (int)strtol(task->d_name, NULL, 10);
    asleep = !id || id == self || is_asleep(id);
  }
  closedir(tasks);
  return asleep;
}

void threads_settle(void) {
  uint64_t until = hws_now() + SECOND;
  for (int asleep = 0; asleep < 2 && hws_now() < until;) {
    asleep = others_asleep() ? asleep + 1 : 0;
    if (asleep < 2) sched_yield();
  }
}

void thread_signal(struct thread *thread, int signal) {
  assert_int_equal(pthread_kill(thread->thread, signal), 0);
}

static void on_signal(int signal) {
  (void)signal;
}

const bool threads_have_signals = true;

void thread_interrupt(struct thread *thread) {
  struct sigaction action = {.sa_handler = on_signal};
  assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
  thread_signal(thread, SIGUSR1);
}

unsigned threads_count(void) {
  unsigned count = 0;
  DIR *tasks = opendir("/proc/self/task");
  assert_non_null(tasks);
  for (struct dirent *task; (task = readdir(tasks));) count += task->d_name[0] != '.';
  closedir(tasks);
  return count;
}

void descriptors_allow(unsigned count) {
  struct rlimit limit;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_cur < count) limit.rlim_cur = count;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

bool descriptor_readable(int64_t descriptor, int ms) {
  struct pollfd item = {.fd = (int)descriptor, .events = POLLIN};
  int count = poll(&item, 1, ms);
  assert_true(count >= 0);
  return count == 1 && (item.revents & POLLIN);
}
