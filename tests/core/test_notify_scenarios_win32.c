/* SPDX-License-Identifier: Apache-2.0
 *
 * NTF-5: the three scenarios that Microsoft publishes with ProcessSocketNotifications, on the readiness service itself.
 * A poll replacement, over AFD; an edge-triggered datagram server, over our own ProcessSocketNotifications, as AFD has
 * no edges; a server of many threads that ends in order, over both.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tests/core/fake_psn_win32.h"
#include "tests/core/notify_win32.h"
#include "tests/core/places.h"

/* ---- a poll replacement ------------------------------------------------------------------------------------------ */

enum { MESSAGES = 10, MESSAGE_BYTES = 4 };

static void send_messages(SOCKET socket) {
  for (int i = 0; i < MESSAGES; i++) send_text(socket, "ping");
}

static void run_client(void *argument) {
  struct port_scene *scene = argument;
  send_messages(scene->client);
  assert_int_equal(shutdown(scene->client, SD_SEND), 0);
}

/* What is there. 1: bytes, 0: the end, -1: it would block. */
static int take_some(SOCKET socket, atomic_uint *bytes) {
  char buffer[16];
  int got = recv(socket, buffer, sizeof buffer, 0);
  if (got > 0) atomic_fetch_add(bytes, (unsigned)got);
  if (got < 0) assert_int_equal(WSAGetLastError(), WSAEWOULDBLOCK);
  return got > 0 ? 1 : got;
}

/* One thread, one socket, registered once: what is not read is told again, and bytes come before the hang-up. */
static void poll_replacement(void **state) {
  struct port_scene *scene = *state;
  atomic_uint bytes = 0;
  uint64_t key;
  bool ended = false;
  assert_int_equal(notify_register(scene->notify, scene->server, scene, NOTIFY_IN | NOTIFY_HANGUP,
                                   NOTIFY_PERSISTENT | NOTIFY_LEVEL, &key),
                   0);
  struct thread *client = thread_start(run_client, scene);
  while (!ended) {
    unsigned events = expect_told_any(scene, key);
    assert_false(events & NOTIFY_ERROR);
    if (events & (NOTIFY_IN | NOTIFY_HANGUP)) ended = take_some(scene->server, &bytes) == 0;
  }
  thread_join(client);
  assert_int_equal(atomic_load(&bytes), MESSAGES * MESSAGE_BYTES);
  assert_true(notify_remove(scene->notify, key, false));
  struct notify_told told;
  do told = harvest_told(scene, PATIENCE_MS);
  while (told.events && told.events != NOTIFY_REMOVED);
  assert_int_equal(told.events, NOTIFY_REMOVED);
}

/* ---- an edge-triggered datagram server ----------------------------------------------------------------------------
 */

enum { DATAGRAMS = 30 };

static void send_datagrams(void *argument) {
  struct port_scene *scene = argument;
  for (int i = 0; i < DATAGRAMS; i++) {
    datagram_send(scene, scene->server);
    (void)fake_psn_tell(scene->server, NOTIFY_IN); /* each arrival may be an edge */
  }
}

/* NTF-7: registered before it is bound, so that no edge is missed, and drained until a call would block. */
static void edge_datagrams(void **state) {
  struct port_scene *scene = *state;
  uint64_t key;
  unsigned got = 0;
  char byte;
  closesocket(scene->server);
  scene->server = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
  assert_int_not_equal(scene->server, INVALID_SOCKET);
  socket_make_nonblocking(scene->server);
  assert_int_equal(
      notify_register(scene->notify, scene->server, scene, NOTIFY_IN, NOTIFY_PERSISTENT | NOTIFY_EDGE, &key), 0);
  socket_bind(scene->server);
  struct thread *sender = thread_start(send_datagrams, scene);
  while (got < DATAGRAMS) {
    expect_told(scene, key, NOTIFY_IN);
    while (recv(scene->server, &byte, 1, 0) == 1) got++;
    assert_int_equal(WSAGetLastError(), WSAEWOULDBLOCK);
  }
  thread_join(sender);
  assert_int_equal(got, DATAGRAMS);
  assert_true(notify_remove(scene->notify, key, false));
  struct notify_told told;
  do told = harvest_told(scene, PATIENCE_MS);
  while (told.events == NOTIFY_IN);
  assert_int_equal(told.events, NOTIFY_REMOVED);
  assert_int_equal(fake_psn_calls(), 2); /* it was registered, and removed */
}

/* ---- a server of many threads ------------------------------------------------------------------------------------ */

enum { THREADS = 16, CLIENTS = 100, CLIENT_THREADS = 4, CLIENTS_EACH = CLIENTS / CLIENT_THREADS, HARVEST = 4 };

#define STOP_KEY ((ULONG_PTR)1) /* no key of the service's */

struct client {
  struct server *server;
  SOCKET socket;
  uint64_t key;
  atomic_bool busy; /* a thread has it */
};

struct server {
  struct notify *notify;
  HANDLE port;
  struct sockaddr_in address;
  struct client clients[CLIENTS];
  atomic_uint bytes;
  atomic_uint gone;
  atomic_uint stops;
  HANDLE all_gone;
};

static void client_gone(struct client *client) {
  struct server *server = client->server;
  closesocket(client->socket);
  if (atomic_fetch_add(&server->gone, 1) + 1 == CLIENTS) SetEvent(server->all_gone);
}

/* NTF-2: nobody else is told of it until it is asked for again. */
static void serve(struct client *client) {
  int found;
  assert_false(atomic_exchange(&client->busy, true));
  do found = take_some(client->socket, &client->server->bytes);
  while (found > 0);
  atomic_store(&client->busy, false);
  if (found < 0)
    notify_want(client->server->notify, client->key, NOTIFY_IN | NOTIFY_HANGUP);
  else
    assert_true(notify_remove(client->server->notify, client->key, false));
}

static void told_of(const struct notify_told *told) {
  if (!told->events) return;
  if (told->events & NOTIFY_REMOVED)
    client_gone(told->whose);
  else
    serve(told->whose);
}

/* Each asks again with its next harvest. A stop is taken by one, for itself; what else came with it is served first. */
static void run_server(void *argument) {
  struct server *server = argument;
  OVERLAPPED_ENTRY entries[HARVEST];
  for (bool stop = false; !stop;) {
    unsigned count = notify_harvest(server->notify, entries, HARVEST, INFINITE);
    unsigned stops = 0;
    for (unsigned i = 0; i < count; i++) {
      struct notify_told told;
      if (notify_read(server->notify, &entries[i], &told))
        told_of(&told);
      else
        stops += entries[i].lpCompletionKey == STOP_KEY;
    }
    stop = stops > 0;
    for (unsigned i = 1; i < stops; i++) assert_true(PostQueuedCompletionStatus(server->port, 0, STOP_KEY, NULL));
  }
  atomic_fetch_add(&server->stops, 1);
}

static void run_clients(void *argument) {
  struct server *server = argument;
  SOCKET sockets[CLIENTS_EACH];
  for (int i = 0; i < CLIENTS_EACH; i++) sockets[i] = socket_dialled(&server->address);
  for (int i = 0; i < CLIENTS_EACH; i++) send_messages(sockets[i]);
  for (int i = 0; i < CLIENTS_EACH; i++) {
    assert_int_equal(shutdown(sockets[i], SD_SEND), 0);
    closesocket(sockets[i]);
  }
}

static void accept_clients(struct server *server, SOCKET listener) {
  for (int i = 0; i < CLIENTS; i++) {
    struct client *client = &server->clients[i];
    client->server = server;
    client->socket = accept(listener, NULL, NULL);
    assert_int_not_equal(client->socket, INVALID_SOCKET);
    socket_make_nonblocking(client->socket);
    assert_int_equal(notify_register(server->notify, client->socket, client, NOTIFY_IN | NOTIFY_HANGUP,
                                     NOTIFY_ONE_SHOT | NOTIFY_LEVEL, &client->key),
                     0);
  }
}

/* The threads are stopped by packets, all of them, before the port goes. */
static void many_threads(void **state) {
  struct port_scene *scene = *state;
  struct thread *threads[THREADS];
  struct thread *dialling[CLIENT_THREADS];
  struct server *server = calloc(1, sizeof *server);
  assert_non_null(server);
  server->notify = scene->notify;
  server->port = scene->port;
  server->all_gone = CreateEventW(NULL, TRUE, FALSE, NULL);
  SOCKET listener = listener_new(&server->address);
  for (int i = 0; i < THREADS; i++) threads[i] = thread_start(run_server, server);
  for (int i = 0; i < CLIENT_THREADS; i++) dialling[i] = thread_start(run_clients, server);
  accept_clients(server, listener);
  assert_int_equal(WaitForSingleObject(server->all_gone, 3 * PATIENCE_MS), WAIT_OBJECT_0);
  for (int i = 0; i < THREADS; i++) assert_true(PostQueuedCompletionStatus(scene->port, 0, STOP_KEY, NULL));
  for (int i = 0; i < THREADS; i++) thread_join(threads[i]);
  for (int i = 0; i < CLIENT_THREADS; i++) thread_join(dialling[i]);
  assert_int_equal(atomic_load(&server->stops), THREADS);
  assert_int_equal(atomic_load(&server->gone), CLIENTS);
  assert_int_equal(atomic_load(&server->bytes), CLIENTS * MESSAGES * MESSAGE_BYTES);
  assert_int_equal(notify_count(scene->notify), 0);
  closesocket(listener);
  CloseHandle(server->all_gone);
  free(server);
}

/* ---- where ------------------------------------------------------------------------------------------------------- */

static int fake_open(void **state) {
  fake_psn_begin();
  port_scene_arm = &notify_arm_psn;
  int result = port_scene_open(state);
  port_scene_arm = &notify_arm_afd;
  return result;
}

static int fake_close(void **state) {
  int result = port_scene_close(state);
  fake_psn_end();
  return result;
}

static int running_open(void **state) {
  int result = fake_open(state);
  fake_psn_run();
  return result;
}

static int running_close(void **state) {
  fake_psn_halt();
  return fake_close(state);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      PORT_SCENE(poll_replacement),
      cmocka_unit_test_setup_teardown(edge_datagrams, fake_open, fake_close),
      PORT_SCENE(many_threads),
      {"many_threads (by notifications)", many_threads, running_open, running_close, NULL},
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
