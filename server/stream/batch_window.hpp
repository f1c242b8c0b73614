// Which batches were appended last? Those in memory, so that neither the index nor who follows reads back from disk
// what has just been written.
//
// Bounded by bytes: the oldest go first, and are read from the log by who still wants them.
//
// THREADS: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>

#include "server/stream/record_batch.hpp"

namespace gyre::stream {

struct AppendedBatch {
  std::uint64_t first_sequence = 0;
  std::int64_t arrived_millis = 0;
  std::shared_ptr<const RecordBatch> records;

  std::uint64_t lastSequence() const { return first_sequence + records->sequenceCount() - 1; }
};

class BatchWindow {
 public:
  explicit BatchWindow(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // REQUIRES: it follows the one added before.
  void add(AppendedBatch batch) {
    const std::lock_guard lock(mutex_);
    bytes_ += batch.records->bytes();
    batches_.push_back(std::move(batch));
    while (bytes_ > max_bytes_ && batches_.size() > 1) {
      bytes_ -= batches_.front().records->bytes();
      batches_.pop_front();
    }
  }
  // The batch with this sequence; records is null when it is not here.
  AppendedBatch find(std::uint64_t sequence) const {
    const std::lock_guard lock(mutex_);
    if (batches_.empty() || sequence < batches_.front().first_sequence) return {};
    // Mostly one of the last is asked for.
    for (auto batch = batches_.rbegin(); batch != batches_.rend(); ++batch)
      if (batch->first_sequence <= sequence) return sequence <= batch->lastSequence() ? *batch : AppendedBatch();
    return {};
  }
  std::size_t bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }

 private:
  const std::size_t max_bytes_;
  mutable std::mutex mutex_;
  std::deque<AppendedBatch> batches_;
  std::size_t bytes_ = 0;
};

}  // namespace gyre::stream
