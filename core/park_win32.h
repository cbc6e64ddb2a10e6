/* SPDX-License-Identifier: Apache-2.0
 *
 * Our deadlines as the system wants them.
 */
#ifndef HAWSER_CORE_PARK_WIN32_H
#define HAWSER_CORE_PARK_WIN32_H

#include <stdint.h>

/* Milliseconds until deadline_ns (clock_now), rounded up; INFINITE for PARK_FOREVER. A deadline that is many days away
 * is cut short, so whoever waits looks at the clock again. */
unsigned long park_ms(uint64_t deadline_ns);

#endif
