// Documents that any of several scorers matches, with the sum of their scores.
#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "engine/query/few_docs.hpp"
#include "engine/query/score_bounds.hpp"
#include "engine/query/scorer_lists.hpp"
#include "engine/query/scorers.hpp"
#include "engine/query/window_sums.hpp"

namespace gyre::engine {

namespace {

class SumScorer final : public UnionScorer, public SpanBounder, public FewDocsScorer {
 public:
  explicit SumScorer(std::vector<ScorerPtr> scorers) : UnionScorer(std::move(scorers)), sums_(kWindowDocs) {
    for (const ScorerPtr& scorer : scorers_)
      if (auto* const bounder = dynamic_cast<SpanBounder*>(scorer.get()); bounder != nullptr && bounder->tellsBounds())
        bounders_.push_back(bounder);
    for (const ScorerPtr& scorer : scorers_)
      if (auto* const each = dynamic_cast<FewDocsScorer*>(scorer.get()); each != nullptr && each->takesFew())
        few_.push_back(each);
  }
  bool tellsBounds() const override { return bounders_.size() == scorers_.size(); }
  void addSpan(DocId begin, float scale, std::uint64_t* bits, std::uint8_t* bounds) override {
    for (SpanBounder* const bounder : bounders_) bounder->addSpan(begin, scale, bits, bounds);
  }
  bool takesFew() const override { return few_.size() == scorers_.size(); }
  void addFew(std::uint32_t window, std::span<const std::uint16_t> places, std::uint64_t* bits, double* sums) override {
    for (FewDocsScorer* const scorer : few_) scorer->addFew(window, places, bits, sums_.data());
    for (const std::uint16_t place : places) {
      sums[place] += static_cast<double>(static_cast<float>(sums_[place]));
      sums_[place] = 0;
    }
  }
  void addTo(std::uint32_t window, const std::uint64_t* within, std::uint64_t* bits, double* sums) override {
    if (within != nullptr && sums != nullptr && takesFew())
      if (const FewDocs few(within); few.areFew()) return addFew(window, few.places(), bits, sums);
    WindowBits found{};
    for (const ScorerPtr& scorer : scorers_)
      scorer->addTo(window, within, found.data(), sums == nullptr ? nullptr : sums_.data());
    orBits(bits, found.data());
    if (sums != nullptr) moveRounded(found.data(), sums_.data(), sums);
  }
  float maxScore(std::uint32_t window) override {
    float sum = 0;
    for (const ScorerPtr& scorer : scorers_) sum += scorer->maxScore(window);
    return sum;
  }

  // MaxScore (Turtle and Flood, 1995), a window at a time: the clauses that score least, which even together stay below
  // the floor, are asked only about documents that the others bring near enough to it.
  void findAbove(const FloorRequest& request, std::uint64_t* bits, std::uint64_t* above, float* scores) override {
    if (request.within != nullptr && takesFew())
      if (const FewDocs few(request.within); few.areFew())
        return findFewAbove(request, few.places(), bits, above, scores);
    const std::size_t minor_count = orderByBound(request);
    clearBits(bits);
    written_.resize(kWindowDocs);
    near_.resize(kWindowDocs);
    if (minor_count == 0) {
      match(request.window, request.within, bits, scores);
      std::copy_n(bits, kWindowWords, above);
      return;
    }
    clearBits(above);
    for (std::size_t i = minor_count; i < parts_.size(); ++i)
      parts_[i].scorer->addTo(request.window, request.within, above, sums_.data());
    if (request.needs_all) std::copy_n(above, kWindowWords, bits);
    std::uint32_t written = 0;
    forEachBit(above, [&](std::uint32_t i) { written_[written++] = static_cast<std::uint16_t>(i); });
    const std::uint16_t* near = written_.data();
    std::uint32_t near_count = written;
    for (std::size_t i = minor_count; i-- > 0;) {
      near_count = keepAbove(static_cast<double>(request.floor) - parts_[i].sum_up_to * kBoundSlack, near, near_count);
      near = near_.data();
      if (near_count == 0 && !request.needs_all) break;
      clearBits(above);
      for (std::uint32_t n = 0; n < near_count; ++n) setBit(above, near[n]);
      if (request.needs_all) {
        parts_[i].scorer->addSome(request.window, request.within, above, bits, sums_.data());
      } else {
        WindowBits found{};
        parts_[i].scorer->addTo(request.window, above, found.data(), sums_.data());
      }
    }
    near_count = keepAbove(static_cast<double>(request.floor) * (2 - kBoundSlack), near, near_count);
    clearBits(above);
    for (std::uint32_t n = 0; n < near_count; ++n) {
      setBit(above, near_[n]);
      scores[near_[n]] = static_cast<float>(sums_[near_[n]]);
    }
    if (!request.needs_all) std::copy_n(above, kWindowWords, bits);
    for (std::uint32_t n = 0; n < written; ++n) sums_[written_[n]] = 0;
  }

 private:
  // Bounds are in single precision; what is added to them keeps rounding from deciding.
  static constexpr double kBoundSlack = 1.000001;

  struct Part {
    Scorer* scorer;
    float bound;
    double sum_up_to;  // bounds of this part and those before
  };

  void findFewAbove(const FloorRequest& request, std::span<const std::uint16_t> places, std::uint64_t* bits,
                    std::uint64_t* above, float* scores) {
    clearBits(bits);
    clearBits(above);
    for (FewDocsScorer* const scorer : few_) scorer->addFew(request.window, places, bits, sums_.data());
    for (const std::uint16_t place : places) {
      const auto score = static_cast<float>(sums_[place]);
      sums_[place] = 0;
      if (!(score > request.floor) || !testBit(bits, place)) continue;
      setBit(above, place);
      scores[place] = score;
    }
  }

  // Orders parts_ by how much they can score in the window, the least first; how many of them cannot reach the floor
  // together.
  std::size_t orderByBound(const FloorRequest& request) {
    parts_.clear();
    for (const ScorerPtr& scorer : scorers_) parts_.push_back({scorer.get(), scorer->maxScore(request.window), 0});
    std::sort(parts_.begin(), parts_.end(), [](const Part& a, const Part& b) { return a.bound < b.bound; });
    std::size_t minor_count = 0;
    double sum = 0;
    for (Part& part : parts_) {
      part.sum_up_to = sum += static_cast<double>(part.bound);
      if (sum * kBoundSlack <= static_cast<double>(request.floor)) ++minor_count;
    }
    return minor_count;
  }

  // Copies the documents whose sum is above the bar to near_; how many they are. Without a branch that could be guessed
  // wrong. `docs` may be near_ itself.
  std::uint32_t keepAbove(double bar, const std::uint16_t* docs, std::uint32_t count) {
    std::uint32_t kept = 0;
    for (std::uint32_t n = 0; n < count; ++n) {
      const std::uint16_t doc = docs[n];
      near_[kept] = doc;
      kept += static_cast<std::uint32_t>(sums_[doc] > bar);
    }
    return kept;
  }

  void match(std::uint32_t window, const std::uint64_t* within, std::uint64_t* bits, float* scores) override {
    if (within != nullptr && scores != nullptr && takesFew()) {
      if (const FewDocs few(within); few.areFew()) {
        for (FewDocsScorer* const scorer : few_) scorer->addFew(window, few.places(), bits, sums_.data());
        for (const std::uint16_t place : few.places()) {
          scores[place] += static_cast<float>(sums_[place]);
          sums_[place] = 0;
        }
        return;
      }
    }
    double* const sums = scores == nullptr ? nullptr : sums_.data();
    for (const ScorerPtr& scorer : scorers_) scorer->addTo(window, within, bits, sums);
    if (scores == nullptr) return;
    moveSums(bits, bits, sums_.data(), scores);
  }

  std::vector<SpanBounder*> bounders_;  // those of scorers_ that are
  std::vector<FewDocsScorer*> few_;     // the same
  std::vector<double> sums_;            // all 0 between calls
  std::vector<Part> parts_;             // as the last window ordered them
  // Documents of the window: those with a sum, and of those the ones that may still come above the floor.
  std::vector<std::uint16_t> written_, near_;
};

}  // namespace

ScorerPtr makeSumScorer(std::vector<ScorerPtr> scorers) {
  if (scorers.empty()) return nullptr;
  if (scorers.size() == 1) return std::move(scorers.front());
  return std::make_unique<SumScorer>(std::move(scorers));
}

}  // namespace gyre::engine
