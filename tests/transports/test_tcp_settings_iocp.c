/* SPDX-License-Identifier: Apache-2.0
 *
 * NTF-1, NTF-4: the parameters by which TCP on Windows is told how bytes move and how connections are accepted: what is
 * taken, what is refused, and what is not asked for where it means nothing, so that the host refuses it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "transports/tcp_iocp/settings.h"

/* One parameter stands in the URL, or two. */
static const char *keys[2];
static const char *values[2];
static char asked[256];

static const char *config(struct hws_host_endpoint *endpoint, const char *key) {
  (void)endpoint;
  (void)snprintf(asked + strlen(asked), sizeof asked - strlen(asked), " %s", key);
  for (int i = 0; i < 2; i++)
    if (keys[i] && strcmp(keys[i], key) == 0) return values[i];
  return NULL;
}

static struct hws_host host = {.size = sizeof host, .config = config};
static struct tcp_settings settings;
static char why[200];

static int32_t read_settings(bool listens, const char *io, const char *accept) {
  const struct tcp_address address = {.ip = {.version = 4}};
  keys[0] = io ? "io" : NULL;
  values[0] = io;
  keys[1] = accept ? "accept" : NULL;
  values[1] = accept;
  asked[0] = why[0] = 0;
  memset(&settings, 0, sizeof settings);
  return tcp_settings_read(&settings, listens, &address, &host, NULL, why, sizeof why);
}

static bool was_asked(const char *key) {
  char word[32];
  (void)snprintf(word, sizeof word, " %s", key);
  const char *at = strstr(asked, word);
  return at && (at[strlen(word)] == 0 || at[strlen(word)] == ' ');
}

static void by_itself(void **state) {
  (void)state;
  host.capabilities = HWS_HOST_PORT;
  for (int listens = 0; listens < 2; listens++) {
    assert_int_equal(read_settings(listens, NULL, NULL), HWS_IO_OK);
    assert_int_equal(settings.io, TCP_IO_OVERLAPPED);
    assert_int_equal(read_settings(listens, "overlapped", NULL), HWS_IO_OK);
    assert_int_equal(settings.io, TCP_IO_OVERLAPPED);
    assert_false(was_asked("accept"));
    assert_int_equal(was_asked("accepts"), listens);
  }
}

static void by_readiness(void **state) {
  (void)state;
  host.capabilities = HWS_HOST_PORT | HWS_HOST_WATCH | HWS_HOST_UNWATCH;
  assert_int_equal(read_settings(false, "readiness", NULL), HWS_IO_OK);
  assert_int_equal(settings.io, TCP_IO_READINESS);
  assert_false(was_asked("accept"));
  assert_false(was_asked("accepts"));
  assert_int_equal(read_settings(true, "readiness", NULL), HWS_IO_OK);
  assert_int_equal(settings.io, TCP_IO_READINESS);
  assert_int_equal(settings.accept, TCP_IO_OVERLAPPED); /* NTF-4 */
  assert_int_equal(settings.accepts, 32);
  assert_int_equal(read_settings(true, "readiness", "overlapped"), HWS_IO_OK);
  assert_int_equal(settings.accept, TCP_IO_OVERLAPPED);
  assert_int_equal(read_settings(true, "readiness", "readiness"), HWS_IO_OK);
  assert_int_equal(settings.accept, TCP_IO_READINESS);
  assert_false(was_asked("accepts")); /* nothing is posted */
}

static void refusals(void **state) {
  static const char *const wrong[] = {"", "Readiness", "readiness ", "epoll", "1", "overlappedreadiness"};
  (void)state;
  host.capabilities = HWS_HOST_PORT | HWS_HOST_WATCH | HWS_HOST_UNWATCH;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_int_equal(read_settings(i % 2, wrong[i], NULL), HWS_IO_ADDRESS);
    assert_string_equal(why, "io is neither overlapped nor readiness");
    assert_int_equal(read_settings(true, "readiness", wrong[i]), HWS_IO_ADDRESS);
    assert_string_equal(why, "accept is neither overlapped nor readiness");
  }
}

/* A host of an earlier version has no readiness on this system. */
static void hosts_without(void **state) {
  static const uint64_t without[] = {HWS_HOST_PORT, HWS_HOST_PORT | HWS_HOST_WATCH, HWS_HOST_PORT | HWS_HOST_UNWATCH};
  (void)state;
  for (size_t i = 0; i < sizeof without / sizeof *without; i++) {
    host.capabilities = without[i];
    assert_int_equal(read_settings(true, "readiness", NULL), HWS_IO_ADDRESS);
    assert_string_equal(why, "io=readiness: the host offers no readiness of sockets");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(by_itself), cmocka_unit_test(by_readiness),
                                     cmocka_unit_test(refusals), cmocka_unit_test(hosts_without)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
