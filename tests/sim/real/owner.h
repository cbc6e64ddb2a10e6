/* SPDX-License-Identifier: Apache-2.0
 *
 * Who owns what a story knows (tests/sim/stage.h): one lock, which is dropped around what may wait.
 */
#ifndef HAWSER_TESTS_SIM_REAL_OWNER_H
#define HAWSER_TESTS_SIM_REAL_OWNER_H

#include <stdbool.h>

/* Was it the caller's? */
bool owner_leave(void);
void owner_return(void);

/* For whoever looks at a story that is stuck: false, if nobody lets go of it for so long. */
bool owner_try(unsigned seconds);

#endif
