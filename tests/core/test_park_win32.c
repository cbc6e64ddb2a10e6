/* SPDX-License-Identifier: Apache-2.0
 *
 * What the core needs of Windows: the clock, parking, texts of errors, and the waitable of a queue.
 */
#include <string.h>
#include <winsock2.h>

#include "core/park.h"
#include "core/park_win32.h"
#include "tests/core/places.h"

static void clock_goes_forward(void **state) {
  uint64_t last = clock_now();
  (void)state;
  assert_true(last > 0);
  for (int i = 0; i < 100000; i++) {
    uint64_t now = clock_now();
    assert_true(now >= last);
    last = now;
  }
}

static void milliseconds_are_rounded_up(void **state) {
  (void)state;
  assert_int_equal(park_ms(PARK_FOREVER), INFINITE);
  assert_int_equal(park_ms(0), 0);
  assert_int_equal(park_ms(clock_now()), 0);
  assert_in_range(park_ms(clock_now() + 5 * MILLISECOND), 4, 5);
  assert_true(park_ms(clock_now() + 1) <= 1);
  assert_true(park_ms(PARK_FOREVER - 1) < INFINITE); /* far away is not for ever */
}

static void parks_end(void **state) {
  atomic_uint word = 1;
  (void)state;
  assert_int_equal(park_wait(&word, 2, PARK_FOREVER), PARK_WOKEN);
  uint64_t until = clock_now() + 5 * MILLISECOND;
  enum park_result result = PARK_WOKEN;
  while (result == PARK_WOKEN && clock_now() < until + 60 * SECOND) result = park_wait(&word, 1, until);
  assert_int_equal(result, PARK_TIMEOUT);
  assert_true(clock_now() >= until);
}

static void errors_have_texts(void **state) {
  (void)state;
  char room[OS_ERROR_TEXT_MAX];
  char other[OS_ERROR_TEXT_MAX];
  const char *refused = os_error_text(WSAECONNREFUSED, room);
  assert_true(strlen(refused) > 10);
  assert_null(strpbrk(refused, "\r\n"));
  assert_string_not_equal(os_error_text(ERROR_FILE_NOT_FOUND, other), refused);
  assert_string_equal(os_error_text(0x7ffffffe, other), "unknown error");
}

static bool readable(SOCKET socket, int ms) {
  WSAPOLLFD poll = {.fd = socket, .events = POLLRDNORM};
  return WSAPoll(&poll, 1, ms) > 0;
}

/* OP-4: readable exactly while events wait, also when the user's loop has made the socket non-blocking. */
static void waitable_is_readable_while_events_wait(void **state) {
  struct world *world = *state;
  struct hws_event events[8];
  int64_t descriptor = -1;
  u_long on = 1;
  assert_int_equal(hws_queue_waitable(world->queue, &descriptor), HWS_OK);
  SOCKET socket = (SOCKET)descriptor;
  for (int round = 0; round < 200; round++) {
    if (round == 100) assert_int_equal(ioctlsocket(socket, (long)FIONBIO, &on), 0);
    assert_false(readable(socket, 0));
    assert_int_equal(hws_queue_wake(world->queue, 1), HWS_OK);
    if (round % 2) assert_int_equal(hws_queue_wake(world->queue, 2), HWS_OK);
    assert_true(readable(socket, 10000));
    assert_int_equal(hws_queue_wait(world->queue, events, 8, 0), 1);
  }
  int64_t again = -1;
  assert_int_equal(hws_queue_waitable(world->queue, &again), HWS_OK);
  assert_int_equal(again, descriptor);
}

static void waitable_is_not_inherited(void **state) {
  struct world *world = *state;
  int64_t descriptor = -1;
  DWORD flags = HANDLE_FLAG_INHERIT;
  assert_int_equal(hws_queue_waitable(world->queue, &descriptor), HWS_OK);
  assert_true(GetHandleInformation((HANDLE)(intptr_t)descriptor, &flags));
  assert_int_equal(flags & HANDLE_FLAG_INHERIT, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(clock_goes_forward),
      cmocka_unit_test(milliseconds_are_rounded_up),
      cmocka_unit_test(parks_end),
      cmocka_unit_test(errors_have_texts),
      cmocka_unit_test_setup_teardown(waitable_is_readable_while_events_wait, world_threaded, world_close),
      cmocka_unit_test_setup_teardown(waitable_is_not_inherited, world_threaded, world_close),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
