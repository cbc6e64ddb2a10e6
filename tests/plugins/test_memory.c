/* SPDX-License-Identifier: Apache-2.0
 *
 * TRN-3: the sample transport mem://: bytes between two ends, waiting, cancel, and the end of it, step by step in one
 * thread: posts are delivered when the test says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/plugins/side.h"

static void test_read_pends(void **state) {
  (void)state;
  struct side client;
  struct side server;
  struct fake_io io;
  char bytes[8] = "";
  side_connect(&client, &server, NULL);
  assert_int_equal(side_move(&server, &io, HWS_IO_READ, bytes, sizeof bytes), PENDS);
  assert_int_equal(side_put(&client, "abc"), 3);
  assert_int_equal(atomic_load(&io.completions), 0); /* not before the loop of that side comes to it */
  assert_true(side_deliver(&server));
  assert_int_equal(atomic_load(&io.completions), 1);
  assert_int_equal(io.io.status, HWS_IO_OK);
  assert_int_equal(io.io.bytes, 3);
  assert_string_equal(bytes, "abc");
  assert_false(side_deliver(&server));
  assert_int_equal(side_put(&client, "d"), 1);
  assert_false(side_deliver(&server)); /* nobody waits, nobody is woken */
  side_assert_gets(&server, "d");
  side_destroy(&client, 0);
  side_destroy(&server, 0);
}

static void test_write_pends(void **state) {
  (void)state;
  static const struct fake_setting four[] = {{"buffer", "4"}, {NULL, NULL}};
  struct side client;
  struct side server;
  struct fake_io io;
  char more[] = "efgh";
  side_connect(&client, &server, four);
  assert_int_equal(side_put(&client, "abcdef"), 4);
  assert_int_equal(side_move(&client, &io, HWS_IO_WRITE, more, 4), PENDS);
  side_assert_gets(&server, "abcd");
  assert_true(side_deliver(&client));
  assert_int_equal(atomic_load(&io.completions), 1);
  assert_int_equal(io.io.bytes, 4);
  side_assert_gets(&server, "efgh");
  side_destroy(&client, 0);
  side_destroy(&server, 0);
}

/* The rings wrap at every offset, through vectors cut differently at either end. */
static void test_wrapping(void **state) {
  (void)state;
  static const struct fake_setting seven[] = {{"buffer", "7"}, {NULL, NULL}};
  struct side client;
  struct side server;
  unsigned char sent = 0;
  unsigned char received = 0;
  side_connect(&client, &server, seven);
  for (unsigned round = 0; round < 1000; round++) {
    unsigned char out[9];
    unsigned char in[3][4];
    struct fake_io io;
    unsigned first = round % 5;
    struct hws_iov out_vec[] = {{out, first}, {NULL, 0}, {out + first, 9 - first}};
    struct hws_iov in_vec[] = {{in[0], round % 4}, {in[1], 4}, {in[2], 1}};
    for (unsigned i = 0; i < 9; i++) out[i] = (unsigned char)(sent + i);
    if (side_submit(&client, &io, HWS_IO_WRITE, out_vec, 3) == HWS_IO_OK) {
      assert_in_range(io.io.bytes, 1, 7);
      sent = (unsigned char)(sent + io.io.bytes);
    } else {
      assert_int_equal(side_table.cancel(client.ep, &io.io), 1);
    }
    assert_int_equal(side_submit(&server, &io, HWS_IO_READ, in_vec, 3), HWS_IO_OK);
    assert_in_range(io.io.bytes, 1, 7);
    for (unsigned i = 0; i < io.io.bytes; i++, received++) {
      unsigned head = round % 4;
      assert_int_equal(i < head ? in[0][i] : i - head < 4 ? in[1][i - head] : in[2][0], received);
    }
  }
  side_destroy(&client, 0);
  side_destroy(&server, 0);
}

/* Without vectors: a read ends once there is something to read, a write once there is room; nothing moves. */
static void test_readiness(void **state) {
  (void)state;
  static const struct fake_setting four[] = {{"buffer", "4"}, {NULL, NULL}};
  struct side client;
  struct side server;
  struct fake_io readable;
  struct fake_io writable;
  side_connect(&client, &server, four);
  assert_int_equal(side_start(&client, HWS_IO_WRITE), HWS_IO_OK);
  assert_int_equal(side_submit(&server, &readable, HWS_IO_READ, NULL, 0), PENDS);
  assert_int_equal(side_put(&client, "abcd"), 4);
  assert_true(side_deliver(&server));
  assert_int_equal(atomic_load(&readable.completions), 1);
  assert_int_equal(readable.io.bytes, 0);
  assert_int_equal(side_submit(&client, &writable, HWS_IO_WRITE, NULL, 0), PENDS);
  side_assert_gets(&server, "abcd");
  assert_true(side_deliver(&client));
  assert_int_equal(atomic_load(&writable.completions), 1);
  assert_int_equal(writable.io.bytes, 0);
  assert_int_equal(side_submit(&server, &readable, HWS_IO_READ, NULL, 0), PENDS);
  assert_int_equal(side_start(&client, HWS_IO_SHUTDOWN), HWS_IO_OK);
  assert_true(side_deliver(&server));
  assert_int_equal(atomic_load(&readable.completions), 1);
  assert_int_equal(readable.io.status, HWS_IO_OK);
  side_destroy(&client, 0);
  side_destroy(&server, 0);
}

/* TRN-3, half-close: what was written comes first, then the end, and the other direction goes on. */
static void test_half_close(void **state) {
  (void)state;
  struct side client;
  struct side server;
  side_connect(&client, &server, NULL);
  assert_int_equal(side_put(&client, "last words"), 10);
  assert_int_equal(side_start(&client, HWS_IO_SHUTDOWN), HWS_IO_OK);
  assert_int_equal(side_put(&client, "x"), HWS_IO_CLOSED);
  side_assert_gets(&server, "last words");
  assert_int_equal(side_get_status(&server), 0);
  assert_int_equal(side_get_status(&server), 0);
  assert_int_equal(side_put(&server, "answer"), 6);
  side_assert_gets(&client, "answer");
  assert_int_equal(side_start(&server, HWS_IO_SHUTDOWN), HWS_IO_OK);
  assert_int_equal(side_get_status(&client), 0);
  assert_int_equal(side_start(&client, HWS_IO_SHUTDOWN), HWS_IO_OK);
  side_destroy(&client, 0);
  side_destroy(&server, 0);
}

/* An orderly end: the rest can be read, nothing more be written, and who waited is told. */
static void test_destroy(void **state) {
  (void)state;
  static const struct fake_setting four[] = {{"buffer", "4"}, {NULL, NULL}};
  struct side client;
  struct side server;
  struct fake_io io;
  char more[] = "more";
  side_connect(&client, &server, four);
  assert_int_equal(side_put(&client, "rest"), 4);
  assert_int_equal(side_put(&server, "full"), 4);
  assert_int_equal(side_move(&server, &io, HWS_IO_WRITE, more, 4), PENDS);
  side_destroy(&client, 0);
  assert_true(side_deliver(&server));
  assert_int_equal(atomic_load(&io.completions), 1);
  assert_int_equal(io.io.status, HWS_IO_CLOSED);
  side_assert_gets(&server, "rest");
  assert_int_equal(side_get_status(&server), 0);
  assert_int_equal(side_put(&server, "x"), HWS_IO_CLOSED);
  side_destroy(&server, 0);
}

/* TRN-3, abort: the other end is reset at once, whatever was under way. */
static void test_abort(void **state) {
  (void)state;
  struct side client;
  struct side server;
  struct fake_io io;
  char byte;
  side_connect(&client, &server, NULL);
  assert_int_equal(side_move(&client, &io, HWS_IO_READ, &byte, 1), PENDS);
  assert_int_equal(side_put(&server, "unread"), 6);
  side_destroy(&server, 1);
  assert_true(side_deliver(&client));
  assert_int_equal(atomic_load(&io.completions), 1);
  assert_int_equal(io.io.status, HWS_IO_RESET);
  assert_int_equal(io.io.bytes, 0);
  assert_int_equal(side_put(&client, "x"), HWS_IO_RESET);
  assert_int_equal(side_get_status(&client), HWS_IO_RESET);
  side_destroy(&client, 1);
}

/* HWS_CAP_REVOKE: once cancel has returned, the memory is left alone and no byte is missing. */
static void test_cancel(void **state) {
  (void)state;
  static const struct fake_setting four[] = {{"buffer", "4"}, {NULL, NULL}};
  struct side client;
  struct side server;
  struct fake_io read;
  struct fake_io write;
  char bytes[4] = "----";
  char more[] = "efgh";
  side_connect(&client, &server, four);
  assert_int_equal(side_move(&server, &read, HWS_IO_READ, bytes, 4), PENDS);
  assert_int_equal(side_table.cancel(server.ep, &read.io), 1);
  assert_int_equal(read.io.status, HWS_IO_CANCELED);
  assert_int_equal(read.io.bytes, 0);
  assert_int_equal(side_put(&client, "abcd"), 4);
  (void)side_deliver(&server);
  assert_memory_equal(bytes, "----", 4);
  assert_int_equal(side_move(&client, &write, HWS_IO_WRITE, more, 4), PENDS);
  assert_int_equal(side_table.cancel(client.ep, &write.io), 1);
  assert_int_equal(write.io.bytes, 0);
  side_assert_gets(&server, "abcd");
  (void)side_deliver(&client);
  assert_int_equal(atomic_load(&read.completions) + atomic_load(&write.completions), 0);
  assert_int_equal(side_put(&client, "ij"), 2);
  side_assert_gets(&server, "ij");
  /* One that has ended already is not there to be canceled. */
  assert_int_equal(side_table.cancel(server.ep, &read.io), 0);
  side_destroy(&client, 0);
  side_destroy(&server, 0);
}

static void test_unknown_work(void **state) {
  (void)state;
  struct side listener;
  struct side client;
  struct side server;
  side_listen(&listener, "a", NULL);
  assert_int_equal(side_start(&listener, HWS_IO_READ), HWS_IO_UNSUPPORTED);
  assert_int_equal(side_start(&listener, HWS_IO_DIAL), HWS_IO_UNSUPPORTED);
  assert_int_equal(side_make(&client, false, "a", NULL), HWS_IO_OK);
  assert_int_equal(side_start(&client, HWS_IO_READ), HWS_IO_UNSUPPORTED);
  assert_int_equal(side_start(&client, HWS_IO_SHUTDOWN), HWS_IO_UNSUPPORTED);
  assert_int_equal(side_start(&client, HWS_IO_DIAL), HWS_IO_OK);
  assert_int_equal(side_start(&client, HWS_IO_ACCEPT), HWS_IO_UNSUPPORTED);
  assert_int_equal(side_start(&client, HWS_IO_SENDFILE), HWS_IO_UNSUPPORTED);
  assert_int_equal(side_start(&client, 31), HWS_IO_UNSUPPORTED);
  side_accept(&listener, &server);
  assert_int_equal(side_start(&server, HWS_IO_LISTEN), HWS_IO_UNSUPPORTED);
  side_destroy(&listener, 0);
  side_destroy(&client, 0);
  side_destroy(&server, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, side_begin, side_end)

int main(void) {
  static const struct CMUnitTest tests[] = {
      TEST(test_read_pends), TEST(test_write_pends), TEST(test_wrapping),
      TEST(test_readiness),  TEST(test_half_close),  TEST(test_destroy),
      TEST(test_abort),      TEST(test_cancel),      TEST(test_unknown_work),
  };
  return cmocka_run_group_tests_name("memory", tests, side_load, NULL);
}
