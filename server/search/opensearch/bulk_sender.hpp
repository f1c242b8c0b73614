// How does one batch reach the cluster? Cut into requests, some of them on their way together.
//
// THREADS: one at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gyre/status.hpp"
#include "server/search/opensearch/bulk_pace.hpp"
#include "server/search/opensearch/cluster.hpp"
#include "server/search/opensearch/exact_sums.hpp"
#include "server/search/search_engine.hpp"

namespace gyre::search {

class BulkSender {
 public:
  // `alias`: what is written to.
  BulkSender(Cluster& cluster, std::string alias, const ExactSums& sums);

  struct Outcome {
    std::vector<BulkItem> items;
    bool is_index_missing = false;
  };
  // One verdict an operation, in order. What was not sent because the cluster asked for a pause has the verdict retry.
  // A failure when nothing at all was decided.
  Result<Outcome> send(std::span<const BulkOperation> operations);

  const BulkPace& pace() const { return pace_; }

 private:
  class Batch;
  Cluster& cluster_;
  const std::string target_;
  const ExactSums& sums_;
  BulkPace pace_;
};

}  // namespace gyre::search
