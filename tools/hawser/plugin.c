/* SPDX-License-Identifier: Apache-2.0
 *
 * hawser plugin: which transports there are, and why one is not.
 */
#include "tools/hawser/commands.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/hawser.h"
#include "tools/hawser/log.h"
#include "tools/hawser/loop.h"
#include "tools/hawser/system.h"

static const struct {
  uint64_t bit;
  const char *name;
} capabilities[] = {
    {1, "listen"},   {2, "dial"},      {4, "half-close"},    {8, "revoke"},   {16, "peer"},
    {32, "filter"},  {64, "messages"}, {128, "descriptors"}, {256, "export"}, {512, "import"},
    {1024, "files"}, {2048, "lend"},   {4096, "datagram"},
};

static void print_row(const struct hws_plugin_info *info) {
  printf("%-16s %-10s %-16s %s\n", info->name, info->version, info->schemes, info->path);
}

static int plugin_list(hws_handle runtime) {
  hws_result found = hws_plugin_scan(runtime);
  if (found < 0) {
    log_line("cannot look for transports: %s", hws_status_text(found));
    return EXIT_RUN_TIME;
  }
  printf("%-16s %-10s %-16s %s\n", "NAME", "VERSION", "SCHEMES", "FILE");
  struct hws_plugin_info info = {.size = sizeof info};
  for (uint32_t i = 0; hws_plugin_at(runtime, i, &info) >= 0; i++) print_row(&info);
  uint64_t refused = 0;
  if (hws_stat(runtime, "plugins_refused", &refused) >= 0 && refused) {
    struct hws_detail detail;
    explain(runtime, HWS_E_PLUGIN, &detail);
    log_line("%" PRIu64 " more refused, the last one: %s", refused, detail.text);
  }
  return 0;
}

static const char *readiness_of(hws_handle runtime) {
  static const char *const means[] = {"", "epoll", "ProcessSocketNotifications", "AFD polls"}; /* docs/stats.md */
  uint64_t found = 0;
  (void)hws_stat(runtime, "loop_readiness", &found);
  return found < sizeof means / sizeof *means ? means[found] : "";
}

static void print_details(hws_handle runtime, const struct hws_plugin_info *info) {
  printf("name          %s\n", info->name);
  printf("version       %s\n", info->version);
  printf("schemes       %s\n", info->schemes);
  printf("file          %s\n", info->path);
  printf("plugin ABI    %" PRIu32 ".%" PRIu32 " (works with hosts from %" PRIu32 ".%" PRIu32 ")\n", info->abi_major,
         info->abi_minor_high, info->abi_major, info->abi_minor_low);
  printf("capabilities ");
  for (size_t i = 0; i < sizeof capabilities / sizeof *capabilities; i++) {
    if (info->capabilities & capabilities[i].bit) printf(" %s", capabilities[i].name);
  }
  printf("\nreadiness     by %s, where it is asked of the host\n", readiness_of(runtime));
}

/* The plugin that was asked for: by its path, or by the name of its file. */
static bool is_wanted(const struct hws_plugin_info *info, const char *wanted) {
  if (system_is_path(wanted)) return strcmp(info->path, wanted) == 0;
  const char *file = system_file_of(info->path);
  size_t length = strlen(wanted);
  return strncmp(file, wanted, length) == 0 && (file[length] == 0 || file[length] == '.');
}

static int plugin_show(hws_handle runtime, const char *wanted) {
  hws_result result = hws_plugin_load(runtime, wanted);
  if (result < 0) {
    struct hws_detail detail;
    explain(runtime, result, &detail);
    log_line("%s", detail.text);
    return EXIT_BAD_INPUT;
  }
  struct hws_plugin_info info = {.size = sizeof info};
  for (uint32_t i = 0; hws_plugin_at(runtime, i, &info) >= 0; i++) {
    if (!is_wanted(&info, wanted)) continue;
    print_details(runtime, &info);
    return 0;
  }
  log_line("\"%s\": loaded, but not listed", wanted);
  return EXIT_RUN_TIME;
}

/* A path is the user's word and may be relative; a name is looked for in the plugin directories only. */
static int plugin_show_argument(hws_handle runtime, const char *argument) {
  if (!system_is_path(argument)) return plugin_show(runtime, argument);
  char *path = system_absolute_path(argument);
  if (path == NULL) {
    log_line("\"%s\": %s", argument, strerror(errno));
    return EXIT_BAD_INPUT;
  }
  int code = plugin_show(runtime, path);
  free(path);
  return code;
}

static int check_arguments(const struct options *options) {
  const char *verb = options->argument_count ? options->arguments[0] : "";
  int wanted = strcmp(verb, "list") == 0 ? 1 : strcmp(verb, "show") == 0 ? 2 : 0;
  if (wanted == 0) {
    log_line("\"%s\": must be list or show", verb);
  } else if (options->argument_count > wanted) {
    log_line("unexpected argument \"%s\"", options->arguments[wanted]);
  } else if (options->argument_count < wanted || options->arguments[wanted - 1][0] == 0) {
    log_line("show needs a NAME or PATH");
  } else {
    return 0;
  }
  return EXIT_BAD_INPUT;
}

int plugin_run(const struct options *options) {
  int code = check_arguments(options);
  if (code) return code;
  hws_handle runtime;
  code = runtime_open(options, &runtime);
  if (code) return code;
  bool listing = strcmp(options->arguments[0], "list") == 0;
  code = listing ? plugin_list(runtime) : plugin_show_argument(runtime, options->arguments[1]);
  return runtime_close(runtime, code);
}
