/* SPDX-License-Identifier: Apache-2.0
 *
 * hawser: the command line. Finds the command and lets it run.
 */
#include <stdio.h>
#include <string.h>

#include "abi/hawser.h"
#include "tools/hawser/commands.h"
#include "tools/hawser/log.h"

static const struct command commands[] = {
    {"serve", "--listen URL --target URL [OPTION]...",
     "Accept connections that carry many streams, and join each stream to a connection to the target. A stream whose\n"
     "target cannot be reached is reset; the others go on.\n",
     COMMAND_SERVE, false, serve_run},
    {"forward", "--via URL -L LISTEN=TARGET [OPTION]...",
     "Listen locally, and carry every connection as a stream over the one connection to a hawser serve. TARGET is "
     "what\n"
     "the far side shall dial; in plain yamux it is its choice, and TARGET must be \"default\".\n",
     COMMAND_FORWARD, false, forward_run},
    {"echo", "--listen URL [OPTION]...", "Accept connections that carry many streams, and send back what each sends.\n",
     COMMAND_ECHO, false, echo_run},
    {"plugin", "list | show NAME|PATH [OPTION]...", "Show the transports that are found, or one of them.\n",
     COMMAND_PLUGIN, true, plugin_run},
};

enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

static void print_usage(void) {
  printf("usage: hawser COMMAND [OPTION]...\n\n");
  for (int i = 0; i < COMMAND_COUNT; i++) printf("  hawser %s %s\n", commands[i].name, commands[i].arguments);
  printf("  hawser COMMAND --help\n  hawser --version\n");
}

static int run_command(const struct command *command, int argc, char **argv) {
  struct options options;
  log_name(command->name);
  if (!options_read(command, argc, argv, &options)) return EXIT_BAD_INPUT;
  if (options.help) {
    options_help(command);
    return 0;
  }
  return command->run(&options);
}

static int run(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "";
  for (int i = 0; i < COMMAND_COUNT; i++) {
    if (strcmp(commands[i].name, name) == 0) return run_command(&commands[i], argc - 1, argv + 1);
  }
  if (strcmp(name, "--help") == 0) {
    print_usage();
  } else if (strcmp(name, "--version") == 0) {
    printf("hawser %s (ABI %u.%u)\n", hws_version(), hws_abi_version() >> 16, hws_abi_version() & 0xffff);
  } else {
    log_line("%s%s%s: see hawser --help", argc > 1 ? "unknown command \"" : "no command", name, argc > 1 ? "\"" : "");
    return EXIT_BAD_INPUT;
  }
  return 0;
}

int main(int argc, char **argv) {
  int code = run(argc, argv);
  if (fflush(stdout) != 0 && code == 0) {
    log_line("cannot write to standard output");
    return EXIT_RUN_TIME;
  }
  /* Every way to such an end says why; one that does not is a fault that should be seen. */
  if (code && !log_has_spoken()) log_line("ended with %d, and no reason was told", code);
  return code;
}
