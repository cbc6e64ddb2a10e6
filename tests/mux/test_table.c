/* SPDX-License-Identifier: Apache-2.0
 *
 * MUX-18: ids that a peer chooses do not make looking its streams up slow, as it cannot know which of them share a
 * chain.
 */
#include <stdlib.h>
#include <string.h>

#include "core/entropy.h"
#include "core/mux/mux.h"
#include "tests/mux/world.h"

enum { STREAMS = 1024, CHAIN_MAX = 16, SEEDS = 20 };

static uint32_t longest_chain(const struct mux *mux) {
  uint32_t longest = 0;
  for (uint32_t i = 0; i < mux->table_size; i++) {
    uint32_t length = 0;
    for (const struct mux_stream *stream = mux->table[i]; stream; stream = stream->next_in_table) length++;
    if (length > longest) longest = length;
  }
  return longest;
}

/* A table of streams whose ids lie that far apart; they are pinned by somebody else. */
static void fill(struct mux *mux, struct mux_stream *streams, uint64_t seed, uint32_t step) {
  *mux = (struct mux){.seed = seed};
  for (uint32_t i = 0; i < STREAMS; i++) {
    memset(&streams[i], 0, sizeof streams[i]);
    streams[i].holds = 1;
    streams[i].id = 1 + i * step;
    assert_int_equal(table_add(mux, &streams[i]), HWS_OK);
  }
}

static void chosen_ids_share_no_chain(void **state) {
  struct mux *mux = calloc(1, sizeof *mux);
  struct mux_stream *streams = calloc(STREAMS, sizeof *streams);
  uint64_t random = 1;
  (void)state;
  for (int seed = 0; seed < SEEDS; seed++) {
    random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    for (uint32_t bit = 1; bit <= 22; bit++) {
      for (uint32_t factor = 1; factor <= 7; factor += 2) {
        fill(mux, streams, random, factor << bit);
        if (longest_chain(mux) > CHAIN_MAX)
          fail_msg("%u streams of a chain, %u apart", longest_chain(mux), factor << bit);
        for (uint32_t i = 0; i < STREAMS; i++) assert_true(table_find(mux, streams[i].id));
        for (uint32_t i = 0; i < STREAMS; i++) table_remove(mux, &streams[i]);
        assert_int_equal(mux->table_count, 0);
        assert_null(table_find(mux, 1));
        free(mux->table);
      }
    }
  }
  free(streams);
  free(mux);
}

static void seeds_differ(void **state) {
  (void)state;
  assert_true(entropy_seed() != entropy_seed());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(chosen_ids_share_no_chain),
      cmocka_unit_test(seeds_differ),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
