/* SPDX-License-Identifier: Apache-2.0
 *
 * Signals and paths on POSIX systems.
 *
 * A signal that arrives after the loop has looked but before it waits would be noticed at the next event only. So the
 * handler sets an alarm, whose signal interrupts the wait, and which stays set until the loop has looked.
 */
#include "tools/hawser/system.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ALARM_SECONDS = 1 };

static volatile sig_atomic_t stops;
static volatile sig_atomic_t reports;

static void on_signal(int number) {
  if (number == SIGUSR1) {
    reports = 1;
  } else if (number != SIGALRM) {
    stops = stops + 1;
  }
  alarm(ALARM_SECONDS);
}

static void signal_set(sigset_t *set) {
  sigemptyset(set);
  sigaddset(set, SIGINT);
  sigaddset(set, SIGTERM);
  sigaddset(set, SIGUSR1);
  sigaddset(set, SIGALRM);
}

void system_catch_signals(void (*wake)(uint64_t argument), uint64_t argument) {
  (void)wake, (void)argument; /* a signal interrupts the wait */
  struct sigaction action = {.sa_handler = on_signal};
  signal_set(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGALRM, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
}

struct system_requests system_take_requests(void) {
  struct system_requests requests = {0};
  if (stops == 0 && reports == 0) return requests;
  sigset_t ours;
  sigset_t before;
  signal_set(&ours);
  sigprocmask(SIG_BLOCK, &ours, &before);
  requests.stops = (unsigned)stops;
  requests.report = reports != 0;
  stops = 0;
  reports = 0;
  alarm(0);
  sigprocmask(SIG_SETMASK, &before, NULL);
  return requests;
}

char *system_absolute_path(const char *path) {
  return realpath(path, NULL);
}

bool system_is_path(const char *text) {
  return strchr(text, '/') != NULL;
}

const char *system_file_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}
