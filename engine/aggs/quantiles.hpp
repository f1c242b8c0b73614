// Where in their order does a share of these values lie?
//
// Values are kept as they come, up to a few million, and answers are exact: the wanted ranks are found by sorting into
// cells, not by sorting all. Past that they become centroids (a merging t-digest), finer towards both ends.
// A value of n stands at the middle of its 1/n of the whole; between two of them the answer is interpolated.
//
// THREADS: values; belongs to one aggregator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gyre::engine {

// The values at these places of the sorted order. REQUIRES: places ascend and are below values.size(); the values'
// order is left open.
std::vector<std::int64_t> selectPlaces(std::vector<std::int64_t>& values, std::span<const std::size_t> places);

class Quantiles {
 public:
  // Values beyond this many become centroids.
  static constexpr std::size_t kMaxExact = std::size_t{1} << 22;

  explicit Quantiles(double compression = 100) : compression_(compression) {}

  // As encodeDouble() has them.
  void add(std::int64_t value) {
    values_.push_back(value);
    if (values_.size() >= kMaxExact) compress();
  }
  std::uint64_t size() const { return values_.size() + digested_; }

  // For each share from 0 to 1, ascending. NaN when there are no values.
  std::vector<double> at(std::span<const double> shares);
  // The share of values below `value`.
  double shareBelow(double value);
  // Half of the values are no further from the middle one.
  double medianDeviation();
  // All values ascending, for a histogram; centroids count as their mean.
  struct Weighted {
    double value;
    double weight;
  };
  std::vector<Weighted> sorted();
  std::size_t memoryBytes() const {
    return values_.capacity() * sizeof(std::int64_t) + centroids_.capacity() * sizeof(Weighted);
  }

 private:
  void compress();

  double compression_;
  std::vector<std::int64_t> values_;
  std::vector<Weighted> centroids_;
  std::uint64_t digested_ = 0;
  bool is_sorted_ = false;
};

}  // namespace gyre::engine
