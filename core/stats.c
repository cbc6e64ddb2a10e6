/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of counters.
 */
#include "core/stats.h"

#include <string.h>

#include "core/listener.h"
#include "core/mux/session.h"
#include "core/runtime.h"

enum { HELD_NOW = RUNTIME_COUNTERS, LOOP_TURNS, LOOP_KICKS, LOOP_STRAYS, LOOP_READINESS, RUNTIME_STATS };

static const char *const runtime_names[RUNTIME_STATS] = {
    [COUNT_PLUGIN_FAULTS] = "plugin_faults",
    [COUNT_PLUGINS_REFUSED] = "plugins_refused",
    [COUNT_IOS_ABANDONED] = "ios_abandoned",
    [COUNT_TRANSFERS] = "transfers",
    [COUNT_ENDPOINTS] = "endpoints",
    [COUNT_HELD_REFUSALS] = "held_refusals",
    [COUNT_HELD_RESETS] = "held_resets",
    [COUNT_HELD_LOOKS] = "held_looks",
    [HELD_NOW] = "held",
    [LOOP_TURNS] = "loop_turns",
    [LOOP_KICKS] = "loop_kicks",
    [LOOP_STRAYS] = "loop_strays",
    [LOOP_READINESS] = "loop_readiness",
};

static const char *const session_names[SESSION_COUNTERS] = {
    [SESSION_FRAMES_IN] = "frames_in",
    [SESSION_FRAMES_OUT] = "frames_out",
    [SESSION_BYTES_IN] = "bytes_in",
    [SESSION_BYTES_OUT] = "bytes_out",
    [SESSION_BYTES_DIRECT] = "bytes_direct",
    [SESSION_READS] = "reads",
    [SESSION_WRITES] = "writes",
    [SESSION_STREAMS] = "streams",
    [SESSION_STREAMS_PEAK] = "streams_peak",
    [SESSION_STREAMS_OPENED] = "streams_opened",
    [SESSION_STREAMS_ACCEPTED] = "streams_accepted",
    [SESSION_STREAMS_REFUSED] = "streams_refused",
    [SESSION_RESETS_IN] = "resets_in",
    [SESSION_RESETS_OUT] = "resets_out",
    [SESSION_USELESS_FRAMES] = "useless_frames",
    [SESSION_DROPPED_BYTES] = "dropped_bytes",
    [SESSION_PINGS_OUT] = "pings_out",
    [SESSION_PINGS_IN] = "pings_in",
    [SESSION_RTT_NS] = "rtt_ns",
    [SESSION_READ_PAUSES] = "read_pauses",
    [SESSION_WRITES_DEFERRED] = "writes_deferred",
};

static const char *const listener_names[] = {"accepted"};

struct names {
  const char *const *list;
  uint32_t count;
};

static struct names names_of(enum object_type type) {
  switch (type) {
  case OBJECT_RUNTIME:
    return (struct names){runtime_names, RUNTIME_STATS};
  case OBJECT_SESSION:
    return (struct names){session_names, SESSION_COUNTERS};
  case OBJECT_LISTENER:
    return (struct names){listener_names, 1};
  default:
    return (struct names){NULL, 0};
  }
}

const char *stats_name(enum object_type type, uint32_t index) {
  struct names names = names_of(type);
  return index < names.count ? names.list[index] : NULL;
}

static uint64_t runtime_value(struct runtime *runtime, uint32_t index) {
  if (index == HELD_NOW) return hold_sum(&runtime->hold);
  if (index == LOOP_TURNS) return atomic_load_explicit(&runtime->loop.turns, memory_order_relaxed);
  if (index == LOOP_KICKS) return atomic_load_explicit(&runtime->loop.kicks, memory_order_relaxed);
  if (index == LOOP_STRAYS) return atomic_load_explicit(&runtime->loop.strays, memory_order_relaxed);
  if (index == LOOP_READINESS) return poller_readiness();
  return atomic_load_explicit(&runtime->counters[index], memory_order_relaxed);
}

int stats_get(struct object *object, const char *name, uint64_t *value) {
  enum object_type type = object->class->type;
  struct names names = names_of(type);
  uint32_t index = 0;
  while (index < names.count && strcmp(names.list[index], name) != 0) index++;
  if (index == names.count) return HWS_E_UNSUPPORTED;
  if (type == OBJECT_RUNTIME)
    *value = runtime_value((struct runtime *)object, index);
  else if (type == OBJECT_SESSION)
    *value = session_count_of((struct session *)object, (enum session_counter)index);
  else
    *value = listener_accepted((struct listener *)object);
  return HWS_OK;
}
