/* SPDX-License-Identifier: Apache-2.0
 *
 * Real threads.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/matrix/stage.h"
#include "tests/matrix/threads.h"

const bool workers_have_signals = true;

struct worker {
  pthread_t thread;
  void (*run)(void *argument);
  void *argument;
};

static void *worker_main(void *argument) {
  struct worker *worker = argument;
  worker->run(worker->argument);
  return NULL;
}

struct worker *worker_start(void (*run)(void *argument), void *argument) {
  struct worker *worker = calloc(1, sizeof *worker);
  if (!worker) abort();
  *worker = (struct worker){.run = run, .argument = argument};
  if (pthread_create(&worker->thread, NULL, worker_main, worker) != 0) abort();
  return worker;
}

void worker_join(struct worker *worker) {
  pthread_join(worker->thread, NULL);
  free(worker);
}

static void on_signal(int signal) {
  (void)signal;
}

void worker_interrupt(struct worker *worker) {
  const struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGUSR1, &action, NULL);
  pthread_kill(worker->thread, SIGUSR1);
}

void worker_yield(void) {
  sched_yield();
}

void worker_pause(void) {
  usleep(1000);
}

int64_t pattern_file(uint64_t bytes) {
  static int file = -1;
  if (file >= 0) return file;
  FILE *made = tmpfile();
  if (!made) abort();
  for (uint64_t i = 0; i < bytes; i++) putc(pattern(i), made);
  fflush(made);
  file = fileno(made);
  return file;
}
