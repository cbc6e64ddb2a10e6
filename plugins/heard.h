/* SPDX-License-Identifier: Apache-2.0
 *
 * What a plugin logs while it is opened: if that fails, the last line of it says why.
 */
#ifndef HAWSER_PLUGINS_HEARD_H
#define HAWSER_PLUGINS_HEARD_H

struct heard {
  char line[256];
};

/* From here to heard_end, what this thread logs without an endpoint (registry_heard) is kept. */
void heard_begin(struct heard *heard);
void heard_end(void);

#endif
