#include "engine/aggs/quantiles.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

#include "engine/mapping/numeric_value.hpp"

namespace gyre::engine {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
// Fewer values are sorted: 1,024 take some 20 µs, about what a pass over the cells costs.
constexpr std::size_t kSortedOutright = 1'024;
constexpr int kCellBits = 12;

// Ranks of the whole fall between two centroids' middles; linear in between, the ends beyond the outer ones.
double interpolated(std::span<const Quantiles::Weighted> sorted, double rank) {
  double before = 0;
  double last_middle = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const double middle = before + sorted[i].weight / 2;
    if (rank <= middle) {
      if (i == 0) return sorted[0].value;
      // Two shares, not a difference: between numbers beyond 2^53 the dialect's last digits are these.
      const double stretch = middle - last_middle;
      return sorted[i - 1].value * ((middle - rank) / stretch) + sorted[i].value * ((rank - last_middle) / stretch);
    }
    before += sorted[i].weight;
    last_middle = middle;
  }
  return sorted.back().value;
}

}  // namespace

std::vector<std::int64_t> selectPlaces(std::vector<std::int64_t>& values, std::span<const std::size_t> places) {
  std::vector<std::int64_t> found;
  found.reserve(places.size());
  if (places.empty()) return found;
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const auto min = static_cast<std::uint64_t>(*low);
  const std::uint64_t span = static_cast<std::uint64_t>(*high) - min;
  if (values.size() <= kSortedOutright || span == 0) {
    std::sort(values.begin(), values.end());
    for (const std::size_t place : places) found.push_back(values[place]);
    return found;
  }
  // Values by cell of equal length: only those of the cells that hold a wanted place are looked at further.
  const int shift = std::max(0, static_cast<int>(std::bit_width(span)) - kCellBits);
  const auto cellOf = [&](std::int64_t value) { return (static_cast<std::uint64_t>(value) - min) >> shift; };
  std::vector<std::uint32_t> counts((span >> shift) + 1);
  for (const std::int64_t value : values) ++counts[cellOf(value)];
  struct Wanted {
    std::uint64_t cell;
    std::size_t first;  // place of the cell's first value
    std::vector<std::int64_t> values{};
    std::vector<std::size_t> places{};
  };
  std::vector<Wanted> wanted;
  std::size_t before = 0;
  std::uint64_t cell = 0;
  for (const std::size_t place : places) {
    while (before + counts[cell] <= place) before += counts[cell++];
    if (wanted.empty() || wanted.back().cell != cell) wanted.push_back({cell, before});
    wanted.back().places.push_back(place - before);
  }
  constexpr std::uint8_t kUnwanted = 0xff;
  std::vector<std::uint8_t> slots;
  if (wanted.size() < kUnwanted) {
    slots.assign(counts.size(), kUnwanted);
    for (std::size_t w = 0; w < wanted.size(); ++w) slots[wanted[w].cell] = static_cast<std::uint8_t>(w);
    for (const std::int64_t value : values)
      if (const std::uint8_t slot = slots[cellOf(value)]; slot != kUnwanted) wanted[slot].values.push_back(value);
  } else {
    std::sort(values.begin(), values.end());
    for (const std::size_t place : places) found.push_back(values[place]);
    return found;
  }
  for (Wanted& one : wanted) {
    // A cell is a 4,096th of the span: each round makes the values fewer or the span shorter.
    const std::vector<std::int64_t> inner = selectPlaces(one.values, one.places);
    found.insert(found.end(), inner.begin(), inner.end());
  }
  return found;
}

void Quantiles::compress() {
  std::sort(values_.begin(), values_.end());
  std::vector<Weighted> all;
  all.reserve(values_.size() + centroids_.size());
  std::size_t c = 0;
  for (const std::int64_t encoded : values_) {
    const double value = decodeDouble(encoded);
    while (c < centroids_.size() && centroids_[c].value < value) all.push_back(centroids_[c++]);
    all.push_back({value, 1});
  }
  all.insert(all.end(), centroids_.begin() + static_cast<std::ptrdiff_t>(c), centroids_.end());
  digested_ += values_.size();
  values_.clear();
  // The scale function k1: a centroid may span one unit of it, little near the ends and most in the middle. Ten times
  // the compression asked for costs some 16 KB and makes the digest's error disappear beside the data's.
  const double scale = std::max(100.0, compression_) * 10;
  const auto total = static_cast<double>(digested_);
  const auto unitOf = [&](double share) { return scale / (2 * std::numbers::pi) * std::asin(2 * share - 1); };
  const auto shareOf = [&](double unit) {
    if (unit >= scale / 4) return 1.0;
    return (std::sin(2 * std::numbers::pi * unit / scale) + 1) / 2;
  };
  std::vector<Weighted> merged;
  double before = 0;
  double limit = total * shareOf(unitOf(0) + 1);
  for (const Weighted& one : all) {
    if (!merged.empty() && before + merged.back().weight + one.weight <= limit) {
      Weighted& last = merged.back();
      last.weight += one.weight;
      last.value += (one.value - last.value) * one.weight / last.weight;
      continue;
    }
    if (!merged.empty()) before += merged.back().weight;
    merged.push_back(one);
    limit = total * shareOf(unitOf(std::min(1.0, before / total)) + 1);
  }
  centroids_ = std::move(merged);
}

std::vector<Quantiles::Weighted> Quantiles::sorted() {
  if (!centroids_.empty() && !values_.empty()) compress();
  if (!centroids_.empty()) return centroids_;
  if (!is_sorted_) std::sort(values_.begin(), values_.end());
  is_sorted_ = true;
  std::vector<Weighted> all;
  all.reserve(values_.size());
  for (const std::int64_t value : values_) all.push_back({decodeDouble(value), 1});
  return all;
}

std::vector<double> Quantiles::at(std::span<const double> shares) {
  std::vector<double> found(shares.size(), kNone);
  if (size() == 0) return found;
  if (!centroids_.empty()) {
    const std::vector<Weighted> all = sorted();
    for (std::size_t i = 0; i < shares.size(); ++i)
      found[i] = interpolated(all, shares[i] * static_cast<double>(size()));
    return found;
  }
  // Each share needs the values on both sides of its rank.
  const auto last = static_cast<double>(values_.size() - 1);
  std::vector<std::size_t> places;
  for (const double share : shares) {
    const double position = std::clamp(share * static_cast<double>(values_.size()) - 0.5, 0.0, last);
    places.push_back(static_cast<std::size_t>(std::floor(position)));
    places.push_back(static_cast<std::size_t>(std::ceil(position)));
  }
  is_sorted_ = false;
  std::vector<std::size_t> ascending(places);
  std::sort(ascending.begin(), ascending.end());
  ascending.erase(std::unique(ascending.begin(), ascending.end()), ascending.end());
  const std::vector<std::int64_t> values = selectPlaces(values_, ascending);
  const auto valueAtPlace = [&](std::size_t place) {
    const auto where = std::lower_bound(ascending.begin(), ascending.end(), place) - ascending.begin();
    return decodeDouble(values[static_cast<std::size_t>(where)]);
  };
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const double position = std::clamp(shares[i] * static_cast<double>(values_.size()) - 0.5, 0.0, last);
    const double low = valueAtPlace(places[2 * i]);
    const double high = valueAtPlace(places[2 * i + 1]);
    const double part = position - std::floor(position);
    found[i] = low == high ? low : low * (1 - part) + high * part;
  }
  return found;
}

double Quantiles::shareBelow(double value) {
  if (size() == 0) return kNone;
  const std::vector<Weighted> all = sorted();
  if (all.size() == 1) return value < all[0].value ? 0 : 1;
  // A value owns the stretch half-way to its neighbours; the first as much to its left as to its right.
  const auto total = static_cast<double>(size());
  double left = (all[1].value - all[0].value) / 2;
  double right = left;
  double before = 0;
  for (std::size_t i = 0; i + 1 < all.size(); ++i) {
    right = (all[i + 1].value - all[i].value) / 2;
    if (i == 0) left = right;
    if (value < all[i].value + right) {
      const double begin = all[i].value - left;
      const double share = (before + all[i].weight * (value - begin) / (left + right)) / total;
      return share > 0 ? share : 0;
    }
    before += all[i].weight;
    left = right;
  }
  return 1;
}

double Quantiles::medianDeviation() {
  if (size() == 0) return kNone;
  const double half[] = {0.5};
  const double middle = at(half)[0];
  std::vector<Weighted> all = sorted();
  for (Weighted& one : all) one.value = std::fabs(one.value - middle);
  std::sort(all.begin(), all.end(), [](const Weighted& a, const Weighted& b) { return a.value < b.value; });
  return interpolated(all, static_cast<double>(size()) / 2);
}

}  // namespace gyre::engine
