/* SPDX-License-Identifier: Apache-2.0
 *
 * What the ends of threads do elsewhere.
 */
#ifndef HAWSER_CORE_REFUSED_SIM_H
#define HAWSER_CORE_REFUSED_SIM_H

/* Forget the refusals of all threads. */
void refused_sim_forget(void);

#endif
