// How is a number written by a pattern such as "#,##0.00"?
//
// The patterns of Java's DecimalFormat, as the dialect takes them: literal text around digits ("0" always, "#" only
// when needed), "," for groups, "." and digits after it, "%" times a hundred, "E0" for an exponent. Halves go to the
// even neighbour.
//
// THREADS: immutable; values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gyre/status.hpp"

namespace gyre::engine {

class NumberPattern {
 public:
  // invalid_argument for a pattern that is not understood.
  static Result<NumberPattern> parse(std::string_view pattern);
  std::string format(double value) const;
  // Exact beyond 2^53 where the pattern neither scales nor cuts.
  std::string format(std::int64_t value) const;

 private:
  std::string place(std::string_view digits, bool is_negative) const;

  std::string prefix_;
  std::string suffix_;
  std::uint32_t least_whole_ = 0;
  std::uint32_t least_fraction_ = 0;
  std::uint32_t most_fraction_ = 0;
  std::uint32_t group_ = 0;            // digits between commas; 0 for none
  std::uint32_t exponent_digits_ = 0;  // 0: no exponent
  int scale_ = 1;                      // 100 for a percentage
};

}  // namespace gyre::engine
