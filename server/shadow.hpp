// Would another engine answer as the one in use does? It is filled beside it, and a share of live queries is asked of
// both.
//
// A client's query is answered by the engine in use and never waits: its request is put into a short queue, and a
// thread asks both engines once more and compares (search/answer_difference.hpp). Both move while it does, and
// documents are of the entities' newest states, so an answer that differs is asked for again a few times; it counts as
// different only when both held all of the log meanwhile and nothing was written, and as unsettled else.
//
// What the other engine refuses is refused there alone and no dead letter; that it is away holds nobody up.
//
// THREADS: start and stop from one thread, view() and stats() from any. OWNS: its two threads and the other engine.
// What it is given outlives it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "gyre/status.hpp"
#include "server/projector/projection.hpp"
#include "server/search/search_engine.hpp"
#include "server/store/primary_store.hpp"

namespace gyre {

struct ShadowStats {
  std::uint64_t same = 0, different = 0, unsettled = 0, failed = 0;
  std::uint64_t skipped = 0;  // the queue was full
  std::uint64_t lag = 0;      // events that the other engine has not got
};

class Shadow {
 public:
  // `percent` of queries; 0 only fills.
  Shadow(std::string domain, unsigned percent, const store::PrimaryStore& store, search::SearchEngine& engine,
         std::unique_ptr<search::SearchEngine> other, const projector::Projection& projection,
         base::Observer& observer);
  ~Shadow();  // stop()

  void start();
  void stop();
  // The engine in use, as queries are to ask it.
  search::SearchEngine& view();
  ShadowStats stats() const;

 private:
  class View;
  void offer(std::string_view request);
  void fill();
  void compare();
  Status fillOnce();
  void compareOnce(const std::string& request);
  bool sleep(std::int64_t millis);
  bool isStopped();
  void tell(const std::string& request, const std::string& what);

  const std::string domain_;
  const unsigned percent_;
  const store::PrimaryStore& store_;
  search::SearchEngine& engine_;
  const std::unique_ptr<search::SearchEngine> other_;
  const projector::Projection& projection_;
  base::Observer& observer_;
  std::unique_ptr<View> view_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  bool is_stopped_ = false;
  unsigned share_ = 0;  // of the next query, in hundredths
  std::deque<std::string> queue_;
  ShadowStats stats_;
  std::int64_t told_minute_ = 0;
  unsigned told_ = 0;  // in that minute
  std::thread filling_, comparing_;
};

}  // namespace gyre
