/* SPDX-License-Identifier: Apache-2.0
 *
 * What tests of the Unix transport share.
 */
#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "tests/transports/unix_support.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "plugins/check/cases.h"
#include "plugins/check/memory.h"

int unix_test_begin(void **state) {
  struct unix_test *test = calloc(1, sizeof *test);
  assert_non_null(test);
  (void)strcpy(test->folder, "/tmp/hawser-unix-XXXXXX");
  assert_non_null(mkdtemp(test->folder));
  (void)snprintf(test->path, sizeof test->path, "%s/s", test->folder);
  (void)snprintf(test->url, sizeof test->url, "unix://%s", test->path);
  test->descriptors = check_descriptors_open();
  test->config = (struct check_config){.listen_url = test->url, .dial_url = test->url, .patience_ms = 20000};
  test->fixture.config = &test->config;
  test->fixture.host = check_host_start(hws_plugin_v1(), CHECK_ARM_AT_ONCE, true, test->config.patience_ms);
  (void)snprintf(test->fixture.dial_url, sizeof test->fixture.dial_url, "%s", test->url);
  test->memory = check_memory_live();
  *state = test;
  return 0;
}

/* Empty it, so that what a test or the transport left there shows as a name. */
static void remove_folder(const char *folder) {
  char path[512];
  DIR *directory = opendir(folder);
  assert_non_null(directory);
  for (struct dirent *entry; (entry = readdir(directory));) {
    if (entry->d_name[0] == '.' && strchr("./", entry->d_name[1])) continue;
    (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    assert_int_equal(remove(path), 0);
  }
  (void)closedir(directory);
  assert_int_equal(rmdir(folder), 0);
}

int unix_test_end(void **state) {
  struct unix_test *test = *state;
  check_host_settle(test->fixture.host);
  assert_int_equal(check_memory_live(), test->memory);
  check_host_stop(test->fixture.host);
  assert_int_equal(check_descriptors_open(), test->descriptors);
  remove_folder(test->folder);
  free(test);
  return 0;
}

int32_t unix_test_listen_there(struct unix_test *test, struct hws_host_endpoint **listener) {
  int32_t status = check_endpoint_listen(test->fixture.host, test->listen_url, listener);
  if (status != HWS_IO_OK) return status;
  struct check_io *io = check_io_submit(*listener, HWS_IO_LISTEN, NULL, 0);
  fixture_wait(io);
  if (io->io.status != HWS_IO_OK) {
    check_endpoint_destroy(*listener, false);
    *listener = NULL;
  }
  return io->io.status;
}

const char *unix_test_explained(struct unix_test *test) {
  return test->fixture.host->endpoints->explained;
}

int32_t unix_test_dial(struct unix_test *test, struct hws_host_endpoint **client) {
  int32_t status = check_endpoint_dial(test->fixture.host, test->url, client);
  if (status != HWS_IO_OK) return status;
  struct check_io *io = check_io_submit(*client, HWS_IO_DIAL, NULL, 0);
  fixture_wait(io);
  if (io->io.status != HWS_IO_OK) {
    check_endpoint_destroy(*client, false);
    *client = NULL;
  }
  return io->io.status;
}

struct sockaddr_un unix_plain_address(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  assert_true(strlen(path) < sizeof address.sun_path);
  memcpy(address.sun_path, path, strlen(path));
  return address;
}

int unix_plain_listen(const char *path, int type, int backlog) {
  struct sockaddr_un address = unix_plain_address(path);
  int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  assert_true(fd >= 0);
  assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
  if (backlog >= 0) assert_int_equal(listen(fd, backlog), 0);
  return fd;
}

int unix_plain_connect(const char *path, int flags) {
  struct sockaddr_un address = unix_plain_address(path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  assert_true(fd >= 0);
  if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) return fd;
  int error = errno;
  (void)close(fd);
  return -1 - error;
}

void unix_plain_fill(const char *path, int *clients, unsigned room, unsigned *count) {
  for (*count = 0; *count < room; ++*count) {
    clients[*count] = unix_plain_connect(path, SOCK_NONBLOCK);
    if (clients[*count] < 0) {
      assert_int_equal(clients[*count], -1 - EAGAIN);
      return;
    }
  }
  fail_msg("the backlog is never full");
}

mode_t unix_mode_of(const char *path) {
  struct stat found;
  assert_int_equal(lstat(path, &found), 0);
  return found.st_mode & 07777;
}
