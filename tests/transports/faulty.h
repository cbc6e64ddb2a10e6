/* SPDX-License-Identifier: Apache-2.0
 *
 * A transport that is wrong in one thing: the Unix transport with a layer between it and its host.
 */
#ifndef HAWSER_TESTS_FAULTY_H
#define HAWSER_TESTS_FAULTY_H

#include "plugins/hawser_plugin.h"

/* Each is what a plugin's author may well get wrong. */
enum faulty_kind {
  FAULTY_NOTHING,
  FAULTY_COMPLETES_TWICE,
  FAULTY_COMPLETES_AND_RETURNS, /* completes inside submit and returns 1 */
  FAULTY_NEVER_COMPLETES,       /* a read that had to wait */
  FAULTY_SUBMIT_RETURNS_TWO,    /* neither 0 nor 1 */
  FAULTY_LOSES_END,             /* forgets that an edge told of a hang-up */
  FAULTY_NEVER_REARMS,          /* does not say that it would block */
  FAULTY_CANCEL_IS_LATE,        /* cancel returns 0 and completes later, against REVOKE */
  FAULTY_CANCEL_COMPLETES_TOO,  /* cancel returns 1 and completes as well */
  FAULTY_CANCEL_EATS,           /* a cancelled read takes bytes and does not report them */
  FAULTY_CANCELS_BY_ITSELF,     /* a read ends as cancelled that nobody cancelled */
  FAULTY_WRITES_LATE,           /* writes to a buffer after its io was cancelled */
  FAULTY_COUNTS_TOO_MUCH,       /* a write reports one byte too many */
  FAULTY_COUNTS_TOO_LITTLE,     /* a write reports one byte too few */
  FAULTY_TAKES_ALL,             /* says that the peer took what still waits */
  FAULTY_SPOILS_A_BYTE,         /* the last byte of a large read */
  FAULTY_ENDS_EARLY,            /* the end comes before the last bytes */
  FAULTY_READS_WITHOUT_BYTES,   /* a read without bytes ends although nothing is there */
  FAULTY_IGNORES_SHUTDOWN,      /* says OK and does nothing */
  FAULTY_SHUTS_BOTH,            /* a shutdown ends both directions */
  FAULTY_CHANGES_THE_IO,        /* writes to the host's half */
  FAULTY_UNKNOWN_STATUS,
  FAULTY_ACCEPTS_NOTHING,  /* an accept ends with OK and NULL */
  FAULTY_DROPS_ACCEPTS,    /* a cancel of an accept loses the next connection */
  FAULTY_KEEPS_MEMORY,     /* does not release it in destroy */
  FAULTY_KEEPS_DESCRIPTOR, /* does not close it in destroy */
  FAULTY_CLOSES_EARLY,     /* closes the watched descriptor at a shutdown */
  FAULTY_RELEASES_TWICE,
  FAULTY_WRITES_PAST_MEMORY, /* behind what the host gave */
  FAULTY_SPINS,              /* posts again and again for want of descriptors */
  FAULTY_BLOCKS,             /* submit of a read waits for bytes */
  FAULTY_CRASHES,
  FAULTY_POSTS_AFTER_DESTROY,
  FAULTY_KNOWS_EVERY_PARAMETER,
  FAULTY_DIALS_ANYTHING,   /* a dial that is refused says OK */
  FAULTY_STEALS_ADDRESSES, /* listens where somebody listens */
  FAULTY_WRONG_PEER,
  FAULTY_CUTS_TEXT, /* tells the length of the cut text */
  FAULTY_SETS_EP_ON_FAILURE,
  FAULTY_ABORTS_ON_NOMEM, /* crashes where the host has no memory */
  FAULTY_COUNT
};

/* The manifest of a transport with that fault, for this process and those forked from it. */
const struct hws_plugin *faulty_manifest(const char *real_plugin, enum faulty_kind kind);

#endif
