#include "server/search/opensearch/opensearch_reader.hpp"

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>

#include "server/search/opensearch/cluster_reads.hpp"
#include "server/search/opensearch/last_figures.hpp"

namespace gyre::search {
namespace {

class Reader final : public IndexReader {
 public:
  Reader(ClusterIndex index, Cluster& cluster, const base::Clock& clock, base::Observer& observer)
      : cluster_(cluster),
        clock_(clock),
        observer_(observer),
        index_(std::move(index)),
        reads_(cluster, index_.sums()) {}

  Status look() override {
    IndexCoverage known;
    {
      const std::lock_guard lock(mutex_);
      if (trouble_.isOk()) known = covered_;
    }
    const Result<IndexCoverage> found =
        cluster_.health().isOk() ? index_.look(cluster_, known, observer_) : Result<IndexCoverage>(cluster_.health());
    const std::lock_guard lock(mutex_);
    if (!found.isOk()) {
      // Its writer's word holds while nobody says otherwise; a look that found nothing out says nothing.
      const bool is_gone = found.status().reason() == "index_missing" || found.status().reason() == "index_moved";
      if (is_gone || !trouble_.isOk()) trouble_ = found.status();
      return found.status();
    }
    trouble_ = {};
    const bool is_same = found->index == covered_.index && found->history == covered_.history;
    const std::uint64_t refreshed = is_same ? progress_.searchable : 0;
    covered_ = *found;
    const std::uint64_t searchable = std::max(found->searchable, refreshed);
    if (!is_same || searchable != progress_.searchable) ++progress_.generation;
    progress_.searchable = searchable;
    progress_.applied = std::max(found->applied, searchable);
    progress_.durable = found->searchable;
    return {};
  }
  std::uint64_t logEnd() const override {
    const std::lock_guard lock(mutex_);
    return std::max(covered_.log_end, progress_.applied);
  }

  // What the writer had handed over when we looked is seen by searches then.
  Status refresh() override {
    GYRE_TRY_ASSIGN(const View view, now());
    const Status outcome = reads_.refresh(view.index);
    const std::lock_guard lock(mutex_);
    if (!outcome.isOk()) return outcome.reason() == "index_missing" ? gone() : outcome;
    if (covered_.index != view.index || covered_.history != view.history) return {};
    ++progress_.generation;
    progress_.searchable = std::max(progress_.searchable, view.progress.applied);
    return {};
  }

  Result<SearchAnswer> search(std::string_view request, std::int64_t deadline_nanos) const override {
    GYRE_TRY_ASSIGN(const View view, now());
    Result<std::string> body = reads_.search(view.index, request, deadline_nanos);
    if (!body.isOk()) return checked(body.status());
    return SearchAnswer{std::move(*body), view.progress.generation, view.progress.searchable};
  }
  Result<std::optional<IndexedDocument>> get(std::string_view id) const override {
    GYRE_TRY_ASSIGN(const View view, now());
    auto held = reads_.get(view.index, id);
    return held.isOk() ? std::move(held) : checked(held.status());
  }
  Status scan(const std::function<bool(std::string_view, std::uint64_t, std::string_view)>& visit) const override {
    GYRE_TRY_ASSIGN(const View view, now());
    return reads_.scan(view.index, visit);
  }
  Progress progress() const override {
    const std::lock_guard lock(mutex_);
    return progress_;
  }
  Status health() const override {
    GYRE_TRY(cluster_.health());
    const std::lock_guard lock(mutex_);
    return trouble_;
  }
  EngineStats stats() const override {
    return figures_.get(health(), clock_, [this](std::int64_t deadline) -> Result<EngineStats> {
      GYRE_TRY_ASSIGN(const View view, now());
      return reads_.stats(view.index, deadline);
    });
  }

 private:
  struct View {
    std::string index, history;
    Progress progress;
  };

  Result<View> now() const {
    const std::lock_guard lock(mutex_);
    if (!trouble_.isOk()) return trouble_;
    return View{covered_.index, covered_.history, progress_};
  }
  // REQUIRES: mutex_ held.
  Status gone() const {
    trouble_ = Status(Code::kUnavailable, "index_missing",
                      "the index " + covered_.index + " is gone: its writer makes it and fills it again");
    return trouble_;
  }
  Status checked(const Status& failure) const {
    if (failure.reason() != "index_missing") return failure;
    const std::lock_guard lock(mutex_);
    return gone();
  }

  Cluster& cluster_;
  const base::Clock& clock_;
  base::Observer& observer_;
  ClusterIndex index_;  // of the thread that looks
  const ClusterReads reads_;
  mutable std::mutex mutex_;  // guards what follows
  IndexCoverage covered_;
  Progress progress_{0, 0, 0, 1};
  mutable LastFigures figures_;
  mutable Status trouble_{Code::kUnavailable, "search_engine_away", "the search cluster was not reached yet"};
};

}  // namespace

Result<std::unique_ptr<IndexReader>> openOpenSearchReader(ClusterIndexOptions options, Cluster& cluster,
                                                          const base::Clock& clock, base::Observer& observer) {
  GYRE_TRY_ASSIGN(ClusterIndex index, ClusterIndex::read(std::move(options)));
  const std::string alias = index.alias();
  auto reader = std::make_unique<Reader>(std::move(index), cluster, clock, observer);
  if (const Status looked = reader->look(); !looked.isOk())
    observer.log(base::Level::kWarning, "search", alias + ": " + std::string(looked.message()));
  return std::unique_ptr<IndexReader>(std::move(reader));
}

}  // namespace gyre::search
