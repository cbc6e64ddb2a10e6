/* SPDX-License-Identifier: Apache-2.0
 *
 * hawser: many cancellable streams over one connection, on any transport.
 *
 * This is the header that a C or C++ program includes. Every declaration stands in hawser_decl.h, which holds nothing
 * but declarations so that cffi and cgo can read it as it is.
 */
#ifndef HAWSER_H
#define HAWSER_H

#include <stdint.h>

#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

#ifdef __cplusplus
extern "C" {
#endif

#include "hawser_decl.h"

#ifdef __cplusplus
}
#endif

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
