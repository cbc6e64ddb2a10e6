/* SPDX-License-Identifier: Apache-2.0
 *
 * UNX-4: addresses of TCP as texts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "plugins/hawser_plugin.h"
#include "transports/tcp/address.h"

static int32_t parse(const char *text, struct tcp_address *address, char why[200]) {
  why[0] = 0;
  return tcp_address_parse(text, strlen(text), address, why, 200);
}

static void hosts(void **state) {
  static const struct {
    const char *text;
    const char *host;
    const char *scope;
    uint8_t version; /* 0: a name */
  } good[] = {
      {"127.0.0.1:1", "127.0.0.1", "", 4},
      {"0.0.0.0:1", "0.0.0.0", "", 4},
      {"255.255.255.255:1", "255.255.255.255", "", 4},
      {"[::1]:1", "::1", "", 6},
      {"[::]:1", "::", "", 6},
      {"[fe80::1%eth0.7]:1", "fe80::1", "eth0.7", 6},
      {"[::ffff:1.2.3.4]:1", "::ffff:1.2.3.4", "", 6},
      {"localhost:1", "localhost", "", 0},
      {"a.b-c.example.:1", "a.b-c.example.", "", 0},
      {"3f2a.example:1", "3f2a.example", "", 0},
      {"0a1b2c3d:1", "0a1b2c3d", "", 0}, /* how containers are called */
      {"_srv.x:1", "_srv.x", "", 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    struct tcp_address address;
    char why[200];
    if (parse(good[i].text, &address, why) != HWS_IO_OK) fail_msg("%s: %s", good[i].text, why);
    assert_string_equal(address.host, good[i].host);
    assert_string_equal(address.scope, good[i].scope);
    assert_int_equal(address.is_name, good[i].version == 0);
    if (good[i].version) assert_int_equal(address.ip.version, good[i].version);
    assert_int_equal(address.port, 1);
  }
}

/* No number in disguise becomes an address (TRN: addresses are hostile). */
static void hosts_that_are_none(void **state) {
  static const char *const bad[] = {"1.2.3:1",
                                    "1.2.3.4.5:1",
                                    "1.2.3.256:1",
                                    "01.2.3.4:1",
                                    "1.2.3.04:1",
                                    "2130706433:1",
                                    "0x7f000001:1",
                                    "0x7f.1:1",
                                    "127.0x1:1",
                                    "x.1:1",
                                    "x.0xff:1",
                                    "1.2.3.4.:1",
                                    "0x:1",
                                    "a b:1",
                                    "a/b:1",
                                    "a@b:1",
                                    "a%b:1",
                                    "a..b:1",
                                    ".a:1",
                                    "[127.0.0.1]:1",
                                    "[]:1",
                                    "[::1]x:1",
                                    "[::1%]:1",
                                    "[::1%a/b]:1",
                                    "[:::]:1",
                                    "[1::2::3]:1",
                                    "[::12345]:1",
                                    "[1:2:3:4:5:6:7]:1",
                                    "[::1]]:1",
                                    "[[::1]:1",
                                    "::1:1",
                                    "\xc3\xa4.de:1",
                                    "",
                                    ":",
                                    "[",
                                    "[::1%abcdefghijklmnop]:1"};
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct tcp_address address;
    char why[200];
    if (parse(bad[i], &address, why) != HWS_IO_ADDRESS) fail_msg("'%s' was taken", bad[i]);
    assert_true(strlen(why) > 0);
  }
  char longest[400];
  struct tcp_address address;
  char why[200];
  memset(longest, 'a', sizeof longest);
  for (size_t i = 50; i < 253; i += 51) longest[i] = '.';
  memcpy(longest + 253, ":1", 3);
  assert_int_equal(parse(longest, &address, why), HWS_IO_OK);
  memcpy(longest + 253, "a:1", 4);
  assert_int_equal(parse(longest, &address, why), HWS_IO_ADDRESS);
  memset(longest, 'a', 64);
  memcpy(longest + 64, ":1", 3);
  assert_int_equal(parse(longest, &address, why), HWS_IO_ADDRESS);
}

static void ports(void **state) {
  static const struct {
    const char *text;
    uint16_t port;
    bool is_service;
  } good[] = {{"h:0", 0, false}, {"h:65535", 65535, false}, {"h:00080", 80, false},         {"h:http", 0, true},
              {"h:x", 0, true},  {"h:iso-tsap", 0, true},   {"h:abcdefghijklmno", 0, true}, {"h:3com-tsmux", 0, true}};
  static const char *const bad[] = {
      "h:65536", "h:000080", "h:99999999999999999999", "h:-1", "h:+1", "h: 1", "h:1 ", "h:", "h:8/", "h:-a",
      "h:a_",    "h:1-",     "h:abcdefghijklmnop"};
  struct tcp_address address;
  char why[200];
  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    if (parse(good[i].text, &address, why) != HWS_IO_OK) fail_msg("%s: %s", good[i].text, why);
    assert_int_equal(address.is_service, good[i].is_service);
    assert_int_equal(address.port, good[i].port);
    assert_string_equal(address.service, good[i].text + 2);
  }
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    if (parse(bad[i], &address, why) != HWS_IO_ADDRESS) fail_msg("'%s' was taken", bad[i]);
}

/* What is said is short and printable, whatever was given. */
static void complaints_are_one_line(void **state) {
  char text[1000];
  char why[200];
  struct tcp_address address;
  (void)state;
  for (unsigned byte = 1; byte < 256; byte++) {
    memset(text, (int)byte, sizeof text - 1);
    text[sizeof text - 1] = 0;
    assert_int_equal(parse(text, &address, why), HWS_IO_ADDRESS);
    assert_true(strlen(why) < 150);
    for (size_t i = 0; why[i]; i++) assert_in_range(why[i], 0x20, 0x7e);
  }
}

static void urls(void **state) {
  static const struct {
    const char *text;
    uint32_t scope;
    const char *url;
  } cases[] = {
      {"1.2.3.4", 0, "tcp://1.2.3.4:80"},
      {"::1", 0, "tcp://[::1]:80"},
      {"fe80::1", 7, "tcp://[fe80::1%257]:80"},
      {"fe80::1", UINT32_MAX, "tcp://[fe80::1%254294967295]:80"},
      {"2001:db8:0:0:1:0:0:1", 0, "tcp://[2001:db8::1:0:0:1]:80"},
      {"2001:db8:0:1:1:1:1:1", 0, "tcp://[2001:db8:0:1:1:1:1:1]:80"},
      {"0:0:0:0:0:0:0:0", 0, "tcp://[::]:80"},
      {"1:0:0:0:0:0:0:0", 0, "tcp://[1::]:80"},
      {"0:0:0:0:0:ffff:102:304", 0, "tcp://[::ffff:1.2.3.4]:80"},
      {"FFFF:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0, "tcp://[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:80"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct ip ip = {0};
    char url[TCP_URL_MAX];
    size_t bytes = strlen(cases[i].text);
    assert_true(ip_parse_4(cases[i].text, bytes, &ip) || ip_parse_6(cases[i].text, bytes, &ip));
    ip.scope = cases[i].scope;
    assert_int_equal(tcp_address_url(&ip, 80, url), strlen(cases[i].url));
    assert_string_equal(url, cases[i].url);
  }
}

/* The system agrees on what is an address, over many texts that are nearly one. */
static void agrees_with_the_system(void **state) {
  static const char letters[] = "0123:::fa.9";
  uint32_t random = 1;
  unsigned good = 0;
  (void)state;
  for (int i = 0; i < 300000; i++) {
    char text[24];
    size_t bytes = 0;
    random = random * 1664525 + 1013904223;
    for (size_t length = random >> 28; bytes < length; bytes++) {
      random = random * 1664525 + 1013904223;
      text[bytes] = letters[(random >> 16) % (sizeof letters - 1)];
    }
    text[bytes] = 0;
    struct ip ip;
    uint8_t system[16];
    bool is = ip_parse_6(text, bytes, &ip);
    assert_int_equal(is, inet_pton(AF_INET6, text, system) == 1);
    if (is) assert_memory_equal(ip.bytes, system, 16);
    good += is;
    is = ip_parse_4(text, bytes, &ip);
    assert_int_equal(is, inet_pton(AF_INET, text, system) == 1);
    if (is) assert_memory_equal(ip.bytes, system, 4);
  }
  assert_true(good > 1000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hosts), cmocka_unit_test(hosts_that_are_none),
      cmocka_unit_test(ports), cmocka_unit_test(complaints_are_one_line),
      cmocka_unit_test(urls),  cmocka_unit_test(agrees_with_the_system),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
