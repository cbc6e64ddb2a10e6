/* SPDX-License-Identifier: Apache-2.0
 *
 * Pumps: each joins two streams, both ways, until both have ended. Half-closes and resets pass through.
 */
#ifndef HAWSER_TOOL_PUMP_H
#define HAWSER_TOOL_PUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/hawser/loop.h"

struct pump;

/* Those whose pumps are counted together. It lives until they have all ended. */
struct share {
  uint64_t active;
};

/* All pumps of a command, what bounds them, and what they did. */
struct pumps {
  struct loop *loop;
  struct pump *first;
  uint64_t active;
  uint64_t limit; /* how many at once; the owner asks pumps_full before it takes on more */
  uint64_t peak;
  uint64_t started;
  uint64_t refused; /* the second end could not be reached */
  uint64_t failed;  /* ended by a reset or an error */
  uint64_t bytes;
  const char *unreached; /* how the log line of a refused one begins */
  char denial[256];      /* why `connect` did not even try; empty: the library tells why */
  void (*ended)(struct pumps *pumps, struct share *share); /* a pump has ended: there is room */
};

/* Submits the op that makes the second end of a pump, a dial or an open, to be joined to `from`. */
typedef hws_result (*pump_connect)(struct pumps *pumps, hws_handle from, const struct hws_how *how, hws_handle *stream);

/* Take over `stream` and join it to what `connect` makes, or to itself where connect is NULL. Where the second end
 * cannot be reached, the stream is reset with HWS_CODE_REFUSED before a byte of it was taken, and a line is logged.
 * share may be NULL. */
void pump_start(struct pumps *pumps, struct share *share, hws_handle stream, pump_connect connect);

bool pumps_full(const struct pumps *pumps);

/* Reset all streams. Each pump still ends by its events. */
void pumps_abort(struct pumps *pumps);

/* Reset and close a stream that no pump has taken. */
void stream_refuse(hws_handle stream, uint64_t code, const char *reason);

/* Print the counters on standard error. */
void pumps_report(const struct pumps *pumps);

#endif
