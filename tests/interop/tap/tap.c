/* SPDX-License-Identifier: Apache-2.0
 *
 * Stands between our session and the peer, passes on what each says, and reads along (watch.h). The peers speak Unix
 * sockets only; our side may use TCP.
 *
 *   interop_tap dials|listens MODE LISTEN CONNECT
 *
 * The first word is what our side does. An address is unix:PATH or tcp:PORT, of the loopback. It says where it listens,
 * and on SIGTERM, once all connections ended, what it saw. Its exit code is 1 if we broke a rule.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tests/interop/tap/watch.h"

enum { PATIENCE_S = 30 };

struct relay {
  pthread_mutex_t lock; /* of the watch */
  struct watch watch;
  int sockets[SIDES];
};

struct half {
  struct relay *relay;
  int from; /* OURS or THEIRS */
};

static bool ours_dials;
static bool pair_first;
static const char *connect_to;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static unsigned running;
static unsigned complaints;

static void die(const char *what) {
  fprintf(stderr, "tap: %s: %s\n", what, strerror(errno));
  exit(2);
}

static int make_socket(const char *text, struct sockaddr_storage *address, socklen_t *length) {
  struct sockaddr_un *local = (struct sockaddr_un *)(void *)address;
  struct sockaddr_in *internet = (struct sockaddr_in *)(void *)address;
  int made;

  memset(address, 0, sizeof *address);
  if (strncmp(text, "unix:", 5) == 0 && strlen(text + 5) < sizeof local->sun_path) {
    local->sun_family = AF_UNIX;
    memcpy(local->sun_path, text + 5, strlen(text + 5));
    *length = sizeof *local;
  } else if (strncmp(text, "tcp:", 4) == 0) {
    internet->sin_family = AF_INET;
    internet->sin_port = htons((uint16_t)strtoul(text + 4, NULL, 10));
    internet->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *length = sizeof *internet;
  } else {
    errno = EINVAL;
    die(text);
  }
  made = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (made < 0) die("socket");
  return made;
}

static int listen_at(const char *text) {
  struct sockaddr_storage address;
  socklen_t length;
  const int made = make_socket(text, &address, &length);

  if (bind(made, (struct sockaddr *)&address, length) != 0 || listen(made, 64) != 0) die(text);
  if (address.ss_family == AF_INET) {
    if (getsockname(made, (struct sockaddr *)&address, &length) != 0) die(text);
    printf("listening tcp:%u\n", ntohs(((struct sockaddr_in *)(void *)&address)->sin_port));
  } else {
    printf("listening %s\n", text);
  }
  fflush(stdout);
  return made;
}

static void write_all(int to, int from, const uint8_t *bytes, size_t length) {
  while (length > 0) {
    const ssize_t wrote = send(to, bytes, length, MSG_NOSIGNAL);

    if (wrote < 0) {
      /* Who sends shall learn that nobody listens. */
      shutdown(from, SHUT_RD);
      return;
    }
    bytes += wrote;
    length -= (size_t)wrote;
  }
}

static void *pass_on(void *argument) {
  const struct half *half = argument;
  struct relay *relay = half->relay;
  const int from = relay->sockets[half->from];
  const int to = relay->sockets[1 - half->from];
  static _Thread_local uint8_t bytes[65536];
  ssize_t got;

  while ((got = read(from, bytes, sizeof bytes)) > 0) {
    pthread_mutex_lock(&relay->lock);
    watch_bytes(&relay->watch, half->from, bytes, (size_t)got);
    pthread_mutex_unlock(&relay->lock);
    write_all(to, from, bytes, (size_t)got);
  }
  shutdown(to, SHUT_WR);
  return NULL;
}

static void *serve(void *argument) {
  struct relay *relay = argument;
  struct half halves[SIDES] = {{relay, OURS}, {relay, THEIRS}};
  pthread_t thread;

  if (pthread_create(&thread, NULL, pass_on, &halves[OURS]) != 0) die("thread");
  pass_on(&halves[THEIRS]);
  pthread_join(thread, NULL);
  close(relay->sockets[OURS]);
  close(relay->sockets[THEIRS]);
  pthread_mutex_lock(&lock);
  watch_print(&relay->watch);
  complaints += relay->watch.complaints;
  running--;
  pthread_cond_signal(&ended);
  pthread_mutex_unlock(&lock);
  watch_end(&relay->watch);
  free(relay);
  return NULL;
}

static void begin_relay(int accepted) {
  struct relay *relay = calloc(1, sizeof *relay);
  struct sockaddr_storage address;
  socklen_t length;
  const int dialled = make_socket(connect_to, &address, &length);
  const int on = 1;
  pthread_t thread;

  if (relay == NULL) die("memory");
  if (connect(dialled, (struct sockaddr *)&address, length) != 0) die(connect_to);
  /* These fail on Unix sockets, which need it not. */
  (void)setsockopt(dialled, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  (void)setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  pthread_mutex_init(&relay->lock, NULL);
  watch_begin(&relay->watch, ours_dials, pair_first);
  relay->sockets[OURS] = ours_dials ? accepted : dialled;
  relay->sockets[THEIRS] = ours_dials ? dialled : accepted;
  pthread_mutex_lock(&lock);
  running++;
  pthread_mutex_unlock(&lock);
  if (pthread_create(&thread, NULL, serve, relay) != 0) die("thread");
  pthread_detach(thread);
}

static void *accept_all(void *argument) {
  const int listener = *(const int *)argument;

  for (;;) {
    const int accepted = accept(listener, NULL, NULL);

    if (accepted < 0) die("accept");
    begin_relay(accepted);
  }
  return NULL;
}

static void wait_for_ends(void) {
  struct timespec until;

  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += PATIENCE_S;
  pthread_mutex_lock(&lock);
  while (running > 0)
    if (pthread_cond_timedwait(&ended, &lock, &until) != 0) break;
  if (running > 0) {
    printf("%u connections did not end\n", running);
    complaints++;
  }
  pthread_mutex_unlock(&lock);
}

int main(int argc, char **argv) {
  pthread_t acceptor;
  sigset_t set;
  int listener;
  int got;

  if (argc != 5) {
    fprintf(stderr, "usage: see tap.c\n");
    return 2;
  }
  ours_dials = strcmp(argv[1], "dials") == 0;
  pair_first = strcmp(argv[2], "auto") == 0;
  connect_to = argv[4];
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  listener = listen_at(argv[3]);
  if (pthread_create(&acceptor, NULL, accept_all, &listener) != 0) die("thread");
  sigwait(&set, &got);
  wait_for_ends();
  fflush(stdout);
  _exit(complaints > 0 ? 1 : 0);
}
