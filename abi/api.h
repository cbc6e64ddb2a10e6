/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the ABI share.
 */
#ifndef HAWSER_ABI_API_H
#define HAWSER_ABI_API_H

#include <string.h>

#include "core/core.h"

/* Refuse a call, with words that name what is wrong with it. In the function of the ABI itself. */
#define REFUSE(status, ...) refused_answer(__func__, refused_say(status, __VA_ARGS__))

enum { REASON_MAX = 1024 };
#define REASON_TOO_LONG "reason is longer than %d bytes", (int)REASON_MAX

static inline bool api_is_long(const char *reason) {
  return reason && strnlen(reason, REASON_MAX + 1) > REASON_MAX;
}

/* Say what is wrong with a handle that could not be pinned as one of either type; returns the status. */
int api_refuse_handle(hws_handle handle, enum object_type type, enum object_type other, int status);

/* The entry of every function that takes a handle: the fork check, and the pin. Of two types, it may have either. */
static inline int api_pin_either(hws_handle handle, enum object_type type, enum object_type other,
                                 struct object **object) {
  fork_check();
  int status = handle_pin(handle, handle_type(handle) == other ? other : type, object);
  return status == HWS_OK ? HWS_OK : api_refuse_handle(handle, type, other, status);
}

static inline int api_pin(hws_handle handle, enum object_type type, struct object **object) {
  return api_pin_either(handle, type, type, object);
}

#endif
