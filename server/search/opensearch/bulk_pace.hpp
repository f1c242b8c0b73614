// How much may be sent at once? Grows while the cluster keeps up, shrinks when it says no.
//
// As a sender paces itself against a network: a request that was taken makes the next ones larger until they are of the
// greatest size, then one more may be on its way; a refusal halves both.
//
// THREADS: any.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace gyre::search {

class BulkPace {
 public:
  static constexpr std::size_t kLeastBytes = 64u << 10;
  static constexpr std::size_t kFirstBytes = 2u << 20;
  static constexpr std::size_t kMostBytes = 8u << 20;  // beyond it OpenSearch gains nothing and holds more memory
  static constexpr unsigned kTakenForMore = 8;         // full requests in a row, before one more goes in parallel

  explicit BulkPace(std::size_t most_parallel) : most_parallel_(std::max<std::size_t>(most_parallel, 1)) {}

  // Of documents in one request.
  std::size_t bytes() const { return read(bytes_); }
  // Requests on their way together.
  std::size_t parallel() const { return read(parallel_); }
  std::uint64_t rejections() const { return read(rejections_); }

  // A request of so many bytes was taken whole. A small one says nothing about larger ones.
  void taken(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    if (bytes * 2 < bytes_) return;
    if (bytes_ < kMostBytes) {
      bytes_ = std::min(kMostBytes, bytes_ + bytes_ / 2);
    } else if (++taken_ >= kTakenForMore) {
      taken_ = 0;
      parallel_ = std::min(parallel_ + 1, most_parallel_);
    }
  }
  // A request, or a part of it, was refused for now, or was not answered in time.
  void rejected() {
    const std::lock_guard lock(mutex_);
    taken_ = 0;
    bytes_ = std::max(kLeastBytes, bytes_ / 2);
    parallel_ = std::max<std::size_t>(1, parallel_ / 2);
    ++rejections_;
  }

 private:
  template <class T>
  T read(const T& value) const {
    const std::lock_guard lock(mutex_);
    return value;
  }

  const std::size_t most_parallel_;
  mutable std::mutex mutex_;
  std::size_t bytes_ = kFirstBytes;
  std::size_t parallel_ = 1;
  unsigned taken_ = 0;
  std::uint64_t rejections_ = 0;
};

}  // namespace gyre::search
