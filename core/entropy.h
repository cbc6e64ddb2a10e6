/* SPDX-License-Identifier: Apache-2.0
 *
 * A number that nobody outside of the process can guess, for what a peer must not foresee.
 */
#ifndef HAWSER_CORE_ENTROPY_H
#define HAWSER_CORE_ENTROPY_H

#include <stdint.h>

/* From the system; where that has none to give, from what differs from process to process. Does not block. */
uint64_t entropy_seed(void);

#endif
