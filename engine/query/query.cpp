#include "engine/query/query.hpp"

namespace gyre::engine {

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
