/* SPDX-License-Identifier: Apache-2.0
 *
 * A lock of the system, held for a copy at most. The two ends of a connection are driven by different threads, and what
 * they share is under one of these.
 */
#ifndef HAWSER_PLUGINS_MEMORY_LOCK_H
#define HAWSER_PLUGINS_MEMORY_LOCK_H

#include "plugins/hawser_plugin.h"

struct lock;

struct lock *lock_new(const struct hws_host *host); /* NULL: no memory */
void lock_free(const struct hws_host *host, struct lock *lock);
void lock_take(struct lock *lock);
void lock_drop(struct lock *lock);

#endif
