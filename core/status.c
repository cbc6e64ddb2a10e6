/* SPDX-License-Identifier: Apache-2.0
 *
 * The one table of statuses: number, name, text.
 */
#include <stddef.h>

#include "core/cause.h"

#define STATUS_TABLE(row)                                                                                              \
  row(HWS_OK, "no error") row(HWS_E_HANDLE, "the handle is stale, of another type, or none")                           \
      row(HWS_E_INVAL, "an argument is wrong") row(HWS_E_NOMEM, "out of memory") row(HWS_E_CANCELED, "canceled")       \
          row(HWS_E_DEADLINE, "the deadline passed") row(HWS_E_CLOSED, "closed") row(HWS_E_EOF, "end of stream")       \
              row(HWS_E_RESET, "reset by the peer") row(HWS_E_BUSY, "operations are pending on it")                    \
                  row(HWS_E_AGAIN, "it cannot end at once") row(HWS_E_UNSUPPORTED, "not supported here")               \
                      row(HWS_E_PLUGIN, "a plugin could not be loaded or broke its contract")                          \
                          row(HWS_E_PROTOCOL, "the peer broke the protocol") row(HWS_E_REFUSED, "refused")             \
                              row(HWS_E_INTERRUPTED, "interrupted by a signal")                                        \
                                  row(HWS_E_LIMIT, "a limit was reached")                                              \
                                      row(HWS_E_FORKED, "made before a fork, in the parent process")                   \
                                          row(HWS_E_ADDRESS, "malformed address or unknown scheme")                    \
                                              row(HWS_E_IN_USE, "the address is in use")                               \
                                                  row(HWS_E_ACCESS, "permission denied")                               \
                                                      row(HWS_E_IO, "the transport failed")                            \
                                                          row(HWS_E_TIMEOUT, "the peer was silent for too long")       \
                                                              row(HWS_E_INTERNAL, "internal error")

struct status_row {
  const char *name;
  const char *text;
};

#define ROW(status, words) [-(status)] = {#status, words},
static const struct status_row rows[] = {STATUS_TABLE(ROW)};

static const struct status_row *row_of(int32_t status) {
  static const struct status_row unknown = {"HWS_E_UNKNOWN", "unknown status"};
  size_t index = (size_t)(0 - (int64_t)status);
  return status <= 0 && index < sizeof rows / sizeof rows[0] ? &rows[index] : &unknown;
}

const char *status_name(int32_t status) {
  return row_of(status)->name;
}

const char *status_text(int32_t status) {
  return row_of(status)->text;
}
