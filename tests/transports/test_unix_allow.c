/* SPDX-License-Identifier: Apache-2.0
 *
 * UNX-3: who may connect. Other users are played by children that give up root; without root, the list is one that we
 * are not on.
 */
#define _GNU_SOURCE /* setgroups */
#include "tests/transports/unix_support.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OTHER_USER = 4242, OTHER_GROUP = 4343, MEMBER_GROUP = 4444 };

struct identity {
  uid_t user;
  gid_t group;
  const gid_t *groups;
  size_t group_count;
};

static bool is_root(void) {
  return geteuid() == 0;
}

/* A child that is somebody else connects, says a byte, and waits for the end. */
static pid_t visit(const char *path, const struct identity *identity) {
  pid_t child = fork();
  assert_true(child >= 0);
  if (child > 0) return child;
  char byte;
  if (setgroups(identity->group_count, identity->groups) != 0 ||
      setresgid(identity->group, identity->group, identity->group) != 0 ||
      setresuid(identity->user, identity->user, identity->user) != 0) {
    _exit(100);
  }
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path, path, strlen(path));
  socklen_t bytes = sizeof address;
  if (path[0] == '@') {
    address.sun_path[0] = 0;
    bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
  }
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(fd, (const struct sockaddr *)&address, bytes) != 0) _exit(errno);
  if (send(fd, "x", 1, MSG_NOSIGNAL) != 1) _exit(0);
  _exit(read(fd, &byte, 1) == 1 ? 50 : 0);
}

static int end_of(pid_t child) {
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

static bool is_over(void *argument) {
  int status = 0;
  pid_t *child = argument;
  pid_t ended = waitpid(*child, &status, WNOHANG);
  if (ended == 0) return false;
  assert_int_equal(ended, *child);
  assert_true(WIFEXITED(status));
  *child = WEXITSTATUS(status);
  return true;
}

/* The visitor is sent away: it meets the end, and the accept goes on. The loop must run meanwhile, in short turns, as
 * the end of a child is no event of it. */
static void expect_refused(struct unix_test *test, const struct check_io *accept, const struct identity *identity) {
  pid_t child = visit(test->path, identity);
  while (!is_over(&child)) check_host_turn(test->fixture.host, 5);
  assert_int_equal(child, 0);
  assert_false(check_io_ended(accept));
}

static struct hws_host_endpoint *expect_accepted(struct unix_test *test, struct hws_host_endpoint *listener,
                                                 const struct identity *identity) {
  pid_t child = visit(test->path, identity);
  struct hws_host_endpoint *server = fixture_accept(&test->fixture, listener);
  struct hws_peer_id peer = {.size = sizeof peer};
  char byte = 0;
  fixture_expect_bytes(fixture_read(server, &byte, 1), 1);
  assert_int_equal(byte, 'x');
  assert_int_equal(server->host->vtable.query(server->ep, HWS_QUERY_PEER, &peer, sizeof peer), 0);
  assert_int_equal(peer.flags, 7);
  assert_int_equal(peer.uid, identity->user);
  assert_int_equal(peer.gid, identity->group);
  assert_int_equal(peer.pid, child);
  fixture_write_all(server, 0, 1);
  assert_int_equal(end_of(child), 50);
  return server;
}

static const struct identity other = {.user = OTHER_USER, .group = OTHER_GROUP};

static void open_to_others(struct unix_test *test) {
  assert_int_equal(chmod(test->folder, 0755), 0);
}

static void those_on_the_list_come_in(void **state) {
  struct unix_test *test = *state;
  struct hws_host_endpoint *listener = NULL;
  open_to_others(test);
  uid_t listed = is_root() ? OTHER_USER : geteuid();
  assert_int_equal(unix_test_listen(test, &listener, "%s?mode=0666&allow_uid=7,%u,9", test->url, listed), HWS_IO_OK);
  if (is_root()) {
    check_endpoint_destroy(expect_accepted(test, listener, &other), false);
  } else {
    struct hws_host_endpoint *client = NULL;
    assert_int_equal(unix_test_dial(test, &client), HWS_IO_OK);
    check_endpoint_destroy(fixture_accept(&test->fixture, listener), false);
    check_endpoint_destroy(client, false);
  }
  check_endpoint_destroy(listener, false);
}

/* The pending accept outlasts those who are refused, and gets the first who is not. */
static void others_are_sent_away(void **state) {
  struct unix_test *test = *state;
  struct hws_host_endpoint *listener = NULL;
  open_to_others(test);
  uid_t listed = is_root() ? 0 : geteuid() + 1;
  assert_int_equal(unix_test_listen(test, &listener, "%s?mode=0666&allow_uid=%u", test->url, listed), HWS_IO_OK);
  struct check_io *accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
  if (is_root()) {
    expect_refused(test, accept, &other);
    expect_refused(test, accept, &other);
    struct hws_host_endpoint *client = NULL;
    assert_int_equal(unix_test_dial(test, &client), HWS_IO_OK);
    check_endpoint_destroy(fixture_adopt(&test->fixture, accept), false);
    check_endpoint_destroy(client, false);
  } else {
    struct hws_host_endpoint *client = NULL;
    assert_int_equal(unix_test_dial(test, &client), HWS_IO_OK);
    (void)fixture_read_out(client);
    check_endpoint_destroy(client, false);
    fixture_expect_pending(accept, "only those who are refused came");
    check_io_cancel(accept);
  }
  assert_in_range(test->fixture.host->logged, 1, 2);
  check_endpoint_destroy(listener, false);
}

static void groups_count_too(void **state) {
  static const gid_t member[] = {MEMBER_GROUP};
  struct unix_test *test = *state;
  struct hws_host_endpoint *listener = NULL;
  open_to_others(test);
  gid_t listed = is_root() ? MEMBER_GROUP : getegid();
  assert_int_equal(unix_test_listen(test, &listener, "%s?mode=0666&allow_gid=%u", test->url, listed), HWS_IO_OK);
  if (is_root()) {
    gid_t many[100];
    for (gid_t i = 0; i < 100; i++) many[i] = 5000 + i;
    many[99] = MEMBER_GROUP;
    const struct identity main_group = {.user = OTHER_USER, .group = MEMBER_GROUP};
    const struct identity supplementary = {
        .user = OTHER_USER, .group = OTHER_GROUP, .groups = member, .group_count = 1};
    const struct identity of_many = {.user = OTHER_USER, .group = OTHER_GROUP, .groups = many, .group_count = 100};
    const struct identity in_none = {.user = OTHER_USER, .group = OTHER_GROUP, .groups = many, .group_count = 99};
    check_endpoint_destroy(expect_accepted(test, listener, &main_group), false);
    check_endpoint_destroy(expect_accepted(test, listener, &supplementary), false);
    check_endpoint_destroy(expect_accepted(test, listener, &of_many), false);
    struct check_io *accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
    expect_refused(test, accept, &in_none);
    expect_refused(test, accept, &other);
    check_io_cancel(accept);
  } else {
    struct hws_host_endpoint *client = NULL;
    assert_int_equal(unix_test_dial(test, &client), HWS_IO_OK);
    check_endpoint_destroy(fixture_accept(&test->fixture, listener), false);
    check_endpoint_destroy(client, false);
  }
  check_endpoint_destroy(listener, false);
}

/* An abstract name has no file mode that would keep others out. */
static void abstract_names_are_their_owners(void **state) {
  struct unix_test *test = *state;
  struct hws_host_endpoint *listener = NULL;
  (void)snprintf(test->path, sizeof test->path, "@%s", test->folder);
  (void)snprintf(test->url, sizeof test->url, "unix:%s", test->path);
  assert_int_equal(unix_test_listen(test, &listener, "%s", test->url), HWS_IO_OK);
  struct check_io *accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
  if (is_root()) expect_refused(test, accept, &other);
  struct hws_host_endpoint *client = NULL;
  assert_int_equal(unix_test_dial(test, &client), HWS_IO_OK);
  check_endpoint_destroy(fixture_adopt(&test->fixture, accept), false);
  check_endpoint_destroy(client, false);
  check_endpoint_destroy(listener, false);
  if (!is_root()) return;
  assert_int_equal(unix_test_listen(test, &listener, "%s?allow_uid=%u", test->url, OTHER_USER), HWS_IO_OK);
  check_endpoint_destroy(expect_accepted(test, listener, &other), false);
  check_endpoint_destroy(listener, false);
}

/* The mode is what keeps others from a path. */
static void default_mode_keeps_others_out(void **state) {
  struct unix_test *test = *state;
  struct hws_host_endpoint *listener = NULL;
  open_to_others(test);
  assert_int_equal(unix_test_listen(test, &listener, "%s", test->url), HWS_IO_OK);
  if (is_root()) assert_int_equal(end_of(visit(test->path, &other)), EACCES);
  assert_int_equal(unix_mode_of(test->path), 0600);
  check_endpoint_destroy(listener, false);
}

/* Who is refused and comes again at once does not fill the log. */
static void refusals_are_logged_sparsely(void **state) {
  enum { VISITS = 200 };
  struct unix_test *test = *state;
  struct hws_host_endpoint *listener = NULL;
  assert_int_equal(unix_test_listen(test, &listener, "%s?allow_uid=%u", test->url, geteuid() + 1), HWS_IO_OK);
  struct check_io *accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
  uint64_t begin = check_now_ns();
  for (int i = 0; i < VISITS; i++) {
    int client = unix_plain_connect(test->path, 0);
    assert_true(client >= 0);
    check_host_turn(test->fixture.host, 0);
    (void)close(client);
  }
  check_host_settle(test->fixture.host);
  uint64_t seconds = (check_now_ns() - begin) / 1000000000;
  assert_in_range(test->fixture.host->logged, 1, seconds + 1);
  check_io_cancel(accept);
  fixture_expect(accept, HWS_IO_CANCELED);
  check_endpoint_destroy(listener, false);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, unix_test_begin, unix_test_end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(those_on_the_list_come_in),       TEST(others_are_sent_away),          TEST(groups_count_too),
      TEST(abstract_names_are_their_owners), TEST(default_mode_keeps_others_out), TEST(refusals_are_logged_sparsely),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
