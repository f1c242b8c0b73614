#include "engine/query/bool_scorer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/query/scorers.hpp"

namespace gyre::engine {

namespace {

class BoolScorer final : public Scorer {
 public:
  BoolScorer(std::vector<RequiredScorer> required, std::vector<ScorerPtr> should, std::vector<ScorerPtr> must_not,
             std::uint32_t minimum_should_match)
      : required_(std::move(required)),
        should_(std::move(should)),
        must_not_(std::move(must_not)),
        minimum_should_match_(minimum_should_match) {
    // The most selective clause first: the others then look at what it leaves.
    std::sort(required_.begin(), required_.end(),
              [](const RequiredScorer& a, const RequiredScorer& b) { return a.scorer->cost() < b.scorer->cost(); });
  }

  std::uint64_t cost() const override {
    std::uint64_t of_should = 0;
    for (const ScorerPtr& scorer : should_) of_should += scorer->cost();
    if (required_.empty()) return of_should;
    const std::uint64_t of_required = required_.front().scorer->cost();
    return minimum_should_match_ == 0 ? of_required : std::min(of_required, of_should);
  }

  DocId nextCandidate(DocId from) override {
    while (true) {
      const DocId start = from;
      for (const RequiredScorer& clause : required_) {
        from = clause.scorer->nextCandidate(from);
        if (from == kNoMoreDocs) return kNoMoreDocs;
      }
      if (minimum_should_match_ > 0) from = firstOfShould(from);
      // One round that moves nothing, or only within the window, is agreement enough.
      if (from == kNoMoreDocs || windowOf(from) == windowOf(start)) return from;
    }
  }

  void evaluate(std::uint32_t window, std::uint64_t* bits, float* scores) override {
    if (scores == nullptr) {
      match(window, bits, nullptr);
      return;
    }
    // Clauses add into an array of our own: what they say of documents that another clause drops must not reach
    // `scores`.
    sums_.fill(0);
    match(window, bits, sums_.data());
    forEachBit(bits, [&](std::uint32_t i) { scores[i] += sums_[i]; });
  }

  void narrow(std::uint32_t window, std::uint64_t* bits, float* scores) override {
    if (required_.empty()) return Scorer::narrow(window, bits, scores);
    float* const sums = scores == nullptr ? nullptr : sums_.data();
    if (sums != nullptr) sums_.fill(0);
    narrowRequired(0, window, bits, sums);
    if (sums != nullptr) forEachBit(bits, [&](std::uint32_t i) { scores[i] += sums[i]; });
  }

  float maxScore(std::uint32_t window) override {
    float sum = 0;
    for (const RequiredScorer& clause : required_)
      if (clause.is_scored) sum += clause.scorer->maxScore(window);
    for (const ScorerPtr& scorer : should_) sum += scorer->maxScore(window);
    return sum;
  }

 private:
  DocId firstOfShould(DocId from) {
    DocId first = kNoMoreDocs;
    for (const ScorerPtr& scorer : should_) {
      first = std::min(first, scorer->nextCandidate(from));
      if (first == from) break;
    }
    return first;
  }

  void match(std::uint32_t window, std::uint64_t* bits, float* sums) {
    if (required_.empty()) {
      matchShould(window, bits, sums, true);
      dropProhibited(window, bits);
    } else {
      required_.front().scorer->evaluate(window, bits, required_.front().is_scored ? sums : nullptr);
      narrowRequired(1, window, bits, sums);
    }
  }

  // By the required clauses from `first` on, and all others.
  void narrowRequired(std::size_t first, std::uint32_t window, std::uint64_t* bits, float* sums) {
    for (std::size_t i = first; i < required_.size() && hasBits(bits); ++i)
      required_[i].scorer->narrow(window, bits, required_[i].is_scored ? sums : nullptr);
    if (!should_.empty() && hasBits(bits)) matchShould(window, bits, sums, false);
    dropProhibited(window, bits);
  }

  void dropProhibited(std::uint32_t window, std::uint64_t* bits) {
    for (const ScorerPtr& scorer : must_not_) {
      if (!hasBits(bits)) return;
      WindowBits excluded;
      std::copy_n(bits, kWindowWords, excluded.begin());
      scorer->narrow(window, excluded.data(), nullptr);
      andNotBits(bits, excluded.data());
    }
  }

  // Adds the scores of the optional clauses, and keeps (or, as the lead, finds) the documents that enough of them
  // match.
  void matchShould(std::uint32_t window, std::uint64_t* bits, float* sums, bool is_lead) {
    if (!is_lead && minimum_should_match_ == 0 && sums == nullptr) return;
    WindowBits any{};
    WindowBits own;
    if (minimum_should_match_ > 1) counts_.fill(0);
    for (const ScorerPtr& scorer : should_) {
      if (is_lead) {
        scorer->evaluate(window, own.data(), sums);
      } else {
        std::copy_n(bits, kWindowWords, own.begin());
        scorer->narrow(window, own.data(), sums);
      }
      orBits(any.data(), own.data());
      if (minimum_should_match_ > 1) forEachBit(own.data(), [&](std::uint32_t i) { ++counts_[i]; });
    }
    if (minimum_should_match_ > 1)
      forEachBit(any.data(), [&](std::uint32_t i) {
        if (counts_[i] < minimum_should_match_) clearBit(any.data(), i);
      });
    if (is_lead) {
      std::copy(any.begin(), any.end(), bits);
    } else if (minimum_should_match_ > 0) {
      andBits(bits, any.data());
    }
  }

  std::vector<RequiredScorer> required_;
  std::vector<ScorerPtr> should_;
  std::vector<ScorerPtr> must_not_;
  std::uint32_t minimum_should_match_;
  std::array<float, kWindowDocs> sums_{};
  std::array<std::uint16_t, kWindowDocs> counts_{};
};

}  // namespace

ScorerPtr makeBoolScorer(SegmentRun& run, std::vector<RequiredScorer> required, std::vector<ScorerPtr> should,
                         std::vector<ScorerPtr> must_not, std::uint32_t minimum_should_match) {
  if (minimum_should_match > should.size()) return nullptr;
  if (required.empty() && minimum_should_match == 0) {
    required.push_back({makeAllScorer(run, 0), false});
  } else if (required.empty() && minimum_should_match == 1 && must_not.empty()) {
    return makeSumScorer(std::move(should));
  } else if (required.size() == 1 && required.front().is_scored && should.empty() && must_not.empty()) {
    return std::move(required.front().scorer);
  }
  return std::make_unique<BoolScorer>(std::move(required), std::move(should), std::move(must_not),
                                      minimum_should_match);
}

}  // namespace gyre::engine
