/* SPDX-License-Identifier: Apache-2.0
 *
 * hawser echo: every stream is sent back what it sends, and its end after that.
 */
#include "tools/hawser/commands.h"
#include "tools/hawser/log.h"
#include "tools/hawser/server.h"

int echo_run(const struct options *options) {
  if (options->listen == NULL) {
    log_line("--listen URL is needed");
    return EXIT_BAD_INPUT;
  }
  struct server server = {0};
  int code = loop_open(&server.loop, options);
  if (code) return code;
  return server_run(&server, options, NULL);
}
