/* SPDX-License-Identifier: Apache-2.0
 *
 * What stories are told on: threads, time, a file, and where connections meet. The same stories run on the simulated
 * system (stage_sim.c) and on the real one (real/stage_posix.c), which differ in this alone.
 *
 * What a story knows has one owner at a time: whoever runs the story's code. It is another's during calls into the
 * library, and where a thread waits here. So threads meet inside of the library, as they do where a scheduler switches
 * them, and the oracle needs no locks.
 */
#ifndef HAWSER_TESTS_SIM_STAGE_H
#define HAWSER_TESTS_SIM_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/hawser.h"

enum { STAGE_PLACES = 3 };

/* The names of the places where connections meet. */
extern const char *const stage_places[STAGE_PLACES];

/* Has a connection there a reset? If not, its peer finds the end. */
extern const bool stage_resets[STAGE_PLACES];

/* How long a blocking call without a limit of its own waits at most, and by how much any call may be late. */
extern const uint64_t stage_block_ns;
extern const uint64_t stage_patience_ns;

/* How much the calling thread has done so far, as far as that can be measured; and what a call that has no time may do.
 */
uint64_t stage_busy(void);
extern const uint64_t stage_busy_most;

/* Time passes for nothing but what the story does, however loaded the machine is. */
extern const bool stage_exact;

/* Around a story, which begins with its own state owned. stage_end faults it for what is left. */
struct story;
void stage_begin(const struct story *story);
void stage_end(void);

/* The acts of a story begin, or have ended: for a search of schedules. */
void stage_acts(bool begin);

/* An op's handle, which the library may be writing in another thread. */
hws_handle stage_peek(const hws_handle *op);

/* Is the network so slow that what was taken may need longer than the limits of closes, drains and joins? */
bool stage_is_slow(void);

/* Has the stage made something fail by now? And may it be the reason for such a status of an op at that pair (-1: at
 * none)? */
bool stage_has_failed(void);
bool stage_excuses(int pair, int32_t status);

/* Memory for what the story itself keeps, which never fails; to be freed. */
void *stage_memory(size_t bytes);

/* ---- threads ---- */

struct stage_thread;

struct stage_thread *stage_spawn(const char *name, void (*run)(void *argument), void *argument);
void stage_join(struct stage_thread *thread);
struct stage_thread *stage_self(void);

/* A signal that has a handler. It ends what the thread sleeps in, now or, while stage_signal_pends, in a call to come.
 */
void stage_signal(struct stage_thread *thread);
bool stage_signal_pends(void);

/* ---- time ---- */

uint64_t stage_now(void);
void stage_sleep(uint64_t nanoseconds);

/* Wait for a queue's waitable, as a foreign event loop does. */
void stage_poll(int64_t waitable, uint64_t until);

/* ---- what calls are given ---- */

/* A regular file with stage_byte in it, for hws_sendfile. */
enum { STAGE_FILE_BYTES = 200000, STAGE_FILE_SEED = 5 };
int64_t stage_file(void);

static inline uint8_t stage_byte(uint8_t seed, uint64_t at) {
  return (uint8_t)(seed + at * 7 + (at >> 8));
}

/* The URL of a place with connections that hold so many bytes: to listen, to dial for the pair of that number (with the
 * listener), or to dial once the story stands. */
enum { STAGE_LISTENS = -1, STAGE_DIALS_LATE = -2, STAGE_URL_BYTES = 640 };
void stage_url(char *url, size_t size, unsigned place, uint32_t buffer, int what, hws_handle listener);

#endif
