// How much of the machine may merges take from searches and writers?
//
// One budget for all indexes of a process: so many long merges at a time, so many quick ones beside them, and so many
// bytes a second written by those that can wait. A merge of an index that has fallen behind does not wait for bytes:
// too many segments cost every search more than the merge does. (Merge threads also run at a lower priority, see
// merge_thread.hpp.)
//
// THREADS: free.
#pragma once

#include <array>
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
    std::uint32_t merges = 1;                                  // of either length at a time
    std::uint64_t bytes_per_second = std::uint64_t{64} << 20;  // a fraction of what a common disk takes
  };
  MergeBudget() : MergeBudget(limitsOfMachine()) {}
  explicit MergeBudget(Limits limits) : limits_(limits) {}

  // A merge for every two processors, at least one.
  static Limits limitsOfMachine();

  // A merge of many seconds in one index must not keep another index from the one of a tenth that it needs.
  enum class Length : std::uint8_t { kQuick, kLong };

  // Held while a merge runs.
  class Place {
   public:
    Place() = default;  // none
    Place(MergeBudget& budget, Length length) : budget_(&budget), length_(length) {}
    Place(Place&& other) noexcept : budget_(std::exchange(other.budget_, nullptr)), length_(other.length_) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    Place& operator=(Place&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(length_, other.length_);
      return *this;
    }
    ~Place();

   private:
    MergeBudget* budget_ = nullptr;
    Length length_ = Length::kQuick;
  };
  // Waits for a place. unavailable when `stop` turns true meanwhile.
  Result<Place> enter(Length length, const std::atomic<bool>& stop);

  // How long who has just written `bytes` is to wait, at `now_nanos` of a clock that does not go back.
  std::int64_t delayAfter(std::uint64_t bytes, std::int64_t now_nanos);

 private:
  std::uint32_t& runningOf(Length length) { return running_[static_cast<std::size_t>(length)]; }

  Limits limits_;
  std::mutex mutex_;
  std::condition_variable is_free_;
  std::array<std::uint32_t, 2> running_{};  // by length
  std::int64_t paid_until_nanos_ = 0;       // when what was written so far is within the limit
};

// Writes no faster than the budget allows, while `is_urgent` is false and nobody wants the merge to end.
std::unique_ptr<FileWriter> makeThrottledWriter(std::unique_ptr<FileWriter> file, MergeBudget& budget, bool is_urgent,
                                                const std::atomic<bool>& stop);

}  // namespace gyre::engine
