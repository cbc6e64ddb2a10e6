/* SPDX-License-Identifier: Apache-2.0
 *
 * What the fuzzers of sessions share: a whole session at the mercy of its peer, arbitrary bytes over mem://, in a
 * runtime that this program drives. Streams are accepted, and read, written, shut, stopped, reset or left alone as the
 * input says. Whatever comes, everything ends when it is closed, nothing is touched that should not be, and nothing is
 * left.
 */
#ifndef HAWSER_TESTS_FUZZ_TALK_H
#define HAWSER_TESTS_FUZZ_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum talk_introduction { TALK_NOTHING, TALK_PREFACE, TALK_PAIR };

struct talk_wire {
  uint32_t mode;                       /* of the session */
  bool sniff;                          /* the same */
  enum talk_introduction introduction; /* said by the peer before the input */
};

/* The first byte of the input says how (the policies of talk.c); the others are what the peer says. */
void talk_to_session(const struct talk_wire *wire, const uint8_t *data, size_t size);

#endif
