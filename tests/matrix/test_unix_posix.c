/* SPDX-License-Identifier: Apache-2.0
 *
 * The matrix of ends over Unix sockets.
 */
#include "tests/matrix/run.h"

int main(int argc, char **argv) {
  return run("unix", argc, argv);
}
