/* SPDX-License-Identifier: Apache-2.0
 *
 * hawser serve: every stream that a peer opens is joined to a connection to the target, which is dialled before a byte
 * of the stream is taken.
 */
#include <string.h>

#include "tools/hawser/commands.h"
#include "tools/hawser/log.h"
#include "tools/hawser/server.h"
#include "tools/hawser/url.h"

static hws_result dial_target(struct pumps *pumps, const struct hws_how *how, hws_handle *stream) {
  struct server *server = OWNER_OF(pumps, struct server, pumps);
  return hws_dial(server->loop.runtime, server->options->target, 0, how, NULL, NULL, stream);
}

static bool is_allowed(const struct options *options, const char *target) {
  for (uint32_t i = 0; i < options->allow_count; i++) {
    if (strcmp(options->allow[i], target) == 0) return true;
  }
  return options->allow_count == 0;
}

static int check_options(const struct options *options, hws_handle runtime) {
  if (options->listen == NULL) {
    log_line("--listen URL is needed");
  } else if (options->target == NULL) {
    log_line("--target URL is needed: streams of plain yamux carry no name, so they all lead to one target");
  } else if (!is_allowed(options, options->target)) {
    log_line("--target \"%s\": not among the targets of --allow", options->target);
  } else {
    int code = url_check(runtime, "--target", options->target);
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
