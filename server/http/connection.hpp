// What happens on one connection, between bytes in and bytes out?
//
// Requests are parsed, handed to the Handler, and their answers written in the order of the requests, whatever order
// they complete in. A Connection never touches its socket: the loop feeds it what came and flushes what it wants to
// say. So everything about the protocol is here, and everything about waiting is in event_loop.
//
// Reading pauses (wantsInput() is false) while too many requests wait for answers or too many bytes for the peer, and
// for good after the last request of the connection.
//
// THREADS: one loop's.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "server/http/completion_queue.hpp"
#include "server/http/http_server.hpp"
#include "server/http/output_buffer.hpp"
#include "server/http/request_parser.hpp"
#include "server/http/response_writer.hpp"

namespace gyre::http {

// Written by one loop, read by anyone.
struct Counters {
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> open{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> timeouts{0};
  std::atomic<std::uint64_t> bytes_in{0};
  std::atomic<std::uint64_t> bytes_out{0};
};
// No locked instruction: each counter has one writer.
inline void addTo(std::atomic<std::uint64_t>& counter, std::uint64_t amount) {
  counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

// What all connections of a loop share.
struct LoopContext {
  const Limits& limits;
  Handler& handler;
  const base::Clock& clock;
  Counters& counters;
  std::shared_ptr<Responder::Target> target;
  DateText date;
  bool is_stopping = false;  // answers close their connections
};

class Connection {
 public:
  enum class Phase { kIdle, kHead, kBody, kAnswering };

  // OWNS: `context` outlives the connection. `id` is unique in the loop.
  Connection(LoopContext& context, std::uint64_t id, std::string peer);

  // Bytes that came. May call the Handler. REQUIRES: wantsInput().
  void receive(std::string_view bytes);
  // The peer has sent its last byte; what it still waits for is answered.
  void receiveEnd();
  // Keeps an answer until resume().
  void complete(std::uint64_t sequence, std::optional<Response> response);
  // More of a body that has a feed.
  void goOn(std::uint64_t sequence, std::string_view bytes, bool is_end);
  // Output was written to the socket.
  void noteFlushed();
  // Writes what can be written, and goes on with input that had to wait. May call the Handler.
  void resume();
  // Answers with a refusal after the requests before it, and ends the connection.
  void refuse(const Refusal& refusal);

  OutputBuffer& output() { return output_; }
  bool wantsInput() const { return !has_ended_ && !is_last_ && pending_input_.empty() && canParse(); }
  // resume() would find something to do.
  bool hasWork() const { return !pending_input_.empty() && !is_last_ && canParse(); }
  // Nothing more to write, and nothing more will come of it.
  bool isFinished() const { return output_.isEmpty() && waiting() == 0 && (is_last_ || has_ended_) && !hasWork(); }
  // Closing at once could lose the answer, because the peer may still be sending.
  bool mustLinger() const { return must_linger_ && !has_ended_; }
  bool hasEnded() const { return has_ended_; }
  Phase phase() const;
  // How many requests have begun; tells one slow head from two quick ones.
  std::uint64_t begun() const { return next_sequence_; }
  std::uint64_t id() const { return id_; }

 private:
  // A request that waits for its answer, or an answer that waits for its turn.
  struct Slot {
    bool is_done = false;
    bool is_head = false;
    bool is_http10 = false;
    bool keeps_alive = true;
    bool is_streaming = false;  // the head is written, the body goes on
    bool is_ended = false;      // nothing more comes of it
    std::uint64_t fed = 0;      // bytes of the body that came
    std::uint64_t request_id = 0;
    Response response;
  };

  bool canParse() const {
    return waiting() < context_.limits.pipelined_requests &&
           output_.size() + done_bytes_ <= context_.limits.output_bytes;
  }
  std::size_t waiting() const { return slots_.size() - first_; }
  void parseInput(std::string_view& input);
  void dispatch();
  Slot& addSlot();
  // Null when it was answered, or never was.
  Slot* findSlot(std::uint64_t sequence);
  void writeMore(Slot& slot, std::string_view bytes);
  void answerSlot(Slot& slot, Response response);
  void answerRefused(const Refusal& refusal, bool keeps_alive);
  void writeReady();
  void writeContinue();

  LoopContext& context_;
  const std::uint64_t id_;
  const std::string peer_;
  RequestParser parser_;
  OutputBuffer output_;
  std::string pending_input_;  // received, not yet parsed
  std::vector<Slot> slots_;    // from first_ on, in the order of their requests
  std::size_t first_ = 0;
  std::uint64_t next_sequence_ = 0;  // of the next request; that of slots_[first_] is next_sequence_ - waiting()
  std::size_t done_bytes_ = 0;       // in bodies that wait for their turn
  bool owes_continue_ = false;       // "100 Continue", once the answers before it are out
  bool is_last_ = false;             // no request after those in slots_ will be read
  bool must_linger_ = false;
  bool has_ended_ = false;
};

}  // namespace gyre::http
