#include "engine/search/search_run.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "engine/query/window_bits.hpp"
#include "engine/search/collector.hpp"

namespace gyre::engine {

namespace {

std::int64_t steadyNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}
// Walks the segments of all targets window by window: query, then aggregations, then hits.
class SearchRun {
 public:
  SearchRun(const SearchPlan& plan, std::int64_t deadline_nanos)
      : plan_(plan),
        snapshot_(plan.snapshot),
        request_(plan.request()),
        deadline_nanos_(deadline_nanos),
        needs_scores_(plan.request().needsScores()) {}

  Result<SearchOutcome> run() {
    GYRE_TRY(open());
    for (std::uint32_t s = 0; s < snapshot_.segments.size() && !outcome_.is_timed_out && !is_done_; ++s) runSegment(s);
    finish();
    GYRE_TRY(nameMatches());
    return std::move(outcome_);
  }

 private:
  // One target's queries, with the statistics of its own documents.
  struct TargetWeights {
    WeightPtr query;
    WeightPtr filter;
    WeightPtr post_filter;
  };

  Status open() {
    for (const PlannedTarget& planned : plan_.targets) {
      const Snapshot& snapshot = *planned.target->snapshot;
      TargetWeights weights;
      GYRE_TRY_ASSIGN(weights.query, planned.request.query->weight(snapshot, planned.boost, needs_scores_));
      if (planned.filter != nullptr) {
        GYRE_TRY_ASSIGN(weights.filter, planned.filter->weight(snapshot, 1, false));
      }
      if (planned.request.post_filter != nullptr) {
        GYRE_TRY_ASSIGN(weights.post_filter, planned.request.post_filter->weight(snapshot, 1, false));
      }
      weights_.push_back(std::move(weights));
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
    const TargetWeights& weights = weights_[plan_.target_of[ordinal]];
    const ScorerPtr scorer = weights.query->scorer(run);
    if (scorer == nullptr) return;
    const ScorerPtr filter = weights.filter == nullptr ? nullptr : weights.filter->scorer(run);
    if (weights.filter != nullptr && filter == nullptr) return;
    const ScorerPtr post_filter = weights.post_filter == nullptr ? nullptr : weights.post_filter->scorer(run);
    has_post_filter_ = weights.post_filter != nullptr;
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
      runWindow(run, *scorer, filter.get(), post_filter.get(), window);
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

  void runWindow(SegmentRun& run, Scorer& scorer, Scorer* filter, Scorer* post_filter, std::uint32_t window) {
    float* const scores = needs_scores_ ? scores_.data() : nullptr;
    if (needs_scores_) scores_.fill(0);
    scorer.evaluate(window, bits_.data(), scores);
    if (run.view().live != nullptr) andBits(bits_.data(), run.view().live->data() + std::size_t{window} * kWindowWords);
    if (filter != nullptr) filter->narrow(window, bits_.data(), nullptr);
    if (request_.min_score)
      forEachBit(bits_.data(), [&](std::uint32_t i) {
        if (!(scores[i] >= *request_.min_score)) clearBit(bits_.data(), i);
      });
    std::uint32_t count = countBits(bits_.data());
    if (count == 0) return;
    aggregate(run, window, count);
    if (has_post_filter_) {
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
    if (outcome_.hits.empty()) return {};
    std::vector<std::size_t> order(outcome_.hits.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
      const Hit& x = outcome_.hits[a];
      const Hit& y = outcome_.hits[b];
      return x.segment != y.segment ? x.segment < y.segment : x.doc < y.doc;
    });
    for (std::size_t t = 0, first = 0; t < plan_.targets.size(); ++t) {
      std::size_t end = first;
      while (end < order.size() && plan_.target_of[outcome_.hits[order[end]].segment] == t) ++end;
      for (const auto& [name, query] : plan_.targets[t].request.named)
        GYRE_TRY(nameMatches(name, *query, *plan_.targets[t].target->snapshot, {order.data() + first, end - first}));
      first = end;
    }
    return {};
  }

  // `hits`: of one target, in the order of its documents.
  Status nameMatches(const std::string& name, const Query& query, const Snapshot& snapshot,
                     std::span<const std::size_t> hits) {
    if (hits.empty()) return {};
    outcome_.matched.resize(outcome_.hits.size());
    GYRE_TRY_ASSIGN(const auto weight, query.weight(snapshot, 1, false));
    for (std::size_t i = 0; i < hits.size();) {
      const std::uint32_t segment = outcome_.hits[hits[i]].segment;
      SegmentRun run(snapshot_.segments[segment], segment);
      const ScorerPtr scorer = weight->scorer(run);
      std::uint32_t window = kNoMoreDocs;
      WindowBits bits{};
      for (; i < hits.size() && outcome_.hits[hits[i]].segment == segment; ++i) {
        if (scorer == nullptr) continue;
        const DocId doc = outcome_.hits[hits[i]].doc;
        if (window != windowOf(doc)) scorer->evaluate(window = windowOf(doc), bits.data(), nullptr);
        if (testBit(bits.data(), doc % kWindowDocs)) outcome_.matched[hits[i]].push_back(name);
      }
    }
    return {};
  }

  const SearchPlan& plan_;
  const Snapshot& snapshot_;
  const SearchRequest& request_;
  std::int64_t deadline_nanos_;
  bool needs_scores_;
  bool is_done_ = false;
  float best_score_ = 0;
  std::uint64_t doc_base_ = 0;
  std::vector<TargetWeights> weights_;
  bool has_post_filter_ = false;
  std::unique_ptr<Collector> collector_;
  SearchOutcome outcome_;
  WindowBits bits_{};
  std::array<float, kWindowDocs> scores_{};
  std::array<std::uint16_t, kWindowDocs> docs_{};
};

}  // namespace

Result<SearchOutcome> runPlan(const SearchPlan& plan, std::int64_t deadline_nanos) {
  return SearchRun(plan, deadline_nanos).run();
}

}  // namespace gyre::engine
