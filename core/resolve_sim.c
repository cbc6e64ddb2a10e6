/* SPDX-License-Identifier: Apache-2.0
 *
 * Names in the simulated system: they take a while, and those that begin with "no" lead nowhere.
 */
#include "core/resolve.h"

#include <stdio.h>
#include <string.h>

#include "core/failing_sim.h"
#include "core/scheduler_sim.h"

enum { LONGEST_NS = 50000000 };

int resolve_blocking(const char *name, const char *service, struct hws_address *addresses, size_t room, char *why,
                     size_t why_size) {
  static const char key;
  (void)sim_sleep(&key, sim_now() + sim_dice(LONGEST_NS), false, "resolver");
  if (failing_sim("look-up")) {
    (void)snprintf(why, why_size, "looking up '%s', service '%s': no memory", name, service);
    return HWS_IO_NOMEM;
  }
  if (strncmp(name, "no", 2) == 0 || !room) {
    (void)snprintf(why, why_size, "looking up '%s', service '%s': no such name", name, service);
    return HWS_IO_ADDRESS;
  }
  addresses[0] = (struct hws_address){.size = sizeof addresses[0].storage[0], .storage = {1}};
  return 1;
}
