/* SPDX-License-Identifier: Apache-2.0
 *
 * Runtimes: opening, and ending everything in the right order.
 */
#include "core/runtime.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/endpoint.h"
#include "core/entropy.h"
#include "core/fork.h"
#include "core/mux/session.h"
#include "core/park.h"
#include "core/pool.h"
#include "core/queue.h"
#include "core/refused.h"
#include "core/scope.h"
#include "core/settings.h"

enum { ERROR_MAX = 256, CONFIG_SIZE_V1 = 24 };

/* A look-up that the system does not answer holds a thread for as long as it likes, and so does a file. What waits for
 * a file's thread stands in the op or the endpoint that wants it, so there is no other bound. */
enum { NAMES_THREADS = 8, NAMES_WAITING = 1024, FILES_THREADS = 4 };
#define POOL_PATIENCE_NS UINT64_C(5000000000)
#define CLOSE_PATIENCE_NS UINT64_C(10000000000) /* for the close of a raw connection, which has no limit of its own */

static void runtime_free(struct object *object) {
  struct runtime *runtime = (struct runtime *)object;
  op_pool_drain(&runtime->ops);
  buffer_pool_drain(&runtime->buffers);
  pool_free(runtime->names);
  pool_free(runtime->files);
  timers_free(&runtime->loop.timers); /* which a late call may have filled again, and emptied */
  cause_unref(runtime->noted);
  free(runtime->plugin_dir);
  object_retire(object);
  free(runtime);
}

static const struct object_class runtime_class = {.type = OBJECT_RUNTIME, .free = runtime_free};

/* ---- what is held back ---- */

enum { LAZY_NS = 1000000, LAZY_IDLE_TICKS = 16 };

/* What is out of memory leaves at once. */
static void watch_lazy(struct runtime *runtime) {
  if (loop_timer(&runtime->loop, &runtime->lazy_timer, clock_now() + LAZY_NS) == HWS_OK) return;
  lock_take(&runtime->lock);
  runtime->lazy_watched = false;
  lock_drop(&runtime->lock);
  loop_kick(&runtime->loop);
}

/* Whoever held it back has gone elsewhere, to a descriptor of the system's maybe: no wait of ours will come. */
static void lazy_fire(struct timer *timer) {
  struct runtime *runtime = (struct runtime *)((char *)timer - offsetof(struct runtime, lazy_timer));
  runtime_flush_lazy(runtime);
  lock_take(&runtime->lock);
  runtime->lazy_watched = runtime->lazy_idle++ < LAZY_IDLE_TICKS;
  bool again = runtime->lazy_watched;
  lock_drop(&runtime->lock);
  if (again) watch_lazy(runtime);
}

/* ---- opening ---- */

static void before_turn(struct loop *loop) {
  runtime_flush_lazy((struct runtime *)((char *)loop - offsetof(struct runtime, loop)));
}

enum { SET_HELD, RUNTIME_SETTINGS };

#define MIB(n) (UINT64_C(1048576) * (n))

static const struct setting table[RUNTIME_SETTINGS] = {
    [SET_HELD] = {"held_max", MIB(1), MIB(1048576), MIB(256), SETTING_BYTES,
                  "memory that all peers together may make the runtime hold"},
};

static int check_config(const struct hws_runtime_config *config, uint64_t *values) {
  settings_defaults(table, RUNTIME_SETTINGS, values);
  if (!config) return HWS_OK;
  if (config->size < CONFIG_SIZE_V1 || (config->flags & ~(uint32_t)HWS_RUNTIME_CALLER_DRIVEN))
    return refused_say(HWS_E_INVAL, "runtime: size is less than any version's, or flags has unknown bits");
  if (config->plugin_dir && !registry_dir_valid(config->plugin_dir))
    return refused_say(HWS_E_INVAL, "runtime: plugin_dir '%.256s' is no absolute path", config->plugin_dir);
  char error[ERROR_MAX];
  int status = settings_parse(table, RUNTIME_SETTINGS, config->settings, values, error, sizeof error);
  return status == HWS_OK ? HWS_OK : refused_say(status, "runtime: %s", error);
}

static int set_dirs(struct runtime *runtime, const char *plugin_dir) {
  size_t count = 0;
  if (plugin_dir) {
    runtime->plugin_dir = strdup(plugin_dir);
    if (!runtime->plugin_dir) return HWS_E_NOMEM;
    runtime->dirs[count++] = runtime->plugin_dir;
  }
  const void *ours = (const void *)(uintptr_t)&runtime_open;
  int found = registry_default_dir(ours, runtime->default_dir, sizeof runtime->default_dir);
  if (found == 0) runtime->dirs[count++] = runtime->default_dir;
  return found == -2 ? HWS_E_LIMIT : HWS_OK;
}

int runtime_open(const struct hws_runtime_config *config, struct runtime **out) {
  uint64_t values[RUNTIME_SETTINGS];
  int status = check_config(config, values);
  if (status == HWS_OK && fork_watch() != 0) status = HWS_E_UNSUPPORTED;
  if (status != HWS_OK) return status;
  struct runtime *runtime = calloc(1, sizeof *runtime);
  if (!runtime) return HWS_E_NOMEM;
  runtime->hold.max = values[SET_HELD];
  bool caller_driven = config && (config->flags & HWS_RUNTIME_CALLER_DRIVEN);
  runtime->seed = entropy_seed();
  runtime->members.next = runtime->members.prev = &runtime->members;
  runtime->closing.next = runtime->closing.prev = &runtime->closing;
  status = object_init(&runtime->object, &runtime_class, NULL);
  if (status != HWS_OK) {
    free(runtime);
    return status;
  }
  status = set_dirs(runtime, config ? config->plugin_dir : NULL);
  runtime->loop.before_turn = before_turn;
  runtime->lazy_timer = (struct timer){.object = &runtime->object, .fire = lazy_fire};
  if (status == HWS_OK) status = loop_init(&runtime->loop, caller_driven);
  runtime->names = pool_new("hawser-names", NAMES_THREADS, NAMES_WAITING);
  runtime->files = pool_new("hawser-files", FILES_THREADS, UINT_MAX);
  if (status == HWS_OK && !(runtime->names && runtime->files)) status = HWS_E_NOMEM;
  if (status == HWS_OK && !caller_driven && !(runtime->thread = io_thread_start(runtime))) status = HWS_E_LIMIT;
  runtime->object.runtime = NULL;
  if (status != HWS_OK) {
    loop_free(&runtime->loop);
    object_close(&runtime->object);
    object_unpin(&runtime->object);
    return status;
  }
  *out = runtime;
  return HWS_OK;
}

/* ---- members, notes, lazy flushes ---- */

int member_add(struct runtime *runtime, struct member *member, struct object *object,
               bool (*end)(struct object *object, enum member_end how)) {
  lock_take(&runtime->lock);
  bool ending = atomic_load(&runtime->ending);
  if (!ending) {
    *member = (struct member){.next = &runtime->members, .prev = runtime->members.prev, .object = object, .end = end};
    member->prev->next = member->next->prev = member;
  }
  lock_drop(&runtime->lock);
  return ending ? HWS_E_CLOSED : HWS_OK;
}

/* Caller holds the lock. */
static void unlink_member(struct member *member) {
  if (!member->next) return;
  member->next->prev = member->prev;
  member->prev->next = member->next;
  member->next = NULL;
}

void member_remove(struct runtime *runtime, struct member *member) {
  lock_take(&runtime->lock);
  unlink_member(member);
  lock_drop(&runtime->lock);
}

void runtime_note(struct runtime *runtime, struct cause *cause) {
  lock_take(&runtime->lock);
  struct cause *before = runtime->noted;
  runtime->noted = cause;
  lock_drop(&runtime->lock);
  cause_unref(before);
}

void runtime_add_lazy(struct runtime *runtime, struct lazy *lazy) {
  lock_take(&runtime->lock);
  bool watch = !runtime->lazy_watched && !runtime->loop.caller_driven;
  runtime->lazy_idle = 0;
  runtime->lazy_watched |= watch;
  lazy->next = runtime->lazy;
  runtime->lazy = lazy;
  atomic_store_explicit(&runtime->has_lazy, true, memory_order_release);
  lock_drop(&runtime->lock);
  if (watch) watch_lazy(runtime);
}

void runtime_flush_lazy_now(struct runtime *runtime) {
  lock_take(&runtime->lock);
  struct lazy *list = runtime->lazy;
  runtime->lazy = NULL;
  atomic_store_explicit(&runtime->has_lazy, false, memory_order_relaxed);
  for (struct lazy *lazy; (lazy = list);) {
    list = lazy->next; /* now, as the flush lets it be put into another list */
    lock_drop(&runtime->lock);
    lazy->flush(lazy);
    lock_take(&runtime->lock);
  }
  lock_drop(&runtime->lock);
}

/* ---- ending ---- */

/* Behind the last of a list. Lock held. */
static void link_member(struct member *list, struct member *member) {
  member->next = list;
  member->prev = list->prev;
  member->prev->next = member->next->prev = member;
}

/* Tell one that stood in a list; the pin is the caller's to give back. What goes on stands among the closing. */
static void tell(struct runtime *runtime, struct member *member, enum member_end how) {
  if (!member->end(member->object, how)) return;
  lock_take(&runtime->lock);
  link_member(&runtime->closing, member); /* it cannot have been freed: it is pinned */
  lock_drop(&runtime->lock);
}

/* The newest of a list, pinned, and taken off it; NULL: there is none. Newest first, as a session is younger than what
 * carries it, and is to hear of the end from here. Each leaves the list as it is told, so nobody is passed twice. */
static struct member *next_member(struct runtime *runtime, struct member *list) {
  struct member *found = NULL;
  lock_take(&runtime->lock);
  for (struct member *member; !found && (member = list->prev) != list;) {
    unlink_member(member);
    if (object_try_pin(member->object)) found = member; /* else it is about to be freed */
  }
  lock_drop(&runtime->lock);
  return found;
}

enum { JOIN_BATCH = 16 }; /* so many are told by a call, however little time it has: it never comes to nothing */

/* False: the time is over, and some have not been told. */
static bool end_members(struct runtime *runtime, uint64_t until) {
  struct member *member;
  lock_take(&runtime->lock);
  atomic_store(&runtime->ending, true);
  lock_drop(&runtime->lock);
  for (unsigned told = 1; (member = next_member(runtime, &runtime->members)); told++) {
    struct object *object = member->object;
    tell(runtime, member, MEMBER_END);
    object_unpin(object);
    if (told % JOIN_BATCH == 0 && clock_now() >= until) return false;
  }
  return true;
}

/* Those whose closes go on. There are few, as what the user has not closed was ended. They were told from the newest
 * on, so the newest is at the front. */
static void end_closing(struct runtime *runtime, enum member_end how) {
  struct member again = {.next = &again, .prev = &again};
  struct member *member;
  lock_take(&runtime->lock);
  while ((member = runtime->closing.next) != &runtime->closing) {
    unlink_member(member);
    link_member(&again, member);
  }
  lock_drop(&runtime->lock);
  for (;;) {
    lock_take(&runtime->lock);
    for (member = NULL; !member && again.next != &again;) {
      struct member *next = again.next;
      unlink_member(next);
      /* rare: it is about to be freed */
      if (object_try_pin(next->object)) member = next;
    }
    lock_drop(&runtime->lock);
    if (!member) return;
    struct object *object = member->object;
    tell(runtime, member, how);
    object_unpin(object);
  }
}

static bool is_quiet(const struct runtime *runtime) {
  return !atomic_load(&runtime->counters[COUNT_ENDPOINTS]) && !atomic_load(&runtime->makers) &&
         !atomic_load(&runtime->loop.tasks);
}

enum { JOIN_STEP_NS = 10000000 };

/* Wait until every endpoint is gone, nothing is queued and nobody makes anything new. Where an I/O thread drives, it is
 * woken by what ends; we look again every few milliseconds, as an end has nobody to tell once the last object is gone.
 */
static int wait_quiet(struct runtime *runtime, uint64_t until) {
  while (!is_quiet(runtime)) {
    uint64_t now = clock_now();
    if (runtime->hasten_at && now >= runtime->hasten_at) {
      runtime->hasten_at = 0;
      end_closing(runtime, MEMBER_HASTEN);
    }
    if (now >= until) return HWS_E_DEADLINE;
    struct waiter waiter;
    waiter_init(&waiter, &runtime->loop);
    waiter_wait(&waiter, until - now > JOIN_STEP_NS ? now + JOIN_STEP_NS : until);
  }
  return HWS_OK;
}

/* Scopes are no members: what stands under them is, or hangs on one. So they come behind all members, as a close that
 * goes on has its life scope meanwhile; and before the harvest, as this ends the last ops there are. */
static void shut_scope(struct object *object) {
  if (object->class->type == OBJECT_SCOPE) scope_shut((struct scope *)object);
}

static void close_queue(struct object *object) {
  /* rare: its user closes it this moment */
  if (object->class->type != OBJECT_QUEUE || !object_close(object)) return;
  queue_close((struct queue *)object);
  object_unpin(object);
}

/* What the user left open. Leases stay: their bytes can be read until they are released. Ops are not among these: they
 * name no runtime, have all ended, and belong to whoever takes their events. Queues come last, behind all that could
 * have an event. */
static void close_handle(struct object *object) {
  enum object_type type = object->class->type;
  /* rare: its user closes it this moment */
  if (type == OBJECT_LEASE || type == OBJECT_QUEUE || !object_close(object)) return;
  if (type == OBJECT_SCOPE)
    scope_close((struct scope *)object);
  else
    object_unpin(object);
}

static bool calls_have_told(struct runtime *runtime, bool abandoned) {
  return op_pool_is_home(&runtime->ops) && (abandoned || sessions_rest(runtime));
}

/* With the thread gone and every queue closed, the last waiters leave, and the last tasks only free memory. The baton
 * is taken for good: a call that is late finds nothing left to drive. But a call that has an op still may post a task
 * when it lets go of that, which nobody would run, and so may one that has ended a session's own read, write or close
 * of its carrier and not told it yet: so the last of these are waited for. Where a plugin never completes an io a
 * session waits for ever. */
#define CALLS_PATIENCE_NS UINT64_C(5000000000)
#define CALLS_STEP_NS UINT64_C(1000000)
static void settle(struct runtime *runtime, bool abandoned) {
  waiters_gone(&runtime->loop);
  baton_keep(&runtime->loop);
  uint64_t limit = clock_now() + CALLS_PATIENCE_NS;
  while (atomic_load(&runtime->loop.tasks) || (!calls_have_told(runtime, abandoned) && clock_now() < limit))
    loop_turn(&runtime->loop, NULL, clock_now() + CALLS_STEP_NS);
}

/* Let the pools' threads end. What they still do, nobody waits for any more, and it touches nothing of ours; so a call
 * that the system does not finish is left to itself after a while, however long the caller would wait: HWS_E_TIMEOUT.
 */
static int close_pools(struct runtime *runtime, uint64_t until) {
  uint64_t limit = 0;
  uint64_t first = clock_now() + POOL_PATIENCE_NS;
  if (atomic_compare_exchange_strong(&runtime->pools_until, &limit, first)) limit = first;
  uint64_t wait_until = limit < until ? limit : until;
  bool no_names = pool_close(runtime->names, wait_until);
  bool no_files = pool_close(runtime->files, wait_until);
  if (no_names && no_files) return HWS_OK;
  return clock_now() < limit ? HWS_E_DEADLINE : HWS_E_TIMEOUT;
}

static int join_alone(struct runtime *runtime, uint64_t until) {
  if (!runtime->begun_at) {
    runtime->begun_at = clock_now();
    runtime->hasten_at = runtime->begun_at + CLOSE_PATIENCE_NS;
    join_attended(runtime);
  }
  int status = end_members(runtime, until) ? wait_quiet(runtime, until) : HWS_E_DEADLINE;
  if (status == HWS_OK) handle_each(runtime, shut_scope);
  if (status == HWS_OK) status = join_harvest(runtime, until);
  if (status == HWS_E_DEADLINE) end_closing(runtime, MEMBER_CUT);
  if (status == HWS_OK) status = close_pools(runtime, until);
  if (status == HWS_E_DEADLINE) return status;
  object_close(&runtime->object);
  pool_join(runtime->names);
  pool_join(runtime->files);
  bool abandoned = atomic_load(&runtime->counters[COUNT_IOS_ABANDONED]) != 0;
  handle_each(runtime, close_handle);
  handle_each(runtime, close_queue);
  if (runtime->thread) io_thread_stop(runtime->thread);
  runtime->thread = NULL;
  settle(runtime, abandoned);
  loop_free(&runtime->loop);
  object_unpin(&runtime->object); /* the handle's; the memory goes with the last lease */
  return abandoned ? HWS_E_PLUGIN : status;
}

int runtime_join(struct runtime *runtime, uint64_t until) {
  if (atomic_exchange(&runtime->joining, true))
    return refused_say(HWS_E_BUSY, "another thread waits in the join"); /* it may have let the thread go already */
  bool self = runtime->thread && io_thread_is_self(runtime->thread);
  int status =
      self ? refused_say(HWS_E_BUSY, "the join was called on a thread of the runtime") : join_alone(runtime, until);
  if (self || status == HWS_E_DEADLINE) atomic_store(&runtime->joining, false);
  return status;
}
