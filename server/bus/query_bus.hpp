// What does the index, or the store, answer? The read bus of one domain.
//
// ask() looks in the result cache on the caller's thread and plans there, which is cheap; a hit and a read by id are
// answered there and then. Anything else waits for the sequence asked for, joins whoever runs the same search already,
// or goes to the bounded pool of readers: search, present, keep. A full pool is resource_exhausted at once.
//
// A read by id is answered from the primary store: it sees its own writes without waiting.
//
// THREADS: ask from any; `done` is called exactly once, on the caller's thread or another, and must not block.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/thread_pool.hpp"
#include "gyre/status.hpp"
#include "server/bus/handlers.hpp"
#include "server/bus/query_cache.hpp"
#include "server/projector/searchability.hpp"
#include "server/search/search_engine.hpp"
#include "server/store/primary_store.hpp"

namespace gyre::bus {

struct QueryRequest {
  std::string name;
  std::string parameters;                     // JSON object
  bool is_lenient = false;                    // came from a query string
  std::string organization_id;                // bound by the caller's key; "" when none
  std::optional<std::uint64_t> min_sequence;  // Gyre-Min-Sequence
  std::int64_t timeout_ms = 5000;             // Gyre-Timeout
  bool is_cache_bypassed = false;             // Cache-Control: no-cache
};

enum class CacheOutcome : std::uint8_t { kHit, kMiss, kCoalesced, kBypass };

struct QueryAnswer {
  std::shared_ptr<const CachedAnswer> answer;  // body, sequence, version
  CacheOutcome cache = CacheOutcome::kMiss;
};
using QueryDone = std::function<void(Result<QueryAnswer>)>;

// What of a domain a server answers: with both roles all of it. Not ok: the answer to every query of that kind.
struct QueryRefusals {
  Status searches;
  Status reads_by_id;
};

class QueryBus {
 public:
  QueryBus(const DomainHandlers& handlers, const store::PrimaryStore& store, const search::SearchEngine& engine,
           projector::Searchability& searchability, QueryCache& cache, base::ThreadPool& readers,
           const base::Clock& clock, QueryRefusals refusals = {});

  // not_found "unknown_query" lists the known ones; invalid_argument for a future min_sequence ("unknown_sequence");
  // deadline_exceeded "index_behind"; not_found when the entity of a get does not exist; what plan refuses.
  void ask(QueryRequest request, QueryDone done);

 private:
  class Flight;
  void writeKey(std::size_t query, const QueryRequest& request, std::string& key) const;

  const DomainHandlers& handlers_;
  const store::PrimaryStore& store_;
  const search::SearchEngine& engine_;
  projector::Searchability& searchability_;
  QueryCache& cache_;
  base::ThreadPool& readers_;
  const base::Clock& clock_;
  const QueryRefusals refusals_;
};

}  // namespace gyre::bus
