/* SPDX-License-Identifier: Apache-2.0
 *
 * The watch: a thread that looks once a second.
 */
#include "tests/sim/real/watch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/sim/real/owner.h"
#include "tests/sim/world.h"

static unsigned patience;
static _Atomic(const struct story *) told;
static atomic_ullong number; /* of stories that began, so that two of the same place are not taken for one */

static void print_op(const struct record *record) {
  printf("op %u: kind %u", record_index(record), record->kind);
  if (record->end) printf(" at %u.%u", record->end->pair, record->end->side);
  printf(", thread %d, asked %llu ms ago%s%s: ", record->thread,
         (unsigned long long)((stage_now() - record->begun) / 1000000), record->cancelled ? ", cancelled" : "",
         record->signalled ? ", signalled" : "");
  if (record->state == RECORD_ENDED)
    printf("%s, %llu of %llu bytes\n", hws_status_name(record->event.status), (unsigned long long)record->event.bytes,
           (unsigned long long)record->size);
  else if (record->state == RECORD_REFUSED)
    printf("refused with %s\n", hws_status_name(record->result));
  else
    printf("NO EVENT, %s\n", record->returned ? "pending" : "and its call has not returned");
}

void watch_print_ops(void) {
  for (unsigned i = 0; i < records_count(); i++) print_op(record_at(i));
}

static void print_stuck(const struct story *story) {
  story_print(story);
  if (!owner_try(5)) printf("who runs the story's own code does not come to an end\n");
  for (unsigned i = 0; i < story->threads; i++)
    if (world.doing[i])
      printf("thread %u is in act %u, %s\n", i, (unsigned)(world.doing[i] - story->acts),
             act_name(world.doing[i]->kind));
  watch_print_ops();
  printf("%s\nstory %llu is stuck\n", story_fault(), (unsigned long long)story->seed);
  fflush(stdout);
}

static void *watch(void *argument) {
  (void)argument;
  unsigned long long last = 0;
  for (unsigned seconds = 0;; seconds++) {
    const struct timespec second = {.tv_sec = 1};
    (void)nanosleep(&second, NULL);
    unsigned long long now = atomic_load(&number);
    const struct story *story = atomic_load(&told);
    if (!story || now != last) seconds = 0;
    last = now;
    if (seconds < patience) continue;
    print_stuck(story);
    abort();
  }
  return NULL;
}

void watch_begin(unsigned seconds) {
  pthread_t thread;
  patience = seconds;
  if (pthread_create(&thread, NULL, watch, NULL) != 0 || pthread_detach(thread) != 0) abort();
}

void watch_story(const struct story *story) {
  atomic_fetch_add(&number, 1);
  atomic_store(&told, story);
}
