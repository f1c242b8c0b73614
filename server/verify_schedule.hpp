// Who looks whether store and index still agree when nobody asks? A thread that submits a verify job for each domain as
// often as its configuration says.
//
// A domain whose last verify job still waits or runs gets no second one. Intervals are counted from the start.
//
// THREADS: stop() from one thread. OWNS: its thread. REQUIRES: the jobs outlive it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "server/bus/job_runner.hpp"

namespace gyre {

class VerifySchedule {
 public:
  struct Entry {
    std::string domain;
    std::int64_t interval_ms = 0;  // above 0
  };
  VerifySchedule(std::vector<Entry> entries, bus::JobRunner& jobs, base::Observer& observer);
  ~VerifySchedule();  // stop()
  VerifySchedule(const VerifySchedule&) = delete;
  VerifySchedule& operator=(const VerifySchedule&) = delete;

  void stop();

 private:
  void run();
  void submit(const std::string& domain);

  const std::vector<Entry> entries_;
  bus::JobRunner& jobs_;
  base::Observer& observer_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace gyre
