/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands of the tool. Each returns the exit code of the process.
 */
#ifndef HAWSER_TOOL_COMMANDS_H
#define HAWSER_TOOL_COMMANDS_H

#include "tools/hawser/options.h"

int serve_run(const struct options *options);
int forward_run(const struct options *options);
int echo_run(const struct options *options);
int plugin_run(const struct options *options);

#endif
