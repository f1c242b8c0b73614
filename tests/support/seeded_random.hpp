// Which random numbers does a test take? Those of a seed that it prints, so that a failure can be had again.
//
// THREADS: values.
#pragma once

#include <iostream>
#include <random>

namespace gyre::test {

inline std::mt19937 seededRandom() {
  const auto seed = std::random_device()();
  std::cerr << " seed " << seed << ' ';
  return std::mt19937(seed);
}

}  // namespace gyre::test
