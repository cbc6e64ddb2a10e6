/* SPDX-License-Identifier: Apache-2.0
 *
 * The wrappers. This program exports functions of the C library's names, so the dynamic linker finds them first also
 * for what is loaded; threads are only started by the library, so for them the linker's --wrap will do.
 */
#define _GNU_SOURCE /* RTLD_NEXT, accept4, O_TMPFILE */
#include "tests/faults/descriptors.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#define EXPORT __attribute__((visibility("default")))

static atomic_bool armed;
static _Atomic(const char *) failed;
static _Atomic(uint32_t) left;
static _Atomic(uint32_t) accepts;
static _Atomic(uint32_t) accepts_failed;
static atomic_uint mode;
static atomic_int error;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument);

void descriptors_fail_after(uint32_t skipped, enum descriptors_mode how, int os_error) {
  atomic_store(&failed, NULL);
  atomic_store(&left, skipped);
  atomic_store(&accepts, 0);
  atomic_store(&accepts_failed, 0);
  atomic_store(&mode, how);
  atomic_store(&error, os_error);
  atomic_store(&armed, true);
}

const char *descriptors_restore(void) {
  atomic_store(&armed, false);
  return atomic_load(&failed);
}

uint32_t descriptors_accepts(void) {
  return atomic_load(&accepts);
}

static bool fails(const char *name) {
  if (!atomic_load(&armed)) return false;
  uint32_t before = atomic_load(&left);
  while (before && !atomic_compare_exchange_weak(&left, &before, before - 1)) continue;
  if (before) return false;
  const char *first = NULL;
  bool again = !atomic_compare_exchange_strong(&failed, &first, name);
  if (again && atomic_load(&mode) == DESCRIPTORS_ONE) return false;
  errno = atomic_load(&error);
  return true;
}

/* The C library's own. Only the address is copied: a pointer to a function is not one to an object. */
static void *next(const char *name) {
  return dlsym(RTLD_NEXT, name);
}

#define NEXT(function)                                                                                                 \
  __typeof__(&(function)) real = NULL;                                                                                 \
  void *found = next(#function);                                                                                       \
  memcpy(&real, &found, sizeof real)

EXPORT int socket(int domain, int type, int protocol) {
  NEXT(socket);
  return fails("socket") ? -1 : real(domain, type, protocol);
}

EXPORT int accept4(int fd, struct sockaddr *restrict address, socklen_t *restrict bytes, int flags) {
  NEXT(accept4);
  atomic_fetch_add(&accepts, 1);
  bool enough = atomic_load(&accepts_failed) >= DESCRIPTORS_ACCEPTS;
  if (enough || !fails("accept4")) return real(fd, address, bytes, flags);
  atomic_fetch_add(&accepts_failed, 1);
  return -1;
}

EXPORT int epoll_create1(int flags) {
  NEXT(epoll_create1);
  return fails("epoll_create1") ? -1 : real(flags);
}

EXPORT int eventfd(unsigned count, int flags) {
  NEXT(eventfd);
  return fails("eventfd") ? -1 : real(count, flags);
}

static mode_t mode_of(int flags, va_list arguments) {
  bool makes = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
  return makes ? va_arg(arguments, mode_t) : 0;
}

EXPORT int open(const char *path, int flags, ...) {
  NEXT(open);
  va_list arguments;
  va_start(arguments, flags);
  mode_t bits = mode_of(flags, arguments);
  va_end(arguments);
  return fails("open") ? -1 : real(path, flags, bits);
}

EXPORT int openat(int folder, const char *path, int flags, ...) {
  NEXT(openat);
  va_list arguments;
  va_start(arguments, flags);
  mode_t bits = mode_of(flags, arguments);
  va_end(arguments);
  return fails("openat") ? -1 : real(folder, path, flags, bits);
}

EXPORT FILE *fopen(const char *restrict path, const char *restrict how) {
  NEXT(fopen);
  return fails("fopen") ? NULL : real(path, how);
}

EXPORT void *dlopen(const char *path, int flags) {
  NEXT(dlopen);
  return fails("dlopen") ? NULL : real(path, flags);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument) {
  return fails("pthread_create") ? EAGAIN : __real_pthread_create(thread, attributes, run, argument);
}
