// What did the index refuse, and why? The newest of it, in memory.
//
// Nothing is lost when an old one is dropped or the server stops: the state is in the primary store, and verify finds
// every document that is missing from the index.
//
// THREADS: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "server/projector/projector.hpp"

namespace gyre::projector {

class DeadLetters {
 public:
  static constexpr std::size_t kKept = 10'000;

  // Assigns the id.
  void add(DeadLetter letter);
  // Newest first.
  std::vector<DeadLetter> newest(std::size_t limit) const;
  // All there ever were, dropped ones included.
  std::uint64_t total() const;

 private:
  mutable std::mutex mutex_;
  std::deque<DeadLetter> letters_;
  std::uint64_t total_ = 0;
};

}  // namespace gyre::projector
