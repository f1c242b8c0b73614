// How does a line reach a file without whoever logs it waiting for the file's reader?
//
// Lines wait in a queue for a thread of their own, which writes them in order, whole lines at a time. When the queue is
// full the oldest of the least severe lines make room, never for a less severe one; how many were dropped is told by a
// line in their place, and counted. A queue may be told to wait for room instead: for a file on a disk, which takes
// lines faster than they come, so that nothing is lost when many come at once.
//
// A file that cannot be written to (its reader has gone) has nowhere to say so: its lines are passed over.
//
// THREADS: any; the notice is called on the queue's own thread. OWNS: borrows the file descriptor, which stays open
// until the queue is gone.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/observer.hpp"

namespace gyre::observe {

class LineQueue {
 public:
  struct Options {
    std::size_t bytes = 4u << 20;  // of lines that wait; at least one line may
    bool waits_for_room = false;
  };
  // A line, without its line feed, that tells how many are not there.
  using Notice = std::function<std::string(std::uint64_t dropped)>;

  LineQueue(int file, Options options, Notice notice);
  // Waits a second at most for what is not written yet; the rest is lost.
  ~LineQueue();
  LineQueue(const LineQueue&) = delete;
  LineQueue& operator=(const LineQueue&) = delete;

  // Without its line feed. Returns at once, unless the queue waits for room.
  void add(base::Level level, std::string line);
  // Waits until everything added so far is written, or dropped. False when that takes longer than the patience.
  bool flush(std::chrono::milliseconds patience);
  // The same for a signal handler, and for no other caller: async-signal-safe. Returns at once on the queue's own
  // thread.
  void flushInSignalHandler(std::chrono::milliseconds patience) const noexcept;
  // Since the start.
  std::uint64_t droppedCount() const;

 private:
  struct State;
  static void run(const std::shared_ptr<State>& state);

  // Shared with the thread, which is left behind when even the system does not take a write back.
  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace gyre::observe
