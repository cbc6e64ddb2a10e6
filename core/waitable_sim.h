/* SPDX-License-Identifier: Apache-2.0
 *
 * What a foreign event loop does with a queue's waitable.
 */
#ifndef HAWSER_CORE_WAITABLE_SIM_H
#define HAWSER_CORE_WAITABLE_SIM_H

#include <stdbool.h>
#include <stdint.h>

/* Sleep until it is readable. False: it is not, by that time. */
bool waitable_sim_poll(int64_t descriptor, uint64_t until);

#endif
