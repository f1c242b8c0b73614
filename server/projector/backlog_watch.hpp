// Who measures the backlogs? One thread, a few times a second.
//
// THREADS: add() and stop() from one. REQUIRES: the backlogs outlive stop().
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "server/projector/backlog.hpp"

namespace gyre::projector {

class BacklogWatch {
 public:
  BacklogWatch() = default;
  ~BacklogWatch() { stop(); }
  BacklogWatch(const BacklogWatch&) = delete;
  BacklogWatch& operator=(const BacklogWatch&) = delete;

  void add(Backlog& backlog);
  // With a last look, which keeps how far each index is. Harmless when repeated.
  void stop();

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Backlog*> backlogs_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace gyre::projector
