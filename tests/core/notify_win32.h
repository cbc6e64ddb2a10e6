/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of the readiness service begin with: a port with the service on it, and a TCP connection to ourselves.
 */
#ifndef HAWSER_TESTS_CORE_NOTIFY_WIN32_H
#define HAWSER_TESTS_CORE_NOTIFY_WIN32_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/notify_arm_win32.h"

enum {
  QUIET_MS = 20,      /* in which nothing may come */
  PATIENCE_MS = 20000 /* in which what must come does */
};

struct port_scene {
  HANDLE port;
  struct notify *notify;
  SOCKET client;
  SOCKET server; /* non-blocking */
};

/* What the next scene's service is made of; AFD at first, whatever the system has. */
extern const struct notify_arm *port_scene_arm;

/* Set-up and tear-down of cmocka. */
int port_scene_open(void **state);
int port_scene_close(void **state);

#define PORT_SCENE(test) cmocka_unit_test_setup_teardown(test, port_scene_open, port_scene_close)

/* The next that is told, passing over packets that tell nothing; events 0: nothing was told in that time. */
struct notify_told harvest_told(struct port_scene *scene, DWORD ms);

void expect_silence(struct port_scene *scene);
void expect_told(struct port_scene *scene, uint64_t key, unsigned events);
unsigned expect_told_any(struct port_scene *scene, uint64_t key);

/* NTF-3: the removal, and nothing but its end after it. */
void remove_and_wait(struct port_scene *scene, uint64_t key);

/* ---- sockets ---- */

SOCKET listener_new(struct sockaddr_in *address); /* on the loopback, at a port of its own */
SOCKET socket_dialled(const struct sockaddr_in *address);
void socket_bind(SOCKET socket); /* to a port of its own on the loopback */
void socket_make_nonblocking(SOCKET socket);
void send_text(SOCKET socket, const char *text);
void recv_text(SOCKET socket, const char *text); /* waits for it */

SOCKET datagram_new(void);                                        /* bound, non-blocking */
void datagram_send(struct port_scene *scene, SOCKET destination); /* one to it */

#endif
