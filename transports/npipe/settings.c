/* SPDX-License-Identifier: Apache-2.0
 *
 * The parameters of a pipe's URL.
 */
#include "transports/npipe/settings.h"

#include <stdio.h>
#include <string.h>

#include "plugins/hawser_plugin.h"
#include "transports/npipe/utf.h"
#include "transports/socket_number.h"
#include "transports/socket_word.h"

static const struct socket_number backlog = {"backlog", 0, 1024, 16};
static const struct socket_number unaccepted = {"unaccepted", 1, 4096, 256};
static const struct socket_number remote = {"remote", 0, 1, 0};

/* The owner and the system, and nothing that is inherited. */
static const char default_sddl[] = "D:P(A;;GA;;;S-1-3-4)(A;;GA;;;SY)";

static const struct socket_word mode = {"mode", {"byte", "message"}};
static const struct socket_word rearm = {"rearm",
                                         {[NPIPE_REARM_COMPLETION] = "completion", [NPIPE_REARM_ACCEPT] = "accept"}};

/* What it means, the system says. */
static bool read_sddl(struct npipe_settings *settings, const char *text, char *why, size_t why_size) {
  const char *wrong = *text ? NULL : "sddl is empty";
  size_t bytes = strlen(text);
  size_t length = 0;
  for (size_t at = 0, used = 0; at < bytes && !wrong; at += used) {
    uint32_t character = utf_read_8(text + at, bytes - at, &used);
    if (!character) wrong = "sddl is not UTF-8";
    if (!wrong && length + 2 > NPIPE_SDDL_MAX) wrong = "sddl is longer than 1023 characters";
    if (!wrong) length += utf_write_16(character, settings->sddl + length);
  }
  settings->sddl[wrong ? 0 : length] = 0;
  if (wrong) (void)snprintf(why, why_size, "%s", wrong);
  return !wrong;
}

static bool read_listener(struct npipe_settings *settings, const struct hws_host *host,
                          struct hws_host_endpoint *endpoint, char *why, size_t why_size) {
  uint32_t lets_remote = 0;
  bool good = socket_number_read(&backlog, host, endpoint, &settings->backlog, why, why_size) &&
              socket_number_read(&unaccepted, host, endpoint, &settings->unaccepted, why, why_size) &&
              socket_number_read(&remote, host, endpoint, &lets_remote, why, why_size);
  if (!good) return false;
  /* A listener without a backlog replaced its one instance when it was accepted, and goes on to. */
  uint32_t chosen = settings->backlog <= 1 ? NPIPE_REARM_ACCEPT : NPIPE_REARM_COMPLETION;
  if (settings->backlog == 0) settings->backlog = 1;
  settings->remote = lets_remote;
  if (!socket_word_read(&rearm, chosen, host, endpoint, &chosen, why, why_size)) return false;
  settings->rearm = (enum npipe_rearm)chosen;
  const char *sddl = host->config(endpoint, "sddl");
  return read_sddl(settings, sddl ? sddl : default_sddl, why, why_size);
}

int32_t npipe_settings_read(struct npipe_settings *settings, bool listens, const struct hws_host *host,
                            struct hws_host_endpoint *endpoint, char *why, size_t why_size) {
  uint32_t chosen = 0;
  memset(settings, 0, sizeof *settings);
  bool good = socket_word_read(&mode, 0, host, endpoint, &chosen, why, why_size);
  settings->messages = chosen;
  if (good && listens) good = read_listener(settings, host, endpoint, why, why_size);
  return good ? HWS_IO_OK : HWS_IO_ADDRESS;
}
