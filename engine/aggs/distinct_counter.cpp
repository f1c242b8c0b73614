#include "engine/aggs/distinct_counter.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace gyre::engine {

namespace {

// How much the registers that are full (tau) or empty (sigma) add to the estimate: O. Ertl, "New cardinality estimation
// algorithms for HyperLogLog sketches". Needs no table of corrections, and errs less for few values.
double sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double y = 1;
  double z = x;
  for (double last = -1; z != last; y += y) {
    x *= x;
    last = z;
    z += x * y;
  }
  return z;
}
double tau(double x) {
  if (x == 0 || x == 1) return 0;
  double y = 1;
  double z = 1 - x;
  for (double last = -1; z != last;) {
    x = std::sqrt(x);
    last = z;
    y /= 2;
    z -= (1 - x) * (1 - x) * y;
  }
  return z / 3;
}

}  // namespace

DistinctCounter::DistinctCounter(std::uint32_t threshold)
    : threshold_(std::clamp(threshold, kMinThreshold, kMaxThreshold)) {
  // As many registers as the exact set would have slots at three quarters full, four times over.
  const auto slots = static_cast<std::uint64_t>(std::ceil(threshold_ / 0.75));
  precision_ = std::clamp(static_cast<int>(std::bit_width(slots * 4)) - 1, 4, 18);
}

void DistinctCounter::grow() {
  std::vector<std::uint64_t> old(slots_.empty() ? 16 : slots_.size() * 2);
  old.swap(slots_);
  for (const std::uint64_t hash : old) {
    if (hash == 0) continue;
    std::size_t at = hash & (slots_.size() - 1);
    while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = hash;
  }
}

void DistinctCounter::addExact(std::uint64_t hash) {
  if (hash == 0) {
    size_ += has_zero_ ? 0 : 1;
    has_zero_ = true;
  } else {
    if (std::size_t{size_} * 2 >= slots_.size()) grow();
    std::size_t at = hash & (slots_.size() - 1);
    while (slots_[at] != 0 && slots_[at] != hash) at = (at + 1) & (slots_.size() - 1);
    if (slots_[at] == hash) return;
    slots_[at] = hash;
    ++size_;
  }
  if (size_ <= threshold_) return;
  registers_.assign(std::size_t{1} << precision_, 0);
  for (const std::uint64_t known : slots_)
    if (known != 0) observe(known);
  if (has_zero_) observe(0);
  slots_ = {};
}

void DistinctCounter::observe(std::uint64_t hash) {
  const std::size_t at = hash >> (64 - precision_);
  const std::uint64_t rest = hash << precision_;
  const int zeros = std::min(std::countl_zero(rest), 64 - precision_);
  registers_[at] = std::max(registers_[at], static_cast<std::uint8_t>(zeros + 1));
}

std::uint64_t DistinctCounter::count() const {
  if (registers_.empty()) return size_;
  const int last = 64 - precision_ + 1;
  std::vector<std::uint32_t> counts(static_cast<std::size_t>(last) + 1);
  for (const std::uint8_t value : registers_) ++counts[value];
  const auto total = static_cast<double>(registers_.size());
  double z = total * tau(1 - counts[static_cast<std::size_t>(last)] / total);
  for (int k = last - 1; k >= 1; --k) z = 0.5 * (z + counts[static_cast<std::size_t>(k)]);
  z += total * sigma(counts[0] / total);
  return static_cast<std::uint64_t>(std::llround(total * total / (2 * std::log(2.0)) / z));
}

}  // namespace gyre::engine
