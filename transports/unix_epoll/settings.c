/* SPDX-License-Identifier: Apache-2.0
 *
 * The parameters of a listener's URL.
 */
#include "transports/unix_epoll/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "transports/socket_number.h"

/* NULL, or what is wrong. */
static const char *read_mode(const char *text, mode_t *mode) {
  *mode = 0600;
  if (!text) return NULL;
  size_t digits = strspn(text, "01234567");
  unsigned long number = digits > 0 && digits <= 4 && text[digits] == 0 ? strtoul(text, NULL, 8) : 01000;
  if (number > 0777) return "mode is not an octal file mode from 0 to 0777";
  *mode = (mode_t)number;
  return NULL;
}

static int32_t read_lists(struct unix_allow *allow, const char *users, const char *groups, char *why, size_t why_size) {
  int32_t status = HWS_IO_OK;
  allow->everybody = !users && !groups;
  if (users) status = unix_ids_parse("allow_uid", users, &allow->users, why, why_size);
  if (groups && status == HWS_IO_OK) status = unix_ids_parse("allow_gid", groups, &allow->groups, why, why_size);
  return status;
}

/* An abstract name has no file whose mode could keep others out, so it is for its owner unless a list says otherwise.
 * Nor does it ask for a mode, so that the host refuses one as unknown. */
int32_t unix_settings_read(struct unix_settings *settings, const struct unix_address *address,
                           const struct hws_host *host, struct hws_host_endpoint *endpoint, char *why,
                           size_t why_size) {
  bool abstract = unix_address_is_abstract(address);
  const char *wrong = read_mode(abstract ? NULL : host->config(endpoint, "mode"), &settings->mode);
  if (wrong) {
    (void)snprintf(why, why_size, "%s", wrong);
    return HWS_IO_ADDRESS;
  }
  uint32_t backlog;
  if (!socket_number_read(&socket_backlog, host, endpoint, &backlog, why, why_size)) return HWS_IO_ADDRESS;
  settings->backlog = (int)backlog;
  struct unix_allow *allow = &settings->allow;
  int32_t status =
      read_lists(allow, host->config(endpoint, "allow_uid"), host->config(endpoint, "allow_gid"), why, why_size);
  if (abstract && allow->everybody) {
    allow->everybody = false;
    allow->users.count = 1;
    allow->users.ids[0] = geteuid();
  }
  return status;
}
