/* SPDX-License-Identifier: Apache-2.0
 *
 * An acceptor, and a thread for each stream that it got. A stream that the peer resets is no failure; its close may
 * tell that bytes were dropped which sends had been told were taken, and that of no other.
 */
#include "tests/interop/echo.h"

#include <pthread.h>
#include <stdint.h>

#include "tests/interop/calls.h"

static pthread_t acceptor;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static size_t running;

static void *echo_one(void *argument) {
  const hws_handle stream = (hws_handle)(uintptr_t)argument;
  uint8_t bytes[16384];
  size_t length;
  uint64_t sent = 0;
  uint64_t lost = 0;
  int32_t status;
  int32_t sending = HWS_OK;
  int32_t closed;

  while ((status = try_receive(stream, bytes, sizeof bytes, &length)) == HWS_OK) {
    sent += length;
    sending = try_send(stream, bytes, length);
    if (sending != HWS_OK) break;
  }
  if (status == HWS_E_EOF) sending = try_end_sending(stream);
  closed = try_close(stream, &lost);
  if (closed != HWS_OK && closed != HWS_E_RESET) fail("close: %s", name_of(closed));
  if (closed == HWS_E_RESET && (lost == 0 || lost > sent || (status != HWS_E_RESET && sending != HWS_E_RESET)))
    fail("close: %s, %llu of %llu lost, after %s and %s", name_of(closed), (unsigned long long)lost,
         (unsigned long long)sent, name_of(status), name_of(sending));
  pthread_mutex_lock(&lock);
  running--;
  pthread_cond_signal(&ended);
  pthread_mutex_unlock(&lock);
  return NULL;
}

static void *accept_all(void *argument) {
  const hws_handle session = (hws_handle)(uintptr_t)argument;
  hws_handle stream;

  while (try_accept(session, &stream) == HWS_OK) {
    pthread_t thread;

    pthread_mutex_lock(&lock);
    running++;
    pthread_mutex_unlock(&lock);
    if (pthread_create(&thread, NULL, echo_one, (void *)(uintptr_t)stream) != 0) fail("no thread");
    pthread_detach(thread);
  }
  return NULL;
}

void echo_begin(hws_handle session) {
  if (pthread_create(&acceptor, NULL, accept_all, (void *)(uintptr_t)session) != 0) fail("no thread");
}

void echo_end(void) {
  pthread_join(acceptor, NULL);
  pthread_mutex_lock(&lock);
  while (running > 0) pthread_cond_wait(&ended, &lock);
  pthread_mutex_unlock(&lock);
}
