/* SPDX-License-Identifier: Apache-2.0
 *
 * The registry's one lock: held while plugins are loaded, never to look one up.
 */
#ifndef HAWSER_PLUGINS_LOCK_H
#define HAWSER_PLUGINS_LOCK_H

void registry_lock(void);
void registry_unlock(void);

/* In a forked child: free again, whoever held it in the parent. */
void registry_lock_reset(void);

#endif
