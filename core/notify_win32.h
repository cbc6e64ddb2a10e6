/* SPDX-License-Identifier: Apache-2.0
 *
 * Readiness of sockets, told through a completion port, as any number of threads may harvest it.
 *
 * The words are those of ProcessSocketNotifications: a socket has one registration; a notification says what it is
 * ready for; one-shot, the registration is silent after it until it is asked again. Where the system lacks that
 * function, what it does is made of AFD polls (notify_offers says how much of it).
 *
 * A registration is known by a key, which is never a pointer: what still comes under the key of one that is over is
 * recognised by its generation and counted. Remove a registration, wait for NOTIFY_REMOVED, then close the socket. What
 * belongs to a registration may be freed then, and not before.
 */
#ifndef HAWSER_CORE_NOTIFY_WIN32_H
#define HAWSER_CORE_NOTIFY_WIN32_H

#include <winsock2.h>
/* after winsock2.h */
#include <stdbool.h>
#include <stdint.h>
#include <windows.h>

/* What is asked for (the first three) and told of; numbers of the system's. */
enum notify_event {
  NOTIFY_IN = 1,
  NOTIFY_OUT = 2,
  NOTIFY_HANGUP = 4,   /* the peer has ended its side, or the connection is broken */
  NOTIFY_ERROR = 64,   /* also unasked; what it is, a call on the socket says */
  NOTIFY_REMOVED = 128 /* nothing comes after it */
};

/* One of the first two with one of the others. Several threads that harvest want one-shot level: with anything else two
 * of them may be told of the same socket at once. */
enum notify_trigger {
  NOTIFY_ONE_SHOT = 1,
  NOTIFY_PERSISTENT = 2,
  NOTIFY_LEVEL = 4,
  NOTIFY_EDGE = 8 /* the socket is registered before it is bound, and drained after that until a call would block */
};

struct notify;
struct notify_arm;

/* What a packet came to. */
struct notify_told {
  uint64_t key;
  void *whose;     /* as it was registered; NULL: it was removed silently */
  unsigned events; /* 0: nothing to tell */
};

/* On a port that outlives it. arm NULL: the best that this system has. NULL: no memory. */
struct notify *notify_new(HANDLE port, const struct notify_arm *arm);

/* No thread harvests any more. Registrations that are left are removed. */
void notify_free(struct notify *notify);

/* What it is made of: "ProcessSocketNotifications" or "AFD". */
const char *notify_name(const struct notify *notify);

/* Whether it has this combination of triggers. */
bool notify_offers(const struct notify *notify, unsigned triggers);

/* Register a socket, once. 0, or an error of the system's: nothing was registered. Edge with one-shot is
 * ERROR_INVALID_PARAMETER, what is not offered ERROR_NOT_SUPPORTED. */
int notify_register(struct notify *notify, SOCKET socket, void *whose, unsigned events, unsigned triggers,
                    uint64_t *key);

/* Ask again, or for something else; in force at the next harvest, or flush, of any thread. Not after notify_remove. */
void notify_want(struct notify *notify, uint64_t key, unsigned events);

/* Put in force what was asked for. To be called if those that harvest may be asleep. */
void notify_flush(struct notify *notify);

/* Nothing is told of it any more, save that it was removed, and that not either if `silently`. True: NOTIFY_REMOVED
 * comes. False: the system knew of no such registration (its socket was closed), and it is over. */
bool notify_remove(struct notify *notify, uint64_t key, bool silently);

/* Put in force what was asked for and wait at the port, in one call where the system has one. Returns how many packets
 * came, of whatever kind. */
unsigned notify_harvest(struct notify *notify, OVERLAPPED_ENTRY *entries, unsigned room, DWORD ms);

/* False: a packet of somebody else's. */
bool notify_read(struct notify *notify, const OVERLAPPED_ENTRY *entry, struct notify_told *told);

/* For tests: registrations that are not over, and packets that came too late for theirs. */
unsigned notify_count(struct notify *notify);
unsigned notify_stale(struct notify *notify);

#endif
