/* SPDX-License-Identifier: Apache-2.0
 *
 * WIN-2, WIN-5: what the transport asks of TransmitFile, recorded on its way to the system: never a length of 0, which
 * would mean the whole file; never more than the file has, which would fail when part of it has gone; never more than
 * can be waited for; offsets of 64 bits. And what it makes of the answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plugins/check/files.h"
#include "plugins/check/fixture.h"
#include "transports/tcp_iocp/winsock.h"

enum { CALLS_MAX = 64, CALL_BYTES = 256 * 1024 };

static struct {
  OVERLAPPED *overlapped;
  uint64_t offset;
  DWORD bytes;
} calls[CALLS_MAX];
static unsigned count;
static unsigned cancels;
static int answer; /* 0: the system's */
static LPFN_TRANSMITFILE transmit;

static BOOL PASCAL my_transmit(SOCKET socket, HANDLE file, DWORD bytes, DWORD part, LPOVERLAPPED overlapped,
                               LPTRANSMIT_FILE_BUFFERS around, DWORD flags) {
  assert_true(count < CALLS_MAX);
  assert_true(overlapped && !overlapped->hEvent && !around && !part && !flags);
  calls[count].overlapped = overlapped;
  calls[count].offset = (uint64_t)overlapped->OffsetHigh << 32 | overlapped->Offset;
  calls[count++].bytes = bytes;
  if (!answer) return transmit(socket, file, bytes, part, overlapped, around, flags);
  WSASetLastError(answer);
  return FALSE;
}

static BOOL WINAPI my_cancel(HANDLE handle, LPOVERLAPPED overlapped) {
  FARPROC real = GetProcAddress(GetModuleHandleA("kernel32.dll"), "CancelIoEx");
  cancels += count > 0 && overlapped == calls[count - 1].overlapped;
  return ((BOOL(WINAPI *)(HANDLE, LPOVERLAPPED))(void *)real)(handle, overlapped);
}

void *__imp_CancelIoEx = (void *)my_cancel;

static struct fixture fixture;
static struct fixture_pair pair;
static const struct check_config config = {.listen_url = "tcp://127.0.0.1:0?accepts=4"};

static int begin(void **state) {
  (void)state;
  count = cancels = 0;
  answer = 0;
  fixture = (struct fixture){.config = &config};
  fixture.host = check_host_start(hws_plugin_v1(), CHECK_ARM_AT_ONCE, true, 20000);
  transmit = winsock.transmit_file;
  assert_non_null(transmit);
  winsock.transmit_file = my_transmit;
  fixture_pair_open(&fixture, &pair);
  return 0;
}

static int end(void **state) {
  (void)state;
  check_host_stop(fixture.host);
  return 0;
}

static void resize(int64_t file, uint64_t bytes) {
  FILE_END_OF_FILE_INFO size = {.EndOfFile.QuadPart = (int64_t)bytes};
  assert_true(SetFileInformationByHandle((HANDLE)(intptr_t)file, FileEndOfFileInfo, &size, sizeof size));
}

static struct check_io *sent(int64_t file, uint64_t offset, uint64_t length) {
  struct check_io *io = check_io_submit_file(pair.client, file, offset, length);
  fixture_wait(io);
  return io;
}

static void expect_call(unsigned at, uint64_t offset, uint64_t bytes) {
  assert_true(at < count);
  assert_int_equal(calls[at].offset, offset);
  assert_int_equal(calls[at].bytes, bytes);
}

static void offsets_and_lengths_are_exact(void **state) {
  const uint64_t large = (UINT64_C(5) << 30) + 1000;
  int64_t file = check_file_make(1000);
  (void)state;
  resize(file, large); /* holes: nothing is written */
  static const struct {
    uint64_t offset;
    uint64_t length;
    uint64_t bytes;
  } parts[] = {{0, 1, 1},
               {999, 1000, 1000},
               {UINT64_C(1) << 32, 1000, 1000},
               {(UINT64_C(5) << 30) + 900, 1000, 100}, /* no more than there are */
               {(UINT64_C(5) << 30) + 900, UINT64_C(1) << 40, 100},
               {1, UINT64_C(1) << 32, CALL_BYTES}, /* whose lower half is 0 */
               {0, (UINT64_C(1) << 31) - 1, CALL_BYTES},
               {0, UINT64_C(1) << 31, CALL_BYTES},
               {7, (UINT64_C(1) << 32) + 5, CALL_BYTES}};
  static char room[CALL_BYTES];
  for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++) {
    struct check_io *io = check_io_submit_file(pair.client, file, parts[i].offset, parts[i].length);
    for (uint64_t got = 0; got < parts[i].bytes;) {
      struct check_io *read = fixture_read(pair.server, room, sizeof room);
      fixture_wait(read);
      assert_int_equal(read->io.status, HWS_IO_OK);
      got += read->io.bytes;
    }
    fixture_wait(io);
    assert_int_equal(io->io.status, HWS_IO_OK);
    assert_int_equal(io->io.bytes, parts[i].bytes);
    expect_call(i, parts[i].offset, parts[i].bytes);
  }
  fixture_pair_close(&pair);
  check_file_close(file);
}

static void an_end_is_no_call(void **state) {
  int64_t file = check_file_make(1000);
  (void)state;
  assert_int_equal(sent(file, 1000, 5)->io.status, HWS_IO_OK);
  assert_int_equal(sent(file, UINT64_C(1) << 40, 5)->io.bytes, 0);
  resize(file, 0);
  assert_int_equal(sent(file, 0, 5)->io.bytes, 0);
  assert_int_equal(count, 0);
  fixture_pair_close(&pair);
  check_file_close(file);
}

/* What the system refuses before it has begun is for the host to send in another way, unless the connection is over. */
static void refusals_are_told_apart(void **state) {
  static const struct {
    int error;
    int32_t status;
  } answers[] = {{WSAEINVAL, HWS_IO_UNSUPPORTED},
                 {WSAEOPNOTSUPP, HWS_IO_UNSUPPORTED},
                 {WSAENOBUFS, HWS_IO_UNSUPPORTED},
                 {ERROR_INVALID_FUNCTION, HWS_IO_UNSUPPORTED},
                 {WSAECONNRESET, HWS_IO_RESET}};
  int64_t file = check_file_make(1000);
  (void)state;
  for (unsigned i = 0; i < sizeof answers / sizeof *answers; i++) {
    answer = answers[i].error;
    assert_int_equal(sent(file, 0, 1000)->io.status, answers[i].status);
  }
  answer = 0;
  assert_int_equal(sent(file, 0, 1000)->io.status, HWS_IO_RESET); /* for good */
  assert_int_equal(count, 5);
  check_endpoint_destroy(pair.client, true);
  check_endpoint_destroy(pair.server, true);
  check_endpoint_destroy(pair.listener, false);
  check_file_close(file);
}

static void a_cancel_is_one_of_that_call(void **state) {
  int64_t file = check_file_make(CALL_BYTES);
  struct check_io *io = NULL;
  (void)state;
  for (unsigned turns = 0; turns < 100; turns++) {
    if (!io || check_io_ended(io)) {
      io = check_io_submit_file(pair.client, file, 0, CALL_BYTES);
      turns = 0;
    }
    check_host_turn(fixture.host, 1);
  }
  assert_int_equal(cancels, 0);
  check_io_cancel(io);
  fixture_wait(io);
  assert_int_equal(cancels, 1);
  assert_int_equal(io->io.status, HWS_IO_CANCELED);
  check_endpoint_destroy(pair.client, true);
  check_endpoint_destroy(pair.server, true);
  check_endpoint_destroy(pair.listener, false);
  check_file_close(file);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(offsets_and_lengths_are_exact, begin, end),
                                     cmocka_unit_test_setup_teardown(an_end_is_no_call, begin, end),
                                     cmocka_unit_test_setup_teardown(refusals_are_told_apart, begin, end),
                                     cmocka_unit_test_setup_teardown(a_cancel_is_one_of_that_call, begin, end)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
