#include "server/stream/cluster_stream_reader.hpp"

#include <algorithm>
#include <utility>

#include "gyre/json.hpp"
#include "server/search/opensearch/cluster_calls.hpp"
#include "server/search/opensearch/failure.hpp"

namespace gyre::stream {

ClusterStreamReader::ClusterStreamReader(ClusterGenerations indices, search::Cluster& cluster, const base::Clock& clock)
    : cluster_(cluster), clock_(clock), indices_(std::move(indices)) {}

Result<std::unique_ptr<ClusterStreamReader>> ClusterStreamReader::open(ClusterStreamOptions options,
                                                                       search::Cluster& cluster,
                                                                       const base::Clock& clock,
                                                                       base::Observer& observer) {
  GYRE_TRY_ASSIGN(ClusterGenerations indices, ClusterGenerations::read(std::move(options), cluster, clock, observer));
  const std::string alias = indices.alias();
  std::unique_ptr<ClusterStreamReader> reader(new ClusterStreamReader(std::move(indices), cluster, clock));
  if (const Status looked = reader->look(); !looked.isOk())
    observer.log(base::Level::kWarning, "stream", alias + ": " + std::string(looked.message()));
  return reader;
}

// A look that found nothing out says nothing of what was known; one that found the index gone does.
Status ClusterStreamReader::fail(const Status& why) {
  const std::lock_guard lock(mutex_);
  const bool is_gone = why.reason() == "index_missing" || why.reason() == "index_moved";
  if (is_gone || !trouble_.isOk()) trouble_ = why;
  if (is_gone) is_stale_ = true;
  return why;
}

Status ClusterStreamReader::look() {
  GYRE_TRY(cluster_.health());
  const auto said = indices_.readCoverage();
  if (!said.isOk()) return fail(said.status());
  bool is_same = false;
  std::vector<ClusterGeneration> known;
  {
    const std::lock_guard lock(mutex_);
    is_same = !is_stale_ && trouble_.isOk() && said->newest == covered_.newest && said->history == covered_.history;
    known = generations_;
  }
  if (!is_same) {
    auto found = indices_.findCovered(*said, known);
    if (!found.isOk()) return fail(found.status());
    known = std::move(*found);
  }
  const std::lock_guard lock(mutex_);
  if (!is_same || said->searchable != progress_.searchable) ++progress_.generation;
  generations_ = std::move(known);
  covered_ = *said;
  is_stale_ = false;
  trouble_ = {};
  progress_.applied = progress_.searchable = said->searchable;
  progress_.durable = said->durable;
  return {};
}

std::uint64_t ClusterStreamReader::logEnd() const {
  const std::lock_guard lock(mutex_);
  return std::max(covered_.log_end, progress_.applied);
}

Status ClusterStreamReader::ready() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

std::string ClusterStreamReader::targetOf(std::string_view request) const {
  const std::lock_guard lock(mutex_);
  return indices_.targetOf(generations_, timeRangeOf(request, indices_.options().time_field));
}

Result<search::SearchAnswer> ClusterStreamReader::search(std::string_view request, std::int64_t deadline_nanos) const {
  GYRE_TRY(health());
  const search::Progress before = progress();
  Result<std::string> body = indices_.search(targetOf(request), request, deadline_nanos);
  if (body.status().reason() == "index_missing") {
    {
      const std::lock_guard lock(mutex_);
      is_stale_ = true;  // the next look finds what is there
    }
    body = indices_.search(indices_.targetOfAll(), request, deadline_nanos);
  }
  if (!body.isOk()) return body.status();
  return search::SearchAnswer{std::move(*body), before.generation, before.searchable};
}

search::Progress ClusterStreamReader::progress() const {
  const std::lock_guard lock(mutex_);
  return progress_;
}

search::EngineStats ClusterStreamReader::stats() const {
  return figures_.get(health(), clock_, [this](std::int64_t deadline) { return indices_.stats(deadline); });
}

Status ClusterStreamReader::health() const {
  GYRE_TRY(cluster_.health());
  return ready();
}

}  // namespace gyre::stream
