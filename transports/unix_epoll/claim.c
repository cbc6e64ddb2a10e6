/* SPDX-License-Identifier: Apache-2.0
 *
 * Claiming an address for a listening socket.
 *
 * Nobody can connect between bind and listen, so the mode of the file is settled there; and the mode of the socket
 * itself, set before bind, keeps the file from being any wider meanwhile. A file that is in the way is removed only
 * while the lock of the path is held, only if it is a socket, and only once a connect was refused. The lock also covers
 * bind to listen, during which our own socket would refuse a connect.
 */
#define _GNU_SOURCE /* SOCK_CLOEXEC, fchmodat */
#include "transports/unix_epoll/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "plugins/hawser_plugin.h"
#include "transports/socket_result_posix.h"
#include "transports/unix_epoll/lock.h"

static int32_t refuse(struct unix_claim_failure *failure, int32_t status, int error, const char *why) {
  (void)snprintf(failure->why, sizeof failure->why, "%s", why);
  failure->status = status;
  failure->error = error;
  return status;
}

static int32_t refuse_system(struct unix_claim_failure *failure, int error, const char *doing) {
  char why[sizeof failure->why];
  switch (error) {
  case ENOENT:
  case ENOTDIR:
    return refuse(failure, HWS_IO_ADDRESS, error, "the directory of the socket does not exist");
  case EACCES:
  case EPERM:
  case EROFS:
    (void)snprintf(why, sizeof why, "%s is not permitted", doing);
    return refuse(failure, HWS_IO_ACCESS, error, why);
  default:
    (void)snprintf(why, sizeof why, "%s failed", doing);
    return refuse(failure, socket_status(error), error, why);
  }
}

/* Whether a connect to the file proves that nobody listens behind it. */
static int32_t probe(const struct unix_address *address, struct unix_claim_failure *failure) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return refuse_system(failure, errno, "socket");
  int error = connect(fd, (const struct sockaddr *)&address->system, address->system_bytes) == 0 ? EISCONN : errno;
  (void)close(fd);
  switch (error) {
  case ECONNREFUSED:
  case ENOENT:
    return HWS_IO_OK;
  case EISCONN:
  case EAGAIN: /* its backlog is full */
    return refuse(failure, HWS_IO_IN_USE, EADDRINUSE, "somebody listens there");
  case EPROTOTYPE:
    return refuse(failure, HWS_IO_IN_USE, EADDRINUSE, "a socket of another type is there");
  default:
    return refuse(failure, HWS_IO_IN_USE, error, "a socket is there, and whether somebody listens cannot be found out");
  }
}

/* Make way at a path whose lock is held. */
static int32_t remove_stale(const struct unix_address *address, struct unix_claim_failure *failure) {
  struct stat standing;
  if (lstat(address->system.sun_path, &standing) != 0) {
    return errno == ENOENT ? HWS_IO_OK : refuse_system(failure, errno, "looking at what is in the way");
  }
  if (!S_ISSOCK(standing.st_mode)) {
    return refuse(failure, HWS_IO_IN_USE, EADDRINUSE, "what is there is not a socket, so it is left alone");
  }
  int32_t status = probe(address, failure);
  if (status != HWS_IO_OK) return status;
  if (unlink(address->system.sun_path) != 0 && errno != ENOENT) {
    return refuse_system(failure, errno, "removing the stale socket");
  }
  return HWS_IO_OK;
}

static int32_t bind_socket(struct unix_claim *claim, const struct unix_address *address,
                           struct unix_claim_failure *failure) {
  const struct sockaddr *system = (const struct sockaddr *)&address->system;
  if (bind(claim->fd, system, address->system_bytes) == 0) return HWS_IO_OK;
  if (errno == EADDRINUSE && unix_address_is_abstract(address)) {
    return refuse(failure, HWS_IO_IN_USE, EADDRINUSE, "somebody has that abstract name");
  }
  if (errno != EADDRINUSE) return refuse_system(failure, errno, "bind");
  int32_t status = remove_stale(address, failure);
  if (status != HWS_IO_OK) return status;
  return bind(claim->fd, system, address->system_bytes) == 0 ? HWS_IO_OK : refuse_system(failure, errno, "bind");
}

/* Note which file is ours, and give it its mode where the umask took bits away. */
static int32_t settle_file(struct unix_claim *claim, const struct unix_address *address, mode_t mode,
                           struct unix_claim_failure *failure) {
  const char *path = address->system.sun_path;
  struct stat ours;
  if (lstat(path, &ours) != 0) return refuse_system(failure, errno, "looking at the new socket");
  claim->on_path = true;
  claim->device = ours.st_dev;
  claim->inode = ours.st_ino;
  if ((ours.st_mode & 07777) == mode) return HWS_IO_OK;
  if (fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW) != 0)
    return refuse_system(failure, errno, "setting the mode");
  return HWS_IO_OK;
}

static int32_t open_listening(struct unix_claim *claim, const struct unix_address *address, mode_t mode, int backlog,
                              struct unix_claim_failure *failure) {
  bool on_path = !unix_address_is_abstract(address);
  claim->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (claim->fd < 0) return refuse_system(failure, errno, "socket");
  if (on_path && fchmod(claim->fd, mode) != 0) return refuse_system(failure, errno, "setting the mode");
  int32_t status = bind_socket(claim, address, failure);
  if (status == HWS_IO_OK && on_path) status = settle_file(claim, address, mode, failure);
  if (status == HWS_IO_OK && listen(claim->fd, backlog) != 0) status = refuse_system(failure, errno, "listen");
  return status;
}

enum unix_claim_result unix_claim_make(struct unix_claim *claim, const struct unix_address *address, mode_t mode,
                                       int backlog, struct unix_claim_failure *failure) {
  *claim = (struct unix_claim){.fd = -1};
  struct unix_lock lock;
  bool on_path = !unix_address_is_abstract(address);
  if (on_path) {
    int error = unix_lock_take(&lock, address->system.sun_path);
    if (error == EAGAIN) return UNIX_CLAIM_CONTENDED;
    if (error != 0) {
      (void)refuse_system(failure, error, "locking the path");
      return UNIX_CLAIM_FAILED;
    }
  }
  int32_t status = open_listening(claim, address, mode, backlog, failure);
  if (status != HWS_IO_OK) unix_claim_end(claim, address);
  if (on_path) unix_lock_drop(&lock);
  return status == HWS_IO_OK ? UNIX_CLAIM_DONE : UNIX_CLAIM_FAILED;
}

/* The inode cannot be used again while the socket is open, so it is compared before the close; and until then a probe
 * of ours would find the listener alive and leave the file alone. */
void unix_claim_end(struct unix_claim *claim, const struct unix_address *address) {
  if (claim->fd < 0) return;
  if (claim->on_path) {
    struct stat standing;
    const char *path = address->system.sun_path;
    if (lstat(path, &standing) == 0 && standing.st_dev == claim->device && standing.st_ino == claim->inode) {
      (void)unlink(path);
    }
  }
  (void)shutdown(claim->fd, SHUT_RDWR);
  (void)close(claim->fd);
  claim->fd = -1;
}
