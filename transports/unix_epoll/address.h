/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses of Unix sockets: from the text of a URL to what the system takes, and back. Pure.
 */
#ifndef HAWSER_UNIX_EPOLL_ADDRESS_H
#define HAWSER_UNIX_EPOLL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

enum {
  UNIX_NAME_MAX = (int)sizeof(((struct sockaddr_un *)0)->sun_path) - 1, /* bytes of a path or abstract name */
  UNIX_URL_MAX = 8 + 3 * UNIX_NAME_MAX + 1                              /* with its zero byte */
};

struct unix_address {
  struct sockaddr_un system;
  socklen_t system_bytes;
};

/* Read "/path" or "@name". 0, or a negative hws_io_status with one line in `why`. */
int32_t unix_address_parse(const char *text, size_t bytes, struct unix_address *address, char *why, size_t why_size);

/* What getsockname or getpeername gave. false: it has no name. */
bool unix_address_from_system(const struct sockaddr_un *system, socklen_t system_bytes, struct unix_address *address);

static inline bool unix_address_is_abstract(const struct unix_address *address) {
  return address->system.sun_path[0] == 0;
}

/* As a URL that can be dialled, printable whatever the name holds, and zero-terminated. Returns its length. */
size_t unix_address_url(const struct unix_address *address, char url[UNIX_URL_MAX]);

/* Its URL, as an answer of query. */
int32_t unix_address_answer(const struct unix_address *address, void *answer, uint32_t size);

#endif
