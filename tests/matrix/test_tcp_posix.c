/* SPDX-License-Identifier: Apache-2.0
 *
 * The matrix of ends over TCP.
 */
#include "tests/matrix/run.h"

int main(int argc, char **argv) {
  return run("tcp", argc, argv);
}
