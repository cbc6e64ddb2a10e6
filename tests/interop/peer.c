/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions with the peer, and the processes that they are held with.
 */
#include "tests/interop/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/interop/calls.h"
#include "tests/interop/process.h"

enum { MOST_PEERS = 8, LOOK_NS = 50000000 };

static struct peer_setup setup;
static hws_handle listener;
static intptr_t started[MOST_PEERS];
static size_t started_count;

/* The word of the traits that is `name`, or begins with it if it ends with '='. */
static const char *find_trait(const char *traits, const char *name) {
  const size_t length = strlen(name);

  for (const char *at = traits; *at != '\0'; at += strspn(at, " ")) {
    const size_t word = strcspn(at, " ");

    if (strncmp(at, name, length) == 0 && (word == length || name[length - 1] == '=')) return at;
    at += word;
  }
  return NULL;
}

bool traits_have(const char *traits, const char *name) {
  return find_trait(traits, name) != NULL;
}

bool peer_has(const char *trait) {
  return traits_have(setup.traits, trait);
}

uint64_t peer_number(const char *trait, uint64_t otherwise) {
  const char *at = find_trait(setup.traits, trait);

  return at != NULL ? strtoull(at + strlen(trait), NULL, 10) : otherwise;
}

void peer_begin(const struct peer_setup *given) {
  char text[512];

  setup = *given;
  if (!setup.listens) return;
  listener = listen_at(setup.url, text, sizeof text);
  printf("listening %s\n", text);
  fflush(stdout);
  if (getchar() == EOF) fail("nobody wants to go on");
}

/* A peer that ends before it dials is noticed. */
static hws_handle accept_from(intptr_t process) {
  const hws_handle queue = queue_open();
  const struct hws_how how = how_queue(queue, 0);
  struct hws_event event = {0};
  hws_handle stream = 0;
  hws_result got;

  if (hws_accept(listener, 0, &how, NULL, NULL, &stream) != 0) fail("the accept did not pend");
  while ((got = hws_queue_wait(queue, &event, 1, LOOK_NS)) == 0)
    if (process_ended(process)) fail("the peer ended before it dialled");
  if (got != 1 || event.status != HWS_OK) fail("the accept gave %s", name_of(got != 1 ? got : event.status));
  close_object(queue);
  return stream;
}

static hws_handle accept_peer(void) {
  if (started_count == MOST_PEERS) fail("too many peers");
  started[started_count] = process_start(setup.command);
  return accept_from(started[started_count++]);
}

hws_handle peer_stream(void) {
  return setup.listens ? accept_peer() : dial_url(setup.url);
}

hws_handle peer_session(const char *settings) {
  return session_over(peer_stream(), setup.mode, settings);
}

void peer_end(void) {
  if (listener != 0) close_object(listener);
  runtime_end();
  for (size_t i = 0; i < started_count; i++) {
    const int code = process_wait(started[i]);

    if (code != 0) fail("a peer ended with code %d", code);
  }
}
