/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads along what two yamux peers say to each other. What we send is held to the strict rules of docs/wire.md; what
 * the others send is only counted. Bytes are shown before they are passed on, so that an answer never comes before its
 * question.
 */
#ifndef HAWSER_TESTS_INTEROP_TAP_WATCH_H
#define HAWSER_TESTS_INTEROP_TAP_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OURS = 0, THEIRS = 1, SIDES = 2 };

enum { ASKED_MOST = 256 };

/* A stream, as far as its frames tell. */
struct lane {
  uint64_t credit[SIDES]; /* how much more each side may send */
  bool seen;
  bool heard[SIDES]; /* a frame of this side came */
  bool ended[SIDES]; /* FIN */
  bool reset[SIDES]; /* RST */
};

struct lanes {
  struct lane *list; /* by half the id */
  size_t count;
};

/* What one side sends. */
struct side {
  uint8_t header[12];
  size_t have;
  uint64_t body_left;
  uint32_t asked[ASKED_MOST]; /* pings without an answer */
  size_t asked_count;
  uint32_t last_open; /* id */
  bool gone;          /* go-away with reason 0 */
  uint64_t frames;
  uint64_t largest_body;
  uint64_t largest_window; /* that it granted */
  uint64_t bodies_with_fin;
  uint64_t data_fins; /* FIN or RST on Data */
  uint64_t pings;
  uint64_t resets;
  uint64_t codes; /* resets with one */
  uint64_t go_aways;
  uint64_t late; /* frames for a stream that the side itself had reset */
};

struct watch {
  struct side sides[SIDES];
  struct lanes lanes[2]; /* of odd and of even ids */
  bool ours_are_odd;
  bool pair_first;     /* the mode auto */
  unsigned open;       /* streams of ours */
  unsigned unanswered; /* opens of ours */
  unsigned complaints;
};

void watch_begin(struct watch *watch, bool ours_are_odd, bool pair_first);
void watch_bytes(struct watch *watch, int side, const uint8_t *bytes, size_t length);
void watch_print(const struct watch *watch);
void watch_end(struct watch *watch);

#endif
