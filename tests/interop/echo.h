/* SPDX-License-Identifier: Apache-2.0
 *
 * Echoes the streams that the peer opens, each on a thread of its own, by blocking calls.
 */
#ifndef HAWSER_TESTS_INTEROP_ECHO_H
#define HAWSER_TESTS_INTEROP_ECHO_H

#include "abi/hawser.h"

/* From here on, until the session ends. One at a time. */
void echo_begin(hws_handle session);

/* To be called after the session was closed. */
void echo_end(void);

#endif
