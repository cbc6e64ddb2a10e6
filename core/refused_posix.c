/* SPDX-License-Identifier: Apache-2.0
 *
 * A thread's refusal on POSIX: two words in the memory that every thread has from its start, so that there is no
 * allocation that could fail, also in a library that was loaded late; and a key whose destructor gives back what the
 * words hold. The library stays in memory, so the destructor does.
 */
#include <pthread.h>
#include <stddef.h>

#include "core/refused.h"

#define EVERY_THREADS static __thread __attribute__((tls_model("initial-exec")))

EVERY_THREADS struct cause *mine;
EVERY_THREADS int said;
EVERY_THREADS bool promised;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool usable;

static void thread_ends(void *value) {
  (void)value;
  cause_unref(mine);
  mine = NULL;
  promised = false;
}

static void begin(void) {
  usable = pthread_key_create(&key, thread_ends) == 0;
}

static bool promise(void) {
  if (promised) return true;
  (void)pthread_once(&once, begin);
  promised = usable && pthread_setspecific(key, &mine) == 0;
  return promised;
}

struct cause *refused_kept(void) {
  return mine;
}

bool refused_keep(struct cause *cause) {
  if (cause->refs && !promise()) return false;
  struct cause *before = mine;
  mine = cause;
  cause_unref(before);
  return true;
}

int refused_said(int status) {
  int before = said;
  said = status;
  return before;
}
