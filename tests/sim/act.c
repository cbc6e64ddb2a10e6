/* SPDX-License-Identifier: Apache-2.0
 *
 * Acts: calls of the ABI, each with its record.
 */
#include <string.h>

#include "tests/sim/judge.h"
#include "tests/sim/world.h"

#define MILLISECOND UINT64_C(1000000)

struct hws_how how_for(struct record *record, const struct act *act, unsigned side) {
  struct hws_how how = {.size = sizeof how, .tag = record_index(record)};
  if (act->way == WAY_TRY) how.flags = HWS_TRY;
  if (act->way == WAY_BLOCK) how.flags = HWS_BLOCK | (act->number & 4 ? HWS_INTERRUPTIBLE : 0);
  if (act->way < WAY_TRY) how.queue = world.queues[side][act->queue];
  how.deadline_ns = act->deadline_ns;
  /* A BLOCK that nothing ends would end the story. */
  if (act->way == WAY_BLOCK && !how.deadline_ns) how.deadline_ns = stage_block_ns;
  if (how.deadline_ns) how.deadline_ns += stage_now();
  how.scope = act->scope ? world.scopes[side][act->scope] : 0;
  record->tries = act->way == WAY_TRY;
  record->blocks = act->way == WAY_BLOCK;
  record->queue = act->queue;
  record->scope = act->scope;
  record->side = (uint8_t)side;
  record->deadline = how.deadline_ns;
  record->thread = act->thread;
  record->signalled = stage_signal_pends();
  return how;
}

static struct hws_event *out_for(const struct act *act, struct hws_event *event) {
  *event = (struct hws_event){0};
  return act->way == WAY_QUEUE ? NULL : event;
}

static struct end *end_of(const struct act *act) {
  if (act->lone && world.lone_count) return &world.ends[LONE_FIRST + act->number / 7 % world.lone_count];
  return &world.ends[act->pair * 2 + act->side];
}

/* ---- streams ---- */

static void do_send(const struct act *act, uint64_t size) {
  struct end *end = end_of(act);
  if (!end->handle || end->send_count == sizeof end->sends / sizeof end->sends[0]) return;
  struct record *record = record_new(HWS_KIND_SEND, end, size);
  if (!record) return;
  if (size) end->sends[end->send_count++] = (uint16_t)record_index(record);
  struct hws_how how = how_for(record, act, end->side);
  if (act->more && size) how.flags |= HWS_MORE;
  record->eom = act->number % 5 == 0 && world.story->carrier != CARRIER_RAW;
  if (record->eom) how.flags |= HWS_EOM;
  struct hws_event event, *out = out_for(act, &event);
  uint64_t first = size > 3 && (act->number & 1) ? size / 3 : size;
  struct hws_vec vec[2] = {{.ptr = record->memory, .len = first}, {.ptr = record->memory + first, .len = size - first}};
  record_returned(record, hws_send(end->handle, vec, size == first ? 1 : 2, &how, out, &record->op), &event);
}

void end_send(struct end *end, uint32_t size) {
  const struct act act = {.pair = (uint8_t)end->pair, .side = (uint8_t)end->side, .way = WAY_QUEUE_OUT, .number = 2};
  do_send(&act, size);
}

static void do_sendfile(const struct act *act) {
  struct end *end = end_of(act);
  if (!end->handle || end->send_count == sizeof end->sends / sizeof end->sends[0]) return;
  uint64_t size = act->size < 150000 ? act->size : 150000;
  struct record *record = record_new(HWS_KIND_SENDFILE, end, size);
  if (!record) return;
  end->sends[end->send_count++] = (uint16_t)record_index(record);
  record->seed = STAGE_FILE_SEED;
  struct hws_how how = how_for(record, act, end->side);
  struct hws_event event, *out = out_for(act, &event);
  record_returned(record, hws_sendfile(end->handle, stage_file(), 0, size, &how, out, &record->op), &event);
}

static void recv_as(struct end *end, const struct act *act, uint64_t size) {
  if (!end->handle || end->recv_count == sizeof end->recvs / sizeof end->recvs[0]) return;
  struct record *record = record_new(HWS_KIND_RECV, end, size);
  if (!record) return;
  if (size) end->recvs[end->recv_count++] = (uint16_t)record_index(record);
  struct hws_how how = how_for(record, act, end->side);
  struct hws_event event, *out = out_for(act, &event);
  struct hws_vec vec = {.ptr = record->memory, .len = size};
  record_returned(record, hws_recv(end->handle, &vec, 1, &how, out, &record->op), &event);
}

void end_recv(struct end *end, unsigned way, uint32_t size, uint64_t deadline_ns) {
  struct act act = {.way = (uint8_t)way, .deadline_ns = deadline_ns};
  recv_as(end, &act, size);
}

static void do_acquire(const struct act *act) {
  struct end *end = end_of(act);
  if (!end->handle || end->recv_count == sizeof end->recvs / sizeof end->recvs[0]) return;
  struct record *record = record_new(HWS_KIND_ACQUIRE, end, 0);
  if (!record) return;
  end->recvs[end->recv_count++] = (uint16_t)record_index(record);
  struct hws_how how = how_for(record, act, end->side);
  struct hws_event event, *out = out_for(act, &event);
  record_returned(record, hws_acquire(end->handle, &how, out, &record->op), &event);
}

/* ---- leases ---- */

static bool holds_lease(const struct record *record) {
  return record->kind == HWS_KIND_ACQUIRE && record->state == RECORD_ENDED && !record->released;
}

static void release(struct record *record, uint64_t consumed) {
  record->released = true; /* before the call: another thread must not do it too */
  hws_handle lease = record->event.code;
  record->taken = consumed;
  hws_result result = hws_release(lease, consumed);
  if (result == HWS_E_BUSY && consumed < record->event.bytes) {
    record->taken = record->event.bytes;
    result = hws_release(lease, record->event.bytes);
  }
  struct end *end = record->end;
  /* What goes back to a stream that ends meanwhile, be it for want of something, may be dropped, also from before bytes
   * that are in another lease, and was counted as not taken. */
  if (end && consumed < record->event.bytes &&
      (turmoil() || !end->peer || stage_excuses((int)end->pair, HWS_E_RESET) || end_was_left(end) ||
       end_was_left(end->peer)))
    end->unsure = true;
  if (end && record->taken < record->event.bytes) end->read_again = true;
  if (result != HWS_OK) fault("releasing the lease of op %u: %d", record_index(record), result);
}

static void do_release(const struct act *act) {
  for (unsigned i = records_count(); i-- > 0;) {
    struct record *record = record_at(i);
    if (!holds_lease(record)) continue;
    release(record, act->number % 3 == 0 ? record->event.bytes : act->number % (record->event.bytes + 1));
    return;
  }
}

void leases_release_all(void) {
  for (unsigned i = 0; i < records_count(); i++)
    if (holds_lease(record_at(i))) release(record_at(i), record_at(i)->event.bytes);
}

/* ---- ends ---- */

static void shut_as(struct end *end, const struct act *act) {
  if (!end->handle) return;
  struct record *record = record_new(HWS_KIND_SHUTDOWN, end, 0);
  if (!record) return;
  end->shut = true;
  struct hws_how how = how_for(record, act, end->side);
  struct hws_event event, *out = out_for(act, &event);
  record_returned(record, hws_shutdown(end->handle, &how, out, &record->op), &event);
}

void end_shutdown(struct end *end, unsigned way, uint64_t deadline_ns) {
  struct act act = {.way = (uint8_t)way, .deadline_ns = deadline_ns};
  shut_as(end, &act);
}

static void close_as(struct end *end, const struct act *act, uint32_t flags) {
  if (!end->handle) return;
  struct record *record = record_new(HWS_KIND_CLOSE, end, 0);
  if (!record) return;
  hws_handle handle = end->handle;
  end->handle = 0;
  end->closed = true;
  if ((flags & HWS_ABORT) || act->deadline_ns || act->scope) end->aborted = true;
  struct hws_how how = how_for(record, act, end->side);
  how.flags |= flags;
  struct hws_event event, *out = out_for(act, &event);
  record_returned(record, hws_close(handle, &how, out, &record->op), &event);
  bool begun = record->state != RECORD_REFUSED || record->result == HWS_E_HANDLE;
  if (begun) return;
  end->handle = handle; /* it would have had to wait, or there was no memory */
  end->closed = end->aborted = false;
}

void end_close(struct end *end, unsigned way, uint32_t flags, uint64_t deadline_ns) {
  struct act act = {.way = (uint8_t)way, .deadline_ns = deadline_ns};
  close_as(end, &act, flags);
}

static void do_reset(const struct act *act) {
  struct end *end = end_of(act);
  if (!end->handle) return;
  end->reset = true;
  (void)hws_reset(end->handle, 70000 + act->number % 5, "told to");
}

static void do_stop(const struct act *act) {
  struct end *end = end_of(act);
  if (!end->handle) return;
  uint32_t directions = 1 + (uint32_t)(act->number % 3);
  if (directions == (HWS_STOP_RECV | HWS_STOP_SEND)) end->reset = true;
  end->stopped++;
  hws_result result = hws_stop(end->handle, directions, 70005, "stopped");
  if (result == HWS_E_UNSUPPORTED) end->stopped--;
}

/* ---- objects ---- */

typedef hws_result (*ask)(hws_handle object, const struct hws_how *how, struct hws_event *out, hws_handle *op);

/* False: the call refused it. */
static bool ask_object(const struct act *act, uint16_t kind, struct end *end, hws_handle object, ask call) {
  struct record *record = object ? record_new(kind, end, 0) : NULL;
  if (!record) return false;
  record->object = object;
  struct hws_how how = how_for(record, act, act->side);
  struct hws_event event, *out = out_for(act, &event);
  record_returned(record, call(object, &how, out, &record->op), &event);
  return record->state != RECORD_REFUSED;
}

/* With HWS_TRY it may be refused, and stays open then. */
static void close_object(const struct act *act, hws_handle *object) {
  hws_handle handle = *object;
  *object = 0;
  if (handle && !ask_object(act, HWS_KIND_CLOSE, NULL, handle, hws_close)) *object = handle;
}

bool close_extra(unsigned side, hws_handle handle) {
  struct act act = {.way = WAY_QUEUE, .side = (uint8_t)side};
  return ask_object(&act, HWS_KIND_CLOSE, NULL, handle, hws_close);
}

static bool keep(hws_handle made) {
  if (!made || world.extra_count == EXTRAS_MAX) return false;
  world.extras[world.extra_count++] = made;
  return true;
}

/* A stream that acts can use from now on. */
static void keep_stream(struct record *record, hws_handle made) {
  if (!keep(made) || world.lone_count == LONE_MAX) return;
  struct end *end = &world.ends[LONE_FIRST + world.lone_count++];
  *end = (struct end){.handle = made, .was = made, .side = record->side};
  record->makes = end;
}

static hws_handle life_for(struct record *record, const struct act *act, unsigned side) {
  record->life = act->number % 7 == 0;
  return record->life ? world.scopes[side][1 + act->number / 7 % STORY_SCOPES] : 0;
}

/* The story's session, or one over a stream of it. */
static hws_handle *session_of(const struct act *act) {
  if (world.nest_count && act->number / 11 % 3 == 0)
    return &world.nests[act->number / 33 % world.nest_count].handle[act->side];
  return &world.sessions[act->side];
}

static bool *leaving_of(const hws_handle *session) {
  for (unsigned i = 0; i < world.nest_count; i++)
    for (unsigned side = 0; side < 2; side++)
      if (session == &world.nests[i].handle[side]) return &world.nests[i].leaving[side];
  return &world.leaving[session - world.sessions];
}

static void do_dial(const struct act *act) {
  struct record *record = record_new(HWS_KIND_DIAL, NULL, 0);
  if (!record) return;
  struct hws_how how = how_for(record, act, act->side);
  struct hws_event event, *out = out_for(act, &event);
  hws_handle made = 0;
  const char *url = act->number & 1 ? world.dials : "mem://nobody";
  record_returned(
      record, hws_dial(world.runtimes[act->side], url, life_for(record, act, act->side), &how, out, &record->op, &made),
      &event);
  keep_stream(record, made);
}

/* Some have a name, metadata and a first payload, which nobody reads; plain sessions refuse these. */
static void do_open(const struct act *act) {
  hws_handle session = *session_of(act);
  if (!session && world.story->carrier == CARRIER_RAW) {
    do_dial(act);
    return;
  }
  bool named = act->number / 5 % 4 == 0;
  struct record *record = record_new(HWS_KIND_OPEN, NULL, named ? 100 : 0);
  if (!record) return;
  struct hws_how how = how_for(record, act, act->side);
  struct hws_event event, *out = out_for(act, &event);
  hws_handle made = 0;
  const struct hws_pair pair = {.key = "story", .value = "name", .key_len = 5, .value_len = 4};
  const struct hws_vec payload = {.ptr = record->memory, .len = record->size};
  const struct hws_open_config config = {.size = sizeof config,
                                         .life = life_for(record, act, act->side),
                                         .name = named ? "name" : NULL,
                                         .metadata = &pair,
                                         .metadata_count = named,
                                         .payload = &payload,
                                         .payload_count = named};
  record_returned(record, hws_open(session, &config, &how, out, &record->op, &made), &event);
  keep_stream(record, made);
}

/* What the opener said is what the acceptor hears. */
static void check_name(hws_handle stream) {
  char name[16] = "";
  char buffer[32];
  struct hws_pair pair;
  if (hws_text(stream, HWS_TEXT_NAME, name, sizeof name) <= 0) return;
  hws_result size = hws_metadata(stream, 0, buffer, sizeof buffer, &pair);
  if (size == HWS_E_HANDLE) return; /* closed meanwhile */
  if (strcmp(name, "name") != 0 || size != 9 || pair.key_len != 5 || memcmp(pair.value, "name", 4) != 0)
    fault("a stream came with the name '%s' and %d bytes of metadata", name, size);
}

static void do_accept(const struct act *act) {
  hws_handle session = *session_of(act);
  bool raw = !session && world.story->carrier == CARRIER_RAW;
  struct record *record = record_new(HWS_KIND_ACCEPT, NULL, 0);
  if (!record) return;
  unsigned side = raw ? 1 : act->side;
  struct hws_how how = how_for(record, act, side);
  struct hws_event event, *out = out_for(act, &event);
  hws_handle made = 0;
  hws_handle life = life_for(record, act, side);
  record_returned(record, hws_accept(raw ? world.listener : session, life, &how, out, &record->op, &made), &event);
  if (record->state == RECORD_ENDED && record->event.status == HWS_OK) check_name(made);
  keep_stream(record, made);
}

static void do_listen(const struct act *act) {
  struct record *record = record_new(HWS_KIND_LISTEN, NULL, 0);
  if (!record) return;
  struct hws_how how = how_for(record, act, act->side);
  struct hws_event event, *out = out_for(act, &event);
  hws_handle made = 0;
  record_returned(record,
                  hws_listen(world.runtimes[act->side], act->number & 1 ? "mem://other" : "mem://third",
                             life_for(record, act, act->side), &how, out, &record->op, &made),
                  &event);
  bool good = record->state == RECORD_ENDED && record->event.status == HWS_OK && !record->life;
  if (keep(made)) world.listens[world.extra_count - 1] = good;
}

/* The newest op whose call has not returned; NULL: there is none. */
static struct record *record_in_call(void) {
  for (unsigned i = records_count(); i-- > 0;) {
    struct record *record = record_at(i);
    if (!record->returned && !record->blocks && stage_peek(&record->op)) return record;
  }
  return NULL;
}

/* Some op of late; or one that another thread is just about to begin, which is waited for. */
static struct record *record_to_cancel(const struct act *act) {
  struct record *record = NULL;
  for (unsigned tries = 0; act->number % 2 && !record && tries < 30; tries++) {
    record = record_in_call();
    if (!record) stage_sleep(1 + act->number % 300);
  }
  unsigned count = records_count();
  unsigned back = (unsigned)(act->number / 2 % 6);
  return record || !count ? record : record_at(count - 1 - (back < count ? back : 0));
}

static void do_cancel(const struct act *act) {
  struct record *record = record_to_cancel(act);
  if (!record) return;
  hws_handle op = stage_peek(&record->op);
  if (!op || record->state != RECORD_ASKED) return;
  record->cancelled = true;
  if (record->kind == HWS_KIND_CLOSE && record->end) record->end->aborted = true;
  if (hws_cancel(op) == HWS_OK && !record->asked_end) record->asked_end = stage_now();
}

static void do_scope_cancel(const struct act *act) {
  unsigned scope = act->scope ? act->scope : 1;
  for (unsigned side = 0; side < 2; side++) {
    if (side != act->side && !world.story->one_runtime) continue;
    happened.scope_cancelled[side][scope] = true;
    if (scope == 2) happened.scope_cancelled[side][3] = true;
  }
  (void)hws_scope_cancel(world.scopes[act->side][scope], 70009, "enough");
}

static void end_session(const struct act *act, bool reset) {
  hws_handle *session = session_of(act);
  if (!*session) return;
  happened.sessions_ended[act->side] = true;
  if (reset)
    (void)hws_reset(*session, 70010, "over");
  else
    close_object(act, session);
}

static void shut_session(const struct act *act) {
  hws_handle *session = session_of(act);
  if (!*session) return;
  happened.sessions_ended[act->side] = true;
  bool *leaving = leaving_of(session);
  unsigned before = records_count();
  if (!ask_object(act, HWS_KIND_SHUTDOWN, NULL, *session, hws_shutdown)) return;
  const struct record *record = record_at(before);
  /* One that was given up before it began has said nothing. */
  bool pends = record->state == RECORD_ASKED && !record->cancelled && !record->scope && !record->deadline;
  *leaving = *leaving || pends || (record->state == RECORD_ENDED && record->event.status == HWS_OK);
}

static void do_join(const struct act *act) {
  static const int64_t timeouts[] = {0, 0, 1000000, 50000000, INT64_C(2000000000)};
  /* Some wait for a session that is just about to begin. */
  for (unsigned tries = 0; act->number % 2 && !world.nesting && tries < 100; tries++)
    stage_sleep(1 + act->number % 300);
  if (world_stands(act->side)) (void)world_join(act->side, timeouts[act->number % 5]);
}

static void do_signal(const struct act *act) {
  unsigned thread = (unsigned)(act->number % world.story->threads);
  struct stage_thread *target = world.threads[thread];
  if (!target || target == stage_self()) return;
  for (unsigned i = 0; i < records_count(); i++)
    if (record_at(i)->thread == (int)thread && record_at(i)->state == RECORD_ASKED) record_at(i)->signalled = true;
  stage_signal(target);
}

/* As a foreign event loop does it: sleep on the queue's descriptor, then take what is there. */
static void watch_and_harvest(const struct act *act) {
  int64_t descriptor;
  if (hws_queue_waitable(world.queues[act->side][act->queue], &descriptor) != HWS_OK) return;
  stage_poll(descriptor, stage_now() + 20 * MILLISECOND);
  (void)world_harvest(act->side, act->queue, 1 + act->size % 16, 0);
}

static void harvest(const struct act *act) {
  if (act->way == WAY_TRY)
    watch_and_harvest(act);
  else
    (void)world_harvest(act->side, act->queue, 1 + act->size % 16, (int64_t)(act->number % 3 ? 0 : 20 * MILLISECOND));
}

void act_do(const struct act *asked) {
  struct act mine = *asked;
  mine.lone = asked->lone && asked->kind <= ACT_FLUSH;
  struct end *end = end_of(&mine);
  bool ordered =
      asked->kind == ACT_SEND || asked->kind == ACT_SENDFILE || asked->kind == ACT_RECV || asked->kind == ACT_ACQUIRE;
  if (mine.lone && end->peer && ordered) return; /* there is none, and on a pair another thread does that */
  if (mine.lone) mine.side = (uint8_t)end->side;
  /* Nobody reads there, and its close would take real time. */
  if (mine.lone && !stage_exact && mine.size > world.story->buffer) mine.size = world.story->buffer;
  if (mine.way == WAY_BLOCK && mine.deadline_ns > stage_block_ns) mine.deadline_ns = stage_block_ns;
  const struct act *act = &mine;
  switch (act->kind) {
  case ACT_SEND:
    do_send(act, act->size);
    break;
  case ACT_PROBE:
    do_send(act, 0);
    break;
  case ACT_SENDFILE:
    do_sendfile(act);
    break;
  case ACT_RECV:
    recv_as(end, act, act->size);
    break;
  case ACT_LOOK:
    recv_as(end, act, 0);
    break;
  case ACT_ACQUIRE:
    do_acquire(act);
    break;
  case ACT_RELEASE:
    do_release(act);
    break;
  case ACT_SHUTDOWN:
    shut_as(end, act);
    break;
  case ACT_WATCH:
    (void)ask_object(act, HWS_KIND_WATCH, end, end->handle, hws_watch);
    break;
  case ACT_CLOSE:
    close_as(end, act, 0);
    break;
  case ACT_ABORT:
    close_as(end, act, HWS_ABORT);
    break;
  case ACT_RESET:
    do_reset(act);
    break;
  case ACT_STOP:
    do_stop(act);
    break;
  case ACT_FLUSH:
    if (end->handle) (void)hws_flush(end->handle);
    break;
  case ACT_OPEN:
    do_open(act);
    break;
  case ACT_ACCEPT:
    do_accept(act);
    break;
  case ACT_LISTEN:
    do_listen(act);
    break;
  case ACT_CANCEL:
    do_cancel(act);
    break;
  case ACT_SCOPE_CANCEL:
    do_scope_cancel(act);
    break;
  case ACT_SCOPE_WATCH:
    (void)ask_object(act, HWS_KIND_WATCH, NULL, world.scopes[act->side][1], hws_watch);
    break;
  case ACT_SESSION_SHUTDOWN:
    shut_session(act);
    break;
  case ACT_SESSION_WATCH:
    (void)ask_object(act, HWS_KIND_WATCH, NULL, *session_of(act), hws_watch);
    break;
  case ACT_SESSION_CLOSE:
    end_session(act, false);
    break;
  case ACT_SESSION_RESET:
    end_session(act, true);
    break;
  case ACT_LISTENER_CLOSE:
    happened.listener_closed = true;
    close_object(act, &world.listener);
    break;
  case ACT_LISTENER_WATCH:
    (void)ask_object(act, HWS_KIND_WATCH, NULL, world.listener, hws_watch);
    break;
  case ACT_NEST:
    nest(act);
    break;
  case ACT_JOIN:
    do_join(act);
    break;
  case ACT_HARVEST:
    harvest(act);
    break;
  case ACT_SLEEP:
    stage_sleep(act->number % (3 * MILLISECOND));
    break;
  case ACT_SIGNAL:
    do_signal(act);
    break;
  default:
    break;
  }
}
