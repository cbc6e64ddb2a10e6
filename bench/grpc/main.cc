// SPDX-License-Identifier: Apache-2.0
//
// bench_grpc runs the cases of the bench over grpc++: one stream of a bidirectional method for each stream of ours, a
// call for openclose, completion queues of one thread a side.
#include "bench/grpc/peer.h"

int main(int argc, char **argv) {
  plan plan = plan_parse(argc, argv);
  if (plan.server)
    serve(plan);
  else
    ask(plan);
  return 0;
}
