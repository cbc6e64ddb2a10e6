/* SPDX-License-Identifier: Apache-2.0
 *
 * WSAStartup, once.
 */
#include "core/winsock_win32.h"

#include <winsock2.h>

static BOOL CALLBACK start(INIT_ONCE *once, void *argument, void **context) {
  WSADATA data;
  (void)once, (void)argument, (void)context;
  return WSAStartup(MAKEWORD(2, 2), &data) == 0;
}

bool winsock_start(void) {
  static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
  return InitOnceExecuteOnce(&once, start, NULL, NULL);
}
