// Is this domain open for requests? Requests enter, work and leave; an operator closes the gate and may wait until
// nobody is inside.
//
// THREADS: any. A pass may outlive the gate.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

namespace gyre::bus {

class DomainGate {
 public:
  // Held as long as a request is inside.
  using Pass = std::shared_ptr<const void>;

  bool isOpen() const { return state_->is_open.load(); }
  // Whether it was ever opened: from then on the domain's parts are there, whether it is open or not.
  bool wasOpened() const { return state_->was_opened.load(); }
  // Null when it is closed.
  Pass enter() const {
    // Entered first, looked after: whoever closes and then waits sees everybody who was let in.
    state_->inside.fetch_add(1);
    Pass pass(state_.get(), [state = state_](const void*) { state->leave(); });
    return state_->is_open.load() ? pass : nullptr;
  }
  void open() {
    state_->was_opened.store(true);
    state_->is_open.store(true);
  }
  void close() { state_->is_open.store(false); }
  // False when somebody is still inside after that long. REQUIRES: it is closed.
  bool waitUntilEmpty(std::chrono::milliseconds longest) const {
    std::unique_lock lock(state_->mutex);
    return state_->emptied.wait_for(lock, longest, [&] { return state_->inside.load() == 0; });
  }

 private:
  struct State {
    std::atomic<bool> is_open{false};
    std::atomic<bool> was_opened{false};
    std::atomic<std::uint64_t> inside{0};
    std::mutex mutex;
    std::condition_variable emptied;
    void leave() {
      if (inside.fetch_sub(1) != 1) return;
      const std::lock_guard lock(mutex);
      emptied.notify_all();
    }
  };
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace gyre::bus
