/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of an io under chaos: put off, given below in part, held back, told late.
 *
 * An io's own direction is all that submit and cancel may touch. What concerns both, as a reset does, is left to the
 * next call that has both.
 */
#include "plugins/chaos/lane.h"

#include <stddef.h>

enum { NS_PER_US = 1000 };

/* ---- what is decided when an io comes ---- */

static uint64_t draw_time(struct lane *lane, uint64_t percent) {
  uint64_t time = (1 + dice_roll(&lane->dice, lane->chaos->settings.delay_us)) * NS_PER_US;
  return dice_chance(&lane->dice, (uint32_t)percent) ? time : 0;
}

/* Single bytes are as likely as half of all. */
static uint64_t draw_cut(struct lane *lane, uint64_t bytes) {
  const uint64_t below[] = {1, 16, 1024, bytes};
  uint64_t most = below[dice_roll(&lane->dice, 4)];
  uint64_t cut = 1 + dice_roll(&lane->dice, most < bytes ? most : bytes);
  return dice_chance(&lane->dice, (uint32_t)lane->chaos->settings.cut) ? cut : NEVER;
}

static uint64_t draw_posts(struct lane *lane) {
  const struct settings *settings = &lane->chaos->settings;
  uint64_t storm = 1 + dice_roll(&lane->dice, settings->storm_max);
  bool storms = dice_chance(&lane->dice, (uint32_t)settings->storm);
  bool pends = dice_chance(&lane->dice, (uint32_t)settings->pend);
  return storms ? storm : pends ? 1 : 0;
}

static uint64_t bytes_of(const struct hws_io *io) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < io->vec_count; i++) bytes += io->vec[i].len;
  return bytes;
}

static void draw(struct lane *lane, const struct hws_io *io) {
  const struct settings *settings = &lane->chaos->settings;
  lane->plan.cut = draw_cut(lane, bytes_of(io));
  lane->plan.posts = draw_posts(lane);
  lane->plan.delay = draw_time(lane, settings->delay);
  lane->plan.late = draw_time(lane, settings->late);
  lane->plan.held = draw_time(lane, settings->swap);
  lane->plan.from_inside = dice_chance(&lane->dice, 50);
}

/* ---- ends ---- */

static void set_due(struct lane *lane, uint64_t delay) {
  atomic_store(&lane->due, delay ? lane->chaos->host->now() + delay : 0);
  if (delay) lanes_arm(lane->chaos);
}

static struct lane *other_of(struct lane *lane) {
  return &lane->chaos->lanes[lane->direction == HWS_READ ? HWS_WRITE : HWS_READ];
}

static bool is_reset(const struct lane *lane) {
  return atomic_load(&lane->chaos->reset);
}

static void give_results(struct hws_io *io, int32_t status, uint64_t bytes, int32_t os_error) {
  io->status = status;
  io->bytes = bytes;
  io->os_error = os_error;
  io->accepted = NULL;
}

/* It is the host's again once this has been told. */
static struct hws_io *let_go(struct lane *lane) {
  struct hws_io *io = lane->io;
  lane->io = NULL;
  lane->state = LANE_IDLE;
  set_due(lane, 0);
  return io;
}

static void tell(struct lane *lane) {
  lane->chaos->host->complete(lane->chaos->self, let_go(lane));
}

static void end(struct lane *lane, int32_t status) {
  give_results(lane->io, status, 0, 0);
  tell(lane);
}

/* The answer of submit for what ends there: both ways are legal. */
static int32_t end_inside(struct lane *lane, int32_t status) {
  bool from_inside = lane->plan.from_inside;
  struct hws_io *io = let_go(lane);
  give_results(io, status, 0, 0);
  if (from_inside) lane->chaos->host->complete(lane->chaos->self, io);
  return from_inside ? 0 : 1;
}

/* The stream is over. Whoever has both directions next sees to the other one. */
static void reset(struct lane *lane) {
  if (atomic_exchange(&lane->chaos->reset, true)) return;
  lane->chaos->host->explain(lane->chaos->self, "a reset, as the parameters ask for");
  lane->chaos->host->post(lane->chaos->self);
}

/* ---- going below ---- */

static uint64_t least(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

/* The first bytes of the vector, no more than `bytes` and than there are pieces for. */
static uint32_t cut_pieces(struct lane *lane, const struct hws_io *io, uint64_t bytes) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < io->vec_count && count < LANE_PIECES && bytes > 0; i++) {
    uint64_t part = least(io->vec[i].len, bytes);
    if (part == 0) continue;
    lane->pieces[count++] = (struct hws_iov){.ptr = io->vec[i].ptr, .len = part};
    bytes -= part;
  }
  return count;
}

/* HWS_IO_OK, or what the io has to end with: a stream that is closing takes nothing more. */
static int32_t go_below(struct lane *lane) {
  const struct hws_io *io = lane->io;
  uint64_t bytes = least(lane->plan.cut, lane->reset_at - lane->offset);
  if (io->kind == HWS_IO_READ) bytes = least(bytes, lane->end_at - lane->offset);
  lane->below = (struct hws_io){.size = sizeof lane->below, .kind = io->kind, .vec = lane->pieces};
  lane->below.vec_count = cut_pieces(lane, io, bytes);
  lane->state = LANE_BELOW;
  return lane->chaos->host->under_submit(lane->chaos->self, &lane->below);
}

static void put_off(struct lane *lane) {
  lane->state = LANE_POSTED;
  lane->chaos->host->post(lane->chaos->self);
}

static void wait(struct lane *lane, uint64_t delay) {
  lane->state = LANE_WAITS;
  set_due(lane, delay);
}

static bool at_end(const struct lane *lane) {
  return lane->direction == HWS_READ && lane->offset >= lane->end_at;
}

int32_t lane_submit(struct lane *lane, struct hws_io *io) {
  lane->io = io;
  lane->cancelled = false;
  draw(lane, io);
  if (lane->offset >= lane->reset_at) reset(lane);
  if (is_reset(lane)) return end_inside(lane, HWS_IO_RESET);
  if (at_end(lane)) return end_inside(lane, HWS_IO_OK);
  if (lane->plan.posts > 0) {
    put_off(lane);
  } else if (lane->plan.delay > 0) {
    wait(lane, lane->plan.delay);
  } else {
    int32_t status = go_below(lane);
    if (status != HWS_IO_OK) return end_inside(lane, status);
  }
  return 0;
}

/* Its put-offs are over. */
static void go_on(struct lane *lane) {
  int32_t status = is_reset(lane) ? HWS_IO_RESET : lane->cancelled ? HWS_IO_CANCELED : go_below(lane);
  if (status != HWS_IO_OK) end(lane, status);
}

/* ---- cancel ---- */

int32_t lane_cancel(struct lane *lane, struct hws_io *io) {
  if (lane->io != io || lane->cancelled) return 0;
  lane->cancelled = true;
  if (lane->plan.late > 0 && lane->state != LANE_HELD) {
    if (lane->state == LANE_POSTED) lane->state = LANE_WAITS;
    set_due(lane, lane->plan.late);
    return 0;
  }
  if (lane->state == LANE_BELOW) {
    lane->chaos->host->under_cancel(lane->chaos->self, &lane->below);
    return 0;
  }
  if (lane->state != LANE_HELD) give_results(io, HWS_IO_CANCELED, 0, 0);
  let_go(lane);
  return 1;
}

/* ---- with both directions taken ---- */

/* A reset reaches what is under way. */
static void sweep(struct lane *lane) {
  if (!is_reset(lane) || !lane->io) return;
  if (lane->state == LANE_BELOW)
    lane->chaos->host->under_cancel(lane->chaos->self, &lane->below);
  else if (lane->state == LANE_HELD)
    tell(lane);
  else
    end(lane, HWS_IO_RESET);
}

void lane_posted(struct lane *lane) {
  sweep(lane);
  if (lane->state != LANE_POSTED) return;
  if (--lane->plan.posts > 0)
    put_off(lane);
  else if (lane->plan.delay > 0)
    wait(lane, lane->plan.delay);
  else
    go_on(lane);
}

void lane_timed(struct lane *lane, uint64_t now) {
  uint64_t due = atomic_load(&lane->due);
  if (due == 0 || due > now) return;
  atomic_store(&lane->due, 0);
  if (lane->state == LANE_WAITS)
    go_on(lane);
  else if (lane->state == LANE_HELD)
    tell(lane);
  else if (lane->state == LANE_BELOW)
    lane->chaos->host->under_cancel(lane->chaos->self, &lane->below);
}

/* What came with bytes is told with them; the reset is the next one's. */
static int32_t status_of(const struct lane *lane) {
  bool cut_short = lane->below.status == HWS_IO_CANCELED && !lane->cancelled;
  if (!is_reset(lane) || !cut_short) return lane->below.status;
  return lane->below.bytes > 0 ? HWS_IO_OK : HWS_IO_RESET;
}

void lane_done(struct lane *lane) {
  struct lane *other = other_of(lane);
  give_results(lane->io, status_of(lane), lane->below.bytes, lane->below.os_error);
  lane->offset += lane->below.bytes;
  if (lane->offset >= lane->reset_at) reset(lane);
  if (lane->plan.held > 0 && other->io && other->state != LANE_HELD && !lane->cancelled) {
    lane->state = LANE_HELD;
    set_due(lane, lane->plan.held);
  } else {
    tell(lane);
    if (other->state == LANE_HELD) tell(other);
  }
}

void lanes_arm(struct chaos *chaos) {
  uint64_t reading = atomic_load(&chaos->lanes[HWS_READ].due);
  uint64_t writing = atomic_load(&chaos->lanes[HWS_WRITE].due);
  uint64_t first = reading == 0 || (writing != 0 && writing < reading) ? writing : reading;
  if (first != 0) chaos->host->timer_at(chaos->self, first);
}
