/* SPDX-License-Identifier: Apache-2.0
 *
 * A story: a small program against the C ABI, made from a seed. It is a list of acts, each for one of a few threads,
 * over streams that were set up before; at the end everything is closed in one of several ways, and an oracle looks at
 * what came out (record.h).
 */
#ifndef HAWSER_TESTS_SIM_STORY_H
#define HAWSER_TESTS_SIM_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STORY_ACTS_MAX = 64, STORY_THREADS_MAX = 6, STORY_PAIRS_MAX = 4, STORY_SCOPES = 3, STORY_QUEUES = 2 };

enum act_kind {
  ACT_SEND,
  ACT_PROBE, /* a send of nothing */
  ACT_SENDFILE,
  ACT_RECV,
  ACT_LOOK, /* a recv of nothing */
  ACT_ACQUIRE,
  ACT_RELEASE, /* some lease, maybe in part */
  ACT_SHUTDOWN,
  ACT_WATCH,
  ACT_CLOSE,
  ACT_ABORT, /* close with HWS_ABORT */
  ACT_RESET,
  ACT_STOP,
  ACT_FLUSH,
  ACT_OPEN,   /* another stream of the session, or dial another connection */
  ACT_ACCEPT, /* of the session, or of the listener */
  ACT_LISTEN, /* at another name */
  ACT_CANCEL, /* some op of late */
  ACT_SCOPE_CANCEL,
  ACT_SCOPE_WATCH,
  ACT_SESSION_SHUTDOWN,
  ACT_SESSION_WATCH,
  ACT_SESSION_CLOSE,
  ACT_SESSION_RESET,
  ACT_LISTENER_CLOSE,
  ACT_LISTENER_WATCH,
  ACT_NEST, /* both ends of a pair become sessions */
  ACT_JOIN, /* of a runtime, in the middle of all */
  ACT_HARVEST,
  ACT_SLEEP,
  ACT_SIGNAL, /* to another thread */
  ACT_KINDS
};

enum act_way { WAY_QUEUE, WAY_QUEUE_OUT, WAY_TRY, WAY_BLOCK, WAYS };

struct act {
  uint8_t kind;
  uint8_t thread;
  uint8_t way;
  uint8_t pair;
  uint8_t side;
  uint8_t queue;
  uint8_t scope; /* 0: none */
  bool more;
  bool lone;    /* of a stream that an act made, not of a pair */
  bool dropped; /* left out, by whoever looks for a smaller story */
  uint32_t size;
  uint64_t deadline_ns; /* relative; 0: none */
  uint64_t number;      /* what the act needs besides */
};

enum carrier { CARRIER_RAW, CARRIER_YAMUX, CARRIER_AUTO, CARRIER_NATIVE, CARRIERS };

enum finale {
  FINALE_CLOSE,      /* close everything, harvest all events, join */
  FINALE_DRAIN,      /* shut down all, read all to the end, then as above */
  FINALE_LISTEN_OUT, /* one side closes streams and session, the other reads what was taken to the end */
  FINALE_JOIN,       /* join with all that is open, also with ops pending */
  FINALE_CLOSE_JOIN, /* one side closes and joins at once; the other reads what was taken to the end */
  FINALE_BURST, /* of a session: as FINALE_LISTEN_OUT, with streams that are opened, filled and closed at the end */
  FINALES
};

struct story {
  uint64_t seed;
  bool caller_driven[2]; /* of each side's runtime */
  bool one_runtime;
  bool early; /* acts begin before the pairs are there, and before a session knows what its peer speaks */
  bool joins; /* acts join runtimes */
  uint8_t carrier;
  uint8_t place; /* 0: mem, 1: the network by readiness, 2: by packets */
  uint8_t chaos; /* 0: none, 1: at the side that dials, 2: at both */
  uint8_t finale;
  uint8_t crowd;            /* listeners that nobody needs */
  uint8_t often[ACT_KINDS]; /* how much more often than usual each act occurs; 0: never */
  uint8_t session;          /* which settings sessions have */
  uint32_t buffer;          /* bytes that a connection holds */
  unsigned threads;
  unsigned pairs;
  unsigned count;
  struct act acts[STORY_ACTS_MAX];
};

/* Settings of sessions, by story->session. */
enum { STORY_SESSIONS = 6, SETTINGS_LINGER = 3, SETTINGS_NO_DRAIN = 4, SETTINGS_SMALL = 5 };
extern const char *const story_settings[STORY_SESSIONS];

void story_make(struct story *story, uint64_t seed);
void story_print(const struct story *story);
const char *act_name(unsigned kind);

/* Run it, as the first thread of a simulation. */
void story_run(void *story);

/* What the oracle found wrong; "": nothing. */
const char *story_fault(void);

#endif
