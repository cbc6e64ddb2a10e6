/* SPDX-License-Identifier: Apache-2.0
 *
 * The event loop: one runtime, one completion queue, one thread. It runs as long as an op is out, so a command ends by
 * closing what it holds, and nothing is left behind when it does.
 */
#ifndef HAWSER_TOOL_LOOP_H
#define HAWSER_TOOL_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/hawser.h"
#include "tools/hawser/options.h"

/* Who is told of an event. An op's tag is its task's address, so a task lives until its ops have had their events. */
struct task {
  void (*done)(struct task *task, const struct hws_event *event);
};

/* The struct of that type in which `member` stands at `pointer`. */
#define OWNER_OF(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

/* What a command does when the loop is told to stop or to report. */
struct work {
  void (*drain)(struct work *work);  /* take no more; end when what runs has ended */
  void (*abort)(struct work *work);  /* end everything now */
  void (*report)(struct work *work); /* print counters */
};

struct loop {
  hws_handle runtime;
  hws_handle queue;
  struct work *work;
  uint64_t pending;   /* ops whose event is to come */
  uint64_t drain_ns;  /* how long a drain may take */
  uint64_t drain_end; /* on the clock of hws_now; 0: no drain */
  int exit_code;
};

/* Open a runtime as the options want it. An exit code, 0 for success; otherwise what is wrong was said. */
int runtime_open(const struct options *options, hws_handle *runtime);

/* Close a runtime; complains if it cannot be joined, and returns the exit code to end with. */
int runtime_close(hws_handle runtime, int exit_code);

int loop_open(struct loop *loop, const struct options *options);

/* Close a loop that was never run. Returns the exit code that it is given. */
int loop_abandon(struct loop *loop, int exit_code);

/* Run until no op is out, then close the loop. Returns the exit code of the process. */
int loop_run(struct loop *loop, struct work *work);

/* Drain the work and end with that exit code; the first code other than 0 stays. Called again: abort it. */
void loop_stop(struct loop *loop, int exit_code);

/* What an op of `task` is to be submitted with. */
struct hws_how loop_how(const struct loop *loop, struct task *task);

/* Pass on what a submit returned, and count the op if it pends. */
hws_result loop_submitted(struct loop *loop, hws_result result);

/* Why an object failed, or this thread's last call was refused: in the words of that, or the status's where it has
 * none. */
void explain(hws_handle object, int32_t status, struct hws_detail *detail);

#endif
