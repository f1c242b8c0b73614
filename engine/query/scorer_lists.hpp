// What do several scorers together say of themselves?
//
// THREADS: as query.hpp says.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/query/query.hpp"
#include "engine/query/window_bits.hpp"

namespace gyre::engine {

// No document before it, from `from` on, matches any of them.
inline DocId firstCandidate(std::vector<ScorerPtr>& scorers, DocId from) {
  DocId first = kNoMoreDocs;
  for (const ScorerPtr& scorer : scorers) {
    first = std::min(first, scorer->nextCandidate(from));
    if (first == from) break;
  }
  return first;
}

inline std::uint64_t sumOfParts(const std::vector<ScorerPtr>& scorers) {
  std::uint64_t parts = 0;
  for (const ScorerPtr& scorer : scorers) parts += scorer->partCount();
  return parts;
}

inline std::uint64_t sumOfCosts(const std::vector<ScorerPtr>& scorers) {
  std::uint64_t cost = 0;
  for (const ScorerPtr& scorer : scorers) cost += scorer->cost();
  return cost;
}

// Documents that any of several scorers matches; what they score is the subclass's.
class UnionScorer : public Scorer {
 public:
  explicit UnionScorer(std::vector<ScorerPtr> scorers) : scorers_(std::move(scorers)) {}
  std::uint64_t cost() const override { return sumOfCosts(scorers_); }
  std::uint64_t partCount() const override { return sumOfParts(scorers_); }
  DocId nextCandidate(DocId from) override { return firstCandidate(scorers_, from); }
  void evaluate(std::uint32_t window, std::uint64_t* bits, float* scores) override {
    clearBits(bits);
    match(window, nullptr, bits, scores);
  }
  void narrow(std::uint32_t window, std::uint64_t* bits, float* scores) override {
    WindowBits found{};
    match(window, bits, found.data(), scores);
    std::copy(found.begin(), found.end(), bits);
  }

 protected:
  // Sets the bits of matches within `within`, or of all, which were clear, and adds their scores.
  virtual void match(std::uint32_t window, const std::uint64_t* within, std::uint64_t* bits, float* scores) = 0;

  std::vector<ScorerPtr> scorers_;
};

}  // namespace gyre::engine
