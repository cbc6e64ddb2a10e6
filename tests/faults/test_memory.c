/* SPDX-License-Identifier: Apache-2.0
 *
 * OP-1, OP-2, OP-6: every allocation of the story fails once, alone or with all that follow it. Nothing crashes, hangs
 * or leaks, every op ends exactly once, and what is told is that there was no memory, or what that led to. The texts of
 * the system's errors need none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/park.h"
#include "tests/faults/allocation.h"
#include "tests/faults/story.h"
#include "tests/mux/wire.h"

enum {
  ALLOCATIONS_LEAST = 50,            /* of a story: fewer, and the wrappers are not in the way of them */
  STRIDE = TEST_SLOWNESS > 1 ? 3 : 1 /* where a story takes long, each place begins at another and skips some */
};

struct place {
  const char *url; /* NULL: sockets of this machine */
  uint32_t flags;
  enum allocation_mode mode;
  uint32_t session_mode;
};

static struct story story;

/* A URL of its own each time: the system may hold on to one for a while. */
static void begin(const struct place *place) {
  static char local[256];
  local_url(local, sizeof local);
  story = (struct story){.flags = place->flags,
                         .plugin_dir = TEST_PLUGIN_DIR,
                         .url = place->url ? place->url : local,
                         .mode = place->session_mode};
}

/* What a lack of memory on either side may look like to who tells the story. */
static bool is_clear(int32_t status) {
  switch (status) {
  case HWS_E_NOMEM:
  case HWS_E_LIMIT:    /* no poller, no thread */
  case HWS_E_RESET:    /* the other side had none, and reset the stream */
  case HWS_E_CANCELED: /* the same, as the acceptor of the stream sees it */
  case HWS_E_CLOSED:   /* the other side had none, and ended the session */
  case HWS_E_EOF:
  case HWS_E_REFUSED:
    return true;
  default:
    return false;
  }
}

/* With the plugin loaded and the tables of the process grown, so that a story leaves nothing behind. */
static void warm_up(const struct place *place) {
  for (int i = 0; i < 2; i++) {
    begin(place);
    story_tell(&story);
    if (story.status != HWS_OK) fail_msg("%s: %s", story.step, hws_status_name(story.status));
    story_end(&story);
  }
}

/* What this thread keeps of its last refused call is no leak (OP-12): one whose words find no memory leaves nothing. */
static void forget_refusal(void) {
  struct hws_detail detail = {.size = sizeof detail};
  allocation_fail_after(0, ALLOCATION_REST);
  assert_int_equal(hws_detail(0, &detail), HWS_E_HANDLE);
  assert_true(allocation_restore());
}

static void test_allocations(void **state) {
  const struct place *place = *state;
  warm_up(place);
  forget_refusal();
  static uint32_t first;
  int64_t live = allocation_live();
  uint32_t at = first++ % STRIDE;
  for (bool failed = true; failed; at += STRIDE) {
    begin(place);
    allocation_fail_after(at, place->mode);
    story_tell(&story);
    story_end(&story);
    failed = allocation_restore();
    forget_refusal();
    if (story.status != HWS_OK && (!failed || !is_clear(story.status)))
      fail_msg("allocation %u, at '%s': %s", (unsigned)at, story.step, hws_status_name(story.status));
    if (allocation_live() != live)
      fail_msg("allocation %u, at '%s': %d are not freed", (unsigned)at, story.step, (int)(allocation_live() - live));
  }
  assert_true(at > ALLOCATIONS_LEAST);
}

/* Of an error that nobody has asked for before, when there is no memory; nothing is kept of it. */
static void test_text_of_an_error(void **state) {
  enum { AN_ERROR = 1 }; /* every system knows it, and no story meets it */
  char room[OS_ERROR_TEXT_MAX];
  int64_t live = allocation_live();
  (void)state;
  allocation_fail_after(0, ALLOCATION_REST);
  const char *text = os_error_text(AN_ERROR, room);
  assert_false(allocation_restore());
  assert_string_not_equal(text, "unknown error");
  assert_int_equal(allocation_live(), live);
}

static char memory_url[] = "mem://story?buffer=70000";

int main(void) {
  enum { DRIVEN = HWS_RUNTIME_CALLER_DRIVEN };
  static struct place places[] = {{memory_url, 0, ALLOCATION_ONE, HWS_MODE_YAMUX},
                                  {memory_url, 0, ALLOCATION_REST, HWS_MODE_NATIVE},
                                  {memory_url, DRIVEN, ALLOCATION_ONE, HWS_MODE_NATIVE},
                                  {memory_url, DRIVEN, ALLOCATION_REST, HWS_MODE_YAMUX},
                                  {NULL, 0, ALLOCATION_ONE, HWS_MODE_NATIVE},
                                  {NULL, 0, ALLOCATION_REST, HWS_MODE_YAMUX},
                                  {NULL, DRIVEN, ALLOCATION_ONE, HWS_MODE_YAMUX},
                                  {NULL, DRIVEN, ALLOCATION_REST, HWS_MODE_NATIVE}};
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_text_of_an_error),
      {"memory, one fails, I/O thread", test_allocations, NULL, NULL, &places[0]},
      {"memory, native, all from one on fail, I/O thread", test_allocations, NULL, NULL, &places[1]},
      {"memory, native, one fails, caller-driven", test_allocations, NULL, NULL, &places[2]},
      {"memory, all from one on fail, caller-driven", test_allocations, NULL, NULL, &places[3]},
      {"sockets, native, one fails, I/O thread", test_allocations, NULL, NULL, &places[4]},
      {"sockets, all from one on fail, I/O thread", test_allocations, NULL, NULL, &places[5]},
      {"sockets, one fails, caller-driven", test_allocations, NULL, NULL, &places[6]},
      {"sockets, native, all from one on fail, caller-driven", test_allocations, NULL, NULL, &places[7]},
  };
  return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
