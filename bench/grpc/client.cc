// SPDX-License-Identifier: Apache-2.0
//
// The client: streams that ask in lockstep, or one that only sends, or calls.
#include <grpcpp/generic/generic_stub.h>
#include <memory>
#include <vector>

#include "bench/grpc/peer.h"
#include "bench/memory.h"

namespace {

const char METHOD[] = "/bench.Bench/Run";

struct Lane {
  grpc::ClientContext context;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream;
  grpc::ByteBuffer in;
};

struct Client {
  const struct plan &plan;
  grpc::GenericStub stub;
  grpc::CompletionQueue queue{};
  std::vector<std::unique_ptr<Lane>> lanes{};
  grpc::ByteBuffer out{};
  bool answered = false;
};

std::shared_ptr<grpc::Channel> dial(const struct plan &plan) {
  std::string url = plan.url;
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  return grpc::CreateCustomChannel(url.compare(0, 7, "unix://") == 0 ? "unix:" + url.substr(7) : url.substr(6),
                                   grpc::InsecureChannelCredentials(), arguments);
}

uint64_t next(Client &self) {
  void *tag;
  bool good;
  if (!self.queue.Next(&tag, &good) || !good) fail("a stream", "the other end is gone");
  return number_of(tag);
}

Lane &open(Client &self) {
  auto lane = std::make_unique<Lane>();
  lane->stream = self.stub.PrepareCall(&lane->context, METHOD, &self.queue);
  lane->stream->StartCall(tag_of(0));
  next(self);
  self.lanes.push_back(std::move(lane));
  return *self.lanes.back();
}

void ask_once(Client &self, Lane &lane) {
  lane.stream->Write(self.out, tag_of(0));
  next(self);
  lane.stream->Read(&lane.in, tag_of(0));
  next(self);
}

uint64_t step_ask(void *of) {
  auto &self = *static_cast<Client *>(of);
  ask_once(self, *self.lanes[0]);
  return 1;
}

// Events of many lanes: even tags are writes, odd ones reads. A lane reads all the time, and writes when it has read.
uint64_t step_turn(void *of) {
  auto &self = *static_cast<Client *>(of);
  for (;;) {
    uint64_t tag = next(self);
    if (tag % 2 == 0) continue;
    Lane &lane = *self.lanes[tag / 2];
    lane.stream->Read(&lane.in, tag_of(tag));
    lane.stream->Write(self.out, tag_of(tag - 1));
    return 1;
  }
}

void start_all(Client &self) {
  for (uint64_t i = 0; i < self.lanes.size(); i++) {
    self.lanes[i]->stream->Write(self.out, tag_of(2 * i));
    self.lanes[i]->stream->Read(&self.lanes[i]->in, tag_of(2 * i + 1));
  }
}

// A write ends before the next begins, as gRPC wants it. Tag 1 is the answer that says "enough".
uint64_t step_write(void *of) {
  auto &self = *static_cast<Client *>(of);
  self.lanes[0]->stream->Write(self.out, tag_of(0));
  while (next(self) == 1) self.answered = true;
  return 1;
}

int is_enough(void *of) {
  return static_cast<Client *>(of)->answered;
}

void call(Client &self, size_t size) {
  grpc::ClientContext context;
  grpc::ByteBuffer answer;
  grpc::Status status;
  auto one = self.stub.PrepareUnaryCall(&context, METHOD, size == 1 ? self.out : message_of(size), &self.queue);
  one->StartCall();
  one->Finish(&answer, &status, tag_of(0));
  next(self);
  if (!status.ok()) fail("a call", status.error_message().c_str());
}

uint64_t step_call(void *of) {
  call(*static_cast<Client *>(of), 1);
  return 1;
}

void count_memory(Client &self) {
  uint32_t lanes = lanes_of(self.plan), first = lanes / 100;
  while (self.lanes.size() < first) ask_once(self, open(self));
  uint64_t before = memory_used();
  while (self.lanes.size() < lanes) ask_once(self, open(self));
  if (plan_has(&self.plan, "client"))
    measure_print(static_cast<double>(memory_used() - before) / (lanes - first), "B/stream", lanes);
}

} // namespace

void ask(const struct plan &plan) {
  Client self{plan, grpc::GenericStub(dial(plan))};
  self.out = message_of(is_case(plan, "openclose") || is_case(plan, "idle_memory") ? 1 : plan_size(&plan));
  if (is_case(plan, "openclose")) {
    measure_rate(&plan, step_call, nullptr, &self, 1e3, "k/s");
    call(self, 2);
  } else if (is_case(plan, "idle_memory")) {
    count_memory(self);
  } else {
    for (uint32_t i = 0; i < lanes_of(plan); i++) open(self);
    if (plan_is_feed(&plan)) {
      self.lanes[0]->stream->Read(&self.lanes[0]->in, tag_of(1));
      measure_feed(&plan, step_write, is_enough, &self);
    } else if (is_case(plan, "inflight64")) {
      start_all(self);
      measure_rate(&plan, step_turn, nullptr, &self, 1e3, "k req/s");
    } else {
      measure_latency(&plan, step_ask, 0.5, &self);
    }
  }
  for (auto &lane : self.lanes) lane->context.TryCancel();
  self.queue.Shutdown();
  void *tag;
  bool good;
  while (self.queue.Next(&tag, &good)) continue;
}
