/* SPDX-License-Identifier: Apache-2.0
 *
 * The parameters of a pipe's URL: mode, and of a listener backlog, unaccepted, rearm, remote, sddl. Pure, and for any
 * system.
 */
#ifndef HAWSER_NPIPE_SETTINGS_H
#define HAWSER_NPIPE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hws_host;
struct hws_host_endpoint;

enum { NPIPE_SDDL_MAX = 1024 /* units of UTF-16 */ };

enum npipe_rearm {
  NPIPE_REARM_COMPLETION, /* an instance that was connected is replaced at once */
  NPIPE_REARM_ACCEPT      /* when an accept has taken it */
};

struct npipe_settings {
  bool messages;
  /* of a listener */
  uint32_t backlog;    /* instances that wait for a client, at least 1 */
  uint32_t unaccepted; /* connected ones, beyond which none is replaced */
  enum npipe_rearm rearm;
  bool remote;                       /* clients of other machines are let in */
  uint16_t sddl[NPIPE_SDDL_MAX + 1]; /* zero-terminated */
};

/* 0, or HWS_IO_ADDRESS with one line in `why`. */
int32_t npipe_settings_read(struct npipe_settings *settings, bool listens, const struct hws_host *host,
                            struct hws_host_endpoint *endpoint, char *why, size_t why_size);

#endif
