/* SPDX-License-Identifier: Apache-2.0
 *
 * A process of its own for a case, by fork: what a plugin breaks it breaks there.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS, strsignal */
#include "plugins/check/process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "plugins/check/fault.h"
#include "plugins/check/sync.h"

uint64_t check_process_user(void) {
  return geteuid();
}

uint64_t check_process_group(void) {
  return getegid();
}

uint64_t check_process_id(void) {
  return (uint64_t)getpid();
}

static int holding; /* the held process ends when the last writer of this pipe does */
static pid_t held;

void check_process_hold(void) {
  int ends[2];
  char byte;
  CHECK(pipe(ends) == 0, "the kit cannot make a pipe (errno %d)", errno);
  held = fork();
  CHECK(held >= 0, "the kit cannot fork (errno %d)", errno);
  if (held == 0) {
    (void)close(ends[1]);
    while (read(ends[0], &byte, 1) < 0 && errno == EINTR) {
    }
    _exit(CHECK_EXIT_PASSED);
  }
  (void)close(ends[0]);
  holding = ends[1];
}

void check_process_release(void) {
  int status = 0;
  (void)close(holding);
  (void)waitpid(held, &status, 0);
}

void *check_process_share(size_t bytes) {
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

void check_process_unshare(void *memory, size_t bytes) {
  if (memory) (void)munmap(memory, bytes);
}

/* SIGCHLD is blocked by the caller, so that it ends the wait and is never missed. */
static int wait_for(pid_t child, unsigned limit_ms, int *status) {
  uint64_t until = check_now_ns() + (uint64_t)limit_ms * 1000000;
  sigset_t set;
  (void)sigemptyset(&set);
  (void)sigaddset(&set, SIGCHLD);
  for (;;) {
    if (waitpid(child, status, WNOHANG) == child) return 0;
    uint64_t now = check_now_ns();
    if (now >= until) return -1;
    struct timespec left = {.tv_sec = (time_t)((until - now) / 1000000000),
                            .tv_nsec = (long)((until - now) % 1000000000)};
    (void)sigtimedwait(&set, NULL, &left);
  }
}

static const char *judge(int status, const struct check_trace *trace, char *failure, size_t failure_size) {
  const char *inside = trace->inside;
  if (WIFEXITED(status) && WEXITSTATUS(status) == CHECK_EXIT_PASSED) return NULL;
  if (trace->failure[0] != 0) {
    (void)snprintf(failure, failure_size, "%s", trace->failure);
  } else if (WIFSIGNALED(status)) {
    (void)snprintf(failure, failure_size, "killed by signal %d (%s)%s%s", WTERMSIG(status), strsignal(WTERMSIG(status)),
                   inside ? " inside " : "", inside ? inside : "");
  } else {
    (void)snprintf(failure, failure_size, "exited with %d%s%s", WEXITSTATUS(status), inside ? " inside " : "",
                   inside ? inside : "");
  }
  return failure;
}

static const char *run_forked(void (*run)(void *argument), void *argument, unsigned limit_ms, struct check_trace *trace,
                              const sigset_t *signals, char *failure, size_t failure_size) {
  int status = 0;
  pid_t child = fork();
  if (child < 0) {
    (void)snprintf(failure, failure_size, "the kit cannot fork (errno %d)", errno);
    return failure;
  }
  if (child == 0) {
    (void)sigprocmask(SIG_SETMASK, signals, NULL);
    check_trace_use(trace);
    run(argument);
    _exit(CHECK_EXIT_PASSED);
  }
  if (wait_for(child, limit_ms, &status) == 0) return judge(status, trace, failure, failure_size);
  const char *inside = trace->inside;
  (void)kill(child, SIGKILL);
  (void)waitpid(child, &status, 0);
  if (inside) {
    (void)snprintf(failure, failure_size, "did not return from %s within %u ms", inside, limit_ms);
  } else {
    (void)snprintf(failure, failure_size, "did not end within %u ms", limit_ms);
  }
  return failure;
}

const char *check_process_run(void (*run)(void *argument), void *argument, unsigned limit_ms, char *failure,
                              size_t failure_size) {
  struct check_trace *trace = check_process_share(sizeof *trace);
  if (!trace) {
    (void)snprintf(failure, failure_size, "the kit cannot share memory (errno %d)", errno);
    return failure;
  }
  sigset_t blocked;
  sigset_t before;
  (void)sigemptyset(&blocked);
  (void)sigaddset(&blocked, SIGCHLD);
  (void)sigprocmask(SIG_BLOCK, &blocked, &before);
  const char *result = run_forked(run, argument, limit_ms, trace, &before, failure, failure_size);
  (void)sigprocmask(SIG_SETMASK, &before, NULL);
  check_process_unshare(trace, sizeof *trace);
  return result;
}
