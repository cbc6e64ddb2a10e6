// SPDX-License-Identifier: Apache-2.0
//
// What the two sides of bench_grpc share. Messages are ByteBuffers: gRPC's own frames, without protobuf around them.
#ifndef HAWSER_BENCH_GRPC_PEER_H
#define HAWSER_BENCH_GRPC_PEER_H

#include <cstring>
#include <grpcpp/grpcpp.h>
#include <string>

#include "bench/measure.h"

// Calls in flight: 64 streams of inflight64, as many streams as idle_memory asks for, else one.
inline uint32_t lanes_of(const struct plan &plan) {
  return std::strcmp(plan.bench, "inflight64") == 0 ? 64 : plan_number(&plan, "streams=", 1);
}

inline bool is_case(const struct plan &plan, const char *name) {
  return std::strcmp(plan.bench, name) == 0;
}

inline grpc::ByteBuffer message_of(size_t size) {
  grpc::Slice slice(std::string(size, '\0'));
  return grpc::ByteBuffer(&slice, 1);
}

// A number as gRPC's tag, and back.
inline void *tag_of(uint64_t number) {
  return reinterpret_cast<void *>(number);
}

inline uint64_t number_of(void *tag) {
  return reinterpret_cast<uint64_t>(tag);
}

void serve(const struct plan &plan);
void ask(const struct plan &plan);

#endif
