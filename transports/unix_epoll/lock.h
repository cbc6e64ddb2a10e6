/* SPDX-License-Identifier: Apache-2.0
 *
 * A lock among processes that claim the same socket path, held only while one of them does.
 */
#ifndef HAWSER_UNIX_EPOLL_LOCK_H
#define HAWSER_UNIX_EPOLL_LOCK_H

#include "transports/unix_epoll/address.h"

struct unix_lock {
  int fd;
  char path[UNIX_NAME_MAX + sizeof ".hawser-lock"];
};

/* 0: taken; EAGAIN: somebody else has it now; else the errno of what failed. Never blocks. */
int unix_lock_take(struct unix_lock *lock, const char *socket_path);
void unix_lock_drop(struct unix_lock *lock);

#endif
