// How much may be sent at once? Grows while the cluster keeps up, shrinks when it says no.
//
// As a sender paces itself against a network: while full requests are taken, more may be on their way together, and
// when as many are as may be, they become larger; a refusal halves both. A node spends as much on a document in a
// request of half a megabyte as in one of eight, and indexes two requests at a time on two cores but one on one, so
// number goes before size.
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
  static constexpr std::size_t kFirstBytes = 512u << 10;
  static constexpr std::size_t kMostBytes = 8u << 20;  // beyond it OpenSearch gains nothing and holds more memory
  static constexpr std::size_t kFirstParallel = 2;
  static constexpr unsigned kTakenForMore = 8;  // full requests in a row, before one more goes in parallel

  explicit BulkPace(std::size_t most_parallel)
      : most_parallel_(std::max<std::size_t>(most_parallel, 1)), parallel_(std::min(kFirstParallel, most_parallel_)) {}

  // Of documents in one request.
  std::size_t bytes() const { return read(bytes_); }
  // Requests on their way together.
  std::size_t parallel() const { return read(parallel_); }
  std::uint64_t rejections() const { return read(rejections_); }

  // A request of so many bytes was taken whole. A small one says nothing about larger ones.
  void taken(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    if (bytes * 2 < bytes_) return;
    if (++taken_ < kTakenForMore) return;
    taken_ = 0;
    if (parallel_ < most_parallel_) {
      ++parallel_;
    } else {
      bytes_ = std::min(kMostBytes, bytes_ + bytes_ / 2);
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
  std::size_t parallel_;
  unsigned taken_ = 0;
  std::uint64_t rejections_ = 0;
};

}  // namespace gyre::search
