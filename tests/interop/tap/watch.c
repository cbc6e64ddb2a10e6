/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules, one function each kind of frame.
 */
#include "tests/interop/tap/watch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DATA = 0, WINDOW = 1, PING = 2, GO_AWAY = 3 };
enum { SYN = 1, ACK = 2, FIN = 4, RST = 8 };

#define FIRST_WINDOW 262144u
#define LARGEST_BODY 65536u
#define PAIR_OPAQUE 0x48575330u
#define MOST_LANES (1u << 20)

enum { MOST_OPEN = 512, MOST_UNANSWERED = 256, MOST_COMPLAINTS = 20 };

struct frame {
  unsigned type;
  unsigned flags;
  uint32_t id;
  uint32_t length;
};

static uint32_t read_u32(const uint8_t *at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

__attribute__((format(HAWSER_PRINTF, 3, 4))) static void complain(struct watch *watch, const struct frame *frame,
                                                                  const char *format, ...) {
  va_list arguments;

  if (watch->complaints++ >= MOST_COMPLAINTS) return;
  printf("against the rules: ");
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  printf(" (type %u, flags 0x%x, stream %u, length %u)\n", frame->type, frame->flags, frame->id, frame->length);
}

/* ---- streams ---- */

static struct lane *find_lane(struct watch *watch, uint32_t id) {
  struct lanes *lanes = &watch->lanes[id & 1];
  const size_t index = id >> 1;

  if (index >= MOST_LANES) return NULL;
  if (index >= lanes->count) {
    const size_t count = index + 1 + lanes->count;

    lanes->list = realloc(lanes->list, count * sizeof *lanes->list);
    if (lanes->list == NULL) abort();
    memset(lanes->list + lanes->count, 0, (count - lanes->count) * sizeof *lanes->list);
    lanes->count = count;
  }
  return &lanes->list[index];
}

static bool is_ours(const struct watch *watch, uint32_t id) {
  return (id & 1) == watch->ours_are_odd;
}

static bool is_over(const struct lane *lane) {
  return lane->reset[OURS] || lane->reset[THEIRS] || (lane->ended[OURS] && lane->ended[THEIRS]);
}

static void check_open(struct watch *watch, const struct frame *frame, const struct lane *lane) {
  struct side *ours = &watch->sides[OURS];

  if (!is_ours(watch, frame->id)) complain(watch, frame, "we opened a stream with an id of theirs");
  if (lane->seen) complain(watch, frame, "we opened a stream twice");
  if (frame->id <= ours->last_open) complain(watch, frame, "our ids went back from %u", ours->last_open);
  ours->last_open = frame->id;
  if (++watch->open > MOST_OPEN) complain(watch, frame, "we have %u streams open", watch->open);
  if (++watch->unanswered > MOST_UNANSWERED)
    complain(watch, frame, "%u opens of ours have no answer", watch->unanswered);
}

static void check_stream_frame(struct watch *watch, const struct frame *frame, const struct lane *lane) {
  const bool first = !lane->heard[OURS];

  if (frame->flags & SYN)
    check_open(watch, frame, lane);
  else if (!lane->seen)
    complain(watch, frame, "we spoke on a stream that was never opened");
  else if (first && !is_ours(watch, frame->id) && !(frame->flags & (ACK | RST)))
    complain(watch, frame, "our first frame on a stream of theirs has no ACK");
  if ((frame->flags & ACK) && (!first || is_ours(watch, frame->id))) complain(watch, frame, "we sent an ACK too many");
  if (lane->reset[OURS]) complain(watch, frame, "we spoke on a stream that we had reset");
  if ((frame->flags & FIN) && lane->ended[OURS]) complain(watch, frame, "we sent a second FIN");
  if ((frame->flags & (FIN | RST)) && frame->type == DATA) complain(watch, frame, "we sent a FIN or RST on Data");
  if ((frame->flags & FIN) && frame->length > 0) complain(watch, frame, "our FIN has a length");
  if (frame->type != DATA) return;
  if (lane->ended[OURS]) complain(watch, frame, "we sent data after a FIN");
  if (frame->length > LARGEST_BODY) complain(watch, frame, "we sent a large body");
  if (frame->length > lane->credit[OURS])
    complain(watch, frame, "we sent more than the credit of %llu", (unsigned long long)lane->credit[OURS]);
}

static void count_stream_frame(struct side *side, const struct frame *frame, const struct lane *lane, int which) {
  const bool ends = (frame->flags & (FIN | RST)) != 0;

  if (lane->reset[which]) side->late++;
  if (frame->type == DATA && frame->length > side->largest_body) side->largest_body = frame->length;
  if (frame->type == DATA && ends) side->data_fins++;
  if (frame->type == DATA && ends && frame->length > 0) side->bodies_with_fin++;
  if (frame->flags & RST) side->resets++;
  if ((frame->flags & RST) && frame->type == WINDOW && frame->length > 0) side->codes++;
}

static void on_stream_frame(struct watch *watch, int which, const struct frame *frame) {
  struct side *side = &watch->sides[which];
  struct lane *lane = find_lane(watch, frame->id);
  const int other = 1 - which;
  bool was_over;

  if (lane == NULL || frame->id == 0) {
    complain(watch, frame, "a stream with such an id cannot be followed");
    return;
  }
  if (!lane->seen) lane->credit[OURS] = lane->credit[THEIRS] = FIRST_WINDOW;
  if (which == OURS) check_stream_frame(watch, frame, lane);
  count_stream_frame(side, frame, lane, which);
  was_over = is_over(lane);
  if (which == THEIRS && lane->seen && is_ours(watch, frame->id) && !lane->heard[THEIRS]) watch->unanswered--;
  lane->seen = lane->heard[which] = true;
  if (frame->flags & FIN) lane->ended[which] = true;
  if (frame->flags & RST) lane->reset[which] = true;
  if (is_ours(watch, frame->id) && !was_over && is_over(lane)) watch->open--;
  if (frame->type == DATA) {
    lane->credit[which] -= frame->length < lane->credit[which] ? frame->length : lane->credit[which];
  } else if (!(frame->flags & RST)) {
    lane->credit[other] += frame->length;
    if (lane->credit[other] > side->largest_window) side->largest_window = lane->credit[other];
  }
}

/* ---- the session ---- */

static bool is_of_pair(const struct watch *watch, const struct frame *frame) {
  return watch->pair_first && watch->sides[OURS].frames <= 2 && frame->type == PING && frame->flags == SYN;
}

/* The pair may stand beside one more ping, and its echoes come in any order. */
static void on_question(struct watch *watch, int which, const struct frame *frame) {
  struct side *side = &watch->sides[which];

  side->pings++;
  if (which == OURS && is_of_pair(watch, frame)) return;
  if (which == OURS && side->asked_count > 0) complain(watch, frame, "we asked twice at once");
  if (side->asked_count < ASKED_MOST) side->asked[side->asked_count++] = frame->length;
}

static void on_answer(struct watch *watch, int which, const struct frame *frame) {
  struct side *asker = &watch->sides[1 - which];
  size_t at = 0;

  while (at < asker->asked_count && asker->asked[at] != frame->length) at++;
  if (at < asker->asked_count)
    asker->asked[at] = asker->asked[--asker->asked_count];
  else if (which == OURS)
    complain(watch, frame, "we answered what was not asked");
}

/* In the mode auto the pair comes first, and nothing follows it before we have heard from them. */
static void check_beginning(struct watch *watch, const struct frame *frame) {
  const struct side *ours = &watch->sides[OURS];

  if (ours->frames <= 2 && !is_of_pair(watch, frame))
    complain(watch, frame, "frame %d is not of the pair", (int)ours->frames);
  if (ours->frames == 1 && frame->length != PAIR_OPAQUE)
    complain(watch, frame, "the first ping does not name the pair");
  if (ours->frames > 2 && watch->sides[THEIRS].frames == 0) complain(watch, frame, "we spoke before we had heard them");
}

static void check_header(struct watch *watch, const uint8_t *header, const struct frame *frame) {
  const bool of_session = frame->type == PING || frame->type == GO_AWAY;

  if (header[0] != 0 || frame->type > GO_AWAY || frame->flags > 15) complain(watch, frame, "our header is wrong");
  if (of_session != (frame->id == 0)) complain(watch, frame, "our id is of another kind of frame");
  if (frame->type == PING && frame->flags != SYN && frame->flags != ACK)
    complain(watch, frame, "our ping has odd flags");
  if (watch->sides[OURS].gone) complain(watch, frame, "we spoke after our go-away");
}

static void on_frame(struct watch *watch, int which, const uint8_t *header) {
  struct side *side = &watch->sides[which];
  const struct frame frame = {header[1], (unsigned)header[2] << 8 | header[3], read_u32(header + 4),
                              read_u32(header + 8)};

  side->frames++;
  if (which == OURS) check_header(watch, header, &frame);
  if (which == OURS && watch->pair_first) check_beginning(watch, &frame);
  switch (frame.type) {
  case DATA:
    side->body_left = frame.length;
    on_stream_frame(watch, which, &frame);
    break;
  case WINDOW:
    on_stream_frame(watch, which, &frame);
    break;
  case PING:
    if (frame.flags & SYN)
      on_question(watch, which, &frame);
    else
      on_answer(watch, which, &frame);
    break;
  case GO_AWAY:
    side->go_aways++;
    side->gone = frame.length == 0;
    break;
  default:
    complain(watch, &frame, "this type is not known here");
  }
}

void watch_begin(struct watch *watch, bool ours_are_odd, bool pair_first) {
  memset(watch, 0, sizeof *watch);
  watch->ours_are_odd = ours_are_odd;
  watch->pair_first = pair_first;
}

void watch_bytes(struct watch *watch, int which, const uint8_t *bytes, size_t length) {
  struct side *side = &watch->sides[which];

  while (length > 0) {
    size_t piece;

    if (side->body_left > 0) {
      piece = side->body_left < length ? (size_t)side->body_left : length;
      side->body_left -= piece;
    } else {
      piece = sizeof side->header - side->have < length ? sizeof side->header - side->have : length;
      memcpy(side->header + side->have, bytes, piece);
      side->have += piece;
      if (side->have == sizeof side->header) {
        side->have = 0;
        on_frame(watch, which, side->header);
      }
    }
    bytes += piece;
    length -= piece;
  }
}

void watch_print(const struct watch *watch) {
  static const char *const names[SIDES] = {"ours", "theirs"};

  for (int i = 0; i < SIDES; i++) {
    const struct side *side = &watch->sides[i];

    printf("%s frames=%llu body=%llu window=%llu fin_bodies=%llu data_fins=%llu pings=%llu resets=%llu codes=%llu "
           "go_aways=%llu late=%llu\n",
           names[i], (unsigned long long)side->frames, (unsigned long long)side->largest_body,
           (unsigned long long)side->largest_window, (unsigned long long)side->bodies_with_fin,
           (unsigned long long)side->data_fins, (unsigned long long)side->pings, (unsigned long long)side->resets,
           (unsigned long long)side->codes, (unsigned long long)side->go_aways, (unsigned long long)side->late);
  }
}

void watch_end(struct watch *watch) {
  free(watch->lanes[0].list);
  free(watch->lanes[1].list);
}
