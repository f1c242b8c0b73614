// Which numbers does a histogram of so many significant digits not tell apart?
//
// Classes as a high-dynamic-range histogram lays them out: from the power of two below the smallest value on, each
// doubling of values is cut into equally long classes, enough of them for the digits asked for. A class is shown as its
// highest number.
//
// THREADS: a value.
#pragma once

#include <cmath>
#include <cstdint>

namespace gyre::engine {

class HdrClasses {
 public:
  // REQUIRES: digits from 0 to 5; smallest > 0, or 0 when there is no value above 0.
  HdrClasses(int digits, double smallest) {
    double least = 2;
    for (int i = 0; i < digits; ++i) least *= 10;
    while (half_count_ * 2 < least) half_count_ *= 2;
    if (smallest > 0) unit_ = std::exp2(std::floor(std::log2(smallest))) / half_count_;
    // log2 may round up to the next whole number.
    if (smallest > 0 && unit_ * half_count_ > smallest) unit_ /= 2;
  }
  // The first number of the class.
  double lowest(double value) const { return begin(std::floor(value / unit_)) * unit_; }
  double highest(double value) const {
    const double units = std::floor(value / unit_);
    return (begin(units) + length(units) - 1) * unit_;
  }

 private:
  // In units: classes are as long as a power of two that leaves between half_count_ and its double of them.
  double length(double units) const {
    double length = 1;
    while (units / length >= half_count_ * 2) length *= 2;
    return length;
  }
  double begin(double units) const { return std::floor(units / length(units)) * length(units); }

  double half_count_ = 1;
  double unit_ = 1;
};

}  // namespace gyre::engine
