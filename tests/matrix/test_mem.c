/* SPDX-License-Identifier: Apache-2.0
 *
 * The matrix of ends over memory.
 */
#include "tests/matrix/run.h"

int main(int argc, char **argv) {
  return run("mem", argc, argv);
}
