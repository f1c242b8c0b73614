// How does a server read a stream that another one writes? The generations on the cluster, and what its writer's mark
// says of them.
//
// A record is seen once its writer has sent and refreshed it, so refresh() here brings nothing. A search names the
// generations that its time range needs, as it does where they are written; one that is gone by then, because retention
// deleted it, is left out.
//
// THREADS: as IndexReader. OWNS: nothing of the cluster, which outlives it.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "gyre/status.hpp"
#include "server/search/index_reader.hpp"
#include "server/search/opensearch/cluster.hpp"
#include "server/search/opensearch/last_figures.hpp"
#include "server/stream/cluster_generations.hpp"

namespace gyre::stream {

class ClusterStreamReader final : public search::IndexReader {
 public:
  // invalid_argument when the definition is none. Looks once; that the cluster is away, or nothing there, is told by
  // health() and is no failure.
  static Result<std::unique_ptr<ClusterStreamReader>> open(ClusterStreamOptions options, search::Cluster& cluster,
                                                           const base::Clock& clock, base::Observer& observer);

  Status look() override;
  std::uint64_t logEnd() const override;
  Status refresh() override { return look(); }
  Result<search::SearchAnswer> search(std::string_view request, std::int64_t deadline_nanos) const override;
  Result<std::optional<search::IndexedDocument>> get(std::string_view) const override { return notWritten(); }
  Status scan(const std::function<bool(std::string_view, std::uint64_t, std::string_view)>&) const override {
    return notWritten();
  }
  search::Progress progress() const override;
  search::EngineStats stats() const override;
  Status health() const override;

 private:
  ClusterStreamReader(ClusterGenerations indices, search::Cluster& cluster, const base::Clock& clock);
  static Status notWritten() { return {Code::kUnimplemented, "a stream's records are found by searches alone"}; }
  Status fail(const Status& why);
  Status ready() const;
  std::string targetOf(std::string_view request) const;

  search::Cluster& cluster_;
  const base::Clock& clock_;
  const ClusterGenerations indices_;
  mutable search::LastFigures figures_;

  mutable std::mutex mutex_;  // guards what follows
  std::vector<ClusterGeneration> generations_;
  ClusterGenerations::Coverage covered_;
  search::Progress progress_{0, 0, 0, 1};
  mutable bool is_stale_ = true;  // generations_ are to be looked for
  Status trouble_{Code::kUnavailable, "search_engine_away", "the search cluster was not reached yet"};
};

}  // namespace gyre::stream
