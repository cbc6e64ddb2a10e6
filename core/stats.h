/* SPDX-License-Identifier: Apache-2.0
 *
 * Counters by name. docs/stats.md says what each counts.
 */
#ifndef HAWSER_CORE_STATS_H
#define HAWSER_CORE_STATS_H

#include "core/handle.h"

/* HWS_OK or HWS_E_UNSUPPORTED. The object is pinned. */
int stats_get(struct object *object, const char *name, uint64_t *value);

/* The name of the index-th counter of that type of object, or NULL. */
const char *stats_name(enum object_type type, uint32_t index);

#endif
