#include "server/search/opensearch/opensearch_engine.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "server/search/opensearch/bulk_sender.hpp"
#include "server/search/opensearch/cluster_reads.hpp"
#include "server/search/opensearch/last_figures.hpp"

namespace gyre::search {
namespace {

constexpr std::string_view kPart = "search";
constexpr std::int64_t kNanosPerMs = 1'000'000;
// How often others are told how far the index is, at most: two requests of 200 bytes in the time of one large bulk.
constexpr std::int64_t kShareMs = 100;

class OpenSearchEngine final : public SearchEngine {
 public:
  OpenSearchEngine(ClusterIndex index, Cluster& cluster, const base::Clock& clock, base::Observer& observer)
      : cluster_(cluster),
        clock_(clock),
        observer_(observer),
        index_(std::move(index)),
        reads_(cluster, index_.sums()),
        sender_(cluster, index_.alias(), index_.sums()) {}
  ~OpenSearchEngine() override { stopSharing(); }

  Result<std::vector<BulkItem>> bulk(std::span<const BulkOperation> operations, std::uint64_t sequence) override {
    GYRE_TRY(prepare());
    GYRE_TRY(tellMove());
    Result<BulkSender::Outcome> sent = sender_.send(operations);
    if (sent.isOk() && sent->is_index_missing) (void)forget();
    // What the operations add up to was reckoned from another index than the one that got them.
    GYRE_TRY(tellMove());
    if (!sent.isOk()) return sent.status();
    if (sent->is_index_missing) return unavailable("the index " + index_.alias() + " is not there");
    const bool is_whole = std::none_of(sent->items.begin(), sent->items.end(),
                                       [](const BulkItem& item) { return item.verdict == BulkItem::Verdict::kRetry; });
    const std::lock_guard lock(progress_mutex_);
    if (is_whole) progress_.applied = std::max(progress_.applied, sequence);
    changed_.notify_all();
    return std::move(sent->items);
  }

  Status refresh() override {
    GYRE_TRY(prepare());
    const std::uint64_t applied = progress().applied;
    Status outcome = reads_.refresh(index_.alias());
    if (outcome.reason() == "index_missing") outcome = forget();
    const std::lock_guard lock(progress_mutex_);
    ++progress_.generation;  // whatever came of it, a search may see more
    if (outcome.isOk()) progress_.searchable = std::max(progress_.searchable, std::min(applied, progress_.applied));
    changed_.notify_all();
    return outcome;
  }

  Status commit() override {
    GYRE_TRY(refresh());
    return writeMark();
  }

  Result<SearchAnswer> search(std::string_view request, std::int64_t deadline_nanos) const override {
    GYRE_TRY(prepare());
    const Progress before = progress();
    Result<std::string> body = reads_.search(index_.alias(), request, deadline_nanos);
    if (body.isOk()) return SearchAnswer{std::move(*body), before.generation, before.searchable};
    return body.status().reason() == "index_missing" ? forget() : body.status();
  }

  Result<std::optional<IndexedDocument>> get(std::string_view id) const override {
    GYRE_TRY(prepare());
    auto held = reads_.get(index_.alias(), id);
    if (!held.isOk() && held.status().reason() == "index_missing") return forget();
    return held;
  }

  Status scan(const std::function<bool(std::string_view, std::uint64_t, std::string_view)>& visit) const override {
    GYRE_TRY(prepare());
    return reads_.scan(index_.alias(), visit);
  }

  Progress progress() const override {
    const std::lock_guard lock(progress_mutex_);
    return progress_;
  }

  EngineStats stats() const override {
    return figures_.get(health(), clock_,
                        [this](std::int64_t deadline) { return reads_.stats(index_.alias(), deadline); });
  }

  Status health() const override {
    GYRE_TRY(cluster_.health());
    const std::lock_guard lock(progress_mutex_);
    return is_ready_ ? Status() : trouble_;
  }

  Status close() override {
    stopSharing();
    return {};
  }

  // The first to ask learns from progress() where the index is. conflict ("index_taken") when it is another's.
  Status start() {
    const Status found = prepare();
    if (found.reason() == kIndexTaken) return {Code::kConflict, std::string(kIndexTaken), std::string(found.message())};
    if (!found.isOk())
      observer_.log(base::Level::kWarning, kPart,
                    std::string(found.message()) + "; commands are taken, and indexed once it is there");
    (void)tellMove();
    if (index_.isShared()) sharing_ = std::thread([this] { shareProgress(); });
    return {};
  }

 private:
  // Others learn there what a search sees and what they may ask to be refreshed.
  Status writeMark() {
    const std::lock_guard writing(index_mutex_);  // no other index can take this one's place meanwhile
    const Progress told = progress();
    const Status written = index_.writeMark(cluster_, told.searchable, told.applied, clock_.nowMillis());
    if (written.reason() == kIndexTaken) return giveUp(written);
    GYRE_TRY(Status(written));
    const std::lock_guard lock(progress_mutex_);
    progress_.durable = std::max(progress_.durable, std::min(told.searchable, progress_.searchable));
    return {};
  }

  void shareProgress() {
    Progress told{};
    std::unique_lock lock(progress_mutex_);
    for (;;) {
      changed_.wait(lock, [&] {
        return is_closing_ ||
               (is_ready_ && (progress_.applied != told.applied || progress_.searchable != told.searchable));
      });
      if (is_closing_) return;
      const Progress now = progress_;
      lock.unlock();
      const bool is_written = writeMark().isOk();
      lock.lock();
      if (is_written) told = now;
      changed_.wait_for(lock, std::chrono::milliseconds(kShareMs), [this] { return is_closing_; });
    }
  }

  void stopSharing() {
    {
      const std::lock_guard lock(progress_mutex_);
      is_closing_ = true;
    }
    changed_.notify_all();
    if (sharing_.joinable()) sharing_.join();
  }

  // Finds or makes the index, when that is not done. Fails at once while no node is up.
  Status prepare() const {
    {
      const std::lock_guard lock(progress_mutex_);
      if (is_ready_) return {};
      if (is_taken_) return trouble_;
    }
    GYRE_TRY(cluster_.health());
    const std::lock_guard preparing(index_mutex_);
    {
      const std::lock_guard lock(progress_mutex_);
      if (is_ready_) return {};
    }
    const Result<std::uint64_t> covered = open();
    if (covered.status().reason() == kIndexTaken) return giveUp(covered.status());
    const std::lock_guard lock(progress_mutex_);
    if (!covered.isOk()) {
      trouble_ = covered.status();
      return trouble_;
    }
    is_ready_ = true;
    trouble_ = {};
    setCovered(*covered);
    observer_.log(base::Level::kInformation, kPart, index_.name() + ": covers sequence " + std::to_string(*covered));
    return {};
  }

  Result<std::uint64_t> open() const {
    GYRE_TRY_ASSIGN(const std::uint64_t covered, index_.open(cluster_, clock_, observer_));
    GYRE_TRY(reads_.refresh(index_.alias()));  // what another process wrote last may not be searchable yet
    return covered;
  }

  // REQUIRES: progress_mutex_ held.
  void setCovered(std::uint64_t sequence) const {
    ++progress_.generation;
    has_moved_ = has_moved_ || progress_.applied != sequence;
    progress_.applied = progress_.searchable = progress_.durable = sequence;
    changed_.notify_all();
  }

  // The writer must hear of it before anything that it sends may count: its batch begins where the index was before.
  Status tellMove() {
    const std::lock_guard lock(progress_mutex_);
    if (!std::exchange(has_moved_, false)) return {};
    return Status(Code::kUnavailable, "index_moved",
                  "the index " + index_.alias() + " now covers sequence " + std::to_string(progress_.applied));
  }

  // Another server fills the index: until this one is started anew it touches it no more.
  Status giveUp(const Status& why) const {
    observer_.log(base::Level::kError, kPart, why.message());
    const std::lock_guard lock(progress_mutex_);
    is_ready_ = false;
    is_taken_ = true;
    ++progress_.generation;
    trouble_ = Status(Code::kUnavailable, std::string(kIndexTaken), std::string(why.message()));
    return trouble_;
  }

  // The index is not where it was.
  Status forget() const {
    const std::lock_guard lock(progress_mutex_);
    if (is_ready_)
      observer_.log(base::Level::kError, kPart, index_.alias() + ": the index is gone; it is made and filled again");
    is_ready_ = false;
    setCovered(0);
    trouble_ = Status(Code::kUnavailable, "index_missing",
                      "the index " + index_.alias() + " is not there: it is made and filled again");
    return trouble_;
  }

  Cluster& cluster_;
  const base::Clock& clock_;
  base::Observer& observer_;
  mutable std::mutex index_mutex_;  // one opens the index, or writes its mark
  mutable ClusterIndex index_;
  const ClusterReads reads_;
  BulkSender sender_;
  mutable std::mutex progress_mutex_;  // taken last; guards what follows
  mutable Progress progress_{0, 0, 0, 1};
  mutable LastFigures figures_;
  mutable std::condition_variable changed_;  // progress_ did, or is_closing_
  mutable bool is_ready_ = false;
  mutable bool is_taken_ = false;   // by another server
  mutable bool has_moved_ = false;  // and bulk() has not said so
  bool is_closing_ = false;
  std::thread sharing_;
  mutable Status trouble_{Code::kUnavailable, "search_engine_away", "the search cluster was not reached yet"};
};

}  // namespace

Result<std::unique_ptr<SearchEngine>> openOpenSearchEngine(ClusterIndexOptions options, Cluster& cluster,
                                                           const base::Clock& clock, base::Observer& observer) {
  GYRE_TRY_ASSIGN(ClusterIndex index, ClusterIndex::read(std::move(options)));
  auto engine = std::make_unique<OpenSearchEngine>(std::move(index), cluster, clock, observer);
  GYRE_TRY(engine->start());
  return std::unique_ptr<SearchEngine>(std::move(engine));
}

}  // namespace gyre::search
