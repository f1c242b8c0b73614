// How much of the machine may merges take from searches and writers?
//
// One budget for all indexes of a process: so many merges at a time, and so many bytes a second written by those that
// can wait. A merge of an index that has fallen behind does not wait for bytes: too many segments cost every search
// more than the merge does. (Merge threads also run at a lower priority, see merge_thread.hpp.)
//
// THREADS: free.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "engine/directory/directory.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

class MergeBudget {
 public:
  struct Limits {
    std::uint32_t merges = 1;                                  // at a time
    std::uint64_t bytes_per_second = std::uint64_t{64} << 20;  // a fraction of what a common disk takes
  };
  MergeBudget() : MergeBudget(limitsOfMachine()) {}
  explicit MergeBudget(Limits limits) : limits_(limits) {}

  // A merge for every two processors, at least one.
  static Limits limitsOfMachine();

  // Held while a merge runs.
  class Place {
   public:
    Place() = default;  // none
    explicit Place(MergeBudget& budget) : budget_(&budget) {}
    Place(Place&& other) noexcept : budget_(std::exchange(other.budget_, nullptr)) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    Place& operator=(Place&& other) noexcept {
      std::swap(budget_, other.budget_);
      return *this;
    }
    ~Place();

   private:
    MergeBudget* budget_ = nullptr;
  };
  // Waits for a place. unavailable when `stop` turns true meanwhile.
  Result<Place> enter(const std::atomic<bool>& stop);

  // How long who has just written `bytes` is to wait, at `now_nanos` of a clock that does not go back.
  std::int64_t delayAfter(std::uint64_t bytes, std::int64_t now_nanos);

 private:
  Limits limits_;
  std::mutex mutex_;
  std::condition_variable is_free_;
  std::uint32_t running_ = 0;
  std::int64_t paid_until_nanos_ = 0;  // when what was written so far is within the limit
};

// Writes no faster than the budget allows, while `is_urgent` is false and nobody wants the merge to end.
std::unique_ptr<FileWriter> makeThrottledWriter(std::unique_ptr<FileWriter> file, MergeBudget& budget, bool is_urgent,
                                                const std::atomic<bool>& stop);

}  // namespace gyre::engine
