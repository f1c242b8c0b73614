// Which value has the share q of the others below it?
//
// THREADS: functions without state.
#pragma once

#include <vector>

namespace gyre::engine::promql {

// Sorts `values`; between two of them interpolates. NaN for none, -Inf below q 0, +Inf above 1. A NaN counts as the
// smallest.
double quantile(double q, std::vector<double>& values);

struct Bucket {
  double upper_bound = 0;
  double count = 0;  // cumulative
};

// The quantile of a histogram's cumulative buckets, sorted by bound: linear within a bucket, from 0 when the first
// bound is positive. NaN without a bucket at +Inf or observations. Changes `buckets` (equal bounds become one, counts
// that fall are lifted).
double bucketQuantile(double q, std::vector<Bucket>& buckets);

}  // namespace gyre::engine::promql
