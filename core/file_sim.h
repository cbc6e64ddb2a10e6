/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated system's files: each has the bytes of a pattern, as many as its maker says.
 */
#ifndef HAWSER_CORE_FILE_SIM_H
#define HAWSER_CORE_FILE_SIM_H

#include <stdbool.h>
#include <stdint.h>

enum { FILE_SIM_FIRST = 1 << 20, FILE_SIM_MAX = 64 };

struct file_sim {
  uint64_t bytes;
  uint64_t fails_at; /* reading there is an error; UINT64_MAX: nowhere */
  bool regular;
  uint8_t seed;
  const uint8_t *content; /* instead of a pattern; NULL: none */
};

/* A descriptor of a new file; negative: there are too many. */
int64_t file_sim_open(const struct file_sim *file);

/* How many descriptors are open. */
unsigned file_sim_count(void);

/* What can be read there at once, for a network that takes files by itself. Negative: nothing can, or it is none. */
__attribute__((visibility("default"))) int64_t file_sim_take(int64_t file, void *to, uint64_t bytes, uint64_t offset);

static inline uint8_t file_sim_byte(uint8_t seed, uint64_t at) {
  return (uint8_t)(seed + at * 7 + (at >> 8));
}

#endif
