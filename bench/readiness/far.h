/* SPDX-License-Identifier: Apache-2.0
 *
 * The far end, a process of its own: it sends back what comes, and is over when its first connection is.
 */
#ifndef HAWSER_BENCH_READINESS_FAR_H
#define HAWSER_BENCH_READINESS_FAR_H

void far_run(const char *url);

#endif
