/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes that tell where in a stream they belong.
 */
#ifndef HAWSER_CHECK_PATTERN_H
#define HAWSER_CHECK_PATTERN_H

#include <stddef.h>
#include <stdint.h>

void check_pattern_fill(void *buffer, uint64_t offset, size_t bytes);
/* Fails the case at the first byte that differs. */
void check_pattern_compare(const void *buffer, uint64_t offset, size_t bytes);

#endif
