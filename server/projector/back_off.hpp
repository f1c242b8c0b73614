// How long do we wait before we try again? Twice as long each time, up to a few seconds, and never quite as long as the
// neighbours: without jitter all domains would hit a node that came back in the same instant.
//
// THREADS: one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

namespace gyre::projector {

class BackOff {
 public:
  static constexpr std::int64_t kFirstMs = 50;
  static constexpr std::int64_t kLongestMs = 5'000;  // so late may we notice that a cluster is back

  explicit BackOff(std::uint64_t seed) : random_(seed) {}

  void reset() { attempts_ = 0; }
  // Between half and all of 50 ms, 100 ms, 200 ms, … 5 s.
  std::int64_t nextNanos() {
    const std::int64_t full = std::min(kLongestMs, kFirstMs << std::min(attempts_, 16u));
    ++attempts_;
    return std::uniform_int_distribution<std::int64_t>(full * 500'000, full * 1'000'000)(random_);
  }

 private:
  std::mt19937_64 random_;
  unsigned attempts_ = 0;
};

}  // namespace gyre::projector
