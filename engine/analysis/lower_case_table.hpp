// What is a character's lower case?
//
// Unicode's simple mapping: one code point to one code point, the same in every language (İ becomes i).
//
// THREADS: constants.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gyre::engine {

namespace detail {
// Every `step`th code point of [first, last] has its lower case `delta` further on.
struct LowerCaseRun {
  std::uint32_t first;
  std::uint32_t last;
  std::uint32_t step;
  std::int32_t delta;
};
extern const LowerCaseRun kLowerCaseRuns[];
extern const std::size_t kLowerCaseRunCount;
}  // namespace detail

inline std::uint32_t toLower(std::uint32_t code) {
  if (code < 0x80) return code - 'A' < 26 ? code + 32 : code;
  std::size_t low = 0;
  std::size_t high = detail::kLowerCaseRunCount;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (detail::kLowerCaseRuns[middle].last < code)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == detail::kLowerCaseRunCount) return code;
  const detail::LowerCaseRun& run = detail::kLowerCaseRuns[low];
  if (code < run.first || (code - run.first) % run.step != 0) return code;
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(code) + run.delta);
}

}  // namespace gyre::engine
