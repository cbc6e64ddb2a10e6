/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the readiness service and what it is made of: the registrations, and what an arm does with them.
 *
 * An arm is called with the service's lock held, so none of its calls may wait. It tells the system what a registration
 * wants; for what did not go in for want of memory it is called again.
 */
#ifndef HAWSER_CORE_NOTIFY_ARM_WIN32_H
#define HAWSER_CORE_NOTIFY_ARM_WIN32_H

#include "core/lock.h"
#include "core/notify_win32.h"

struct notify_entry {
  uint64_t key;
  SOCKET socket;
  void *whose;
  struct notify_entry *due_next;
  uint8_t wanted; /* enum notify_event; 0: silent */
  uint8_t triggers;
  bool due;      /* stands in one of the service's lists: what it wants is not in force */
  bool known;    /* the system has it */
  bool removing; /* notify_remove was called */
};

struct notify_slot {
  struct notify_entry *entry; /* NULL: free */
  uint32_t generation;        /* of the entry, or of the one that comes next */
  uint32_t next_free;
};

struct notify {
  const struct notify_arm *arm;
  HANDLE port;
  void *state; /* the arm's */
  struct lock lock;
  struct notify_slot *slots;
  uint32_t slot_count;
  uint32_t free_slot;
  uint32_t live;
  struct notify_entry *due;     /* the last come first */
  struct notify_entry *starved; /* those that wait for memory */
  uint32_t stale;
};

/* Where a key of the service's begins; no address of a process has this bit. */
#define NOTIFY_KEY_BIT (UINT64_C(1) << 63)

/* How a step with the system ended. */
enum notify_step {
  NOTIFY_DONE,
  NOTIFY_STARVED, /* no memory: again, later */
  NOTIFY_FAILED   /* and it will not be otherwise */
};

struct notify_arm {
  const char *name;
  size_t entry_bytes; /* begins with a struct notify_entry */
  bool edge;
  bool (*open)(struct notify *notify);
  void (*close)(struct notify *notify); /* what `open` made; no entry is left */
  /* Put in force what the entry wants, whether the system knows it already or not. *error: why it failed. */
  enum notify_step (*apply)(struct notify *notify, struct notify_entry *entry, int *error);
  /* Begin the end of one that the system knows: a packet says when it is over. NOTIFY_FAILED: none will. */
  enum notify_step (*end)(struct notify *notify, struct notify_entry *entry);
  /* Is the packet the arm's own? Then *key is whose it is. Needs no lock. NULL: none is. */
  bool (*claims)(const OVERLAPPED_ENTRY *packet, uint64_t *key);
  /* What such a packet tells: enum notify_event, or 0. */
  unsigned (*read)(struct notify *notify, struct notify_entry *entry);
  /* Put in force all that is due, and take what has come already, if the same call can. Returns how many packets. */
  unsigned (*carry_out)(struct notify *notify, OVERLAPPED_ENTRY *entries, unsigned room);
  /* It is over: give back what it has of the arm's. NULL: nothing. */
  void (*release)(struct notify *notify, struct notify_entry *entry);
};

extern const struct notify_arm notify_arm_afd;
extern const struct notify_arm notify_arm_psn;

/* Can that one be had here? */
bool notify_psn_found(void);

/* ---- for arms ---- */

/* What the entry wants is not in force. */
void notify_make_due(struct notify *notify, struct notify_entry *entry);

/* The first that is due, off the list; NULL: none is. What comes of it goes to notify_settle. */
struct notify_entry *notify_take_due(struct notify *notify);
void notify_settle(struct notify *notify, struct notify_entry *entry, enum notify_step step);

/* Do for it what is due. */
enum notify_step notify_carry_out_one(struct notify *notify, struct notify_entry *entry);

/* There is nothing in the system that could end: say ourselves that it is over. */
enum notify_step notify_say_removed(struct notify *notify, const struct notify_entry *entry);

/* An error as a step: want of memory passes. */
enum notify_step notify_step_of(DWORD error);

#endif
