/* SPDX-License-Identifier: Apache-2.0
 *
 * UNX-2: what may be in the way of a listener, whose file it is, and its mode.
 */
#define _GNU_SOURCE /* flock */
#include "tests/transports/unix_support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- what the file looks like between the transport's calls ------------------------------------------------------ */

static mode_t mode_after_bind;
static mode_t mode_before_listen;

int __real_bind(int fd, const struct sockaddr *address, socklen_t bytes);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t bytes);
int __real_listen(int fd, int backlog);
int __wrap_listen(int fd, int backlog);

static mode_t mode_of_bound(int fd) {
  struct sockaddr_un address = {.sun_family = AF_UNSPEC};
  socklen_t bytes = sizeof address;
  struct stat found;
  if (getsockname(fd, (struct sockaddr *)&address, &bytes) != 0 || address.sun_path[0] != '/') return 0;
  return lstat(address.sun_path, &found) == 0 ? found.st_mode & 07777 : 0;
}

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t bytes) {
  int result = __real_bind(fd, address, bytes);
  int error = errno;
  mode_after_bind = mode_of_bound(fd);
  errno = error;
  return result;
}

int __wrap_listen(int fd, int backlog) {
  mode_before_listen = mode_of_bound(fd);
  return __real_listen(fd, backlog);
}

/* ---- what happens to the lock between open and flock ------------------------------------------------------------- */

static char vanishing[200]; /* the lock's path, to be taken over by another at the next flock; empty: none */
static int usurper = -1;

int __real_flock(int fd, int operation);
int __wrap_flock(int fd, int operation);

int __wrap_flock(int fd, int operation) {
  if (vanishing[0]) {
    assert_int_equal(unlink(vanishing), 0);
    usurper = open(vanishing, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(__real_flock(usurper, LOCK_EX), 0);
    vanishing[0] = 0;
  }
  return __real_flock(fd, operation);
}

/* ---- what is in the way ------------------------------------------------------------------------------------------ */

static ino_t inode_of(const char *path) {
  struct stat found;
  assert_int_equal(lstat(path, &found), 0);
  return found.st_ino;
}

static void expect_works(struct unix_test *test, struct hws_host_endpoint *listener) {
  struct hws_host_endpoint *client = NULL;
  assert_int_equal(unix_test_dial(test, &client), HWS_IO_OK);
  struct hws_host_endpoint *server = fixture_accept(&test->fixture, listener);
  fixture_write_all(client, 0, 100);
  fixture_read_all(server, 0, 100);
  check_endpoint_destroy(client, false);
  check_endpoint_destroy(server, false);
}

static void stale_socket_is_replaced(void **state) {
  struct unix_test *test = *state;
  for (int backlog = -1; backlog <= 5; backlog += 6) {
    struct hws_host_endpoint *listener = NULL;
    (void)close(unix_plain_listen(test->path, SOCK_STREAM, backlog));
    assert_int_equal(unix_test_listen(test, &listener, "%s", test->url), HWS_IO_OK);
    expect_works(test, listener);
    check_endpoint_destroy(listener, false);
    assert_int_equal(access(test->path, F_OK), -1);
  }
}

static void expect_in_use(struct unix_test *test, const char *says) {
  struct hws_host_endpoint *listener = NULL;
  ino_t before = inode_of(test->path);
  assert_int_equal(unix_test_listen(test, &listener, "%s", test->url), HWS_IO_IN_USE);
  assert_non_null(strstr(unix_test_explained(test), says));
  assert_int_equal(inode_of(test->path), before);
}

static void live_listener_is_not_stolen(void **state) {
  struct unix_test *test = *state;
  int live = unix_plain_listen(test->path, SOCK_STREAM, 5);
  expect_in_use(test, "somebody listens there");
  int client = unix_plain_connect(test->path, 0);
  assert_true(client >= 0);
  (void)close(client);
  (void)close(live);
}

static void live_listener_with_full_backlog_is_not_stolen(void **state) {
  struct unix_test *test = *state;
  int clients[64];
  unsigned count = 0;
  int live = unix_plain_listen(test->path, SOCK_STREAM, 1);
  unix_plain_fill(test->path, clients, 64, &count);
  expect_in_use(test, "somebody listens there");
  while (count > 0) (void)close(clients[--count]);
  (void)close(live);
}

static void our_own_listener_is_not_stolen(void **state) {
  struct unix_test *test = *state;
  struct hws_host_endpoint *listener = NULL;
  assert_int_equal(unix_test_listen(test, &listener, "%s", test->url), HWS_IO_OK);
  expect_in_use(test, "somebody listens there");
  check_endpoint_destroy(listener, false);
}

static void socket_of_another_type_is_left(void **state) {
  struct unix_test *test = *state;
  int datagrams = unix_plain_listen(test->path, SOCK_DGRAM, -1);
  expect_in_use(test, "another type");
  (void)close(datagrams);
}

static void regular_file_is_left(void **state) {
  struct unix_test *test = *state;
  char back[8] = "";
  int fd = open(test->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  assert_int_equal(write(fd, "keep", 4), 4);
  expect_in_use(test, "not a socket");
  assert_int_equal(pread(fd, back, sizeof back, 0), 4);
  assert_string_equal(back, "keep");
  (void)close(fd);
}

static void symbolic_link_and_folder_are_left(void **state) {
  struct unix_test *test = *state;
  assert_int_equal(symlink("/nonexistent", test->path), 0);
  expect_in_use(test, "not a socket");
  assert_int_equal(unlink(test->path), 0);
  assert_int_equal(mkdir(test->path, 0700), 0);
  expect_in_use(test, "not a socket");
}

/* Many processes find one stale socket and all replace it at once: one of them listens then, and it is who says so. */
enum { RACERS = 6, RACES = 8 };

static void race(struct unix_test *test, int go, int stop) {
  char byte;
  struct hws_host_endpoint *listener = NULL;
  test->fixture.host->poller = check_poller_new(); /* the one that was forked is everybody's */
  if (read(go, &byte, 1) != 0) _exit(3);
  int32_t status = unix_test_listen(test, &listener, "%s", test->url);
  if (status == HWS_IO_IN_USE) _exit(1);
  if (status != HWS_IO_OK) _exit(2);
  struct check_io *accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
  fixture_wait(accept);
  (void)!read(stop, &byte, 1);
  _exit(0);
}

static void only_one_replaces_a_stale_socket(void **state) {
  struct unix_test *test = *state;
  for (int round = 0; round < RACES; round++) {
    int go[2];
    int stop[2];
    pid_t children[RACERS];
    unsigned won = 0;
    unsigned refused = 0;
    assert_int_equal(pipe2(go, O_CLOEXEC), 0);
    assert_int_equal(pipe2(stop, O_CLOEXEC), 0);
    (void)close(unix_plain_listen(test->path, SOCK_STREAM, 5));
    for (int i = 0; i < RACERS; i++) {
      children[i] = fork();
      assert_true(children[i] >= 0);
      if (children[i] > 0) continue;
      (void)close(go[1]);
      (void)close(stop[1]);
      race(test, go[0], stop[0]);
    }
    (void)close(go[1]);
    /* The losers end by themselves; the winner, once it has heard from the path that it claimed. */
    for (int i = 0; i < RACERS - 1; i++) {
      int status = 0;
      assert_true(waitpid(-1, &status, 0) > 0);
      assert_true(WIFEXITED(status));
      if (WEXITSTATUS(status) == 1) refused++;
    }
    int client = unix_plain_connect(test->path, 0);
    assert_true(client >= 0);
    (void)close(stop[1]);
    int status = 0;
    assert_true(waitpid(-1, &status, 0) > 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) won++;
    assert_int_equal(refused, RACERS - 1);
    assert_int_equal(won, 1);
    (void)close(client);
    (void)close(go[0]);
    (void)close(stop[0]);
    (void)unlink(test->path);
  }
}

/* ---- the lock ---------------------------------------------------------------------------------------------------- */

static int lock_plainly(const char *path) {
  char name[200];
  (void)snprintf(name, sizeof name, "%s.hawser-lock", path);
  int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  assert_true(fd >= 0);
  return fd;
}

static void waits_while_another_claims(void **state) {
  struct unix_test *test = *state;
  struct hws_host_endpoint *listener = NULL;
  int lock = lock_plainly(test->path);
  assert_int_equal(flock(lock, LOCK_EX), 0);
  assert_int_equal(check_endpoint_listen(test->fixture.host, test->url, &listener), HWS_IO_OK);
  struct check_io *listen = check_io_submit(listener, HWS_IO_LISTEN, NULL, 0);
  fixture_expect_pending(listen, "another process holds the lock");
  check_io_cancel(listen);
  fixture_expect(listen, HWS_IO_CANCELED);
  listen = check_io_submit(listener, HWS_IO_LISTEN, NULL, 0);
  fixture_expect_pending(listen, "another process holds the lock");
  (void)close(lock);
  fixture_expect(listen, HWS_IO_OK);
  expect_works(test, listener);
  check_endpoint_destroy(listener, false);
  assert_int_equal(rmdir(test->folder), 0); /* nothing is left, the lock neither */
  assert_int_equal(mkdir(test->folder, 0700), 0);
}

/* What was opened is locked, but stands there no more: the lock is another's. */
static void lock_that_vanished_is_no_lock(void **state) {
  struct unix_test *test = *state;
  struct hws_host_endpoint *listener = NULL;
  assert_int_equal(check_endpoint_listen(test->fixture.host, test->url, &listener), HWS_IO_OK);
  (void)snprintf(vanishing, sizeof vanishing, "%s.hawser-lock", test->path);
  struct check_io *listen = check_io_submit(listener, HWS_IO_LISTEN, NULL, 0);
  fixture_expect_pending(listen, "another process holds the lock");
  (void)close(usurper);
  fixture_expect(listen, HWS_IO_OK);
  check_endpoint_destroy(listener, false);
}

static void lock_of_a_crash_is_used(void **state) {
  struct unix_test *test = *state;
  struct hws_host_endpoint *listener = NULL;
  (void)close(lock_plainly(test->path));
  assert_int_equal(unix_test_listen(test, &listener, "%s", test->url), HWS_IO_OK);
  check_endpoint_destroy(listener, false);
  assert_int_equal(rmdir(test->folder), 0);
  assert_int_equal(mkdir(test->folder, 0700), 0);
}

static void file_that_is_no_lock_is_left(void **state) {
  struct unix_test *test = *state;
  struct hws_host_endpoint *listener = NULL;
  int fd = lock_plainly(test->path);
  assert_int_equal(write(fd, "x", 1), 1);
  (void)close(fd);
  assert_int_not_equal(unix_test_listen(test, &listener, "%s", test->url), HWS_IO_OK);
  fd = lock_plainly(test->path);
  struct stat found;
  assert_int_equal(fstat(fd, &found), 0);
  assert_int_equal(found.st_size, 1);
  (void)close(fd);
}

/* ---- whose file it is -------------------------------------------------------------------------------------------- */

static void only_our_own_file_is_removed(void **state) {
  struct unix_test *test = *state;
  struct hws_host_endpoint *listener = NULL;
  assert_int_equal(unix_test_listen(test, &listener, "%s", test->url), HWS_IO_OK);
  assert_int_equal(unlink(test->path), 0);
  int other = unix_plain_listen(test->path, SOCK_STREAM, 5);
  check_endpoint_destroy(listener, false);
  assert_int_equal(access(test->path, F_OK), 0);
  (void)close(other);
}

/* ---- mode -------------------------------------------------------------------------------------------------------- */

static void mode_is_settled_before_anyone_can_connect(void **state) {
  struct unix_test *test = *state;
  static const struct {
    const char *parameter;
    mode_t umask;
    mode_t mode;
  } cases[] = {{"", 0, 0600},     {"", 0777, 0600},        {"?mode=0660", 077, 0660}, {"?mode=666", 022, 0666},
               {"?mode=0", 0, 0}, {"?mode=0777", 0, 0777}, {"?mode=0600", 0, 0600}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct hws_host_endpoint *listener = NULL;
    mode_t before = umask(cases[i].umask);
    int32_t status = unix_test_listen(test, &listener, "%s%s", test->url, cases[i].parameter);
    (void)umask(before);
    assert_int_equal(status, HWS_IO_OK);
    assert_int_equal(mode_after_bind & ~cases[i].mode, 0);
    assert_int_equal(mode_before_listen, cases[i].mode);
    assert_int_equal(unix_mode_of(test->path), cases[i].mode);
    check_endpoint_destroy(listener, false);
  }
}

/* ---- settings ---------------------------------------------------------------------------------------------------- */

static void wrong_settings_are_refused(void **state) {
  struct unix_test *test = *state;
  static const char *const wrong[] = {"mode=",        "mode=0999",     "mode=1000",  "mode=00777",   "mode=rw",
                                      "mode=-1",      "mode=0x180",    "backlog=0",  "backlog=",     "backlog=65536",
                                      "backlog=1e3",  "backlog=-1",    "allow_uid=", "allow_uid=me", "allow_gid=1,",
                                      "allow_gid=-1", "backlog=000005"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    struct hws_host_endpoint *listener = NULL;
    char key[16] = "";
    memcpy(key, wrong[i], strcspn(wrong[i], "="));
    assert_int_equal(check_endpoint_listen(test->fixture.host, test->url, &listener), HWS_IO_OK);
    check_endpoint_destroy(listener, false);
    assert_int_equal(unix_test_listen(test, &listener, "%s?%s", test->url, wrong[i]), HWS_IO_ADDRESS);
    assert_non_null(strstr(unix_test_explained(test), key));
  }
}

static void backlog_is_the_systems(void **state) {
  struct unix_test *test = *state;
  struct hws_host_endpoint *listener = NULL;
  int clients[64];
  unsigned count = 0;
  assert_int_equal(unix_test_listen(test, &listener, "%s?backlog=3", test->url), HWS_IO_OK);
  unix_plain_fill(test->path, clients, 64, &count);
  assert_in_range(count, 3, 4);
  while (count > 0) (void)close(clients[--count]);
  check_endpoint_destroy(listener, false);
}

static void places_that_cannot_be(void **state) {
  struct unix_test *test = *state;
  struct hws_host_endpoint *listener = NULL;
  char name[200];
  memset(name, 'x', sizeof name - 1);
  name[sizeof name - 1] = 0;
  assert_int_equal(unix_test_listen(test, &listener, "unix://%s/%s", test->folder, name), HWS_IO_ADDRESS);
  assert_non_null(strstr(unix_test_explained(test), "107"));
  name[107 - strlen(test->folder) - 1] = 0;
  assert_int_equal(unix_test_listen(test, &listener, "unix://%s/%s", test->folder, name), HWS_IO_OK);
  check_endpoint_destroy(listener, false);
  assert_int_equal(unix_test_listen(test, &listener, "unix://%s/no/s", test->folder), HWS_IO_ADDRESS);
  assert_non_null(strstr(unix_test_explained(test), "does not exist"));
  assert_int_equal(unix_test_listen(test, &listener, "unix://relative"), HWS_IO_ADDRESS);
}

/* ---- abstract names ---------------------------------------------------------------------------------------------- */

static void abstract_names_work(void **state) {
  struct unix_test *test = *state;
  struct hws_host_endpoint *listener = NULL;
  struct hws_host_endpoint *second = NULL;
  (void)snprintf(test->url, sizeof test->url, "unix:@%s", test->folder);
  assert_int_equal(unix_test_listen(test, &listener, "%s", test->url), HWS_IO_OK);
  assert_int_equal(access(test->folder + 1, F_OK), -1);
  expect_works(test, listener);
  assert_int_equal(unix_test_listen(test, &second, "%s", test->url), HWS_IO_IN_USE);
  assert_non_null(strstr(unix_test_explained(test), "abstract"));
  check_endpoint_destroy(listener, false);
  assert_int_equal(unix_test_listen(test, &listener, "%s", test->url), HWS_IO_OK);
  check_endpoint_destroy(listener, false);
}

/* An abstract name has no file: its mode is not asked for, so that the host names it as unknown. */
static void abstract_names_have_no_mode(void **state) {
  struct unix_test *test = *state;
  struct hws_host_endpoint *listener = NULL;
  assert_int_equal(unix_test_listen(test, &listener, "unix:@%s?mode=0600&backlog=5", test->folder), HWS_IO_OK);
  assert_false(listener->url.parameters[0].asked);
  assert_true(listener->url.parameters[1].asked);
  check_endpoint_destroy(listener, false);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, unix_test_begin, unix_test_end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(stale_socket_is_replaced),
      TEST(live_listener_is_not_stolen),
      TEST(live_listener_with_full_backlog_is_not_stolen),
      TEST(our_own_listener_is_not_stolen),
      TEST(socket_of_another_type_is_left),
      TEST(regular_file_is_left),
      TEST(symbolic_link_and_folder_are_left),
      TEST(only_one_replaces_a_stale_socket),
      TEST(waits_while_another_claims),
      TEST(lock_that_vanished_is_no_lock),
      TEST(lock_of_a_crash_is_used),
      TEST(file_that_is_no_lock_is_left),
      TEST(only_our_own_file_is_removed),
      TEST(mode_is_settled_before_anyone_can_connect),
      TEST(wrong_settings_are_refused),
      TEST(backlog_is_the_systems),
      TEST(places_that_cannot_be),
      TEST(abstract_names_work),
      TEST(abstract_names_have_no_mode),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
