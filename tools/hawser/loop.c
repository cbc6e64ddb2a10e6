/* SPDX-License-Identifier: Apache-2.0
 *
 * The event loop of the tool. The runtime has no thread of its own: this one thread reads, writes and harvests, so a
 * byte passes the tool without a hop between threads.
 */
#include "tools/hawser/loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/hawser/log.h"
#include "tools/hawser/system.h"

enum { EVENTS_AT_ONCE = 64 };
static const int64_t JOIN_NS = 15000000000; /* more than sessions that were closed drain */
static const uint64_t SECOND_NS = 1000000000;

int runtime_open(const struct options *options, hws_handle *runtime) {
  char *dir = NULL;
  if (options->plugin_dir) {
    dir = system_absolute_path(options->plugin_dir);
    if (dir == NULL) {
      log_line("--plugin-dir \"%s\": %s", options->plugin_dir, strerror(errno));
      return EXIT_BAD_INPUT;
    }
  }
  struct hws_runtime_config config = {.size = sizeof config, .flags = HWS_RUNTIME_CALLER_DRIVEN, .plugin_dir = dir};
  hws_result result = hws_runtime_open(&config, runtime);
  free(dir);
  if (result >= 0) return 0;
  log_line("cannot start: %s", hws_status_text(result));
  return EXIT_RUN_TIME;
}

int runtime_close(hws_handle runtime, int exit_code) {
  hws_result result = hws_runtime_join(runtime, JOIN_NS);
  if (result >= 0) return exit_code;
  log_line("cannot end cleanly: %s", hws_status_text(result));
  return exit_code ? exit_code : EXIT_RUN_TIME;
}

int loop_open(struct loop *loop, const struct options *options) {
  *loop = (struct loop){.drain_ns = options->drain_seconds * SECOND_NS};
  int failed = runtime_open(options, &loop->runtime);
  if (failed) return failed;
  hws_result result = hws_queue_open(loop->runtime, &loop->queue);
  if (result >= 0) return 0;
  log_line("cannot open a queue: %s", hws_status_text(result));
  return runtime_close(loop->runtime, EXIT_RUN_TIME);
}

void loop_stop(struct loop *loop, int exit_code) {
  if (loop->exit_code == 0) loop->exit_code = exit_code;
  if (loop->drain_end) {
    loop->work->abort(loop->work);
    return;
  }
  loop->drain_end = hws_now() + loop->drain_ns;
  loop->work->drain(loop->work);
}

static void loop_serve_requests(struct loop *loop) {
  struct system_requests requests = system_take_requests();
  if (requests.report) loop->work->report(loop->work);
  for (; requests.stops; requests.stops--) loop_stop(loop, 0);
}

/* How long the next wait may take; ends a drain that took too long. */
static int64_t loop_timeout(struct loop *loop) {
  if (loop->drain_end == 0 || loop->drain_end == UINT64_MAX) return -1;
  uint64_t now = hws_now();
  if (now < loop->drain_end) return (int64_t)(loop->drain_end - now);
  loop->drain_end = UINT64_MAX;
  loop->work->abort(loop->work);
  return 0;
}

static void loop_turn(struct loop *loop) {
  struct hws_event events[EVENTS_AT_ONCE];
  hws_result count = hws_queue_wait(loop->queue, events, EVENTS_AT_ONCE, loop_timeout(loop));
  if (count < 0 && count != HWS_E_INTERRUPTED) {
    log_line("cannot wait: %s", hws_status_text(count));
    abort();
  }
  for (hws_result i = 0; i < count; i++) {
    struct task *task = (struct task *)(uintptr_t)events[i].tag;
    if (events[i].kind == HWS_KIND_WAKE) continue; /* by loop_wake: a request came */
    loop->pending--;
    task->done(task, &events[i]);
  }
  loop_serve_requests(loop);
}

int loop_abandon(struct loop *loop, int exit_code) {
  hws_close(loop->queue, NULL, NULL, NULL);
  return runtime_close(loop->runtime, exit_code);
}

/* From another thread, maybe after the loop has ended. */
static void loop_wake(uint64_t queue) {
  hws_queue_wake(queue, 0);
}

int loop_run(struct loop *loop, struct work *work) {
  loop->work = work;
  system_catch_signals(loop_wake, loop->queue);
  while (loop->pending) loop_turn(loop);
  return loop_abandon(loop, loop->exit_code);
}

struct hws_how loop_how(const struct loop *loop, struct task *task) {
  return (struct hws_how){.size = sizeof(struct hws_how), .queue = loop->queue, .tag = (uintptr_t)task};
}

hws_result loop_submitted(struct loop *loop, hws_result result) {
  if (result == 0) loop->pending++;
  return result;
}

void explain(hws_handle object, int32_t status, struct hws_detail *detail) {
  *detail = (struct hws_detail){.size = sizeof *detail};
  if (hws_detail(object, detail) < 0 || detail->status != status) *detail = (struct hws_detail){.size = sizeof *detail};
  if (detail->text[0] == 0 && (hws_refusal(detail) < 0 || detail->status != status))
    *detail = (struct hws_detail){.size = sizeof *detail};
  if (detail->text[0] == 0) snprintf(detail->text, sizeof detail->text, "%s", hws_status_text(status));
}
