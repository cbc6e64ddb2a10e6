/* SPDX-License-Identifier: Apache-2.0
 *
 * Names for the kit's host. It looks them up at once, in the caller's thread: only what a plugin does with the answer
 * is under test.
 */
#ifndef HAWSER_CHECK_NAMES_H
#define HAWSER_CHECK_NAMES_H

#include "plugins/hawser_plugin.h"

/* How many addresses were stored, or HWS_IO_ADDRESS. */
int32_t check_names_find(const char *name, const char *service, struct hws_address *addresses, uint32_t room);

#endif
