/* SPDX-License-Identifier: Apache-2.0
 *
 * The disk's gate, and the words.
 */
#include "tests/core/disk.h"

#include <pthread.h>

/* ---- the disk: reads go through a gate, and can be made to fail -------------------------------------------------- */

static struct {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  bool closed;
  unsigned inside; /* reads that wait */
  unsigned reads;
  int error; /* of the read after `error_after` more */
  int error_after;
  bool error_once;
} disk = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

void disk_set(bool closed) {
  disk_reach();
  pthread_mutex_lock(&disk.mutex);
  disk.closed = closed;
  pthread_cond_broadcast(&disk.changed);
  pthread_mutex_unlock(&disk.mutex);
}

unsigned disk_inside(void) {
  pthread_mutex_lock(&disk.mutex);
  unsigned inside = disk.inside;
  pthread_mutex_unlock(&disk.mutex);
  return inside;
}

unsigned disk_reads(void) {
  pthread_mutex_lock(&disk.mutex);
  unsigned reads = disk.reads;
  pthread_mutex_unlock(&disk.mutex);
  return reads;
}

void disk_fail(int error, int after, bool once) {
  disk_reach();
  pthread_mutex_lock(&disk.mutex);
  disk.error = error;
  disk.error_after = after;
  disk.error_once = once;
  pthread_mutex_unlock(&disk.mutex);
}

int disk_error(void) {
  pthread_mutex_lock(&disk.mutex);
  int error = disk.error;
  pthread_mutex_unlock(&disk.mutex);
  return error;
}

int disk_pass(void) {
  pthread_mutex_lock(&disk.mutex);
  disk.inside++;
  disk.reads++;
  while (disk.closed) pthread_cond_wait(&disk.changed, &disk.mutex);
  disk.inside--;
  int error = disk.error && disk.error_after-- <= 0 ? disk.error : 0;
  if (error && disk.error_once) disk.error = 0;
  pthread_mutex_unlock(&disk.mutex);
  return error;
}

/* ---- words ------------------------------------------------------------------------------------------------------- */

uint64_t post_file(struct world *world, hws_handle stream, int64_t file, uint64_t offset, uint64_t length,
                   hws_handle *op) {
  struct hws_how how = how_queue(world);
  assert_status(hws_sendfile(stream, file, offset, length, &how, NULL, op), HWS_OK);
  return how.tag;
}

void expect_sent(struct world *world, uint64_t tag, int32_t status, uint64_t bytes) {
  struct hws_event event = world_await(world, tag);
  assert_int_equal(event.kind, HWS_KIND_SENDFILE);
  assert_status(event.status, status);
  assert_int_equal(event.bytes, bytes);
}

/* The stream goes on where the file ended. */
void expect_usable(const struct link *link) {
  send_all(link->ends.client, "usable", 6);
  expect_bytes(link->ends.server, "usable");
  send_all(link->ends.server, "back", 4);
  expect_bytes(link->ends.client, "back");
}
