// How are amounts added up without losing a cent?
//
// Whole numbers (and the whole numbers behind scaled_float) are added in 128 bits. Doubles that are decimals of up to
// eight places are added as whole numbers of their last place, so 0.1 + 0.2 is 0.3; the others with Neumaier's
// compensation. A sum is written as the exact decimal it is, wherever it is one.
//
// A sum's late additions wait in 64 bits, for as long as the values' bounds say that they fit.
//
// THREADS: values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/aggs/value_block.hpp"
#include "engine/mapping/mapping.hpp"

namespace gyre::engine {

__extension__ typedef __int128 Int128;

// The double nearest to numerator / denominator. REQUIRES: 0 < denominator < 2^126.
double nearestQuotient(Int128 numerator, Int128 denominator);
// numerator / 10^digits in plain decimal notation with at least one decimal: "228210155.4", "12.0".
std::string decimalText(Int128 numerator, int digits);

// One sum a bucket.
class ExactSums {
 public:
  ExactSums(FieldType type, double scaling_factor);

  // Makes room for buckets below `count`.
  void grow(std::uint32_t count);
  void add(const ValueBlock& block);

  std::string text(std::uint32_t bucket) const;
  double value(std::uint32_t bucket) const { return quotient(bucket, 1); }
  // The sum divided by `count`, rounded once.
  double quotient(std::uint32_t bucket, std::uint64_t count) const;
  std::size_t memoryBytes() const {
    return sums_.capacity() * sizeof(Int128) + parts_.capacity() * sizeof(std::uint64_t) +
           rests_.capacity() * sizeof(Compensated);
  }

 private:
  struct Compensated {
    double sum = 0;
    double lost = 0;
  };
  void addUnits(const std::int64_t* units, int digits, std::uint64_t reach, const ValueBlock& block);
  void addWhole(const std::int64_t* values, std::uint64_t reach, const ValueBlock& block);
  void addParts(const std::int64_t* values, const std::uint32_t* buckets, std::uint32_t size);
  void addDoubles(const ValueBlock& block);
  // Moves what waits to the sums.
  void settle();
  Int128 total(std::uint32_t bucket) const;
  double rest(std::uint32_t bucket) const;

  bool is_floating_;
  double divisor_ = 1;      // of the whole numbers, when it is no power of ten
  bool is_decimal_ = true;  // the divisor is 10^digits_
  int digits_ = 0;
  std::uint32_t lanes_;
  std::uint32_t count_ = 0;
  std::vector<Int128> sums_;          // one a bucket, those at the end as far as they are not 0
  std::vector<std::uint64_t> parts_;  // bucket * lanes_ + lane, in two's complement: what has been added since
  std::uint64_t part_reach_ = 0;      // no part is further from 0
  std::vector<Compensated> rests_;    // of doubles that are no short decimals; empty while there are none
  std::vector<std::int64_t> units_, scaled_;
};

}  // namespace gyre::engine
