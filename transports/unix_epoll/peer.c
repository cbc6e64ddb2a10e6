/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is at the other end of a Unix socket: the credentials that the peer had when it connected (SO_PEERCRED), and its
 * supplementary groups (SO_PEERGROUPS).
 */
#define _GNU_SOURCE /* struct ucred */
#include "transports/unix_epoll/peer.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "plugins/hawser_plugin.h"

/* A member of a group has it as its main group or as a supplementary one. The system allows 65536 of those. */
enum { GROUPS_BYTES_MAX = 65536 * sizeof(gid_t) };

bool unix_peer_read(int fd, struct unix_peer *peer) {
  struct ucred credentials;
  socklen_t size = sizeof credentials;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0 || size != sizeof credentials) return false;
  *peer = (struct unix_peer){
      .uid = credentials.uid, .gid = credentials.gid, .pid = credentials.pid > 0 ? (uint32_t)credentials.pid : 0};
  return true;
}

static bool group_among(const struct unix_ids *allowed, const gid_t *groups, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (unix_ids_contain(allowed, groups[i])) return true;
  }
  return false;
}

static bool supplementary_allowed(const struct hws_host *host, const struct unix_ids *allowed, int fd) {
  gid_t few[32];
  socklen_t size = sizeof few;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, few, &size) == 0) return group_among(allowed, few, size / sizeof *few);
  if (errno != ERANGE || size > GROUPS_BYTES_MAX) return false;
  gid_t *many = host->alloc(size);
  if (!many) return false;
  bool found =
      getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, many, &size) == 0 && group_among(allowed, many, size / sizeof *many);
  host->release(many);
  return found;
}

bool unix_peer_allowed(const struct hws_host *host, const struct unix_allow *allow, int fd,
                       const struct unix_peer *peer) {
  if (allow->everybody || unix_ids_contain(&allow->users, peer->uid)) return true;
  if (allow->groups.count == 0) return false;
  return unix_ids_contain(&allow->groups, peer->gid) || supplementary_allowed(host, &allow->groups, fd);
}
