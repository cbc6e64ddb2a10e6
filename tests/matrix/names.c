/* SPDX-License-Identifier: Apache-2.0
 *
 * The resolver, by the linker's --wrap: one name takes for as long as a cell wants, and leads to this machine.
 */
#include <stdatomic.h>
#include <string.h>

#include "core/resolve.h"
#include "tests/matrix/play.h"

static atomic_bool held;

void names_hold(void) {
  atomic_store(&held, true);
}

void names_let_go(void) {
  atomic_store(&held, false);
}

int __real_resolve_blocking(const char *name, const char *service, struct hws_address *addresses, size_t room,
                            char *why, size_t why_size);
int __wrap_resolve_blocking(const char *name, const char *service, struct hws_address *addresses, size_t room,
                            char *why, size_t why_size);

int __wrap_resolve_blocking(const char *name, const char *service, struct hws_address *addresses, size_t room,
                            char *why, size_t why_size) {
  while (atomic_load(&held)) worker_pause();
  if (strcmp(name, HELD_NAME) == 0) name = "127.0.0.1";
  return __real_resolve_blocking(name, service, addresses, room, why, why_size);
}
