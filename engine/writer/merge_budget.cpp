#include "engine/writer/merge_budget.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace gyre::engine {
namespace {

// Waiting is worth its while from here on, and a stop is noticed soon enough.
constexpr std::uint64_t kPortion = 1u << 20;
constexpr auto kNap = std::chrono::milliseconds(20);
// A pause in writing is not saved up beyond this.
constexpr std::int64_t kBurstNanos = 100'000'000;

std::int64_t steadyNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

class ThrottledWriter final : public FileWriter {
 public:
  ThrottledWriter(std::unique_ptr<FileWriter> file, MergeBudget& budget, const std::atomic<bool>& stop)
      : file_(std::move(file)), budget_(budget), stop_(stop) {}

  Status append(base::ByteView bytes) override {
    GYRE_TRY(file_->append(bytes));
    unpaid_ += bytes.size();
    if (unpaid_ < kPortion) return {};
    const std::int64_t begin = steadyNanos();
    const std::int64_t end = begin + budget_.delayAfter(std::exchange(unpaid_, 0), begin);
    while (!stop_.load(std::memory_order_relaxed) && steadyNanos() < end)
      std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(kNap, std::chrono::nanoseconds(end - begin)));
    return {};
  }
  Status sync() override { return file_->sync(); }
  Status finish() override { return file_->finish(); }

 private:
  std::unique_ptr<FileWriter> file_;
  MergeBudget& budget_;
  const std::atomic<bool>& stop_;
  std::uint64_t unpaid_ = 0;
};

}  // namespace

MergeBudget::Limits MergeBudget::limitsOfMachine() {
  Limits limits;
  limits.merges = std::max(1u, std::thread::hardware_concurrency() / 2);
  return limits;
}

Result<MergeBudget::Place> MergeBudget::enter(Length length, const std::atomic<bool>& stop) {
  std::unique_lock lock(mutex_);
  while (runningOf(length) >= limits_.merges) {
    if (stop.load(std::memory_order_relaxed)) return unavailable("merge stopped");
    is_free_.wait_for(lock, kNap);
  }
  ++runningOf(length);
  return Place(*this, length);
}

MergeBudget::Place::~Place() {
  if (budget_ == nullptr) return;
  {
    const std::lock_guard lock(budget_->mutex_);
    --budget_->runningOf(length_);
  }
  budget_->is_free_.notify_all();
}

std::int64_t MergeBudget::delayAfter(std::uint64_t bytes, std::int64_t now_nanos) {
  const std::lock_guard lock(mutex_);
  const auto cost = static_cast<std::int64_t>(
      static_cast<double>(bytes) * 1e9 / static_cast<double>(std::max<std::uint64_t>(1, limits_.bytes_per_second)));
  paid_until_nanos_ = std::max(paid_until_nanos_, now_nanos - kBurstNanos) + cost;
  return std::max<std::int64_t>(0, paid_until_nanos_ - now_nanos);
}

std::unique_ptr<FileWriter> makeThrottledWriter(std::unique_ptr<FileWriter> file, MergeBudget& budget, bool is_urgent,
                                                const std::atomic<bool>& stop) {
  if (is_urgent) return file;
  return std::make_unique<ThrottledWriter>(std::move(file), budget, stop);
}

}  // namespace gyre::engine
