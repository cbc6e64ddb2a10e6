/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is at the other end: always this process.
 */
#ifndef HAWSER_PLUGINS_MEMORY_IDENTITY_H
#define HAWSER_PLUGINS_MEMORY_IDENTITY_H

#include "plugins/hawser_plugin.h"

/* Fills everything but size. */
void identity_read(struct hws_peer_id *peer);

#endif
