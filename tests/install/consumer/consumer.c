/* SPDX-License-Identifier: Apache-2.0
 *
 * The smallest program that uses an installed hawser: a connection to itself, over a transport that it never names a
 * path of. Prints the message that came through.
 */
#include <hawser.h>
#include <stdio.h>

enum { TAG_LISTEN = 1, TAG_ACCEPT, TAG_DIAL, TAG_SEND, TAG_RECV };

static hws_handle queue;

static struct hws_how how_tagged(uint64_t tag) {
  return (struct hws_how){.size = sizeof(struct hws_how), .queue = queue, .tag = tag};
}

/* Harvests until `count` ops have ended well; the last event stays in *event. */
static int await(unsigned count, struct hws_event *event) {
  while (count > 0) {
    hws_result got = hws_queue_wait(queue, event, 1, INT64_C(20000000000));
    if (got != 1 || event->status != HWS_OK) {
      (void)fprintf(stderr, "op %u: %s\n", (unsigned)event->tag, hws_status_name(got < 0 ? got : event->status));
      return 0;
    }
    count--;
  }
  return 1;
}

static int talk(hws_handle runtime, const char *url) {
  char message[] = "hello";
  char answer[16] = "";
  struct hws_vec out = {.ptr = message, .len = 5};
  struct hws_vec in = {.ptr = answer, .len = sizeof answer - 1};
  struct hws_event event = {0};
  hws_handle listener, near, far;
  struct hws_how how = how_tagged(TAG_LISTEN);
  if (hws_listen(runtime, url, 0, &how, NULL, NULL, &listener) != 0 || !await(1, &event)) return 0;
  how = how_tagged(TAG_ACCEPT);
  if (hws_accept(listener, 0, &how, NULL, NULL, &far) != 0) return 0;
  how = how_tagged(TAG_DIAL);
  if (hws_dial(runtime, url, 0, &how, NULL, NULL, &near) != 0 || !await(2, &event)) return 0;
  how = how_tagged(TAG_SEND);
  if (hws_send(near, &out, 1, &how, NULL, NULL) != 0 || !await(1, &event)) return 0;
  how = how_tagged(TAG_RECV);
  if (hws_recv(far, &in, 1, &how, NULL, NULL) != 0 || !await(1, &event)) return 0;
  (void)printf("%s over %s\n", answer, url);
  return 1;
}

int main(int argc, char **argv) {
  hws_handle runtime;
  if (argc != 2 || hws_runtime_open(NULL, &runtime) < 0 || hws_queue_open(runtime, &queue) < 0) return 1;
  int good = talk(runtime, argv[1]);
  return hws_runtime_join(runtime, INT64_C(20000000000)) == HWS_OK && good ? 0 : 1;
}
