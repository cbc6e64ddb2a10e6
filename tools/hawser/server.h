/* SPDX-License-Identifier: Apache-2.0
 *
 * What serve and echo have in common: a listener, a session on each of its connections, a pump for each stream.
 */
#ifndef HAWSER_TOOL_SERVER_H
#define HAWSER_TOOL_SERVER_H

#include "tools/hawser/loop.h"
#include "tools/hawser/options.h"
#include "tools/hawser/pump.h"

struct session;

struct server {
  struct work work;
  struct loop loop;
  struct pumps pumps;
  const struct options *options;
  pump_connect connect; /* NULL: echo */
  struct task listening;
  struct task accepting;
  hws_handle listener; /* 0: none, or closed */
  hws_handle incoming; /* the connection that the accept in flight will be */
  struct session *sessions;
  struct session *waiting; /* those whose incoming stream waits for a pump, the first come first */
  struct session *last_waiting;
  uint64_t session_count;
  uint64_t connections; /* accepted so far */
  char session_settings[64];
  bool accept_waits; /* too many sessions */
  bool draining;
  bool taking;    /* those that wait are being looked at */
  bool room_made; /* a pump has ended since that began */
};

/* Listen, say so, and serve until told to stop. server->loop is open. Returns the exit code of the process. */
int server_run(struct server *server, const struct options *options, pump_connect connect);

#endif
