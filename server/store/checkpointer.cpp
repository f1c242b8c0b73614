#include "server/store/checkpointer.hpp"

#include <string>
#include <utility>

namespace gyre::store {

namespace {

// 64 MiB of pages: large enough that pages written again and again are copied once, small enough that a round takes
// some tens of milliseconds and recovery after a crash is not noticed.
constexpr int kRoundFrames = 16384;
// 128 MiB: beyond it the writer waits, so that a slow disk cannot make the WAL grow without end.
constexpr int kMostFrames = 2 * kRoundFrames;

}  // namespace

Checkpointer::Checkpointer(std::unique_ptr<Database> database, base::Observer& observer)
    : database_(std::move(database)), observer_(observer), thread_([this] { work(); }) {}

Checkpointer::~Checkpointer() { close(); }

void Checkpointer::committed(int frames) {
  frames_ = frames;
  if (frames < kRoundFrames || is_busy_.exchange(true)) return;
  {
    const std::lock_guard lock(mutex_);
    is_wanted_ = true;
  }
  changed_.notify_all();
}

bool Checkpointer::takeRest() {
  if (frames_ >= kMostFrames) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !is_busy_ || is_closing_; });
  }
  return is_rest_wanted_.exchange(false);
}

void Checkpointer::work() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return is_wanted_ || is_closing_; });
      if (is_closing_) return;
      is_wanted_ = false;
    }
    const auto left = database_->checkpoint();
    // Nothing is lost: the pages stay in the WAL, and the next commit asks again.
    if (!left.isOk())
      observer_.log(base::Level::kWarning, "store", "checkpoint failed: " + std::string(left.status().message()));
    {
      const std::lock_guard lock(mutex_);
      is_rest_wanted_ = left.isOk();
      is_busy_ = false;
    }
    changed_.notify_all();
  }
}

void Checkpointer::close() {
  {
    const std::lock_guard lock(mutex_);
    is_closing_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

}  // namespace gyre::store
