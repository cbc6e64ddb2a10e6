/* SPDX-License-Identifier: Apache-2.0
 *
 * A ProcessSocketNotifications of our own, as Wine has none: it records what it was asked for and posts notifications
 * to the real port, by Microsoft's documentation of the real one. Where a test wants traffic, a thread plays the
 * system's part for one-shot level registrations; edges are the test's to tell, as only it knows of each arrival.
 */
#ifndef HAWSER_TESTS_CORE_FAKE_PSN_WIN32_H
#define HAWSER_TESTS_CORE_FAKE_PSN_WIN32_H

#include <stdbool.h>

#include "core/notify_psn_win32.h"

struct fake_registration {
  SOCKET socket; /* INVALID_SOCKET: free */
  HANDLE port;
  uint64_t key;
  unsigned events;
  unsigned triggers;
  bool enabled;
  bool removing; /* its removal is held back */
};

struct fake_call {
  uint32_t count;
  ULONG room;
  uint32_t ms;
  struct psn_registration first; /* of the registrations, as it came */
};

/* In force from here on, for services made after it. */
void fake_psn_begin(void);
void fake_psn_end(void); /* nothing is registered any more */

unsigned fake_psn_calls(void); /* that carried registrations */
struct fake_call fake_psn_last(void);

/* The next so many registrations fail so; or the next whole calls that carry any. */
void fake_psn_fail(unsigned times, DWORD error);
void fake_psn_fail_whole(unsigned times, DWORD error);

/* Keep back what tells of removals; and let it go. How many were kept. */
void fake_psn_hold_removals(void);
unsigned fake_psn_release_removals(void);

/* The registration of a socket; .socket INVALID_SOCKET: there is none. */
struct fake_registration fake_psn_find(SOCKET socket);

/* Those that are registered; how many are. */
unsigned fake_psn_sockets(SOCKET *sockets, unsigned room);

/* It became so. True: a notification was posted. */
bool fake_psn_tell(SOCKET socket, unsigned events);

/* From here to the end of it a thread looks at the sockets. */
void fake_psn_run(void);
void fake_psn_halt(void);

#endif
