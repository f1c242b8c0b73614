#include "engine/search/searcher.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <utility>
#include <vector>

#include "engine/query/window_bits.hpp"
#include "engine/search/collector.hpp"
#include "engine/search/search_request.hpp"
#include "engine/search/search_response.hpp"

namespace gyre::engine {

namespace {

std::int64_t steadyNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}
std::int64_t wallMillis() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Walks the segments of a snapshot window by window: query, then aggregations, then hits.
class SearchRun {
 public:
  SearchRun(const Snapshot& snapshot, const SearchRequest& request, std::int64_t deadline_nanos)
      : snapshot_(snapshot), request_(request), deadline_nanos_(deadline_nanos), needs_scores_(request.needsScores()) {}

  Result<SearchOutcome> run() {
    GYRE_TRY(open());
    for (std::uint32_t s = 0; s < snapshot_.segments.size() && !outcome_.is_timed_out && !is_done_; ++s) runSegment(s);
    finish();
    GYRE_TRY(nameMatches());
    return std::move(outcome_);
  }

 private:
  Status open() {
    GYRE_TRY_ASSIGN(weight_, request_.query->weight(snapshot_, 1, needs_scores_));
    if (request_.post_filter != nullptr) {
      GYRE_TRY_ASSIGN(post_filter_, request_.post_filter->weight(snapshot_, 1, false));
    }
    GYRE_TRY_ASSIGN(outcome_.aggregators, AggregatorSet::make(request_.aggregations, snapshot_));
    const std::size_t wanted = std::size_t{request_.from} + request_.size;
    collector_ = request_.isSorted()
                     ? makeSortCollector(request_.size == 0 ? 0 : wanted, request_.sort, request_.search_after)
                     : makeScoreCollector(request_.size == 0 ? 0 : wanted);
    return {};
  }

  void runSegment(std::uint32_t ordinal) {
    const SegmentView& view = snapshot_.segments[ordinal];
    SegmentRun run(view, ordinal, doc_base_);
    doc_base_ += run.docCount();
    const ScorerPtr scorer = weight_->scorer(run);
    if (scorer == nullptr) return;
    const ScorerPtr post_filter = post_filter_ == nullptr ? nullptr : post_filter_->scorer(run);
    collector_->beginSegment(run);
    outcome_.aggregators.beginSegment(run);
    for (DocId from = 0; from < run.docCount();) {
      const DocId candidate = scorer->nextCandidate(from);
      if (candidate >= run.docCount()) break;
      const std::uint32_t window = windowOf(candidate);
      from = windowBegin(window) + kWindowDocs;
      if (isPastDeadline()) break;
      if (canSkip(*scorer, window)) {
        outcome_.is_total_exact = outcome_.is_total_exact && !isCountSaturated();
        if (is_done_) break;
        continue;
      }
      runWindow(run, *scorer, post_filter.get(), window);
    }
    collector_->endSegment();
  }

  bool isPastDeadline() {
    if (deadline_nanos_ != 0 && steadyNanos() >= deadline_nanos_) outcome_.is_timed_out = true;
    return outcome_.is_timed_out;
  }

  // More hits than the request wants counted have been seen, so further ones need not be found to be counted.
  bool isCountSaturated() const { return outcome_.total > request_.count_up_to || !request_.shows_total; }

  bool canSkip(Scorer& scorer, std::uint32_t window) {
    if (!outcome_.aggregators.isEmpty() || !isCountSaturated()) return false;
    if (request_.size == 0) {
      is_done_ = true;
      return true;
    }
    const float bound = collector_->usesScoreBound() ? scorer.maxScore(window) : std::numeric_limits<float>::infinity();
    return collector_->canSkip(window, bound);
  }

  void runWindow(SegmentRun& run, Scorer& scorer, Scorer* post_filter, std::uint32_t window) {
    float* const scores = needs_scores_ ? scores_.data() : nullptr;
    if (needs_scores_) scores_.fill(0);
    scorer.evaluate(window, bits_.data(), scores);
    if (run.view().live != nullptr) andBits(bits_.data(), run.view().live->data() + std::size_t{window} * kWindowWords);
    if (request_.min_score)
      forEachBit(bits_.data(), [&](std::uint32_t i) {
        if (!(scores[i] >= *request_.min_score)) clearBit(bits_.data(), i);
      });
    std::uint32_t count = countBits(bits_.data());
    if (count == 0) return;
    aggregate(run, window, count);
    if (post_filter_ != nullptr) {
      if (post_filter == nullptr) return;
      post_filter->narrow(window, bits_.data(), nullptr);
      count = countBits(bits_.data());
    }
    outcome_.total += count;
    if (needs_scores_ && request_.isSorted() && request_.tracks_scores)
      forEachBit(bits_.data(), [&](std::uint32_t i) { best_score_ = std::max(best_score_, scores[i]); });
    if (count > 0) collector_->collect(window, bits_.data(), scores);
  }

  void aggregate(SegmentRun& run, std::uint32_t window, std::uint32_t count) {
    if (outcome_.aggregators.isEmpty()) return;
    if (count == windowSize(window, run.docCount()))
      return outcome_.aggregators.collect({window, count, nullptr, nullptr, 1});
    std::uint32_t size = 0;
    forEachBit(bits_.data(), [&](std::uint32_t i) { docs_[size++] = static_cast<std::uint16_t>(i); });
    outcome_.aggregators.collect({window, size, docs_.data(), nullptr, 1});
  }

  void finish() {
    outcome_.hits = collector_->take();
    if (!outcome_.hits.empty()) {
      const bool is_by_score = !request_.isSorted();
      outcome_.has_max_score = is_by_score || request_.tracks_scores;
      outcome_.max_score = is_by_score ? outcome_.hits.front().score : best_score_;
      // A sort by the score alone, however directed or continued, still knows it.
      if (request_.sort.size() == 1 && request_.sort.front().kind == SortKey::Kind::kScore && !request_.tracks_scores) {
        outcome_.has_max_score = request_.sort.front().is_descending;
        outcome_.max_score = outcome_.hits.front().score;
      }
    }
    const std::size_t skipped = std::min<std::size_t>(request_.from, outcome_.hits.size());
    outcome_.hits.erase(outcome_.hits.begin(), outcome_.hits.begin() + static_cast<std::ptrdiff_t>(skipped));
    if (request_.shows_total && outcome_.total > request_.count_up_to) {
      outcome_.total = request_.count_up_to;
      outcome_.is_total_exact = false;
    }
  }

  // Which named queries match each hit: every one is run again, on the hits' windows only.
  Status nameMatches() {
    if (request_.named.empty() || outcome_.hits.empty()) return {};
    outcome_.matched.resize(outcome_.hits.size());
    std::vector<std::size_t> order(outcome_.hits.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
      const Hit& x = outcome_.hits[a];
      const Hit& y = outcome_.hits[b];
      return x.segment != y.segment ? x.segment < y.segment : x.doc < y.doc;
    });
    for (const auto& [name, query] : request_.named) {
      GYRE_TRY_ASSIGN(const auto weight, query->weight(snapshot_, 1, false));
      for (std::size_t i = 0; i < order.size();) {
        const std::uint32_t segment = outcome_.hits[order[i]].segment;
        SegmentRun run(snapshot_.segments[segment], segment);
        const ScorerPtr scorer = weight->scorer(run);
        std::uint32_t window = kNoMoreDocs;
        WindowBits bits{};
        for (; i < order.size() && outcome_.hits[order[i]].segment == segment; ++i) {
          if (scorer == nullptr) continue;
          const DocId doc = outcome_.hits[order[i]].doc;
          if (window != windowOf(doc)) scorer->evaluate(window = windowOf(doc), bits.data(), nullptr);
          if (testBit(bits.data(), doc % kWindowDocs)) outcome_.matched[order[i]].push_back(name);
        }
      }
    }
    return {};
  }

  const Snapshot& snapshot_;
  const SearchRequest& request_;
  std::int64_t deadline_nanos_;
  bool needs_scores_;
  bool is_done_ = false;
  float best_score_ = 0;
  std::uint64_t doc_base_ = 0;
  WeightPtr weight_;
  WeightPtr post_filter_;
  std::unique_ptr<Collector> collector_;
  SearchOutcome outcome_;
  WindowBits bits_{};
  std::array<float, kWindowDocs> scores_{};
  std::array<std::uint16_t, kWindowDocs> docs_{};
};

}  // namespace

Result<std::string> runSearch(const Snapshot& snapshot, std::string_view index_name, std::string_view request_body,
                              std::int64_t deadline_nanos) {
  const std::int64_t begin = steadyNanos();
  GYRE_TRY_ASSIGN(const SearchRequest request, SearchRequest::parse(request_body, *snapshot.mapping, wallMillis()));
  if (request.timeout_nanos > 0) {
    const std::int64_t own = request.timeout_nanos > INT64_MAX - begin ? INT64_MAX : begin + request.timeout_nanos;
    deadline_nanos = deadline_nanos == 0 ? own : std::min(deadline_nanos, own);
  }
  SearchOutcome outcome;
  if (!request.is_suggest_only) {
    GYRE_TRY_ASSIGN(outcome, SearchRun(snapshot, request, deadline_nanos).run());
  }
  return writeResponse(snapshot, index_name, request, outcome, (steadyNanos() - begin) / 1'000'000);
}

}  // namespace gyre::engine
