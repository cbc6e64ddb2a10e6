/* SPDX-License-Identifier: Apache-2.0
 *
 * Failure of everything: a story in which one allocation fails, or one call of the system, or one and all behind it.
 */
#ifndef HAWSER_TESTS_SIM_FAILING_H
#define HAWSER_TESTS_SIM_FAILING_H

#include <stdbool.h>
#include <stdint.h>

enum failing_kind { FAILING_NOTHING, FAILING_ALLOCATION, FAILING_CALL, FAILING_KINDS };

struct failing {
  enum failing_kind kind;
  bool rest;   /* that one, and all behind it */
  uint32_t at; /* so many go well before it */
};

/* Around a telling. The counts are of what could have failed. */
void failing_begin(const struct failing *failing);
void failing_end(uint32_t counts[FAILING_KINDS]);

/* Something has failed by now. */
bool failing_has(void);

/* What the lack of something may look like, wherever it was met. */
bool failing_is_clear(int32_t status);

/* What follows --fail to have it fail so ("call:12:rest"); "" for FAILING_NOTHING. */
void failing_print(const struct failing *failing, char *text, unsigned size);
bool failing_parse(const char *text, struct failing *failing);

#endif
