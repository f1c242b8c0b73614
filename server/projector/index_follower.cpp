#include "server/projector/index_follower.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace gyre::projector {
namespace {

constexpr std::int64_t kNanosPerMs = 1'000'000;
constexpr std::int64_t kIdleMs = 1'000;
constexpr std::int64_t kFirstPauseMs = 10;
constexpr std::int64_t kLongestPauseMs = 200;

}  // namespace

IndexFollower::IndexFollower(search::SearchEngine& engine, std::function<Status()> look, const base::Clock& clock)
    : engine_(engine), look_(std::move(look)), clock_(clock) {}

IndexFollower::~IndexFollower() { stop(); }

void IndexFollower::start() {
  thread_ = std::thread([this] { run(); });
}

void IndexFollower::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  gate_.close(Status(Code::kUnavailable, "stopping", "the server is stopping"));
}

void IndexFollower::requireSequence(std::uint64_t sequence, std::int64_t timeout_ms,
                                    std::function<void(const Status&)> ready) {
  if (engine_.progress().searchable >= sequence) return ready(Status());
  gate_.add(sequence, clock_.monotonicNanos() + timeout_ms * kNanosPerMs, timeout_ms, std::move(ready));
  {
    const std::lock_guard lock(mutex_);
    is_asked_ = true;
  }
  changed_.notify_all();
}

std::string IndexFollower::lastError() const {
  const std::lock_guard lock(mutex_);
  return last_error_;
}

std::uint64_t IndexFollower::refreshes() const {
  const std::lock_guard lock(mutex_);
  return refreshes_;
}

void IndexFollower::run() {
  std::int64_t pause_ms = kFirstPauseMs;
  std::unique_lock lock(mutex_);
  while (!is_stopped_) {
    is_asked_ = false;
    lock.unlock();
    const bool is_waited_for = step();
    lock.lock();
    pause_ms = is_waited_for ? std::min(pause_ms + pause_ms / 2, kLongestPauseMs) : kFirstPauseMs;
    std::int64_t wait_nanos = (is_waited_for ? pause_ms : kIdleMs) * kNanosPerMs;
    if (const std::optional<std::int64_t> deadline = gate_.nextDeadline())
      wait_nanos = std::clamp(*deadline - clock_.monotonicNanos(), std::int64_t{0}, wait_nanos);
    // Whoever comes meanwhile gets a look of his own.
    const bool is_woken =
        changed_.wait_for(lock, std::chrono::nanoseconds(wait_nanos), [this] { return is_stopped_ || is_asked_; });
    if (is_woken) pause_ms = kFirstPauseMs;
  }
}

bool IndexFollower::step() {
  Status outcome = look_();
  if (const auto wanted = gate_.lowest(); outcome.isOk() && wanted) {
    const search::Progress progress = engine_.progress();
    if (*wanted > progress.searchable && *wanted <= progress.applied) {
      outcome = engine_.refresh();
      const std::lock_guard lock(mutex_);
      ++refreshes_;
    }
  }
  std::string why(outcome.message());
  const std::uint64_t searchable = engine_.progress().searchable;
  gate_.open(searchable);
  gate_.expire(clock_.monotonicNanos(), searchable, why);
  {
    const std::lock_guard lock(mutex_);
    last_error_ = std::move(why);
  }
  return gate_.lowest().has_value();
}

}  // namespace gyre::projector
