/* SPDX-License-Identifier: Apache-2.0
 *
 * What a cell is played on: our runtime and the peer's, what runs between them, and a bystander, which must go on.
 * Every call on the library is checked; what goes wrong is noted once (fault), and ends the cell.
 */
#ifndef HAWSER_TESTS_MATRIX_STAGE_H
#define HAWSER_TESTS_MATRIX_STAGE_H

#include "tests/matrix/cell.h"
#include "tests/matrix/threads.h"

#define SECOND UINT64_C(1000000000)
#define MILLISECOND UINT64_C(1000000)
#define LIMIT_NS (60 * SECOND) /* reached by a fault only */

enum { STAGE_EVENTS = 64, STAGE_URL = 256, US = 0, PEER = 1 };

/* Of an op that is not to end by itself: more than buffers and credit come to, also those of a session that closes. */
enum { OP_BYTES = 5 << 18 };

/* Two ends of something: [US], [PEER]. */
struct ends {
  hws_handle of[2];
};

struct stage {
  const struct cell *cell;
  const struct transport *transport;
  bool driven; /* the runtimes are driven by callers */
  unsigned number;
  hws_handle runtimes[2];
  hws_handle queue; /* ours */
  hws_handle driver_queues[2];
  struct worker *drivers[2];
  hws_handle listeners[2];
  char urls[2][STAGE_URL]; /* that lead to them */
  struct ends outer;       /* sessions that carry the session, where it is nested */
  struct ends sessions;
  struct ends bystander;
  uint64_t next_tag;
  struct hws_event events[STAGE_EVENTS]; /* harvested, in their order */
  unsigned event_count;
  bool over; /* our runtime is being joined, or has been */
  bool gone; /* and our queue with it */
};

/* ---- faults ---- */

__attribute__((format(printf, 1, 2))) bool fault(const char *format, ...); /* false, always */
const char *fault_text(void);                                              /* "": there is none */
void fault_forget(void);

/* ---- bytes ---- */

static inline uint8_t pattern(uint64_t at) {
  return (uint8_t)(at * 7 + (at >> 8));
}

/* The pattern from there on, OP_BYTES of it. */
const uint8_t *pattern_from(uint64_t at);

/* ---- beginning and end ---- */

bool stage_open(struct stage *stage, const struct cell *cell, const struct transport *transport, bool driven);
bool stage_close(struct stage *stage);

/* ---- hows ---- */

struct hws_how how_block(void);
struct hws_how how_queue(struct stage *stage);

/* ---- words: each blocks, and wants its op to go well ---- */

bool listen_at(struct stage *stage, unsigned side);
/* Dial the listener of the other side; our dial may have a life, and pass through `filter` ("fail+"). */
bool connect_ends(struct stage *stage, const char *filter, hws_handle life, struct ends *ends);
bool begin_session(hws_handle *stream, uint32_t mode, hws_handle life, const char *settings, hws_handle *session);
bool open_pair(const struct ends *sessions, hws_handle life, struct ends *ends);
bool send_bytes(hws_handle stream, uint64_t count);
bool expect_pattern(hws_handle stream, uint64_t from, uint64_t to);
bool shut_down(hws_handle stream);
bool echo(const struct ends *ends); /* there and back */
void drop(hws_handle handle);       /* by an abort, unless it is closed already; waits */

/* What the recv that finds no more bytes says. */
bool last_word(hws_handle stream, struct hws_event *event);

/* Fill a stream until nothing more is taken. */
bool fill_up(const struct stage *stage, hws_handle stream, uint64_t *filled);

/* ---- events ---- */

void harvest(struct stage *stage, int64_t timeout_ns);
bool await(struct stage *stage, uint64_t tag, struct hws_event *event);
unsigned events_of(const struct stage *stage, uint64_t tag);

#endif
