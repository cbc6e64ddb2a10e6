/* SPDX-License-Identifier: Apache-2.0
 *
 * What the host holds of this transport is one of two things, told apart by their first field.
 */
#ifndef HAWSER_UNIX_EPOLL_ENDPOINT_H
#define HAWSER_UNIX_EPOLL_ENDPOINT_H

#include <stdint.h>

#include "transports/unix_epoll/address.h"

enum unix_kind { UNIX_LISTENER = 1, UNIX_CONNECTION = 2 };

/* The first member of struct unix_listener and struct unix_connection. */
struct unix_endpoint {
  enum unix_kind kind;
};

/* Answers of query: a text cut to size, of which the whole length is returned, and a descriptor. */
int32_t unix_answer_url(const struct unix_address *address, void *answer, uint32_t size);
int32_t unix_answer_empty(void *answer, uint32_t size);
int32_t unix_answer_handle(int fd, void *answer, uint32_t size);

#endif
