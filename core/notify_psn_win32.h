/* SPDX-License-Identifier: Apache-2.0
 *
 * ProcessSocketNotifications, which the headers of mingw-w64 do not know yet. It is found at run time: ws2_32 has it
 * since Windows 11 and Server 2022.
 */
#ifndef HAWSER_CORE_NOTIFY_PSN_WIN32_H
#define HAWSER_CORE_NOTIFY_PSN_WIN32_H

#include <winsock2.h>
/* after winsock2.h */
#include <stdint.h>
#include <windows.h>

enum psn_operation { PSN_NONE = 0, PSN_ENABLE = 1, PSN_DISABLE = 2, PSN_REMOVE = 4 };

/* SOCK_NOTIFY_REGISTRATION; its events and triggers are those of notify_win32.h. */
struct psn_registration {
  SOCKET socket;
  void *key;
  uint16_t events;
  uint8_t operation;
  uint8_t triggers;
  DWORD result;
};

typedef DWORD(WSAAPI *psn_function)(HANDLE port, uint32_t count, struct psn_registration *registrations, uint32_t ms,
                                    ULONG room, OVERLAPPED_ENTRY *entries, uint32_t *received);

/* Have another do its work from now on, for a test; NULL: the system's. */
void notify_psn_use(psn_function function);

#endif
