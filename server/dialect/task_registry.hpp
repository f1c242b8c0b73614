// Which long operations are under way, and what became of those that nobody waited for?
//
// A task runs on the caller's thread or, detached, on one of its own. Results of detached tasks are kept in memory
// until they are the oldest of many; they do not survive a restart.
//
// THREADS: free.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/status.hpp"

namespace gyre::dialect {

struct Task {
  std::uint64_t id = 0;
  std::string action;  // "indices:data/write/reindex"
  std::string description;
  bool is_cancellable = false;
  std::int64_t start_millis = 0;
  std::int64_t start_nanos = 0;

  std::atomic<bool> is_cancelled{false};
  std::atomic<double> requests_per_second{0};  // of those that are throttled; 0 and below: as fast as it goes

  // How far it is, as JSON; "" when it does not say.
  std::string progress() const;
  void setProgress(std::string json);
  std::int64_t runningNanos() const;
  // Waits, but not longer than until the task is cancelled. False when it is.
  bool pause(std::int64_t nanos);
  void cancel();

 private:
  friend class TaskRegistry;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string progress_;
  bool is_done_ = false;
  std::int64_t end_nanos_ = 0;
  std::string response_, error_;  // JSON; one of them once it is done
};
using TaskPtr = std::shared_ptr<Task>;

class TaskRegistry {
 public:
  // JSON of the answer, or the failure.
  using Work = std::function<Result<std::string>(Task& task)>;

  TaskRegistry(std::string node_id, const base::Clock& clock) : node_id_(std::move(node_id)), clock_(clock) {}
  ~TaskRegistry();
  TaskRegistry(const TaskRegistry&) = delete;
  TaskRegistry& operator=(const TaskRegistry&) = delete;

  TaskPtr begin(std::string action, std::string description, bool is_cancellable);
  void end(const TaskPtr& task);
  // Runs the work on a thread of its own; rejected_execution_exception when too many do already.
  Status detach(const TaskPtr& task, Work work);

  std::vector<TaskPtr> running() const;
  // Also one that is done and whose result is kept. Null when there is none.
  TaskPtr find(std::uint64_t id) const;
  // "node:id"
  std::string nameOf(std::uint64_t id) const { return node_id_ + ":" + std::to_string(id); }
  const std::string& nodeId() const { return node_id_; }

  // {"node": …, "id": …, "status": …}
  void writeTask(const Task& task, JsonWriter& writer) const;
  // {"completed": …, "task": {…}, "response": {…}}
  void writeResult(const Task& task, JsonWriter& writer) const;
  // False when it is not done in time.
  bool await(Task& task, std::int64_t millis) const;

  // Cancels everything and waits for it. Tasks that begin later are cancelled at once.
  void stop();

 private:
  struct Running {
    std::thread thread;
    bool is_done = false;
  };
  void finish(const TaskPtr& task, Result<std::string> result);
  void reap();

  const std::string node_id_;
  const base::Clock& clock_;
  mutable std::mutex mutex_;
  std::uint64_t next_id_ = 1;
  bool is_stopping_ = false;
  std::map<std::uint64_t, TaskPtr> running_;
  std::deque<TaskPtr> kept_;
  std::map<std::uint64_t, Running> threads_;
};

}  // namespace gyre::dialect
