/* SPDX-License-Identifier: Apache-2.0
 *
 * All cells of a transport, one after another, in both progress modes.
 */
#ifndef HAWSER_TESTS_MATRIX_RUN_H
#define HAWSER_TESTS_MATRIX_RUN_H

/* A test's main: arguments are names of ops and classes, "by-" and the name of a way, "io" or "caller"; only cells that
 * fit all of those that are named are played. */
int run(const char *scheme, int argc, char **argv);

#endif
