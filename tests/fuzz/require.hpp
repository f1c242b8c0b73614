// What must hold for every input of a fuzz target?
#pragma once

#include <cstdio>
#include <cstdlib>

namespace gyre::fuzz {

// Ends the program when it does not, whatever the build type; the fuzzer then keeps the input.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

}  // namespace gyre::fuzz
