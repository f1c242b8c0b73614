#include "engine/writer/merge_thread.hpp"

#include <utility>

namespace gyre::engine {

MergeThread::MergeThread(std::function<void()> work) : work_(std::move(work)), thread_([this] { run(); }) {}

MergeThread::~MergeThread() { stop(); }

void MergeThread::wake() {
  {
    const std::lock_guard lock(mutex_);
    is_due_ = true;
  }
  condition_.notify_one();
}

void MergeThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  condition_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void MergeThread::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    condition_.wait(lock, [this] { return is_due_ || is_stopping_; });
    if (is_stopping_) return;
    is_due_ = false;
    lock.unlock();
    work_();
    lock.lock();
  }
}

}  // namespace gyre::engine
