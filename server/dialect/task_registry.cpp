#include "server/dialect/task_registry.hpp"

#include <algorithm>
#include <chrono>

#include "server/dialect/failure.hpp"

namespace gyre::dialect {

namespace {

constexpr std::size_t kMaxDetached = 16;
constexpr std::size_t kMaxKept = 1'000;

std::int64_t steadyNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

std::string Task::progress() const {
  const std::lock_guard lock(mutex_);
  return progress_;
}

void Task::setProgress(std::string json) {
  const std::lock_guard lock(mutex_);
  progress_ = std::move(json);
}

std::int64_t Task::runningNanos() const {
  const std::lock_guard lock(mutex_);
  return (is_done_ ? end_nanos_ : steadyNanos()) - start_nanos;
}

bool Task::pause(std::int64_t nanos) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::nanoseconds(nanos), [this] { return is_cancelled.load(); });
  return !is_cancelled;
}

void Task::cancel() {
  {
    const std::lock_guard lock(mutex_);
    is_cancelled = true;
  }
  changed_.notify_all();
}

TaskRegistry::~TaskRegistry() { stop(); }

TaskPtr TaskRegistry::begin(std::string action, std::string description, bool is_cancellable) {
  auto task = std::make_shared<Task>();
  task->action = std::move(action);
  task->description = std::move(description);
  task->is_cancellable = is_cancellable;
  task->start_millis = clock_.nowMillis();
  task->start_nanos = steadyNanos();
  const std::lock_guard lock(mutex_);
  task->id = next_id_++;
  task->is_cancelled = is_stopping_;
  running_[task->id] = task;
  return task;
}

void TaskRegistry::end(const TaskPtr& task) {
  const std::lock_guard lock(mutex_);
  running_.erase(task->id);
}

Status TaskRegistry::detach(const TaskPtr& task, Work work) {
  reap();
  const std::lock_guard lock(mutex_);
  if (is_stopping_ || threads_.size() >= kMaxDetached) {
    running_.erase(task->id);
    return {Code::kResourceExhausted, "rejected_execution_exception",
            "[" + std::to_string(kMaxDetached) + "] tasks are running already; try again later"};
  }
  threads_[task->id].thread = std::thread([this, task, work = std::move(work)] { finish(task, work(*task)); });
  return {};
}

void TaskRegistry::finish(const TaskPtr& task, Result<std::string> result) {
  {
    const std::lock_guard lock(task->mutex_);
    if (result.isOk()) {
      task->response_ = std::move(result).value();
    } else {
      JsonWriter writer(task->error_);
      writeFailure(result.status(), writer);
    }
    task->is_done_ = true;
    task->end_nanos_ = steadyNanos();
  }
  {
    const std::lock_guard lock(mutex_);
    running_.erase(task->id);
    kept_.push_back(task);
    if (kept_.size() > kMaxKept) kept_.pop_front();
    threads_[task->id].is_done = true;
  }
  task->changed_.notify_all();
}

// Joins threads whose work is done.
void TaskRegistry::reap() {
  std::vector<std::thread> done;
  {
    const std::lock_guard lock(mutex_);
    for (auto each = threads_.begin(); each != threads_.end();) {
      if (!each->second.is_done) {
        ++each;
        continue;
      }
      done.push_back(std::move(each->second.thread));
      each = threads_.erase(each);
    }
  }
  for (std::thread& thread : done) thread.join();
}

std::vector<TaskPtr> TaskRegistry::running() const {
  const std::lock_guard lock(mutex_);
  std::vector<TaskPtr> tasks;
  for (const auto& [id, task] : running_) tasks.push_back(task);
  return tasks;
}

TaskPtr TaskRegistry::find(std::uint64_t id) const {
  const std::lock_guard lock(mutex_);
  if (const auto found = running_.find(id); found != running_.end()) return found->second;
  for (const TaskPtr& task : kept_)
    if (task->id == id) return task;
  return nullptr;
}

void TaskRegistry::writeTask(const Task& task, JsonWriter& writer) const {
  writer.beginObject()
      .member("node", node_id_)
      .member("id", task.id)
      .member("type", "transport")
      .member("action", task.action);
  if (const std::string progress = task.progress(); !progress.empty()) writer.rawMember("status", progress);
  writer.member("description", task.description)
      .member("start_time_in_millis", task.start_millis)
      .member("running_time_in_nanos", task.runningNanos())
      .member("cancellable", task.is_cancellable)
      .member("cancelled", task.is_cancelled.load())
      .key("headers")
      .beginObject()
      .endObject()
      .endObject();
}

void TaskRegistry::writeResult(const Task& task, JsonWriter& writer) const {
  std::string response, error;
  bool is_done = false;
  {
    const std::lock_guard lock(task.mutex_);
    response = task.response_;
    error = task.error_;
    is_done = task.is_done_;
  }
  writer.beginObject().member("completed", is_done).key("task");
  writeTask(task, writer);
  if (!response.empty()) writer.rawMember("response", response);
  if (!error.empty()) writer.rawMember("error", error);
  writer.endObject();
}

bool TaskRegistry::await(Task& task, std::int64_t millis) const {
  std::unique_lock lock(task.mutex_);
  return task.changed_.wait_for(lock, std::chrono::milliseconds(millis), [&task] { return task.is_done_; });
}

void TaskRegistry::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    for (const auto& [id, task] : running_) task->cancel();
  }
  for (;;) {
    std::thread thread;
    {
      const std::lock_guard lock(mutex_);
      if (threads_.empty()) return;
      thread = std::move(threads_.begin()->second.thread);
    }
    thread.join();
    const std::lock_guard lock(mutex_);
    threads_.erase(threads_.begin());
  }
}

}  // namespace gyre::dialect
