/* SPDX-License-Identifier: Apache-2.0
 *
 * OP-3: a handle that is stale, foreign or made up is HWS_E_HANDLE in every function, and never does any harm.
 */
#include "tests/core/functions.h"

static void refused(const struct function *function, hws_handle handle, const char *what) {
  hws_result result = function->call(handle);
  if (result != HWS_E_HANDLE) fail_msg("hws_%s of %s: %s", function->name, what, hws_status_name(result));
}

/* OP-3: of another type. */
static void wrong_types(void **state) {
  struct zoo zoo;
  zoo_open(&zoo, *state);
  struct hws_how queued = how_queue(zoo.world);
  functions_how = &queued;
  for (size_t f = 0; f < function_count; f++)
    for (enum type t = 0; t < TYPES; t++)
      if (!function_takes(&functions[f], t)) refused(&functions[f], zoo.of[t], "another type");
  expect_no_event(zoo.world);
  zoo_close(&zoo);
}

/* OP-3: made up out of good ones and out of nothing. */
static void forged(void **state) {
  struct zoo zoo;
  struct dice dice = {.state = 3};
  zoo_open(&zoo, *state);
  struct hws_how queued = how_queue(zoo.world);
  functions_how = &queued;
  for (size_t f = 0; f < function_count; f++) {
    refused(&functions[f], 0, "none");
    refused(&functions[f], UINT64_MAX, "all ones");
    for (int t = 0; t < TYPES; t++) {
      hws_handle good = zoo.of[t];
      refused(&functions[f], good + 1, "a later generation");
      refused(&functions[f], good - 1, "an earlier generation");
      refused(&functions[f], good ^ UINT64_C(0xffff) << 36, "another slot");
      refused(&functions[f], good & ~(UINT64_C(0xff) << 56), "no type");
      refused(&functions[f], good | UINT64_C(0x80) << 56, "an unknown type");
      /* The right slot and generation under the name of another type. */
      for (uint64_t type = 1; type < 16; type++) {
        hws_handle other = (good & ~(UINT64_C(0xff) << 56)) | type << 56;
        if (other != good) refused(&functions[f], other, "a slot of another type");
      }
    }
    for (int i = 0; i < 2000; i++) {
      hws_handle random = (uint64_t)dice_roll(&dice, UINT32_MAX) << 32 | dice_roll(&dice, UINT32_MAX) | 1U << 30;
      refused(&functions[f], random, "chance");
    }
  }
  expect_no_event(zoo.world);
  zoo_close(&zoo);
}

/* OP-3: stale, also after their slots serve others. */
static void stale(void **state) {
  struct world *world = *state;
  struct zoo zoo;
  zoo_open(&zoo, world);
  close_handle(zoo.of[T_QUEUE]);
  close_handle(zoo.of[T_SCOPE]);
  close_handle(zoo.of[T_LISTENER]);
  zoo_close(&zoo);
  link_close(&zoo.leased);
  struct hws_how queued = how_queue(world);
  functions_how = &queued;
  for (int round = 0; round < 2; round++) {
    for (size_t f = 0; f < function_count; f++)
      for (int t = T_QUEUE; t < TYPES; t++) refused(&functions[f], zoo.of[t], "stale");
    struct link again = link_open(world, MUX); /* in the same slots */
    link_close(&again);
  }
  expect_no_event(world);
}

int main(void) {
  const struct CMUnitTest tests[] = {EVERYWHERE(wrong_types), EVERYWHERE(forged), EVERYWHERE(stale)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
