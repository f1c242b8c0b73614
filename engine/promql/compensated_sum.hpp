// How is a long sum kept from losing its last digits?
//
// Kahan's compensated summation with Neumaier's improvement, where Prometheus uses it.
//
// THREADS: values.
#pragma once

#include <cmath>

namespace gyre::engine::promql {

struct CompensatedSum {
  double sum = 0;
  double lost = 0;

  void add(double increment) {
    const double total = sum + increment;
    if (std::abs(sum) >= std::abs(increment)) {
      lost += (sum - total) + increment;
    } else {
      lost += (increment - total) + sum;
    }
    sum = total;
  }
  double value() const { return sum + lost; }
};

}  // namespace gyre::engine::promql
