/* SPDX-License-Identifier: Apache-2.0
 *
 * A runtime: one loop with what belongs to it, and the list of all that has to end before it does.
 */
#ifndef HAWSER_CORE_RUNTIME_H
#define HAWSER_CORE_RUNTIME_H

#include "core/buffer.h"
#include "core/cause.h"
#include "core/handle.h"
#include "core/hold.h"
#include "core/loop.h"
#include "core/op.h"
#include "plugins/registry.h"

enum runtime_counter {
  COUNT_PLUGIN_FAULTS, /* a plugin broke its contract */
  COUNT_PLUGINS_REFUSED,
  COUNT_IOS_ABANDONED, /* never completed by their plugin */
  COUNT_TRANSFERS,     /* ios submitted */
  COUNT_ENDPOINTS,     /* open now */
  COUNT_HELD_REFUSALS, /* opens refused for what peers make us hold */
  COUNT_HELD_RESETS,   /* streams reset for it */
  COUNT_HELD_LOOKS,    /* streams and sessions looked at, for some to reset */
  RUNTIME_COUNTERS
};

struct io_thread;
struct mux;
struct pool;

/* How a member is told of the runtime's end. */
enum member_end {
  MEMBER_END,    /* at once; but a close that its user has begun goes on */
  MEMBER_HASTEN, /* a close that has no limit of its own has had its time */
  MEMBER_CUT     /* at once, whatever it does */
};

/* Whatever has to be told when the runtime ends: listeners, connections, sessions; embedded in each. */
struct member {
  struct member *next; /* NULL: in no list */
  struct member *prev;
  struct object *object;
  bool (*end)(struct object *object, enum member_end how); /* no lock held; pinned. True: it goes on by itself */
};

/* What the last look of a join at the queues found (join_harvest.c). */
struct harvest {
  uint64_t taken;    /* events, ever, from queues that held some */
  uint64_t moved_at; /* when that was last another number; 0: no look so far */
  bool held;         /* a queue that somebody has harvested, or is about to, holds events */
  bool attended; /* somebody stood at one when the end began, is about to take of them, or has since the first look */
};

struct runtime {
  struct object object;
  struct loop loop;
  struct op_pool ops;
  struct buffer_pool buffers;
  struct lock scope_lock;
  struct lock lock;      /* the members, what was noted, the lazy list */
  struct member members; /* those that have not been told of the end */
  struct member closing; /* those that have, and go on */
  uint64_t begun_at;     /* when a join first came; 0: none has. These three are the join's */
  uint64_t hasten_at;    /* when the closing are hastened; 0: they were */
  struct harvest harvest;
  struct cause *noted;
  struct hold hold;     /* what peers make it hold */
  struct mux *sessions; /* all of them; under the lock */
  struct task relief;   /* reaches those that hold too much */
  struct lazy *lazy;
  atomic_bool has_lazy;
  struct timer lazy_timer; /* lets out what nobody's wait does; armed from the first that is held back until ... */
  bool lazy_watched;       /* ... it has found nothing for a while, so a program that does it often wakes nobody */
  unsigned lazy_idle;      /* in how many ticks, so far */
  atomic_bool ending;
  atomic_bool joining;
  atomic_uint makers; /* calls that are making an object */
  struct io_thread *thread;
  struct pool *names;            /* look-ups of names */
  struct pool *files;            /* whatever waits for a disk */
  _Atomic(uint64_t) pools_until; /* when a join stops waiting for the pools; 0: none has come so far */
  uint64_t seed;                 /* of hash tables whose keys a peer chooses */
  char *plugin_dir;
  char default_dir[1024];
  const char *dirs[3];
  _Atomic(uint64_t) counters[RUNTIME_COUNTERS];
};

int runtime_open(const struct hws_runtime_config *config, struct runtime **runtime);
int runtime_join(struct runtime *runtime, uint64_t until);

/* HWS_E_CLOSED once the runtime is ending. The object is not pinned by this: member_remove before it is freed. From
 * here on it may be ended at any moment, by another thread: what its end looks at is set before, or under the lock that
 * the end takes first. */
int member_add(struct runtime *runtime, struct member *member, struct object *object,
               bool (*end)(struct object *object, enum member_end how));
void member_remove(struct runtime *runtime, struct member *member);

/* Around a call that makes an object: the end of the runtime closes every handle that it finds, but none that is still
 * being made. Dekker: a maker counts itself and then asks whether there is something to make it of; the end takes that
 * away and then waits for the makers. */
static inline void runtime_make_begin(struct runtime *runtime) {
  atomic_fetch_add_explicit(&runtime->makers, 1, memory_order_seq_cst);
}

static inline bool runtime_is_ending(struct runtime *runtime) {
  return atomic_load_explicit(&runtime->ending, memory_order_seq_cst);
}

static inline void runtime_make_end(struct runtime *runtime) {
  atomic_fetch_sub_explicit(&runtime->makers, 1, memory_order_release);
}

/* Remember what came about that no call of the user's was refused for; consumes the cause. */
void runtime_note(struct runtime *runtime, struct cause *cause);

static inline void runtime_count(struct runtime *runtime, enum runtime_counter counter, uint64_t by) {
  atomic_fetch_add_explicit(&runtime->counters[counter], by, memory_order_relaxed);
}

/* A session that holds bytes back under HWS_MORE; embedded in it. */
struct lazy {
  struct lazy *next;
  void (*flush)(struct lazy *lazy); /* unpins; from here on it may be added again */
};

/* Remember to flush at the next wait, or a millisecond from now, if the runtime has a thread of its own. The caller has
 * pinned what the entry belongs to, and adds it once until it is flushed.
 */
void runtime_add_lazy(struct runtime *runtime, struct lazy *lazy);

void runtime_flush_lazy_now(struct runtime *runtime);

static inline void runtime_flush_lazy(struct runtime *runtime) {
  if (atomic_load_explicit(&runtime->has_lazy, memory_order_acquire)) runtime_flush_lazy_now(runtime);
}

void join_attended(struct runtime *runtime); /* the end begins: who harvests? (join_harvest.c) */
/* When all is quiet: wait for those who harvest (join_harvest.c). HWS_E_DEADLINE: they still take. */
int join_harvest(struct runtime *runtime, uint64_t until);

/* ---- the I/O thread (io_thread.c) ---- */

struct io_thread *io_thread_start(struct runtime *runtime); /* NULL: no thread to be had */
bool io_thread_is_self(const struct io_thread *thread);
void io_thread_stop(struct io_thread *thread); /* signals and joins */

#endif
