#include "engine/search/nested_hits_run.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "engine/query/window_bits.hpp"
#include "engine/search/nested_hit.hpp"

namespace gyre::engine {
namespace {

class NestedHitsRun {
 public:
  NestedHitsRun(const SearchPlan& plan, const Hit& within)
      : plan_(plan),
        request_(plan.request()),
        within_(within),
        view_(plan.snapshot.segments[within.segment]),
        scores_(kWindowDocs) {
    for (std::uint32_t s = 0; s < within.segment; ++s) doc_base_ += plan.snapshot.segments[s].segment->docCount();
  }

  Result<SearchOutcome> run(const Weight& weight, std::string_view path) {
    const NestedDocs* const nested = view_.segment->nested();
    const std::uint64_t* const objects = nested == nullptr ? nullptr : nested->objects(path);
    if (objects != nullptr) {
      collect(weight, objects);
      finish();
    }
    GYRE_TRY(nameMatches());
    return std::move(outcome_);
  }

 private:
  void collect(const Weight& weight, const std::uint64_t* objects) {
    const std::size_t wanted = request_.size == 0 ? 0 : std::size_t{request_.from} + request_.size;
    collector_ =
        request_.isSorted() ? makeSortCollector(wanted, request_.sort, {}) : makeScoreCollector(wanted, std::nullopt);
    SegmentRun run(view_, within_.segment, doc_base_);
    const ScorerPtr scorer = weight.scorer(run);
    if (scorer == nullptr) return;
    collector_->beginSegment(run);
    const DocId first = firstNestedIn(*view_.segment, within_.doc);
    for (DocId doc = nextBit(objects, first, within_.doc); doc != kNoMoreDocs;) {
      const std::uint32_t window = windowOf(doc);
      collectWindow(*scorer, objects, first, window);
      doc = nextBit(objects, windowBegin(window) + kWindowDocs, within_.doc);
    }
    collector_->endSegment();
  }

  void collectWindow(Scorer& scorer, const std::uint64_t* objects, DocId first, std::uint32_t window) {
    WindowBits bits;
    std::copy_n(objects + std::size_t{window} * kWindowWords, kWindowWords, bits.data());
    const DocId base = windowBegin(window);
    forEachBit(bits.data(), [&](std::uint32_t i) {
      if (base + i < first || base + i >= within_.doc) clearBit(bits.data(), i);
    });
    std::fill(scores_.begin(), scores_.end(), 0.0f);
    scorer.narrow(window, bits.data(), scores_.data());
    outcome_.total += countBits(bits.data());
    forEachBit(bits.data(), [&](std::uint32_t i) { best_score_ = std::max(best_score_, scores_[i]); });
    collector_->collect(window, bits.data(), scores_.data());
  }

  void finish() {
    outcome_.hits = collector_->take();
    if (!outcome_.hits.empty()) {
      const bool is_by_score = !request_.isSorted();
      outcome_.has_max_score = is_by_score || request_.tracks_scores;
      outcome_.max_score = best_score_;
    }
    const std::size_t skipped = std::min<std::size_t>(request_.from, outcome_.hits.size());
    outcome_.hits.erase(outcome_.hits.begin(), outcome_.hits.begin() + static_cast<std::ptrdiff_t>(skipped));
  }

  Status nameMatches() {
    const PlannedTarget& planned = plan_.targets[plan_.target_of[within_.segment]];
    if (outcome_.hits.empty() || planned.request.named.empty()) return {};
    outcome_.matched.resize(outcome_.hits.size());
    std::vector<std::size_t> order(outcome_.hits.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(),
              [this](std::size_t a, std::size_t b) { return outcome_.hits[a].doc < outcome_.hits[b].doc; });
    for (const auto& [name, query] : planned.request.named) {
      GYRE_TRY_ASSIGN(const auto weight, query->weight(*planned.target->snapshot, 1, true));
      SegmentRun run(view_, within_.segment, doc_base_);
      const ScorerPtr scorer = weight->scorer(run);
      if (scorer == nullptr) continue;
      std::uint32_t window = kNoMoreDocs;
      WindowBits bits{};
      for (const std::size_t i : order) {
        const DocId doc = outcome_.hits[i].doc;
        if (window != windowOf(doc)) {
          std::fill(scores_.begin(), scores_.end(), 0.0f);
          scorer->evaluate(window = windowOf(doc), bits.data(), scores_.data());
        }
        if (testBit(bits.data(), doc % kWindowDocs)) outcome_.matched[i].push_back({name, scores_[doc % kWindowDocs]});
      }
    }
    return {};
  }

  const SearchPlan& plan_;
  const SearchRequest& request_;
  const Hit& within_;
  const SegmentView& view_;
  std::uint64_t doc_base_ = 0;
  std::unique_ptr<Collector> collector_;
  SearchOutcome outcome_;
  float best_score_ = 0;
  std::vector<float> scores_;
};

}  // namespace

Result<SearchOutcome> runNestedHits(const SearchPlan& plan, const Weight& weight, std::string_view path,
                                    const Hit& within) {
  return NestedHitsRun(plan, within).run(weight, path);
}

}  // namespace gyre::engine
