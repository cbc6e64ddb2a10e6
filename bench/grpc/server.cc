// SPDX-License-Identifier: Apache-2.0
//
// The server: a generic service. What comes in is echoed, or, where one side only sends, counted.
#include <cstdio>
#include <deque>
#include <grpcpp/generic/async_generic_service.h>
#include <memory>

#include "bench/grpc/peer.h"
#include "bench/memory.h"

namespace {

// One call. Its steps follow each other on the completion queue.
struct Call {
  enum Step { COME, READ, WRITTEN, FINISHED } step = COME;
  grpc::GenericServerContext context;
  grpc::GenericServerAsyncReaderWriter stream{&context};
  grpc::ByteBuffer message;
  grpc::ByteBuffer answer;
};

struct Server {
  const struct plan &plan;
  grpc::AsyncGenericService service{};
  std::unique_ptr<grpc::ServerCompletionQueue> queue{};
  std::unique_ptr<grpc::Server> server{};
  uint32_t live = 0;
  uint32_t came = 0;
  bool enough = false;
};

void expect(Server &self) {
  auto *call = new Call;
  self.service.RequestCall(&call->context, &call->stream, self.queue.get(), self.queue.get(), call);
}

void read(Call *call) {
  call->step = Call::READ;
  call->stream.Read(&call->message, call);
}

void write(Call *call, const grpc::ByteBuffer &message) {
  call->step = Call::WRITTEN;
  call->answer = message;
  call->stream.Write(call->answer, call);
}

void finish(Call *call) {
  call->step = Call::FINISHED;
  call->stream.Finish(grpc::Status::OK, call);
}

// One event. Returns the bytes that came with it.
uint64_t turn(Server &self) {
  void *tag;
  bool good;
  if (!self.queue->Next(&tag, &good)) fail("the queue", "was shut down");
  auto *call = static_cast<Call *>(tag);
  uint64_t bytes = 0;
  switch (call->step) {
  case Call::COME:
    if (!good) break; // the server ends
    self.live++;
    self.came++;
    expect(self);
    read(call);
    return 0;
  case Call::READ:
    if (!good) {
      finish(call);
      return 0;
    }
    bytes = call->message.Length();
    if (plan_is_feed(&self.plan) && !self.enough)
      read(call);
    else
      write(call, call->message);
    return bytes;
  case Call::WRITTEN:
    read(call);
    return 0;
  case Call::FINISHED:
    self.live--;
    break;
  }
  delete call;
  return 0;
}

// Something came, or nobody is left: 0.
uint64_t step_count(void *of) {
  auto &self = *static_cast<Server *>(of);
  uint64_t bytes = 0;
  while (bytes == 0 && self.live) bytes = turn(self);
  return bytes;
}

// The next message is answered, which tells the sender.
void say_enough(void *of) {
  static_cast<Server *>(of)->enough = true;
}

void listen(Server &self) {
  std::string url = self.plan.url,
              address = url.compare(0, 7, "unix://") == 0 ? "unix:" + url.substr(7) : "127.0.0.1:0";
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  builder.RegisterAsyncGenericService(&self.service);
  builder.SetMaxReceiveMessageSize(-1);
  self.queue = builder.AddCompletionQueue();
  self.server = builder.BuildAndStart();
  if (!self.server) fail(self.plan.url, "the server does not start");
  if (address.compare(0, 5, "unix:") != 0) url = "tcp://127.0.0.1:" + std::to_string(port);
  std::printf("ready %s\n", url.c_str());
  std::fflush(stdout);
}

void count_memory(Server &self) {
  uint32_t lanes = lanes_of(self.plan), first = lanes / 100;
  while (self.came < first) turn(self);
  uint64_t before = memory_used();
  while (self.live < lanes) turn(self);
  if (plan_has(&self.plan, "server"))
    measure_print(static_cast<double>(memory_used() - before) / (lanes - first), "B/stream", lanes);
}

} // namespace

void serve(const struct plan &plan) {
  Server self{plan};
  listen(self);
  expect(self);
  while (!self.live) turn(self);
  if (plan_is_feed(&plan)) {
    measure_rate(&plan, step_count, say_enough, &self, plan_scale(&plan), plan_unit(&plan));
  } else {
    if (is_case(plan, "idle_memory")) count_memory(self);
    // Calls follow each other in openclose; the last one says so by its length.
    uint64_t bytes = 0;
    while (is_case(plan, "openclose") ? bytes != 2 : self.live != 0) bytes = turn(self);
    while (self.live) turn(self);
  }
  self.server->Shutdown(std::chrono::system_clock::now());
  self.queue->Shutdown();
  void *tag;
  bool good;
  while (self.queue->Next(&tag, &good)) delete static_cast<Call *>(tag);
}
