/* SPDX-License-Identifier: Apache-2.0
 *
 * A child that leaves by _exit writes its counts before, as every other process does.
 */
#include <gcov.h>

_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);

_Noreturn void __wrap__exit(int status) {
  __gcov_dump();
  __real__exit(status);
}
