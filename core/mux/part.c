/* SPDX-License-Identifier: Apache-2.0
 *
 * Parting: what happens between the last word of a session that was closed and the close of its carrier (MUX-26).
 *
 * A system throws away what it has not delivered when a connection is closed while something comes in, and an honest
 * peer goes on sending for a while: credit, answers, data of its own. So our direction is ended behind the go-away;
 * what the peer says is read and dropped until it ends its own, which it does once it has read all of ours. The
 * session's `drain` is the limit of it. A carrier that cannot end one direction is closed at once: such a transport
 * delivers what was written before its close (hawser_plugin.h).
 */
#include <stddef.h>

#include "core/mux/mux.h"

bool part_is_under_way(const struct mux *mux) {
  return mux->parting == PART_WANTED || mux->parting == PART_LISTENING;
}

/* Nothing was promised to anybody where there never was a stream, and nothing at all was said by one that sniffs. */
void part_want(struct mux *mux) {
  bool owed = atomic_load_explicit(&mux->counters[SESSION_STREAMS_PEAK], memory_order_relaxed);
  if (owed && mux->settings[SET_DRAIN]) mux->parting = PART_WANTED;
}

/* False: it was over, or never began. */
static bool finish(struct mux *mux) {
  if (!part_is_under_way(mux)) return false;
  mux->parting = PART_OVER;
  return true;
}

void part_end(struct mux *mux) {
  if (!finish(mux)) return;
  mux->close_under = true;
  mux_attend(mux);
}

void part_cut(struct mux *mux, struct cause *cause) {
  if (part_is_under_way(mux)) mux_cut_short(mux, cause);
  part_end(mux);
}

/* Our direction has ended, or cannot be. From the loop. */
static void part_done(struct task *task) {
  struct mux *mux = (struct mux *)((char *)task - offsetof(struct mux, part_op.task));
  struct op_list ended = {0};
  struct stream *under = mux->under;
  lock_take(&mux->lock);
  if (mux->part_op.event.status != HWS_OK) part_end(mux);
  mux_leave(mux, &ended);
  object_unpin(&under->object); /* op_deliver's */
  object_unpin(&mux->session.object);
}

void part_init(struct mux *mux) {
  op_init_inside(&mux->part_op, mux->session.object.runtime, &mux->under->object, HWS_KIND_SHUTDOWN, stream_revoke,
                 part_done);
}

bool part_begin(struct mux *mux) {
  object_pin(&mux->session.object); /* for the case that it pends */
  bool over = stream_shutdown_inside(mux->under, &mux->part_op);
  if (over && mux->part_op.event.status != HWS_OK) {
    lock_take(&mux->lock);
    bool mine = finish(mux);
    lock_drop(&mux->lock);
    object_unpin(&mux->session.object);
    return !mine;
  }
  if (over) object_unpin(&mux->session.object);
  reader_resume(mux);
  return true;
}
