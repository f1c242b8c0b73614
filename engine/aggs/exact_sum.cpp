#include "engine/aggs/exact_sum.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>

#include "engine/mapping/numeric_value.hpp"

namespace gyre::engine {

namespace {

// Sums of the same bucket that follow each other would wait for each other's store: few buckets get several sums each.
constexpr std::uint32_t kLanes = 4;
constexpr std::uint32_t kMaxLanedBuckets = 512;
constexpr int kMaxDigits = ValueReader::kMaxUnitDigits;
constexpr std::uint64_t kMaxPart = std::uint64_t{1} << 62;
constexpr double kMaxUnit = 1125899906842624.0;  // 2^50, see toUnits()

constexpr std::int64_t powerOfTen(int digits) {
  std::int64_t power = 1;
  for (int i = 0; i < digits; ++i) power *= 10;
  return power;
}

// Adding 1.5 * 2^52 leaves a double's whole part in the low bits of its mantissa, rounded to even.
constexpr double kRoundingBias = 6755399441055744.0;

// The doubles as whole numbers of 10^-digits; false when one is none. No branches inside a stretch, so that it
// vectorises. kRoundingBias holds for more than kMaxUnit, but errors must not reach it.
bool toUnits(const std::int64_t* encoded, std::uint32_t size, int digits, std::int64_t* units) {
  constexpr std::uint32_t kStretch = 256;  // what is no short decimal shows early
  const auto factor = static_cast<double>(powerOfTen(digits));
  for (std::uint32_t begin = 0; begin < size; begin += kStretch) {
    const std::uint32_t end = std::min(size, begin + kStretch);
    std::uint32_t failures = 0;
    for (std::uint32_t i = begin; i < end; ++i) {
      const double value = decodeDouble(encoded[i]);
      const double scaled = value * factor;
      const double biased = scaled + kRoundingBias;
      const double whole = biased - kRoundingBias;
      units[i] = std::bit_cast<std::int64_t>(biased) - std::bit_cast<std::int64_t>(kRoundingBias);
      failures += static_cast<std::uint32_t>(!(std::fabs(scaled) < kMaxUnit)) |
                  static_cast<std::uint32_t>(whole / factor != value);
    }
    if (failures != 0) return false;
  }
  return true;
}

// The number of decimals when the factor is a power of ten, else -1.
int digitsOfFactor(double factor) {
  for (int digits = 0; digits <= 15; ++digits)
    if (factor == static_cast<double>(powerOfTen(digits))) return digits;
  return -1;
}

__extension__ typedef unsigned __int128 Unsigned128;

}  // namespace

double nearestQuotient(Int128 numerator, Int128 denominator) {
  // Both exact as doubles: their quotient is rounded once.
  constexpr Int128 kExact = Int128{1} << 53;
  if (-kExact <= numerator && numerator <= kExact && denominator <= kExact)
    return static_cast<double>(numerator) / static_cast<double>(denominator);
  const bool is_negative = numerator < 0;
  Unsigned128 rest = is_negative ? -static_cast<Unsigned128>(numerator) : static_cast<Unsigned128>(numerator);
  const auto divisor = static_cast<Unsigned128>(denominator);
  Unsigned128 quotient = rest / divisor;
  rest %= divisor;
  // Enough bits for the mantissa and its rounding; whatever follows only says whether the value is exactly there.
  int exponent = 0;
  while (rest != 0 && quotient < (Unsigned128{1} << 62) && exponent > -1100) {
    rest <<= 1;
    quotient <<= 1;
    if (rest >= divisor) {
      rest -= divisor;
      quotient |= 1;
    }
    --exponent;
  }
  bool is_inexact = rest != 0;
  while (quotient >= (Unsigned128{1} << 63)) {
    is_inexact = is_inexact || (quotient & 1) != 0;
    quotient >>= 1;
    ++exponent;
  }
  const auto bits = static_cast<std::uint64_t>(quotient) | (is_inexact ? 1u : 0u);
  const double magnitude = std::ldexp(static_cast<double>(bits), exponent);
  return is_negative ? -magnitude : magnitude;
}

std::string decimalText(Int128 numerator, int digits) {
  const bool is_negative = numerator < 0;
  Unsigned128 rest = is_negative ? -static_cast<Unsigned128>(numerator) : static_cast<Unsigned128>(numerator);
  std::string reversed;
  for (int i = 0; rest != 0 || i <= digits; ++i) {
    if (i == digits && digits > 0) reversed += '.';
    reversed += static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  }
  if (is_negative) reversed += '-';
  std::reverse(reversed.begin(), reversed.end());
  if (digits == 0) return reversed + ".0";
  while (reversed.back() == '0' && reversed[reversed.size() - 2] != '.') reversed.pop_back();
  return reversed;
}

ExactSums::ExactSums(FieldType type, double scaling_factor) : is_floating_(isFloating(type)), lanes_(kLanes) {
  if (is_floating_) {
    digits_ = 2;
  } else if (type == FieldType::kScaledFloat) {
    divisor_ = scaling_factor;
    digits_ = digitsOfFactor(scaling_factor);
    is_decimal_ = digits_ >= 0;
  }
}

void ExactSums::grow(std::uint32_t count) {
  if (count <= count_) return;
  if (lanes_ > 1 && count > kMaxLanedBuckets) {
    settle();
    lanes_ = 1;
  }
  count_ = count;
  parts_.resize(std::size_t{count} * lanes_);
  if (!rests_.empty()) rests_.resize(count);
}

void ExactSums::add(const ValueBlock& block) {
  if (block.size == 0) return;
  if (block.units != nullptr) return addUnits(block.units, block.digits, block.reach, block);
  if (!is_floating_) return addWhole(block.values, block.reach, block);
  units_.resize(block.size);
  for (int digits = (digits_ + 1) / 2 * 2; digits <= kMaxDigits; digits += 2)
    if (toUnits(block.values, block.size, digits, units_.data()))
      return addUnits(units_.data(), digits, static_cast<std::uint64_t>(kMaxUnit), block);
  addDoubles(block);
}

void ExactSums::addUnits(const std::int64_t* units, int digits, std::uint64_t reach, const ValueBlock& block) {
  if (digits > digits_) {
    settle();
    for (Int128& sum : sums_) sum *= powerOfTen(digits - digits_);
    digits_ = digits;
  } else if (digits < digits_) {
    // Units are below 2^53 and the power at most 10^8, so the products fit as long as what they stand for is below
    // 2^36.
    const std::int64_t power = powerOfTen(digits_ - digits);
    const std::uint64_t scaled_reach =
        reach > kMaxPart / static_cast<std::uint64_t>(power) ? UINT64_MAX : reach * static_cast<std::uint64_t>(power);
    if (scaled_reach == UINT64_MAX) {
      sums_.resize(count_);
      for (std::uint32_t i = 0; i < block.size; ++i) sums_[block.bucket(i)] += static_cast<Int128>(units[i]) * power;
      return;
    }
    scaled_.resize(block.size);
    for (std::uint32_t i = 0; i < block.size; ++i) scaled_[i] = units[i] * power;
    return addWhole(scaled_.data(), scaled_reach, block);
  }
  addWhole(units, reach, block);
}

void ExactSums::addWhole(const std::int64_t* values, std::uint64_t reach, const ValueBlock& block) {
  if (reach > kMaxPart / block.size) {
    sums_.resize(count_);
    for (std::uint32_t i = 0; i < block.size; ++i) sums_[block.bucket(i)] += values[i];
    return;
  }
  const std::uint64_t block_reach = reach * block.size;
  if (block_reach > kMaxPart - part_reach_) settle();
  part_reach_ += block_reach;
  addParts(values, block.buckets, block.size);
}

void ExactSums::addParts(const std::int64_t* values, const std::uint32_t* buckets, std::uint32_t size) {
  std::uint64_t* const parts = parts_.data();
  std::uint32_t i = 0;
  if (buckets == nullptr) {
    std::uint64_t sum = 0;
    for (; i < size; ++i) sum += static_cast<std::uint64_t>(values[i]);
    parts[0] += sum;
  } else if (lanes_ == 1) {
    for (; i < size; ++i) parts[buckets[i]] += static_cast<std::uint64_t>(values[i]);
  } else {
    for (; i + kLanes <= size; i += kLanes)
      for (std::uint32_t lane = 0; lane < kLanes; ++lane)
        parts[std::size_t{buckets[i + lane]} * kLanes + lane] += static_cast<std::uint64_t>(values[i + lane]);
    for (; i < size; ++i) parts[std::size_t{buckets[i]} * kLanes] += static_cast<std::uint64_t>(values[i]);
  }
}

void ExactSums::settle() {
  if (part_reach_ == 0) return;
  sums_.resize(count_);
  for (std::uint32_t bucket = 0; bucket < count_; ++bucket) sums_[bucket] = total(bucket);
  std::fill(parts_.begin(), parts_.end(), 0);
  part_reach_ = 0;
}

void ExactSums::addDoubles(const ValueBlock& block) {
  rests_.resize(count_);
  for (std::uint32_t i = 0; i < block.size; ++i) {
    Compensated& rest = rests_[block.bucket(i)];
    const double value = decodeDouble(block.values[i]);
    const double sum = rest.sum + value;
    if (std::isfinite(sum))
      rest.lost += std::fabs(rest.sum) >= std::fabs(value) ? (rest.sum - sum) + value : (value - sum) + rest.sum;
    rest.sum = sum;
  }
}

Int128 ExactSums::total(std::uint32_t bucket) const {
  Int128 sum = bucket < sums_.size() ? sums_[bucket] : 0;
  if (bucket >= count_) return sum;
  for (std::uint32_t lane = 0; lane < lanes_; ++lane)
    sum += static_cast<std::int64_t>(parts_[std::size_t{bucket} * lanes_ + lane]);
  return sum;
}

double ExactSums::rest(std::uint32_t bucket) const {
  if (bucket >= rests_.size()) return 0;
  return std::isfinite(rests_[bucket].sum) ? rests_[bucket].sum + rests_[bucket].lost : rests_[bucket].sum;
}

std::string ExactSums::text(std::uint32_t bucket) const {
  if (is_decimal_ && (bucket >= rests_.size() || rests_[bucket].sum == 0)) return decimalText(total(bucket), digits_);
  const double sum = value(bucket);
  return std::isfinite(sum) ? doubleText(sum)
         : std::isnan(sum)  ? "\"NaN\""
         : sum < 0          ? "\"-Infinity\""
                            : "\"Infinity\"";
}

double ExactSums::quotient(std::uint32_t bucket, std::uint64_t count) const {
  const Int128 sum = total(bucket);
  if (!is_decimal_) return nearestQuotient(sum, 1) / divisor_ / static_cast<double>(count);
  const double exact = nearestQuotient(sum, static_cast<Int128>(count) * powerOfTen(std::max(digits_, 0)));
  const double others = rest(bucket);
  return others == 0 ? exact : exact + others / static_cast<double>(count);
}

}  // namespace gyre::engine
