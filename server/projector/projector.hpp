// How do events become searchable? The loop: read the log, project, bulk, refresh, commit.
//
// One thread a domain. It reads the event log after what the index has applied, loads each touched entity once,
// projects its state, and sends batches (limits by count, bytes and age). Refresh follows the domain's interval, or at
// once when a reader asks for its own write (requireSequence). Commit follows its own interval and size. There is no
// checkpoint of ours: after a crash the index says what it holds durably, and the loop resumes there.
//
// What the index refuses becomes a dead letter in the store, with its cause, and the loop goes on; what it asks to
// retry is sent again with exponential back-off and jitter, in order, without end (the backlog is visible in stats).
//
// THREADS: start and stop from one thread, the rest from any.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "gyre/status.hpp"
#include "server/projector/projection.hpp"
#include "server/projector/searchability.hpp"
#include "server/search/search_engine.hpp"
#include "server/store/primary_store.hpp"

namespace gyre::projector {

struct ProjectorOptions {
  std::string domain;
  std::size_t bulk_count = 100;  // the seed's default: documents in a batch, at least this many are worth sending
  std::size_t bulk_bytes = 8u << 20;
  std::int64_t bulk_age_ms = 50;              // a smaller batch waits at most this long
  std::int64_t refresh_interval_ms = 30'000;  // the seed's default
  std::int64_t commit_interval_ms = 10'000;
  std::uint64_t commit_operations = 200'000;  // or after this many, whichever comes first
};

struct ProjectorStats {
  std::uint64_t last_sequence = 0;  // of the log
  std::uint64_t applied = 0;
  std::uint64_t searchable = 0;
  std::uint64_t durable = 0;
  std::uint64_t lag = 0;  // last_sequence - applied
  std::uint64_t batches = 0;
  std::uint64_t documents = 0;
  std::uint64_t retries = 0;
  std::uint64_t dead_letters = 0;  // entities whose document the index refuses
  std::uint64_t refreshes = 0;
  std::uint64_t commits = 0;
  std::string last_error;  // "" when the last batch went well
};

class Projector : public Searchability {
 public:
  Projector(ProjectorOptions options, store::PrimaryStore& store, search::SearchEngine& engine,
            const Projection& projection, const base::Clock& clock, base::Observer& observer);
  ~Projector() override;  // stops

  void start();
  // Ends the loop after the batch in hand, with a last commit.
  void stop();

  void requireSequence(std::uint64_t sequence, std::int64_t timeout_ms,
                       std::function<void(const Status&)> ready) override;

  // Projects these entities again, whatever the index holds, and waits until they are searchable. For synchronise and
  // repair. Returns how many were sent; documents of ids without an entity are deleted from the index.
  Result<std::uint64_t> synchronize(const std::vector<std::string>& entity_ids);

  // Runs `work` on the projector's thread while no batch is under way, and goes on behind the sequence it returns: all
  // of the log up to that is in the index. It is given the present one. unavailable when the projector stops first;
  // else what `work` says.
  Status runBetweenBatches(const std::function<Result<std::uint64_t>(std::uint64_t position)>& work);

  ProjectorStats stats() const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace gyre::projector
