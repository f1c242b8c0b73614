#include "server/search/opensearch/opensearch_engine.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "gyre/json.hpp"
#include "server/search/opensearch/bulk_sender.hpp"
#include "server/search/opensearch/failure.hpp"

namespace gyre::search {
namespace {

constexpr std::string_view kPart = "search";
constexpr std::int64_t kNanosPerMs = 1'000'000;
constexpr std::int64_t kStatsMs = 1'000;  // of patience with figures, which nobody waits for
constexpr std::size_t kScanPage = 1'000;
constexpr std::string_view kScrollLife = "2m";  // between two pages

// The bytes of the source as they were sent, from {"_index":…,"_source":SOURCE}; metadata comes before it, and a quote
// within an id is escaped, so the first name is the one.
std::string_view sourceBytes(std::string_view body) {
  constexpr std::string_view kName = "\"_source\":";
  const std::size_t start = body.find(kName);
  const std::size_t end = body.rfind('}');
  if (start == std::string_view::npos || end == std::string_view::npos || end < start) return {};
  return body.substr(start + kName.size(), end - start - kName.size());
}

Status malformed(std::string what) {
  return {Code::kUnavailable, "malformed_response", "the search cluster's answer: " + std::move(what)};
}

class OpenSearchEngine final : public SearchEngine {
 public:
  OpenSearchEngine(ClusterIndex index, Cluster& cluster, const base::Clock& clock, base::Observer& observer)
      : cluster_(cluster),
        clock_(clock),
        observer_(observer),
        index_(std::move(index)),
        path_("/" + encodeSegment(index_.alias())),
        sender_(cluster, index_.alias(), index_.sums()) {}

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
    return std::move(sent->items);
  }

  Status refresh() override {
    GYRE_TRY(prepare());
    const std::uint64_t applied = progress().applied;
    HttpRequest request;
    request.method = "POST";
    request.target = path_ + "/_refresh";
    const Result<HttpResponse> response = cluster_.send(request);
    Status outcome = response.isOk() ? checkRefresh(*response) : response.status();
    const std::lock_guard lock(progress_mutex_);
    ++progress_.generation;  // whatever came of it, a search may see more
    if (outcome.isOk()) progress_.searchable = std::max(progress_.searchable, std::min(applied, progress_.applied));
    return outcome;
  }

  Status commit() override {
    GYRE_TRY(refresh());
    const std::lock_guard writing(index_mutex_);  // no other index can take this one's place meanwhile
    const std::uint64_t searchable = progress().searchable;
    GYRE_TRY(index_.writeMark(cluster_, searchable, clock_.nowMillis()));
    const std::lock_guard lock(progress_mutex_);
    progress_.durable = std::max(progress_.durable, std::min(searchable, progress_.searchable));
    return {};
  }

  Result<SearchAnswer> search(std::string_view request, std::int64_t deadline_nanos) const override {
    GYRE_TRY(prepare());
    const Progress before = progress();
    const std::optional<std::string> extended = index_.sums().extendRequest(request);
    HttpRequest sent;
    sent.method = "POST";
    sent.target = path_ + "/_search?allow_partial_search_results=false";
    sent.body = extended ? *extended : std::string(request);
    GYRE_TRY_ASSIGN(HttpResponse response, cluster_.send(sent, deadline_nanos));
    if (response.status == 404) return forget();
    if (!isSuccess(response)) return failureOf(response);
    if (!response.body.starts_with('{') || !response.body.ends_with('}')) return malformed("expected a JSON object");
    if (!index_.sums().isEmpty()) ExactSums::strip(response.body);
    if (extended) {
      GYRE_TRY_ASSIGN(response.body, ExactSums::mergeAnswer(response.body));
    }
    return SearchAnswer{std::move(response.body), before.generation, before.searchable};
  }

  Result<std::optional<IndexedDocument>> get(std::string_view id) const override {
    GYRE_TRY(prepare());
    if (id.empty() || id.size() > 512) return std::optional<IndexedDocument>();  // no document can have it
    HttpRequest request;
    request.target = path_ + "/_doc/" + encodeSegment(id);
    GYRE_TRY_ASSIGN(const HttpResponse response, cluster_.send(request));
    const auto document = json::Document::parse(response.body);
    if (!document.isOk()) return malformed(std::string(document.status().message()));
    if (response.status == 404 && document->root()["error"].isMissing()) return std::optional<IndexedDocument>();
    if (response.status == 404) return forget();
    if (!isSuccess(response)) return failureOf(response);
    IndexedDocument held;
    held.source = sourceBytes(response.body);
    held.version = document->root()["_version"].unsignedInteger().value_or(0);
    if (!index_.sums().isEmpty()) ExactSums::strip(held.source);
    return std::optional<IndexedDocument>(std::move(held));
  }

  Status scan(const std::function<bool(std::string_view, std::uint64_t, std::string_view)>& visit) const override {
    GYRE_TRY(prepare());
    std::string scroll;
    bool goes_on = true;
    Status outcome;
    while (goes_on && outcome.isOk()) {
      Result<bool> page = scanPage(scroll, visit);
      if (page.isOk()) {
        goes_on = *page;
      } else {
        outcome = page.status();
      }
    }
    if (!scroll.empty()) endScroll(scroll);
    return outcome;
  }

  Progress progress() const override {
    const std::lock_guard lock(progress_mutex_);
    return progress_;
  }

  EngineStats stats() const override {
    if (health().isOk()) readStats();  // else the figures of the last look: nobody waits for these
    const std::lock_guard lock(progress_mutex_);
    return stats_;
  }

  Status health() const override {
    GYRE_TRY(cluster_.health());
    const std::lock_guard lock(progress_mutex_);
    return is_ready_ ? Status() : trouble_;
  }

  Status close() override { return {}; }

  // The first to ask learns from progress() where the index is.
  void start() {
    if (const Status found = prepare(); !found.isOk())
      observer_.log(base::Level::kWarning, kPart,
                    std::string(found.message()) + "; commands are taken, and indexed once it is there");
    (void)tellMove();
  }

 private:
  // Finds or makes the index, when that is not done. Fails at once while no node is up.
  Status prepare() const {
    {
      const std::lock_guard lock(progress_mutex_);
      if (is_ready_) return {};
    }
    GYRE_TRY(cluster_.health());
    const std::lock_guard preparing(index_mutex_);
    {
      const std::lock_guard lock(progress_mutex_);
      if (is_ready_) return {};
    }
    const Result<std::uint64_t> covered = open();
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
    // What another process wrote last may not be searchable yet.
    HttpRequest request;
    request.method = "POST";
    request.target = path_ + "/_refresh";
    GYRE_TRY_ASSIGN(const HttpResponse response, cluster_.send(request));
    if (!isSuccess(response)) return failureOf(response);
    return covered;
  }

  // REQUIRES: progress_mutex_ held.
  void setCovered(std::uint64_t sequence) const {
    ++progress_.generation;
    has_moved_ = has_moved_ || progress_.applied != sequence;
    progress_.applied = progress_.searchable = progress_.durable = sequence;
  }

  // The writer must hear of it before anything that it sends may count: its batch begins where the index was before.
  Status tellMove() {
    const std::lock_guard lock(progress_mutex_);
    if (!std::exchange(has_moved_, false)) return {};
    return Status(Code::kUnavailable, "index_moved",
                  "the index " + index_.alias() + " now covers sequence " + std::to_string(progress_.applied));
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

  Status checkRefresh(const HttpResponse& response) const {
    if (response.status == 404) return forget();
    if (!isSuccess(response)) return failureOf(response);
    const auto document = json::Document::parse(response.body);
    if (!document.isOk()) return malformed(std::string(document.status().message()));
    const json::Value failed = document->root()["_shards"]["failed"];
    if (failed.integer().value_or(1) == 0) return {};
    return Status(Code::kUnavailable, "search_engine_failed",
                  "refresh: " + std::string(failed.raw()) + " shards failed: " + causeText(response.body));
  }

  // One page; true when there is another.
  Result<bool> scanPage(std::string& scroll,
                        const std::function<bool(std::string_view, std::uint64_t, std::string_view)>& visit) const {
    HttpRequest request;
    request.method = "POST";
    JsonWriter writer(request.body);
    if (scroll.empty()) {
      request.target = path_ + "/_search?scroll=" + std::string(kScrollLife);
      writer.beginObject()
          .member("size", kScanPage)
          .member("version", true)
          .key("sort")
          .beginArray()
          .string("_doc")
          .endArray()
          .endObject();
    } else {
      request.target = "/_search/scroll";
      writer.beginObject().member("scroll", kScrollLife).member("scroll_id", scroll).endObject();
    }
    GYRE_TRY_ASSIGN(HttpResponse response, cluster_.send(request));
    if (!isSuccess(response)) return failureOf(response);
    if (!index_.sums().isEmpty()) ExactSums::strip(response.body);
    GYRE_TRY_ASSIGN(const json::Document page, json::Document::parse(response.body));
    scroll = page.root()["_scroll_id"].string();
    const json::Value hits = page.root()["hits"]["hits"];
    if (!hits.isArray() || scroll.empty()) return malformed("expected a page of documents");
    for (const json::Value hit : hits)
      if (!visit(hit["_id"].string(), hit["_version"].unsignedInteger().value_or(0), hit["_source"].raw()))
        return false;
    return hits.size() > 0;
  }

  void endScroll(const std::string& scroll) const {
    HttpRequest request;
    request.method = "DELETE";
    request.target = "/_search/scroll";
    JsonWriter(request.body).beginObject().member("scroll_id", scroll).endObject();
    (void)cluster_.send(request);  // it ends by itself else
  }

  void readStats() const {
    HttpRequest request;
    request.target = path_ + "/_stats/docs,store,segments?filter_path=_all.primaries";
    const auto response = cluster_.send(request, clock_.monotonicNanos() + kStatsMs * kNanosPerMs);
    if (!response.isOk() || !isSuccess(*response)) return;
    const auto document = json::Document::parse(response->body);
    if (!document.isOk()) return;
    const json::Value all = document->root()["_all"]["primaries"];
    const std::lock_guard lock(progress_mutex_);
    stats_.doc_count = all["docs"]["count"].unsignedInteger().value_or(0);
    stats_.segment_count = all["segments"]["count"].unsignedInteger().value_or(0);
    stats_.size_bytes = all["store"]["size_in_bytes"].unsignedInteger().value_or(0);
  }

  Cluster& cluster_;
  const base::Clock& clock_;
  base::Observer& observer_;
  mutable std::mutex index_mutex_;  // one opens the index, or writes its mark
  mutable ClusterIndex index_;
  const std::string path_;
  BulkSender sender_;
  mutable std::mutex progress_mutex_;  // taken last; guards what follows
  mutable Progress progress_{0, 0, 0, 1};
  mutable EngineStats stats_;
  mutable bool is_ready_ = false;
  mutable bool has_moved_ = false;  // and bulk() has not said so
  mutable Status trouble_{Code::kUnavailable, "search_engine_away", "the search cluster was not reached yet"};
};

}  // namespace

Result<std::unique_ptr<SearchEngine>> openOpenSearchEngine(ClusterIndexOptions options, Cluster& cluster,
                                                           const base::Clock& clock, base::Observer& observer) {
  GYRE_TRY_ASSIGN(ClusterIndex index, ClusterIndex::read(std::move(options)));
  auto engine = std::make_unique<OpenSearchEngine>(std::move(index), cluster, clock, observer);
  engine->start();
  return std::unique_ptr<SearchEngine>(std::move(engine));
}

}  // namespace gyre::search
