/* SPDX-License-Identifier: Apache-2.0
 *
 * The stage on the real system: its threads, its clock, its descriptors.
 */
#define _GNU_SOURCE /* ppoll, mkdtemp */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/real/owner.h"
#include "tests/sim/record.h"
#include "tests/sim/stage.h"

const char *const stage_places[STAGE_PLACES] = {"mem", "unix", "tcp"};
const bool stage_resets[STAGE_PLACES] = {true, false, true};
const uint64_t stage_block_ns = 50000000;
const uint64_t stage_patience_ns = UINT64_C(20000000000);
const uint64_t stage_busy_most = 0;
const bool stage_exact = false;

enum { SIGNAL = SIGUSR1 };

struct stage_thread {
  pthread_t thread;
  void (*run)(void *argument);
  void *argument;
  atomic_uint sent; /* signals to it, and those whose handler has run: so many are on their way */
  atomic_uint met;
  bool joined;
  struct stage_thread *next;
};

static struct stage_thread *threads; /* of this story: one may be sent a signal when it is gone */

static _Thread_local struct stage_thread *self;

uint64_t stage_busy(void) {
  return 0; /* a processor's time says nothing on a loaded machine */
}

/* ---- who owns the story ---- */

static pthread_mutex_t owner = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local bool owns;

bool owner_leave(void) {
  bool owned = owns;
  owns = false;
  if (owned) pthread_mutex_unlock(&owner);
  return owned;
}

void owner_return(void) {
  pthread_mutex_lock(&owner);
  owns = true;
}

bool owner_try(unsigned seconds) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += seconds;
  return pthread_mutex_timedlock(&owner, &until) == 0;
}

bool stage_is_slow(void) {
  return false;
}

bool stage_has_failed(void) {
  return false; /* tests/faults do that there */
}

bool stage_excuses(int pair, int32_t status) {
  (void)pair, (void)status;
  return false;
}

void *stage_memory(size_t bytes) {
  return malloc(bytes);
}

void stage_acts(bool begin) {
  (void)begin;
}

/* The library writes it so, too: a thread that blocks in the call can be cancelled by another. */
hws_handle stage_peek(const hws_handle *op) {
  return __atomic_load_n(op, __ATOMIC_ACQUIRE);
}

/* ---- around a story ---- */

static int file = -1;
static char folder[] = "/tmp/hawser-stories-XXXXXX";
static unsigned open_before;

static unsigned descriptors(void) {
  unsigned count = 0;
  DIR *all = opendir("/proc/self/fd");
  if (!all) abort();
  while (readdir(all)) count++;
  closedir(all);
  return count;
}

static void handler(int signal) {
  (void)signal;
  if (self) atomic_fetch_add(&self->met, 1);
}

static void end_folder(void) {
  (void)rmdir(folder);
}

/* What a process has once. */
static void begin_process(void) {
  static uint8_t bytes[STAGE_FILE_BYTES];
  for (unsigned i = 0; i < STAGE_FILE_BYTES; i++) bytes[i] = stage_byte(STAGE_FILE_SEED, i);
  const struct sigaction action = {.sa_handler = handler};
  if (sigaction(SIGNAL, &action, NULL) != 0 || !mkdtemp(folder) || atexit(end_folder) != 0) abort();
  char path[64];
  (void)snprintf(path, sizeof path, "%s/fileXXXXXX", folder);
  file = mkstemp(path);
  if (file < 0 || unlink(path) != 0 || write(file, bytes, sizeof bytes) != (ssize_t)sizeof bytes) abort();
}

void stage_begin(const struct story *story) {
  (void)story;
  if (file < 0) begin_process();
  open_before = descriptors();
  owner_return();
}

void stage_end(void) {
  for (struct stage_thread *thread; (thread = threads);) {
    threads = thread->next;
    free(thread);
  }
  unsigned count = descriptors();
  if (count != open_before) fault("%u descriptors are open, and were %u", count, open_before);
  (void)owner_leave();
}

/* ---- threads ---- */

static void *thread_main(void *argument) {
  self = argument;
  owner_return();
  self->run(self->argument);
  (void)owner_leave();
  return NULL;
}

struct stage_thread *stage_spawn(const char *name, void (*run)(void *argument), void *argument) {
  struct stage_thread *thread = calloc(1, sizeof *thread);
  if (!thread) abort();
  thread->run = run;
  thread->argument = argument;
  thread->next = threads;
  threads = thread;
  if (pthread_create(&thread->thread, NULL, thread_main, thread) != 0) abort();
  (void)pthread_setname_np(thread->thread, name);
  return thread;
}

void stage_join(struct stage_thread *thread) {
  (void)owner_leave();
  if (pthread_join(thread->thread, NULL) != 0) abort();
  owner_return();
  thread->joined = true;
}

struct stage_thread *stage_self(void) {
  return self;
}

void stage_signal(struct stage_thread *thread) {
  if (thread->joined) return;
  atomic_fetch_add(&thread->sent, 1);
  (void)pthread_kill(thread->thread, SIGNAL);
}

bool stage_signal_pends(void) {
  return self && atomic_load(&self->sent) != atomic_load(&self->met);
}

/* ---- time ---- */

uint64_t stage_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static struct timespec time_of(uint64_t nanoseconds) {
  return (struct timespec){.tv_sec = (time_t)(nanoseconds / 1000000000), .tv_nsec = (long)(nanoseconds % 1000000000)};
}

void stage_sleep(uint64_t nanoseconds) {
  const struct timespec time = time_of(nanoseconds);
  (void)owner_leave();
  (void)nanosleep(&time, NULL);
  owner_return();
}

void stage_poll(int64_t waitable, uint64_t until) {
  uint64_t now = stage_now();
  const struct timespec time = time_of(until > now ? until - now : 0);
  struct pollfd poll = {.fd = (int)waitable, .events = POLLIN};
  (void)owner_leave();
  (void)ppoll(&poll, 1, &time, NULL);
  owner_return();
}

/* ---- what calls are given ---- */

int64_t stage_file(void) {
  return file;
}

/* Each process has an address of loopback to itself: a port that one gave back is not dialled in another's. */
static void tcp_url(char *url, size_t size, hws_handle listener) {
  char bound[128] = "";
  if (listener) (void)hws_text(listener, HWS_TEXT_LOCAL, bound, sizeof bound);
  const char *tcp = strstr(bound, "tcp://");
  if (tcp)
    (void)snprintf(url, size, "%.90s", tcp);
  else
    (void)snprintf(url, size, "tcp://127.%u.%u.1:0", 1 + (unsigned)getpid() / 250 % 250, 1 + (unsigned)getpid() % 250);
}

void stage_url(char *url, size_t size, unsigned place, uint32_t buffer, int what, hws_handle listener) {
  (void)what;
  if (place == 2)
    tcp_url(url, size, listener);
  else if (place == 1)
    (void)snprintf(url, size, "unix://%s/story", folder);
  else
    (void)snprintf(url, size, "mem://story?buffer=%u", buffer);
}
