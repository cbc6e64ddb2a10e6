/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes wrong, and how often: the filter's parameters. docs/transport-chaos.md describes each.
 */
#ifndef HAWSER_CHAOS_SETTINGS_H
#define HAWSER_CHAOS_SETTINGS_H

#include <stdint.h>

#include "plugins/hawser_plugin.h"

#define NEVER UINT64_MAX

struct settings {
  uint64_t seed;
  /* Percent of the ios. */
  uint64_t cut;
  uint64_t pend;
  uint64_t storm;
  uint64_t delay;
  uint64_t swap;
  uint64_t late;
  /* Percent of the streams. */
  uint64_t reset;
  uint64_t end;
  /* Bounds. */
  uint64_t storm_max; /* put-offs */
  uint64_t delay_us;
  uint64_t span; /* bytes within which a stream is reset or ended by chance */
  /* Offsets. */
  uint64_t reset_at;
  uint64_t end_at;
};

/* HWS_IO_OK; or HWS_IO_ADDRESS, explained. */
int32_t settings_read(const struct hws_host *host, struct hws_host_endpoint *endpoint, struct settings *settings);

#endif
