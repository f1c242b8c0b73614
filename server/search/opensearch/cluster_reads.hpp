// How is an index of the cluster read? Searches, documents and figures of one index, by its name or its alias; searches
// and figures of several too, whose names are parted by commas.
//
// Nothing is remembered here: whoever calls knows which index is meant, and what to do when it is gone.
//
// THREADS: const methods from any; `cluster` and `sums` outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "gyre/status.hpp"
#include "server/search/opensearch/cluster.hpp"
#include "server/search/opensearch/exact_sums.hpp"
#include "server/search/search_engine.hpp"

namespace gyre::search {

class ClusterReads {
 public:
  // `sums`: what the domain's definition marks; requests and answers are extended and cut by it.
  ClusterReads(Cluster& cluster, const ExactSums& sums) : cluster_(cluster), sums_(sums) {}

  // Of all: unavailable (reason "index_missing") when there is no such index; else as failureOf() and Cluster::send().
  // The response's body. invalid_argument for a request that the cluster does not understand. `parameters`: further
  // ones of the query string, "a=b&c=d".
  Result<std::string> search(const std::string& index, std::string_view request, std::int64_t deadline_nanos,
                             std::string_view parameters = {}) const;
  // Real-time.
  Result<std::optional<IndexedDocument>> get(const std::string& index, std::string_view id) const;
  // Every searchable document in no order, until visit returns false.
  using Visit = std::function<bool(std::string_view id, std::uint64_t version, std::string_view source)>;
  Status scan(const std::string& index, const Visit& visit) const;
  // Ok only when all shards did.
  Status refresh(const std::string& index) const;
  Result<EngineStats> stats(const std::string& index, std::int64_t deadline_nanos) const;

 private:
  Result<bool> scanPage(const std::string& index, std::string& scroll, const Visit& visit) const;
  void endScroll(const std::string& scroll) const;

  Cluster& cluster_;
  const ExactSums& sums_;
};

// A failure of the cluster's answer itself; unavailable (reason "malformed_response").
Status malformedAnswer(const std::string& what);

}  // namespace gyre::search
