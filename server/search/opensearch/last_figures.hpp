// What figures does an index on a cluster show when it cannot be asked? Those of its last answer: nobody waits for
// figures.
//
// THREADS: any.
#pragma once

#include <cstdint>
#include <mutex>

#include "base/clock.hpp"
#include "gyre/status.hpp"
#include "server/search/search_engine.hpp"

namespace gyre::search {

class LastFigures {
 public:
  // `ask` gets a deadline and gives Result<EngineStats>; it is not called when `health` says that it would be in vain.
  template <class Ask>
  EngineStats get(const Status& health, const base::Clock& clock, Ask ask) {
    constexpr std::int64_t kPatienceNanos = 1'000'000'000;
    Result<EngineStats> found = health.isOk() ? ask(clock.monotonicNanos() + kPatienceNanos) : health;
    const std::lock_guard lock(mutex_);
    if (found.isOk()) last_ = *found;
    return last_;
  }

 private:
  std::mutex mutex_;
  EngineStats last_;
};

}  // namespace gyre::search
