// Which long work is going on, how far is it, and what came of it?
//
// Jobs run one after the other on one thread. Every change of state is written to a file (replaced atomically), so a
// job that a stop or crash interrupted is queued again at the next start: the kinds of work here are harmless when
// repeated.
//
// THREADS: all methods from any thread. OWNS: its thread and its file.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "gyre/status.hpp"

namespace gyre::bus {

struct Job {
  enum class State : std::uint8_t { kQueued, kRunning, kCompleted, kFailed, kCancelled };
  std::string id;
  std::string kind;  // "synchronize", "verify", "reindex"
  std::string domain;
  std::string parameters;  // JSON object
  State state = State::kQueued;
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  std::int64_t created_millis = 0;
  std::int64_t started_millis = 0;
  std::int64_t ended_millis = 0;
  std::string result;  // JSON; a problem's {"code","detail"} when failed; "" until ended
};

std::string_view jobStateName(Job::State state);
// The contract's shape: id, kind, domain, state, done, total, rate, etaSeconds, result.
std::string jobJson(const Job& job, std::int64_t now_millis);

class JobRunner {
 public:
  // `progress(done, total)` returns false once the job is cancelled or the runner stops.
  using Progress = std::function<bool(std::uint64_t done, std::uint64_t total)>;
  // Does the work of a job; the result is JSON.
  using Work = std::function<Result<std::string>(const Job& job, const Progress& progress)>;

  // Reads `path` (jobs of earlier runs; absent is fine) and starts. Keeps the newest 200 ended jobs.
  JobRunner(std::string path, Work work, const base::Clock& clock, base::Observer& observer);
  ~JobRunner();  // stop()

  // resource_exhausted when 100 jobs wait already.
  Result<Job> submit(std::string_view kind, std::string_view domain, std::string parameters);
  std::optional<Job> find(std::string_view id) const;
  std::vector<Job> list() const;  // newest first
  // not_found; conflict when it has ended. A running job ends at its next progress call.
  Result<Job> cancel(std::string_view id);
  // Interrupts the running job, which stays "running" in the file and so is queued again at the next start.
  void stop();

 private:
  void loop();
  void load();
  void save();  // REQUIRES: mutex_ held
  Job* at(std::string_view id);

  const std::string path_;
  const Work work_;
  const base::Clock& clock_;
  base::Observer& observer_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;  // oldest first
  std::uint64_t next_number_ = 1;
  bool is_stopping_ = false;
  std::string cancelled_;  // id of the running job when it is to end
  std::thread thread_;
};

}  // namespace gyre::bus
