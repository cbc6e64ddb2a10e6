/* SPDX-License-Identifier: Apache-2.0
 *
 * What must hold when all acts are done and nothing has been closed yet: faults where it does not.
 */
#ifndef HAWSER_TESTS_SIM_CALM_H
#define HAWSER_TESTS_SIM_CALM_H

void see_calm(void);

#endif
