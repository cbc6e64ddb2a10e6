/* SPDX-License-Identifier: Apache-2.0
 *
 * How a cell tells the filter `matrix` to fail: where this lies stands in the URL (matrix.order), as both are of one
 * process.
 */
#ifndef HAWSER_TESTS_MATRIX_PLUGIN_ORDER_H
#define HAWSER_TESTS_MATRIX_PLUGIN_ORDER_H

#include <stdatomic.h>

struct order {
  _Atomic(void *) filter;            /* of the connection that was made last */
  void (*fail)(struct order *order); /* the filter's: from now on every read and write fails */
};

enum { ORDER_ERRNO = 5 };

#endif
