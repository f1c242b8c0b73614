#include "server/projector/backlog_watch.hpp"

#include <chrono>

namespace gyre::projector {
namespace {

constexpr std::chrono::milliseconds kInterval{250};

}  // namespace

void BacklogWatch::add(Backlog& backlog) {
  const std::lock_guard lock(mutex_);
  backlogs_.push_back(&backlog);
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

void BacklogWatch::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void BacklogWatch::run() {
  std::unique_lock lock(mutex_);
  for (bool is_last = false; !is_last;) {
    changed_.wait_for(lock, kInterval, [this] { return is_stopping_; });
    is_last = is_stopping_;
    const std::vector<Backlog*> backlogs = backlogs_;
    lock.unlock();
    for (Backlog* const backlog : backlogs) backlog->measure();
    lock.lock();
  }
}

}  // namespace gyre::projector
