// Do all matches of a scorer score the same, and what?
//
// Who adds scores up then asks it for matches alone, and adds its score at the end.
//
// THREADS: as query.hpp says.
#pragma once

#include <optional>

namespace gyre::engine {

class UniformScorer {
 public:
  virtual ~UniformScorer() = default;
  // Nothing when scores may differ.
  virtual std::optional<float> uniformScore() const = 0;
};

}  // namespace gyre::engine
