/* SPDX-License-Identifier: Apache-2.0
 *
 * What is done with a peer. Each scenario begins its own session and runs in a process of its own; the peer obeys
 * commands, which README.md lists.
 */
#ifndef HAWSER_TESTS_INTEROP_SCENARIOS_H
#define HAWSER_TESTS_INTEROP_SCENARIOS_H

struct scenario {
  const char *name;
  void (*run)(void);
  const char *needs; /* a trait of the peer; NULL: none */
};

extern const struct scenario scenarios_streams[]; /* a stream's life */
extern const struct scenario scenarios_resets[];  /* resets and refusals, of either side */
extern const struct scenario scenarios_session[]; /* keep-alive and the session's ends */
extern const struct scenario scenarios_raw[];     /* a connection without a session */

#endif
