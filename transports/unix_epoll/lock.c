/* SPDX-License-Identifier: Apache-2.0
 *
 * A lock among processes that claim the same socket path: flock on a file beside it, which exists only meanwhile.
 *
 * Invariant: the holder of the lock is who has locked the file that stands at the path. A file that was removed between
 * open and flock is a lock on nothing, so its inode is compared with the path's once it is locked; and only the holder
 * removes it. What a crash leaves behind is an empty file that the next claim uses and removes.
 */
#define _GNU_SOURCE /* O_CLOEXEC, flock */
#include "transports/unix_epoll/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STALE_MAX = 8 }; /* how often the file may vanish under us before we call it contended */

/* EAGAIN also when what was locked no longer stands at the path. */
static int lock_opened(const struct unix_lock *lock) {
  if (flock(lock->fd, LOCK_EX | LOCK_NB) != 0) return errno == EWOULDBLOCK ? EAGAIN : errno;
  struct stat opened;
  struct stat standing;
  if (fstat(lock->fd, &opened) != 0) return errno;
  if (!S_ISREG(opened.st_mode) || opened.st_size != 0) return EEXIST;
  if (lstat(lock->path, &standing) != 0) return errno == ENOENT ? ESTALE : errno;
  return opened.st_dev == standing.st_dev && opened.st_ino == standing.st_ino ? 0 : ESTALE;
}

int unix_lock_take(struct unix_lock *lock, const char *socket_path) {
  (void)snprintf(lock->path, sizeof lock->path, "%s.hawser-lock", socket_path);
  int error = EAGAIN;
  for (int tries = 0; tries < STALE_MAX; tries++) {
    lock->fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (lock->fd < 0) return errno == EINTR ? EAGAIN : errno;
    error = lock_opened(lock);
    if (error == 0) return 0;
    (void)close(lock->fd);
    if (error != ESTALE) return error;
  }
  return EAGAIN;
}

void unix_lock_drop(struct unix_lock *lock) {
  (void)unlink(lock->path);
  /* Unlocked by name: a copy of the descriptor in a forked child would keep it locked otherwise. */
  (void)flock(lock->fd, LOCK_UN);
  (void)close(lock->fd);
}
