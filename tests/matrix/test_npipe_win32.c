/* SPDX-License-Identifier: Apache-2.0
 *
 * The matrix of ends over named pipes.
 */
#include "tests/matrix/run.h"

int main(int argc, char **argv) {
  return run("npipe", argc, argv);
}
