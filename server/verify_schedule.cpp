#include "server/verify_schedule.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace gyre {

VerifySchedule::VerifySchedule(std::vector<Entry> entries, bus::JobRunner& jobs, base::Observer& observer)
    : entries_(std::move(entries)), jobs_(jobs), observer_(observer) {
  if (!entries_.empty()) thread_ = std::thread([this] { run(); });
}

VerifySchedule::~VerifySchedule() { stop(); }

void VerifySchedule::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  stopped_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void VerifySchedule::run() {
  using Clock = std::chrono::steady_clock;
  std::vector<Clock::time_point> due;
  for (const Entry& entry : entries_) due.push_back(Clock::now() + std::chrono::milliseconds(entry.interval_ms));
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto next = std::min_element(due.begin(), due.end());
    if (stopped_.wait_until(lock, *next, [&] { return is_stopping_; })) return;
    const Entry& entry = entries_[static_cast<std::size_t>(next - due.begin())];
    *next = Clock::now() + std::chrono::milliseconds(entry.interval_ms);
    lock.unlock();
    submit(entry.domain);
    lock.lock();
  }
}

void VerifySchedule::submit(const std::string& domain) {
  const std::vector<bus::Job> jobs = jobs_.list();
  const bool is_pending = std::any_of(jobs.begin(), jobs.end(), [&](const bus::Job& job) {
    return job.kind == "verify" && job.domain == domain &&
           (job.state == bus::Job::State::kQueued || job.state == bus::Job::State::kRunning);
  });
  if (is_pending) return;
  if (const auto job = jobs_.submit("verify", domain, "{}"); !job.isOk())
    observer_.log(base::Level::kWarning, "verify", domain + ": " + std::string(job.status().message()));
}

}  // namespace gyre
