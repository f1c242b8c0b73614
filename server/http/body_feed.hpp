// How does an answer go on after its head? More of its body is sent from any thread, until it ends.
//
// The handler puts a feed into the Response; from then on what is sent travels as answers do. The connection says how
// much of it has left, so that a sender sees how far its peer is behind.
//
// THREADS: send, end and the questions from any; one sender at a time. OWNS: nothing of the connection; may outlive it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "server/http/http_server.hpp"

namespace gyre::http {

class BodyFeed {
 public:
  // REQUIRES: the Response was sent. Nothing is sent after end().
  void send(std::string bytes);
  void end();
  // Sent, and not yet written to the socket.
  std::size_t pendingBytes() const {
    const std::uint64_t taken = taken_.load(std::memory_order_relaxed);
    const std::uint64_t sent = sent_.load(std::memory_order_relaxed);
    return sent > taken ? sent - taken : 0;
  }
  // The peer has gone.
  bool isAbandoned() const;

  // By Responder::send().
  void attach(std::shared_ptr<Responder::Target> target, std::uint64_t connection, std::uint64_t sequence);
  // By the connection: so many bytes of the body have left, or are gone with it.
  void taken(std::uint64_t bytes) { taken_.store(bytes, std::memory_order_relaxed); }

 private:
  std::shared_ptr<Responder::Target> target_;
  std::uint64_t connection_ = 0;
  std::uint64_t sequence_ = 0;
  std::atomic<std::uint64_t> sent_{0}, taken_{0};
  bool is_ended_ = false;
};

}  // namespace gyre::http
