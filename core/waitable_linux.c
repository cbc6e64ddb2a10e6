/* SPDX-License-Identifier: Apache-2.0
 *
 * A queue's waitable on Linux: an eventfd. Written and read under the queue's lock only, so its counter is 0 or 1.
 */
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/queue.h"

struct waitable {
  int descriptor;
};

struct waitable *waitable_new(void) {
  struct waitable *waitable = malloc(sizeof *waitable);
  if (!waitable) return NULL;
  waitable->descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (waitable->descriptor >= 0) return waitable;
  free(waitable);
  return NULL;
}

void waitable_free(struct waitable *waitable) {
  if (!waitable) return;
  close(waitable->descriptor);
  free(waitable);
}

int64_t waitable_descriptor(const struct waitable *waitable) {
  return waitable->descriptor;
}

void waitable_set(struct waitable *waitable) {
  (void)eventfd_write(waitable->descriptor, 1); /* which never waits, so nothing interrupts it */
}

void waitable_clear(struct waitable *waitable) {
  eventfd_t value;
  (void)eventfd_read(waitable->descriptor, &value);
}
