/* SPDX-License-Identifier: Apache-2.0
 *
 * Where to meet, by transport.
 */
#ifndef HAWSER_TESTS_MATRIX_URLS_H
#define HAWSER_TESTS_MATRIX_URLS_H

#include "tests/matrix/stage.h"

/* A URL that nothing listens at yet. */
void url_new(const char *scheme, unsigned number, char url[STAGE_URL]);

/* That URL through a filter ("chaos", "matrix", or "": none). In memory of its own, until the next call. */
const char *url_filtered(const char *filter, const char *url, unsigned number);

#endif
