/* SPDX-License-Identifier: Apache-2.0
 *
 * Processes on POSIX systems.
 */
#include "tests/interop/process.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "tests/interop/calls.h"

extern char **environ;

intptr_t process_start(char **command) {
  pid_t pid;

  if (posix_spawn(&pid, command[0], NULL, NULL, command, environ) != 0) fail("%s does not start", command[0]);
  return pid;
}

bool process_ended(intptr_t process) {
  siginfo_t info = {0};

  return waitid(P_PID, (id_t)process, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == process;
}

int process_wait(intptr_t process) {
  int status;

  if (waitpid((pid_t)process, &status, 0) != process || !WIFEXITED(status)) fail("a peer was killed");
  return WEXITSTATUS(status);
}
