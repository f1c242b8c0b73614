#include "engine/writer/merge_thread.hpp"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

namespace gyre::engine {
namespace {

// Only of this thread. A refusal costs others some speed, nothing else.
void yieldToOthers() {
  constexpr int kNice = 10;
  constexpr int kOfThread = 1;                    // IOPRIO_WHO_PROCESS, which means a thread
  constexpr int kLastOfBestEffort = 2 << 13 | 7;  // IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 7)
  const auto thread = static_cast<id_t>(::syscall(SYS_gettid));
  (void)::setpriority(PRIO_PROCESS, thread, kNice);
  (void)::syscall(SYS_ioprio_set, kOfThread, static_cast<int>(thread), kLastOfBestEffort);
}

}  // namespace

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
  yieldToOthers();
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
