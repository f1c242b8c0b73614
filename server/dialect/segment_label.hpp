// What is a segment called where the dialect shows it?
//
// "_" and its number in base 36, counted from 0: the first is "_0", the 37th "_10".
//
// THREADS: free functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gyre::dialect {

// `name` is the engine's: "seg_0000000012". The number counts from 0.
inline std::uint64_t segmentNumber(std::string_view name) {
  std::uint64_t number = 0;
  for (const char c : name)
    if (c >= '0' && c <= '9') number = number * 10 + static_cast<std::uint64_t>(c - '0');
  return number == 0 ? 0 : number - 1;
}

inline std::string segmentLabel(std::string_view name) {
  std::string label;
  std::uint64_t rest = segmentNumber(name);
  do {
    label.insert(label.begin(), "0123456789abcdefghijklmnopqrstuvwxyz"[rest % 36]);
    rest /= 36;
  } while (rest > 0);
  label.insert(label.begin(), '_');
  return label;
}

}  // namespace gyre::dialect
