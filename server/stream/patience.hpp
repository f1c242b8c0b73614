// How long is an index waited for that takes nothing now, while all there is is moved to it?
//
// THREADS: one.
#pragma once

#include <chrono>
#include <random>
#include <thread>

#include "gyre/status.hpp"
#include "server/projector/back_off.hpp"

namespace gyre::stream {

class Patience {
 public:
  // Something went on.
  void progressed() {
    last_ = std::chrono::steady_clock::now();
    back_off_.reset();
  }
  // Pauses; or gives the failure, when it does not pass by itself or nothing went on for five minutes.
  Status await(const Status& failure) {
    constexpr std::chrono::minutes kLongest(5);
    const bool is_passing = failure.code() == Code::kUnavailable || failure.code() == Code::kDeadlineExceeded;
    if (!is_passing || failure.reason() == "index_taken" || failure.reason() == "index_ahead" ||
        std::chrono::steady_clock::now() - last_ > kLongest)
      return failure;
    std::this_thread::sleep_for(std::chrono::nanoseconds(back_off_.nextNanos()));
    return {};
  }

 private:
  projector::BackOff back_off_{std::random_device{}()};
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace gyre::stream
