#include "engine/query/query.hpp"

namespace gyre::engine {

std::optional<float> scoreOf(const Weight& weight, SegmentRun& run, DocId doc) {
  const ScorerPtr scorer = weight.scorer(run);
  if (scorer == nullptr) return std::nullopt;
  WindowBits bits;
  std::vector<float> scores(kWindowDocs, 0.0f);
  scorer->evaluate(windowOf(doc), bits.data(), scores.data());
  const std::uint32_t at = doc % kWindowDocs;
  if (!testBit(bits.data(), at)) return std::nullopt;
  return scores[at];
}

Explanation Weight::explain(SegmentRun& run, DocId doc) const {
  const auto score = scoreOf(*this, run, doc);
  if (!score) return Explanation::noMatch(describe() + " doesn't match id " + std::to_string(doc));
  return Explanation::match(*score, describe());
}

std::string describeBoosted(std::string description, float boost) {
  if (boost == 1) return description;
  return "(" + description + ")^" + describeFloat(boost);
}

void Scorer::narrow(std::uint32_t window, std::uint64_t* bits, float* scores) {
  WindowBits own;
  if (scores == nullptr) {
    evaluate(window, own.data(), nullptr);
    andBits(bits, own.data());
    return;
  }
  narrow_scores_.assign(kWindowDocs, 0.0f);
  evaluate(window, own.data(), narrow_scores_.data());
  andBits(bits, own.data());
  forEachBit(bits, [&](std::uint32_t i) { scores[i] += narrow_scores_[i]; });
}

}  // namespace gyre::engine
