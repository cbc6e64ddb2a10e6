/* SPDX-License-Identifier: Apache-2.0
 *
 * Claiming an address for a listening socket: bound, with its file mode, listening, and nobody else's.
 */
#ifndef HAWSER_UNIX_EPOLL_CLAIM_H
#define HAWSER_UNIX_EPOLL_CLAIM_H

#include <sys/stat.h>

#include "transports/unix_epoll/address.h"

struct unix_claim {
  int fd;       /* the listening socket, non-blocking; -1: none */
  bool on_path; /* device and inode are those of the socket file */
  dev_t device;
  ino_t inode;
};

struct unix_claim_failure {
  int32_t status; /* hws_io_status */
  int error;      /* errno, or 0 */
  char why[200];  /* one line, may be empty */
};

enum unix_claim_result {
  UNIX_CLAIM_DONE,
  UNIX_CLAIM_CONTENDED, /* another process claims the same path right now: try again */
  UNIX_CLAIM_FAILED     /* nothing was changed; `failure` says why */
};

enum unix_claim_result unix_claim_make(struct unix_claim *claim, const struct unix_address *address, mode_t mode,
                                       int backlog, struct unix_claim_failure *failure);

/* Remove the socket file if it is still ours, and close. */
void unix_claim_end(struct unix_claim *claim, const struct unix_address *address);

#endif
