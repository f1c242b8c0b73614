#include "engine/search/search_run.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <limits>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "engine/query/explanation.hpp"
#include "engine/query/score_bounds.hpp"
#include "engine/query/window_bits.hpp"
#include "engine/search/collector.hpp"
#include "gyre/json_writer.hpp"

namespace gyre::engine {

namespace {

std::int64_t steadyNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}
// Walks the segments of all targets window by window: query, then aggregations, then hits.
class SearchRun {
 public:
  SearchRun(const SearchPlan& plan, std::int64_t deadline_nanos, bool scores_names)
      : plan_(plan),
        snapshot_(plan.snapshot),
        request_(plan.request()),
        deadline_nanos_(deadline_nanos),
        needs_scores_(plan.request().needsScores()),
        scores_names_(scores_names),
        is_profiled_(request_.profile != nullptr) {}

  Result<SearchOutcome> run() {
    GYRE_TRY(open());
    for (const std::uint32_t s : segmentOrder()) {
      if (outcome_.is_timed_out || is_done_) break;
      const std::uint32_t target = plan_.target_of[s];
      if (s == plan_.first_of[target]) {
        collected_ = 0;
        is_target_done_ = false;
      }
      if (!is_target_done_) runSegment(s);
      if (!failure_.isOk()) return failure_;
      GYRE_TRY(collector_->status());
      GYRE_TRY(aggregation_status_);
      // Rescoring looks at the best of each index.
      const bool is_last = s + 1 == snapshot_.segments.size() || plan_.target_of[s + 1] != target;
      if (is_last && !request_.rescores.empty()) GYRE_TRY(rescore(target));
    }
    outcome_.aggregators.finish();
    GYRE_TRY(finish());
    GYRE_TRY(nameMatches());
    if (request_.explains) GYRE_TRY(explainHits());
    return std::move(outcome_);
  }

 private:
  // One target's queries, with the statistics of its own documents.
  struct TargetWeights {
    WeightPtr query;
    std::vector<WeightPtr> filters;
    WeightPtr post_filter;
  };

  Status open() {
    std::uint64_t doc_base = 0;
    for (const PlannedTarget& planned : plan_.targets) {
      const Snapshot& snapshot = *planned.target->snapshot;
      TargetWeights weights;
      GYRE_TRY_ASSIGN(weights.query, planned.query->weight(snapshot, planned.boost, needs_scores_));
      for (const Query* const filter : planned.filters) {
        GYRE_TRY_ASSIGN(auto weight, filter->weight(snapshot, 1, false));
        weights.filters.push_back(std::move(weight));
      }
      if (planned.post_filter != nullptr) {
        GYRE_TRY_ASSIGN(weights.post_filter, planned.post_filter->weight(snapshot, 1, false));
      }
      weights_.push_back(std::move(weights));
    }
    GYRE_TRY_ASSIGN(outcome_.aggregators, AggregatorSet::make(request_.aggregations, snapshot_));
    for (const SegmentView& view : snapshot_.segments) {
      doc_bases_.push_back(doc_base);
      doc_base += view.segment->docCount();
    }
    wanted_ = request_.size == 0 ? 0 : std::size_t{request_.from} + request_.size;
    for (const Rescore& rescore : request_.rescores)
      if (wanted_ > 0) wanted_ = std::max<std::size_t>(wanted_, rescore.window_size);
    collector_ = makeCollector();
    return {};
  }

  // Segments as they stand; where only the best by a number are asked for, those with the best first, so that the
  // others find the bar high.
  std::vector<std::uint32_t> segmentOrder() const {
    std::vector<std::uint32_t> order(snapshot_.segments.size());
    std::iota(order.begin(), order.end(), 0u);
    const bool is_free = outcome_.aggregators.isEmpty() && request_.terminate_after == 0 && request_.rescores.empty() &&
                         !request_.collapse && plan_.targets.size() == 1;
    if (!is_free || !request_.isSorted() || request_.sort.front().kind != SortKey::Kind::kNumber) return order;
    std::vector<std::int64_t> best(order.size(), INT64_MAX);
    for (const std::uint32_t s : order) {
      SegmentRun run(snapshot_.segments[s], s);
      const SortColumn column(request_.sort.front(), run);
      for (std::uint32_t window = 0; windowBegin(window) < run.docCount(); ++window)
        best[s] = std::min(best[s], column.smallestIn(window));
    }
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return best[a] < best[b]; });
    return order;
  }

  std::unique_ptr<Collector> makeCollector() const {
    if (request_.collapse)
      return makeGroupCollector(wanted_, request_.sort, [this](std::uint32_t segment) -> const std::string& {
        return plan_.groupPathOf(plan_.target_of[segment]);
      });
    const PagePosition& after = plan_.after;
    if (!request_.isSorted())
      return makeScoreCollector(wanted_, after.is_set ? std::optional(after.scored) : std::nullopt);
    SortPosition position;
    position.values = request_.search_after;
    return makeSortCollector(wanted_, request_.sort, after.is_set ? after.sorted : std::move(position));
  }

  // What works through one segment, from front to back.
  struct Scorers {
    ScorerPtr query;
    std::vector<ScorerPtr> filters;
    ScorerPtr post_filter;
  };

  // False when nothing of the segment matches.
  static bool makeScorers(const TargetWeights& weights, SegmentRun& run, Scorers& scorers) {
    scorers = {};
    scorers.query = weights.query->scorer(run);
    if (scorers.query == nullptr) return false;
    for (const WeightPtr& filter : weights.filters) {
      scorers.filters.push_back(filter->scorer(run));
      if (scorers.filters.back() == nullptr) return false;
    }
    if (weights.post_filter != nullptr) scorers.post_filter = weights.post_filter->scorer(run);
    return true;
  }

  void runSegment(std::uint32_t ordinal) {
    const SegmentView& view = snapshot_.segments[ordinal];
    SegmentRun run(view, ordinal, doc_bases_[ordinal]);
    const TargetWeights& weights = weights_[plan_.target_of[ordinal]];
    Scorers scorers;
    if (!makeScorers(weights, run, scorers)) return;
    has_post_filter_ = weights.post_filter != nullptr;
    collector_->beginSegment(run);
    outcome_.aggregators.beginSegment(run);
    is_taken_.assign((run.docCount() + kWindowDocs - 1) / kWindowDocs, false);
    takePromisingWindows(weights, run, scorers);
    BoundsReader* const bounds = boundsReaderOf(scorers);
    for (DocId from = 0; from < run.docCount();) {
      if (bounds != nullptr) from = passBelow(run, *bounds, from);
      const DocId candidate = scorers.query->nextCandidate(from);
      if (candidate >= run.docCount()) break;
      const std::uint32_t window = windowOf(candidate);
      from = windowBegin(window) + kWindowDocs;
      if (is_taken_[window]) continue;
      if (isPastDeadline()) break;
      if (canSkip(*scorers.query, window)) {
        outcome_.is_total_exact = outcome_.is_total_exact && !isCountSaturated();
        if (is_done_) break;
        continue;
      }
      runWindow(run, scorers, window);
      if (is_target_done_ || !aggregation_status_.isOk()) break;
    }
    if (failure_.isOk()) failure_ = run.failure();
    collector_->endSegment();
  }

  // The query, if it can tell which windows only have to be counted.
  BoundsReader* boundsReaderOf(const Scorers& scorers) {
    if (!scorers.filters.empty() || has_post_filter_ || request_.slice || request_.terminate_after > 0) return nullptr;
    auto* const reader = dynamic_cast<BoundsReader*>(scorers.query.get());
    return reader != nullptr && reader->readsBounds() ? reader : nullptr;
  }

  // Counts the matches of windows in which no score comes above the floor; the first document of the next one.
  DocId passBelow(SegmentRun& run, BoundsReader& reader, DocId from) {
    const float floor = scoreFloor();
    if (!(floor > 0)) return from;
    WindowBits bits;
    for (; from < run.docCount(); from = windowBegin(windowOf(from)) + kWindowDocs) {
      const std::uint32_t window = windowOf(from);
      if (is_taken_[window]) continue;
      if (wantsHitsAlone() || isPastDeadline()) return from;
      const WindowBounds bounds = reader.readBounds(window, floor);
      std::copy_n(bounds.matches, kWindowWords, bits.begin());
      keepVisible(run.view(), window, bits.data());
      if (bounds.mayExceed(bits.data())) return from;
      outcome_.total += countBits(bits.data());
    }
    return from;
  }

  // Documents that stand in the order of their keys are looked at from the end where the best are; what is left then
  // only has to be counted. A scorer goes forward alone, and to make one costs as much as to ask it about some windows:
  // so windows are taken in rounds, each of twice as many as the one before, and each with scorers of its own.
  void takePromisingWindows(const TargetWeights& weights, SegmentRun& run, Scorers& scorers) {
    if (!outcome_.aggregators.isEmpty() || request_.terminate_after > 0 || !request_.isSorted()) return;
    std::vector<std::uint32_t> windows = collector_->promisingWindows();
    if (windows.empty()) return;
    keepCandidates(*scorers.query, run.docCount(), windows);
    std::size_t count = 1;
    for (auto round = windows.begin(); round != windows.end(); count *= 2) {
      const auto end = round + std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(count), windows.end() - round);
      // The best of the round comes first: where that cannot win, none does.
      if (cannotWin(*round) || isPastDeadline() || !makeScorers(weights, run, scorers)) break;
      std::sort(round, end);
      for (; round != end; ++round) {
        if (cannotWin(*round)) continue;
        if (isPastDeadline()) break;
        is_taken_[*round] = true;
        const DocId candidate = scorers.query->nextCandidate(windowBegin(*round));
        if (candidate < run.docCount() && windowOf(candidate) == *round) runWindow(run, scorers, *round);
      }
    }
    makeScorers(weights, run, scorers);
  }
  // Leaves out the windows that hold no match.
  static void keepCandidates(Scorer& query, std::uint32_t doc_count, std::vector<std::uint32_t>& windows) {
    std::vector<bool> has_candidate((doc_count + kWindowDocs - 1) / kWindowDocs, false);
    for (DocId from = 0; from < doc_count;) {
      const DocId candidate = query.nextCandidate(from);
      if (candidate >= doc_count) break;
      has_candidate[windowOf(candidate)] = true;
      from = windowBegin(windowOf(candidate)) + kWindowDocs;
    }
    std::erase_if(windows, [&](std::uint32_t window) { return !has_candidate[window]; });
  }
  bool cannotWin(std::uint32_t window) const {
    return collector_->canSkip(window, std::numeric_limits<float>::infinity());
  }

  bool isPastDeadline() {
    if (deadline_nanos_ != 0 && steadyNanos() >= deadline_nanos_) outcome_.is_timed_out = true;
    return outcome_.is_timed_out;
  }

  // More hits than the request wants counted have been seen, so further ones need not be found to be counted.
  bool isCountSaturated() const {
    return outcome_.total > request_.count_up_to || !request_.shows_total || plan_.after.is_set;
  }

  // Whether documents that cannot become hits need not be found at all.
  bool wantsHitsAlone() const {
    if (!outcome_.aggregators.isEmpty() || !isCountSaturated() || request_.terminate_after > 0) return false;
    // The best score of all is shown, whatever the order.
    return !(request_.tracks_scores && request_.isSorted());
  }

  bool canSkip(Scorer& scorer, std::uint32_t window) {
    if (!wantsHitsAlone()) return false;
    if (request_.size == 0) {
      is_done_ = true;
      return true;
    }
    const float bound = collector_->usesScoreBound() ? scorer.maxScore(window) : std::numeric_limits<float>::infinity();
    return collector_->canSkip(window, bound);
  }

  void runWindow(SegmentRun& run, Scorers& scorers, std::uint32_t window) {
    float* const scores = needs_scores_ ? scores_.data() : nullptr;
    const float floor = scoreFloor();
    if (floor > 0) {
      scorers.query->findAbove({window, nullptr, floor, !wantsHitsAlone()}, bits_.data(), above_.data(), scores);
      const WindowBits scored = above_;
      takeMatches(run, scorers, window, scores, above_.data());
      return clearScores(scored);
    }
    fillBits(bits_.data(), windowSize(window, run.docCount()));
    if (wantsHitsAlone() && collector_->keepCandidates(window, bits_.data())) {
      if (!hasBits(bits_.data())) return;
      scorers.query->narrow(window, bits_.data(), scores);
    } else {
      scorers.query->evaluate(window, bits_.data(), scores);
    }
    if (scores == nullptr) return takeMatches(run, scorers, window, nullptr, nullptr);
    const WindowBits scored = bits_;
    takeMatches(run, scorers, window, scores, nullptr);
    clearScores(scored);
  }

  // What a document must score above to become a hit; not positive where every match's score is wanted.
  float scoreFloor() const {
    if (!needs_scores_ || !outcome_.aggregators.isEmpty() || request_.min_score) return 0;
    if (request_.tracks_scores && request_.isSorted()) return 0;
    return collector_->scoreFloor();
  }

  void clearScores(const WindowBits& scored) {
    // Of many, to clear all is cheaper.
    constexpr std::uint32_t kFewDocs = 128;
    if (countBits(scored.data()) > kFewDocs) {
      scores_.fill(0);
    } else {
      forEachBit(scored.data(), [&](std::uint32_t i) { scores_[i] = 0; });
    }
  }

  // bits_ are the query's matches in the window; `above` holds those of them that can become hits, or is null.
  void takeMatches(SegmentRun& run, Scorers& scorers, std::uint32_t window, const float* scores, std::uint64_t* above) {
    keepVisible(run.view(), window, bits_.data());
    for (const ScorerPtr& filter : scorers.filters) filter->narrow(window, bits_.data(), nullptr);
    if (request_.slice) keepSlice(run, window);
    if (request_.min_score)
      forEachBit(bits_.data(), [&](std::uint32_t i) {
        if (!(scores[i] >= *request_.min_score)) clearBit(bits_.data(), i);
      });
    const bool is_listed = !outcome_.aggregators.isEmpty() && request_.terminate_after == 0;
    std::uint32_t count = is_listed ? listDocs(windowSize(window, run.docCount())) : countBits(bits_.data());
    if (count == 0) return;
    if (request_.terminate_after > 0) count = keepFirst(count);
    {
      const auto timer = timed(outcome_.aggregate_time);
      if (!is_listed && !outcome_.aggregators.isEmpty()) listDocs(windowSize(window, run.docCount()));
      aggregate(run, window, count, scores);
    }
    if (Status memory = outcome_.aggregators.checkMemory(); !memory.isOk()) aggregation_status_ = std::move(memory);
    if (has_post_filter_) {
      if (scorers.post_filter == nullptr) return;
      scorers.post_filter->narrow(window, bits_.data(), nullptr);
      count = countBits(bits_.data());
    }
    outcome_.total += count;
    if (needs_scores_ && request_.isSorted() && request_.tracks_scores)
      forEachBit(bits_.data(), [&](std::uint32_t i) { best_score_ = std::max(best_score_, scores[i]); });
    // What cannot become a hit is only counted.
    if (count == 0 || (request_.isSorted() && cannotWin(window))) return;
    const auto timer = timed(outcome_.collect_time);
    if (above == nullptr) return collector_->collect(window, bits_.data(), scores);
    andBits(above, bits_.data());
    collector_->collect(window, above, scores);
  }

  // Measures until its end, for a request that asks for its profile.
  std::optional<WorkTimer> timed(WorkTime& time) const {
    return is_profiled_ ? std::optional<WorkTimer>(std::in_place, time) : std::nullopt;
  }

  // Every max-th document of the whole search.
  void keepSlice(SegmentRun& run, std::uint32_t window) {
    const std::uint64_t base = run.docBase() + windowBegin(window);
    forEachBit(bits_.data(), [&](std::uint32_t i) {
      if ((base + i) % request_.slice->max != request_.slice->id) clearBit(bits_.data(), i);
    });
  }

  // Drops what is beyond terminate_after in the window.
  std::uint32_t keepFirst(std::uint32_t count) {
    const std::uint64_t room = request_.terminate_after - collected_;
    if (count <= room) {
      collected_ += count;
      return count;
    }
    std::uint64_t seen = 0;
    forEachBit(bits_.data(), [&](std::uint32_t i) {
      if (seen++ >= room) clearBit(bits_.data(), i);
    });
    collected_ = request_.terminate_after;
    is_target_done_ = true;
    outcome_.is_terminated_early = true;
    return static_cast<std::uint32_t>(room);
  }

  void aggregate(SegmentRun& run, std::uint32_t window, std::uint32_t count, const float* scores) {
    if (outcome_.aggregators.isEmpty()) return;
    const bool are_all = count == windowSize(window, run.docCount());
    outcome_.aggregators.collect({window, count, are_all ? nullptr : docs_.data(), nullptr, 1, scores});
  }

  // How many matches the window has; docs_ lists them where they are not all of its `size` documents.
  std::uint32_t listDocs(std::uint32_t size) {
    WindowBits all;
    fillBits(all.data(), size);
    if (bits_ == all) return size;
    std::uint32_t count = 0;
    forEachBit(bits_.data(), [&](std::uint32_t i) { docs_[count++] = static_cast<std::uint16_t>(i); });
    return count;
  }

  // The best of one target so far, by their second scores.
  Status rescore(std::uint32_t target) {
    std::vector<Hit> hits = collector_->take();
    collector_ = makeCollector();
    const PlannedTarget& planned = plan_.targets[target];
    for (const Rescore& second : planned.request.rescores) {
      const std::size_t count = std::min<std::size_t>(second.window_size, hits.size());
      GYRE_TRY_ASSIGN(const auto scores,
                      scoreHits(*second.query, *planned.target->snapshot, {hits.data(), count}, true));
      for (std::size_t i = 0; i < hits.size(); ++i) {
        Hit& hit = hits[i];
        if (request_.explains && i < count && scores[i])
          second_passes_.insert({&second - planned.request.rescores.data(), {hit.segment, hit.doc}});
        hit.score = i < count && scores[i] ? second.combine(hit.score, *scores[i]) : hit.score * second.query_weight;
      }
      // Those that were not looked at are compared with the others all the same, as in the dialect.
      std::sort(hits.begin(), hits.end(), isBetter);
    }
    rescored_.insert(rescored_.end(), std::make_move_iterator(hits.begin()), std::make_move_iterator(hits.end()));
    return {};
  }

  static bool isBetter(const Hit& a, const Hit& b) {
    if (a.score != b.score) return a.score > b.score;
    return a.segment != b.segment ? a.segment < b.segment : a.doc < b.doc;
  }

  // What the query gives each hit; nothing where it does not match.
  Result<std::vector<std::optional<float>>> scoreHits(const Query& query, const Snapshot& snapshot,
                                                      std::span<const Hit> hits, bool needs_scores) const {
    std::vector<std::optional<float>> scores(hits.size());
    std::vector<std::size_t> order(hits.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return hits[a].segment != hits[b].segment ? hits[a].segment < hits[b].segment : hits[a].doc < hits[b].doc;
    });
    GYRE_TRY_ASSIGN(const auto weight, query.weight(snapshot, 1, needs_scores));
    std::array<float, kWindowDocs> window_scores;
    for (std::size_t i = 0; i < order.size();) {
      const std::uint32_t segment = hits[order[i]].segment;
      SegmentRun run(snapshot_.segments[segment], segment);
      const ScorerPtr scorer = weight->scorer(run);
      std::uint32_t window = kNoMoreDocs;
      WindowBits bits{};
      for (; i < order.size() && hits[order[i]].segment == segment; ++i) {
        if (scorer == nullptr) continue;
        const DocId doc = hits[order[i]].doc;
        if (window != windowOf(doc)) {
          window_scores.fill(0);
          scorer->evaluate(window = windowOf(doc), bits.data(), needs_scores ? window_scores.data() : nullptr);
        }
        if (testBit(bits.data(), doc % kWindowDocs)) scores[order[i]] = window_scores[doc % kWindowDocs];
      }
    }
    return scores;
  }

  Status finish() {
    outcome_.hits = collector_->take();
    if (!request_.rescores.empty()) {
      std::sort(rescored_.begin(), rescored_.end(), isBetter);
      outcome_.hits = std::move(rescored_);
      const std::size_t wanted = std::size_t{request_.from} + request_.size;
      if (outcome_.hits.size() > wanted) outcome_.hits.resize(request_.size == 0 ? 0 : wanted);
    }
    if (!outcome_.hits.empty()) {
      const bool is_by_score = !request_.isSorted();
      outcome_.has_max_score = is_by_score || request_.tracks_scores;
      outcome_.max_score = is_by_score ? outcome_.hits.front().score : best_score_;
      // A sort by the score alone, however directed or continued, still knows it.
      if (request_.sort.size() == 1 && request_.sort.front().kind == SortKey::Kind::kScore && !request_.tracks_scores) {
        outcome_.has_max_score = request_.sort.front().is_descending;
        outcome_.max_score = outcome_.hits.front().score;
      }
    } else if (request_.isSorted() && request_.tracks_scores && request_.size > 0 && outcome_.total > 0) {
      // A page behind the last hit tells the best score all the same.
      outcome_.has_max_score = true;
      outcome_.max_score = best_score_;
    }
    const std::size_t skipped = std::min<std::size_t>(request_.from, outcome_.hits.size());
    outcome_.hits.erase(outcome_.hits.begin(), outcome_.hits.begin() + static_cast<std::ptrdiff_t>(skipped));
    if (request_.shows_total && outcome_.total > request_.count_up_to) {
      outcome_.total = request_.count_up_to;
      outcome_.is_total_exact = false;
    }
    if (request_.terminate_after > 0) outcome_.is_total_exact = true;
    // All pages tell what the first one counted.
    if (plan_.after.is_set) {
      outcome_.total = plan_.after.total;
      outcome_.is_total_exact = plan_.after.is_total_exact;
    }
    return {};
  }

  // Which named queries match each hit: every one is run again, on the hits' windows only.
  Status nameMatches() {
    std::vector<std::vector<Hit>> hits(plan_.targets.size());
    std::vector<std::vector<std::size_t>> positions(plan_.targets.size());
    for (std::size_t i = 0; i < outcome_.hits.size(); ++i) {
      const Hit& hit = outcome_.hits[i];
      hits[plan_.target_of[hit.segment]].push_back({hit.segment, hit.doc, 0, {}, {}});
      positions[plan_.target_of[hit.segment]].push_back(i);
    }
    for (std::size_t t = 0; t < plan_.targets.size(); ++t) {
      if (hits[t].empty() || plan_.targets[t].request.named.empty()) continue;
      outcome_.matched.resize(outcome_.hits.size());
      for (const auto& [name, query] : plan_.targets[t].request.named) {
        GYRE_TRY_ASSIGN(const auto scores,
                        scoreHits(*query, *plan_.targets[t].target->snapshot, hits[t], scores_names_));
        for (std::size_t i = 0; i < scores.size(); ++i)
          if (scores[i]) outcome_.matched[positions[t][i]].push_back({name, *scores[i]});
      }
    }
    return {};
  }

  // Why each hit scores what it does: by its index' query, and by what it was rescored with.
  Status explainHits() {
    for (const Hit& hit : outcome_.hits) {
      const PlannedTarget& planned = plan_.targets[plan_.target_of[hit.segment]];
      GYRE_TRY_ASSIGN(Explanation explanation, explainBy(*planned.query, planned, planned.boost, hit));
      for (const Rescore& second : planned.request.rescores) {
        const double weighed = explanation.value * second.query_weight;
        Explanation first = Explanation::match(
            weighed, "product of:", {std::move(explanation), Explanation::match(second.query_weight, "primaryWeight")});
        const std::ptrdiff_t pass = &second - planned.request.rescores.data();
        if (second_passes_.count({pass, {hit.segment, hit.doc}}) == 0) {
          explanation = std::move(first);
          continue;
        }
        GYRE_TRY_ASSIGN(Explanation other, explainBy(*second.query, planned, 1, hit));
        const double combined =
            second.combine(static_cast<float>(first.details.front().value), static_cast<float>(other.value));
        const double other_weighed = other.value * second.rescore_weight;
        Explanation last = Explanation::match(
            other_weighed,
            "product of:", {std::move(other), Explanation::match(second.rescore_weight, "secondaryWeight")});
        constexpr const char* kRules[] = {"sum of:", "product of:", "avg of:", "max of:", "min of:"};
        explanation = Explanation::match(combined, kRules[static_cast<std::size_t>(second.mode)],
                                         {std::move(first), std::move(last)});
      }
      outcome_.explanations.emplace_back();
      JsonWriter writer(outcome_.explanations.back());
      writeExplanation(explanation, writer);
    }
    return {};
  }

  Result<Explanation> explainBy(const Query& query, const PlannedTarget& planned, float boost, const Hit& hit) const {
    GYRE_TRY_ASSIGN(const auto weight, query.weight(*planned.target->snapshot, boost, true));
    SegmentRun run(snapshot_.segments[hit.segment], hit.segment);
    Explanation explanation = weight->explain(run, hit.doc);
    if (!run.failure().isOk()) return run.failure();
    return explanation;
  }

  const SearchPlan& plan_;
  const Snapshot& snapshot_;
  const SearchRequest& request_;
  std::int64_t deadline_nanos_;
  bool needs_scores_;
  bool scores_names_;
  bool is_profiled_;
  bool is_done_ = false;
  float best_score_ = 0;
  std::vector<std::uint64_t> doc_bases_;  // by segment
  std::vector<TargetWeights> weights_;
  std::vector<bool> is_taken_;  // windows of the current segment that are done already
  std::set<std::pair<std::ptrdiff_t, std::pair<std::uint32_t, DocId>>> second_passes_;  // rescore, segment and document
  Status failure_;  // what a query could not compute
  std::size_t wanted_ = 0;
  std::uint64_t collected_ = 0;  // of the current target, while there is a limit
  bool is_target_done_ = false;
  std::vector<Hit> rescored_;
  bool has_post_filter_ = false;
  std::unique_ptr<Collector> collector_;
  Status aggregation_status_;  // of memory
  SearchOutcome outcome_;
  WindowBits bits_{};
  WindowBits above_{};
  std::array<float, kWindowDocs> scores_{};  // all 0 between windows
  std::array<std::uint16_t, kWindowDocs> docs_{};
};

}  // namespace

Result<SearchOutcome> runPlan(const SearchPlan& plan, std::int64_t deadline_nanos, bool scores_names) {
  return SearchRun(plan, deadline_nanos, scores_names).run();
}

}  // namespace gyre::engine
