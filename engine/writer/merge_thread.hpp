// When do merges run? On one background thread, whenever somebody says that one may be due, and at a lower priority than
// whoever searches or writes.
//
// THREADS: wake() and stop() from any thread; the work runs on the thread that lives here.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace gyre::engine {

class MergeThread {
 public:
  // `work` does everything that is due and returns.
  explicit MergeThread(std::function<void()> work);
  ~MergeThread();
  MergeThread(const MergeThread&) = delete;
  MergeThread& operator=(const MergeThread&) = delete;

  void wake();
  // Waits for running work to end; the caller has told it to.
  void stop();

 private:
  void run();

  std::function<void()> work_;
  std::mutex mutex_;
  std::condition_variable condition_;
  bool is_due_ = false;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace gyre::engine
