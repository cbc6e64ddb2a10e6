/* SPDX-License-Identifier: Apache-2.0
 *
 * hawser serve: every stream that a peer opens is joined to a connection to its target, which is dialled before a byte
 * of the stream is taken. A stream may name its target, where that is allowed; one that names none has the default.
 */
#include <stdio.h>
#include <string.h>

#include "tools/hawser/commands.h"
#include "tools/hawser/log.h"
#include "tools/hawser/server.h"
#include "tools/hawser/url.h"

enum { TARGET_MAX = 4096 };

static bool is_listed(const struct options *options, const char *target) {
  for (uint32_t i = 0; i < options->allow_count; i++) {
    if (strcmp(options->allow[i], target) == 0) return true;
  }
  return false;
}

/* What the stream asks for, if it may; NULL: pumps->denial says why not. */
static const char *choose_target(struct pumps *pumps, const struct options *options, const char *name) {
  const char *target = name[0] ? name : options->target;
  if (target == NULL) {
    snprintf(pumps->denial, sizeof pumps->denial, "it names no target, and there is no --target");
  } else if (name[0] && !is_listed(options, name) && !(options->target && strcmp(options->target, name) == 0)) {
    snprintf(pumps->denial, sizeof pumps->denial, "the target \"%.150s\" is not allowed", name);
    return NULL;
  }
  return target;
}

static hws_result dial_target(struct pumps *pumps, hws_handle from, const struct hws_how *how, hws_handle *stream) {
  struct server *server = OWNER_OF(pumps, struct server, pumps);
  char name[TARGET_MAX];
  hws_result length = hws_text(from, HWS_TEXT_NAME, name, sizeof name);
  if (length < 0) return length;
  if (length >= TARGET_MAX) {
    snprintf(pumps->denial, sizeof pumps->denial, "the name of its target is too long");
    return HWS_E_REFUSED;
  }
  const char *target = choose_target(pumps, server->options, name);
  if (target == NULL) return HWS_E_REFUSED;
  return hws_dial(server->loop.runtime, target, 0, how, NULL, NULL, stream);
}

static int check_options(const struct options *options, hws_handle runtime) {
  if (options->listen == NULL) {
    log_line("--listen URL is needed");
  } else if (options->target == NULL && options->mode == HWS_MODE_YAMUX) {
    log_line("--target URL is needed: streams of plain yamux carry no name, so they all lead to one target");
  } else if (options->target == NULL && options->allow_count == 0) {
    log_line("--target URL or --allow TARGET is needed");
  } else {
    int code = options->target ? url_check(runtime, "--target", options->target) : 0;
    for (uint32_t i = 0; code == 0 && i < options->allow_count; i++) {
      code = url_check(runtime, "--allow", options->allow[i]);
    }
    return code;
  }
  return EXIT_BAD_INPUT;
}

int serve_run(const struct options *options) {
  struct server server = {.pumps = {.unreached = "a stream was refused"}};
  int code = loop_open(&server.loop, options);
  if (code) return code;
  code = check_options(options, server.loop.runtime);
  if (code) return loop_abandon(&server.loop, code);
  return server_run(&server, options, dial_target);
}
