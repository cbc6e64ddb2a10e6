/* SPDX-License-Identifier: Apache-2.0
 *
 * What tests of the Unix transport share: the kit's host with the transport linked in, a folder of its own, and plain
 * sockets that stand for other programs.
 */
#ifndef HAWSER_TESTS_UNIX_SUPPORT_H
#define HAWSER_TESTS_UNIX_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "plugins/check/fixture.h"

extern const struct hws_plugin *hws_plugin_v1(void);

struct unix_test {
  struct fixture fixture;
  struct check_config config;
  char folder[64];
  char path[160]; /* folder/s */
  char url[256];  /* unix:// path */
  char listen_url[512];
  unsigned descriptors;
  int64_t memory;
};

/* cmocka's setup and teardown; teardown also finds what leaked. */
int unix_test_begin(void **state);
int unix_test_end(void **state);

/* Listen at a URL made like printf. Returns the status of the io, or of the call; *listener is set if it listens. */
#define unix_test_listen(test, listener, ...)                                                                          \
  ((void)snprintf((test)->listen_url, sizeof(test)->listen_url, __VA_ARGS__), unix_test_listen_there(test, listener))

int32_t unix_test_listen_there(struct unix_test *test, struct hws_host_endpoint **listener);

/* What was explained for the endpoint that was made last. */
const char *unix_test_explained(struct unix_test *test);

/* Dial the test's path through the transport. Returns the io's status; *client is set if it is connected. */
int32_t unix_test_dial(struct unix_test *test, struct hws_host_endpoint **client);

/* Plain sockets, blocking. -1 - errno if it fails. backlog negative: bound only. */
struct sockaddr_un unix_plain_address(const char *path);
int unix_plain_listen(const char *path, int type, int backlog);
int unix_plain_connect(const char *path, int flags);

/* Connect until the backlog is full. */
void unix_plain_fill(const char *path, int *clients, unsigned room, unsigned *count);

mode_t unix_mode_of(const char *path);

#endif
