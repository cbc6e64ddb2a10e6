/* SPDX-License-Identifier: Apache-2.0
 *
 * Winsock is started by the first who needs it, and never stopped: what the process loaded stays loaded.
 */
#ifndef HAWSER_CORE_WINSOCK_WIN32_H
#define HAWSER_CORE_WINSOCK_WIN32_H

#include <stdbool.h>

/* False: this system has no Winsock 2.2. */
bool winsock_start(void);

#endif
