/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the ABI share.
 */
#ifndef HAWSER_ABI_API_H
#define HAWSER_ABI_API_H

#include "core/core.h"

/* The entry of every function that takes a handle: the fork check, and the pin. */
static inline int api_pin(hws_handle handle, enum object_type type, struct object **object) {
  fork_check();
  return handle_pin(handle, type, object);
}

#endif
