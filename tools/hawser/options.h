/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line: which command takes which option, what was given, and what --help says about it.
 */
#ifndef HAWSER_TOOL_OPTIONS_H
#define HAWSER_TOOL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum command_bit { COMMAND_SERVE = 1, COMMAND_FORWARD = 2, COMMAND_ECHO = 4, COMMAND_PLUGIN = 8 };

enum { OPTIONS_ALLOW_MAX = 256 };

struct options {
  const char *listen;
  const char *target;
  const char *via;
  const char *forward; /* LISTEN=TARGET, as given */
  const char *plugin_dir;
  const char *allow[OPTIONS_ALLOW_MAX];
  uint32_t allow_count;
  uint32_t mode;        /* hws_mode */
  uint64_t max_streams; /* 0: not given */
  uint64_t drain_seconds;
  bool stats;
  bool help;
  char **arguments; /* what is no option */
  int argument_count;
};

struct command {
  const char *name;
  const char *arguments; /* how they stand in the usage line */
  const char *summary;   /* what it does, for --help: lines that end in a newline */
  enum command_bit bit;
  bool takes_arguments;
  int (*run)(const struct options *options);
};

/* Read the command line of `command`, whose name stands in argv[0]. False: what is wrong was said. */
bool options_read(const struct command *command, int argc, char **argv, struct options *options);

/* Print the help of a command. */
void options_help(const struct command *command);

#endif
