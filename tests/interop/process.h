/* SPDX-License-Identifier: Apache-2.0
 *
 * The processes that the driver starts. What does not go well ends the program.
 */
#ifndef HAWSER_TESTS_INTEROP_PROCESS_H
#define HAWSER_TESTS_INTEROP_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/* A program, by its path, and its arguments; NULL-terminated. */
intptr_t process_start(char **command);
bool process_ended(intptr_t process);
/* Waits for its end and gives its exit code. To be called once. */
int process_wait(intptr_t process);

#endif
