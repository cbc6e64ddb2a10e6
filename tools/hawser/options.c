/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line. One table holds every option, the commands that take it and its help, so that what is read and
 * what is said about it cannot differ.
 */
#include "tools/hawser/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/hawser.h"
#include "tools/hawser/log.h"

enum {
  FIRST_OPTION = 256, /* above every letter */
  MAX_STREAMS_LIMIT = 1 << 16,
  DRAIN_SECONDS_DEFAULT = 5,
  DRAIN_SECONDS_LIMIT = 86400
};

enum option_id {
  OPTION_LISTEN,
  OPTION_TARGET,
  OPTION_ALLOW,
  OPTION_VIA,
  OPTION_FORWARD,
  OPTION_MAX_STREAMS,
  OPTION_DRAIN,
  OPTION_STATS,
  OPTION_MUX,
  OPTION_PLUGIN_DIR,
  OPTION_HELP,
  OPTION_COUNT
};

struct option_row {
  const char *name;
  const char *argument; /* NULL: takes none */
  const char *help;
  unsigned commands;
  char letter; /* 0: none; one with a letter has no long form */
};

enum {
  COMMANDS_SERVING = COMMAND_SERVE | COMMAND_ECHO,
  COMMANDS_RUNNING = COMMAND_SERVE | COMMAND_ECHO | COMMAND_FORWARD,
  COMMANDS_ALL = COMMANDS_RUNNING | COMMAND_PLUGIN
};

static const struct option_row rows[OPTION_COUNT] = {
    [OPTION_LISTEN] = {"listen", "URL", "listen there for connections that carry streams", COMMANDS_SERVING, 0},
    [OPTION_TARGET] = {"target", "URL", "dial this for streams that name no target", COMMAND_SERVE, 0},
    [OPTION_ALLOW] = {"allow", "TARGET", "streams may name this to be dialled; may be given many times", COMMAND_SERVE,
                      0},
    [OPTION_VIA] = {"via", "URL", "the one connection that carries the streams", COMMAND_FORWARD, 0},
    [OPTION_FORWARD] = {"-L", "LISTEN=TARGET",
                        "listen at LISTEN (a URL, PORT or HOST:PORT), have the far side dial TARGET", COMMAND_FORWARD,
                        'L'},
    [OPTION_MAX_STREAMS] = {"max-streams", "N", "streams at once; more of them wait (1024; forward: 256)",
                            COMMANDS_RUNNING, 0},
    [OPTION_DRAIN] = {"drain", "SECONDS", "when stopped, let streams end for so long (5)", COMMANDS_RUNNING, 0},
    [OPTION_STATS] = {"stats", NULL, "print counters on standard error at the end", COMMANDS_RUNNING, 0},
    [OPTION_MUX] = {"mux", "MODE", "what carries the streams: auto (the default), native or yamux", COMMANDS_ALL, 0},
    [OPTION_PLUGIN_DIR] = {"plugin-dir", "DIR", "look there for transports first", COMMANDS_ALL, 0},
    [OPTION_HELP] = {"help", NULL, "print this", COMMANDS_ALL, 0},
};

static const char *row_dashes(const struct option_row *row) {
  return row->letter ? "" : "--";
}

static bool read_number(const struct option_row *row, const char *text, uint64_t lowest, uint64_t highest,
                        uint64_t *number) {
  char *end;
  errno = 0;
  unsigned long long value = strtoull(text, &end, 10);
  bool digits = text[0] >= '0' && text[0] <= '9' && *end == 0 && errno == 0;
  if (digits && value >= lowest && value <= highest) {
    *number = value;
    return true;
  }
  log_line("--%s \"%s\": must be a number from %llu to %llu", row->name, text, (unsigned long long)lowest,
           (unsigned long long)highest);
  return false;
}

static bool read_mode(const char *text, struct options *options) {
  static const struct {
    const char *name;
    uint32_t mode;
  } modes[] = {{"auto", HWS_MODE_AUTO}, {"native", HWS_MODE_NATIVE}, {"yamux", HWS_MODE_YAMUX}};
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    if (strcmp(text, modes[i].name) != 0) continue;
    options->mode = modes[i].mode;
    return true;
  }
  log_line("--mux \"%s\": must be auto, native or yamux", text);
  return false;
}

static bool read_allow(const char *text, struct options *options) {
  if (options->allow_count == OPTIONS_ALLOW_MAX) {
    log_line("--allow \"%s\": more than %d of them", text, OPTIONS_ALLOW_MAX);
    return false;
  }
  options->allow[options->allow_count++] = text;
  return true;
}

static bool read_text(const char *text, const char **field) {
  *field = text;
  return true;
}

static bool read_option(enum option_id id, const char *text, struct options *options) {
  const struct option_row *row = &rows[id];
  switch (id) {
  case OPTION_LISTEN:
    return read_text(text, &options->listen);
  case OPTION_TARGET:
    return read_text(text, &options->target);
  case OPTION_ALLOW:
    return read_allow(text, options);
  case OPTION_VIA:
    return read_text(text, &options->via);
  case OPTION_FORWARD:
    return read_text(text, &options->forward);
  case OPTION_MAX_STREAMS:
    return read_number(row, text, 1, MAX_STREAMS_LIMIT, &options->max_streams);
  case OPTION_DRAIN:
    return read_number(row, text, 0, DRAIN_SECONDS_LIMIT, &options->drain_seconds);
  case OPTION_STATS:
    options->stats = true;
    return true;
  case OPTION_MUX:
    return read_mode(text, options);
  case OPTION_PLUGIN_DIR:
    return read_text(text, &options->plugin_dir);
  case OPTION_HELP:
    options->help = true;
    return true;
  case OPTION_COUNT:
    break;
  }
  return false;
}

/* The forms that getopt_long wants, of the options that the command takes. */
static void build_forms(enum command_bit bit, struct option *longs, char *letters) {
  *letters++ = ':';
  for (int id = 0; id < OPTION_COUNT; id++) {
    const struct option_row *row = &rows[id];
    if ((row->commands & bit) == 0) continue;
    if (row->letter) {
      *letters++ = row->letter;
      if (row->argument) *letters++ = ':';
    } else {
      *longs++ = (struct option){row->name, row->argument != NULL, NULL, FIRST_OPTION + id};
    }
  }
  *letters = 0;
  *longs = (struct option){0};
}

static enum option_id id_of(int found) {
  if (found >= FIRST_OPTION) return (enum option_id)(found - FIRST_OPTION);
  for (int id = 0; id < OPTION_COUNT; id++) {
    if (rows[id].letter == found) return (enum option_id)id;
  }
  return OPTION_COUNT;
}

static bool read_found(int found, char **argv, struct options *options, bool seen[OPTION_COUNT]) {
  bool wrong = found == '?' || found == ':';
  enum option_id id = id_of(wrong ? optopt : found);
  /* Of these two, one system's getopt_long answers this and the other's that. */
  if (wrong && id < OPTION_COUNT && rows[id].argument == NULL) {
    log_line("\"%s\": takes no value", argv[optind - 1]);
    return false;
  }
  if (found == '?' && optopt) {
    log_line("unknown option \"-%c\"", optopt);
    return false;
  }
  if (found == '?') {
    log_line("unknown option \"%s\"", argv[optind - 1]);
    return false;
  }
  const struct option_row *row = &rows[id];
  if (found == ':' || (row->argument && *optarg == 0)) {
    log_line("%s%s needs a value: %s", row_dashes(row), row->name, row->argument);
    return false;
  }
  if (seen[id] && id != OPTION_ALLOW) {
    log_line("%s%s stands there twice", row_dashes(row), row->name);
    return false;
  }
  seen[id] = true;
  return read_option(id, optarg, options);
}

bool options_read(const struct command *command, int argc, char **argv, struct options *options) {
  struct option longs[OPTION_COUNT + 1];
  char letters[2 * OPTION_COUNT + 2];
  bool seen[OPTION_COUNT] = {false};
  build_forms(command->bit, longs, letters);
  *options = (struct options){.mode = HWS_MODE_AUTO, .drain_seconds = DRAIN_SECONDS_DEFAULT};
  opterr = 0;
  int found;
  while ((found = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
    if (!read_found(found, argv, options, seen)) return false;
    if (options->help) return true;
  }
  options->arguments = argv + optind;
  options->argument_count = argc - optind;
  if (options->argument_count && !command->takes_arguments) {
    log_line("unexpected argument \"%s\"", options->arguments[0]);
    return false;
  }
  return true;
}

void options_help(const struct command *command) {
  printf("usage: hawser %s %s\n\n%s\n", command->name, command->arguments, command->summary);
  for (int id = 0; id < OPTION_COUNT; id++) {
    const struct option_row *row = &rows[id];
    if ((row->commands & (unsigned)command->bit) == 0) continue;
    char form[64];
    snprintf(form, sizeof form, "%s%s %s", row_dashes(row), row->name, row->argument ? row->argument : "");
    printf("  %-22s %s\n", form, row->help);
  }
}
