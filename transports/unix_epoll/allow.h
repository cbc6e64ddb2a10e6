/* SPDX-License-Identifier: Apache-2.0
 *
 * The allow-list of a listener: which users and groups may connect. Pure.
 */
#ifndef HAWSER_UNIX_EPOLL_ALLOW_H
#define HAWSER_UNIX_EPOLL_ALLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UNIX_ALLOW_MAX = 256 }; /* ids in one list */

struct unix_ids {
  uint32_t count;
  uint32_t ids[UNIX_ALLOW_MAX];
};

/* A connection is let in if its user is in `users` or one of its groups is in `groups`; everybody is where neither was
 * given. */
struct unix_allow {
  struct unix_ids users;
  struct unix_ids groups;
  bool everybody;
};

/* Read "1000,1001". 0, or a negative hws_io_status with one line in `why`, which names the parameter by `key`. */
int32_t unix_ids_parse(const char *key, const char *text, struct unix_ids *ids, char *why, size_t why_size);

bool unix_ids_contain(const struct unix_ids *ids, uint32_t id);

#endif
