/* SPDX-License-Identifier: Apache-2.0
 *
 * What the simulated network does to an endpoint: the parameters of its URL.
 */
#ifndef HAWSER_TESTS_SIM_NET_SETTINGS_H
#define HAWSER_TESTS_SIM_NET_SETTINGS_H

#include <stdint.h>

#include "plugins/hawser_plugin.h"

enum setting {
  /* of a connection, said by who dials */
  SET_BUFFER,    /* bytes that a direction holds, under way or unread */
  SET_DELAY,     /* delay_us: how long a segment is under way at most */
  SET_RATE,      /* bytes in a millisecond; 0: no limit */
  SET_CUT,       /* percent of calls that move only a part */
  SET_SPURIOUS,  /* percent of calls behind which readiness is told in vain */
  SET_LATE,      /* late_us: how long readiness takes to be told at most; what comes first may be told last */
  SET_RESET_OUT, /* the connection is reset behind so many bytes of who dials; 0: it is not */
  SET_RESET_IN,  /* or of who accepts */
  SET_KEEPS,     /* percent of ends at which what had arrived before a reset can still be read */
  SET_LINGER,    /* 1: as TCP, a close answers what still comes by a reset, and HWS_QUERY_LINGER is answered; 0: what
                    comes is lost, and nothing is broken */
  SET_HALF,      /* 0: no half-close */
  SET_MESSAGES,  /* 1: keeps the ends of messages */
  SET_NO_FILE,   /* 1: it can do no SENDFILE */
  SET_FAIL_READ, /* of a thousand reads, so many fail; and so on */
  SET_FAIL_WRITE,
  /* of a dial */
  SET_CONNECT,   /* connect_us: how long it takes at most */
  SET_LOOK_UP,   /* 1: the address is a name, which is looked up */
  SET_REFUSE,    /* percent that are refused */
  SET_FAIL_DIAL, /* percent that fail in other ways */
  /* of a listener */
  SET_SPARE,       /* so many accepts go well first */
  SET_FAIL_ACCEPT, /* percent for which there is no descriptor or memory: it tries again later */
  SET_ABORTED,     /* percent of connections that are gone when they are accepted */
  SETTINGS
};

struct settings {
  uint64_t of[SETTINGS];
};

enum settings_role { SETTINGS_LISTENER, SETTINGS_DIALLER };

/* False: one of them is wrong, and was explained. */
int32_t settings_read(const struct hws_host *host, struct hws_host_endpoint *self, enum settings_role role,
                      struct settings *settings);

#endif
