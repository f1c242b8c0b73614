// When has an index that another server fills got a sequence? Looks at how far it is, and refreshes it for those who
// wait.
//
// While nobody waits it looks once a second, so what is known of the index is never older than that. While somebody
// waits it looks every 10 to 200 ms, each time by a request to the index, and refreshes it as soon as what is waited
// for has arrived there: the writer's own interval is not waited for. What the log's last sequence is only the writer
// knows, so one beyond it is waited for as well.
//
// THREADS: start and stop from one thread, the rest from any. OWNS: its thread; what it is given outlives it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.hpp"
#include "gyre/status.hpp"
#include "server/projector/searchability.hpp"
#include "server/projector/sequence_gate.hpp"
#include "server/search/search_engine.hpp"

namespace gyre::projector {

class IndexFollower final : public Searchability {
 public:
  // `look` asks how far the index is; progress() of the engine tells it after that.
  IndexFollower(search::SearchEngine& engine, std::function<Status()> look, const base::Clock& clock);
  ~IndexFollower() override;  // stops

  void start();
  void stop();

  void requireSequence(std::uint64_t sequence, std::int64_t timeout_ms,
                       std::function<void(const Status&)> ready) override;

  // Why the last look or refresh failed; "" when it did not.
  std::string lastError() const;
  std::uint64_t refreshes() const;

 private:
  void run();
  // True while somebody waits.
  bool step();

  search::SearchEngine& engine_;
  const std::function<Status()> look_;
  const base::Clock& clock_;
  SequenceGate gate_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  bool is_stopped_ = false;
  bool is_asked_ = false;  // somebody came to wait
  std::string last_error_;
  std::uint64_t refreshes_ = 0;
  std::thread thread_;
};

}  // namespace gyre::projector
