/* SPDX-License-Identifier: Apache-2.0
 *
 * The library as a foreign language sees it: a file to dlopen, functions to look up by name and call through libffi,
 * structs whose offsets are computed, constants by name. All of it comes from tables made of hawser_decl.h.
 */
#ifndef HAWSER_TESTS_ABI_FOREIGN_H
#define HAWSER_TESTS_ABI_FOREIGN_H

#include <stddef.h>
#include <stdint.h>

/* Load the library and prepare a call of every function that the header declares. Ends the process if one is missing.
 */
void foreign_open(const char *path);

/* Call a function. An argument is a number, or a pointer through foreign_pointer; a result that is a pointer comes back
 * as its address, a signed one with its sign. */
int64_t foreign_call(const char *function, size_t count, const uint64_t *arguments);
#define CALL(function, ...)                                                                                            \
  foreign_call(function, sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), (uint64_t[]){__VA_ARGS__})

uint64_t foreign_pointer(const void *pointer);
void *foreign_address(int64_t result);

/* How many functions were never called; prints their names. */
unsigned foreign_uncalled(void);

/* A zeroed struct with its size in the field `size`, if it has one. Lives until foreign_free. */
void *foreign_new(const char *record);
void foreign_set(void *memory, const char *record, const char *field, uint64_t value);
int64_t foreign_get(const void *memory, const char *record, const char *field);
/* The address of a field that is an array. */
const char *foreign_text(const void *memory, const char *record, const char *field);
size_t foreign_size(const char *record);
void foreign_free(void);

int64_t foreign_constant(const char *name);
/* The index-th constant whose name begins with prefix; NULL past the last one. */
const char *foreign_constant_at(const char *prefix, unsigned index, int64_t *value);

#endif
