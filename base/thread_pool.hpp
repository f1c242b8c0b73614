// Who does work that may block? A fixed number of threads over a bounded queue.
//
// THREADS: all methods from any thread; stop() from one that is not the pool's. OWNS: its threads and the queued tasks.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace gyre::base {

class ThreadPool {
 public:
  // `threads` at least 1; `queue` tasks may wait.
  ThreadPool(std::size_t threads, std::size_t queue);
  ~ThreadPool();  // stop()
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // False, at once, when the queue is full or the pool is stopping; the task is then not run.
  [[nodiscard]] bool trySubmit(std::function<void()> task);
  // Runs what is queued, then ends the threads. Harmless when repeated.
  void stop();
  std::size_t queued() const;

 private:
  void work();

  const std::size_t queue_limit_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  bool is_stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace gyre::base
