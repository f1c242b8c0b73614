#include "engine/query/query.hpp"

#include <algorithm>

#include "engine/query/window_sums.hpp"

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

namespace {

float* scoresIn(std::vector<float>& scores) {
  scores.resize(kWindowDocs);
  return scores.data();
}

}  // namespace

void Scorer::narrow(std::uint32_t window, std::uint64_t* bits, float* scores) {
  WindowBits own;
  float* const own_scores = scores == nullptr ? nullptr : scoresIn(narrow_scores_);
  evaluate(window, own.data(), own_scores);
  andBits(bits, own.data());
  if (scores == nullptr) return;
  moveSums(bits, own.data(), own_scores, scores);
}

void Scorer::matchWithin(std::uint32_t window, const std::uint64_t* within, std::uint64_t* bits, float* scores) {
  if (within == nullptr) return evaluate(window, bits, scores);
  if (within != bits) std::copy_n(within, kWindowWords, bits);
  narrow(window, bits, scores);
}

void Scorer::addTo(std::uint32_t window, const std::uint64_t* within, std::uint64_t* bits, double* sums) {
  WindowBits own;
  float* const own_scores = sums == nullptr ? nullptr : scoresIn(added_scores_);
  matchWithin(window, within, own.data(), own_scores);
  orBits(bits, own.data());
  if (sums == nullptr) return;
  moveSums(own.data(), own.data(), own_scores, sums);
}

void Scorer::addSome(std::uint32_t window, const std::uint64_t* within, const std::uint64_t* scored,
                     std::uint64_t* bits, double* sums) {
  WindowBits own;
  float* const own_scores = scoresIn(added_scores_);
  matchWithin(window, within, own.data(), own_scores);
  orBits(bits, own.data());
  WindowBits kept = own;
  andBits(kept.data(), scored);
  moveSums(kept.data(), own.data(), own_scores, sums);
}

void Scorer::findAbove(const FloorRequest& request, std::uint64_t* bits, std::uint64_t* above, float* scores) {
  matchWithin(request.window, request.within, bits, scores);
  std::copy_n(bits, kWindowWords, above);
}

}  // namespace gyre::engine
