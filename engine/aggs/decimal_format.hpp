// How does a number read in a pattern like "#,##0.00"?
//
// The patterns of Java's DecimalFormat as far as the dialect's users need them: digits, grouping, percent, literal text
// before and after, and a second pattern for negative numbers. Ties round to the even digit. A scientific pattern is
// refused.
//
// THREADS: values.
#pragma once

#include <string>
#include <string_view>

#include "gyre/status.hpp"

namespace gyre::engine {

class DecimalFormat {
 public:
  // illegal_argument_exception names what is not understood.
  static Result<DecimalFormat> parse(std::string_view pattern);
  std::string text(double value) const;

 private:
  struct Affixes {
    std::string before;
    std::string after;
  };
  Affixes positive_;
  Affixes negative_;
  double multiplier_ = 1;
  int grouping_ = 0;  // digits in a group; 0 for none
  int min_whole_ = 0;
  int min_fraction_ = 0;
  int max_fraction_ = 0;
};

}  // namespace gyre::engine
