#include "engine/series/value_codec.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "engine/series/integer_codec.hpp"

namespace gyre::engine::series {
namespace {

// Written into the file: never renumber.
enum Kind : std::uint8_t { kSame = 0, kDecimal = 1, kXor = 2 };

// Powers of ten that a double holds exactly; a quotient of two exact numbers is the double nearest to the decimal,
// which is what parsing the decimal gave.
constexpr double kPowers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
constexpr unsigned kMaxExponent = 15;
constexpr double kMaxWhole = 9007199254740992.0;  // 2^53: whole numbers up to it are exact

std::uint64_t bitsOf(double value) { return std::bit_cast<std::uint64_t>(value); }

// The whole number that, divided by the power, gives the value again bit for bit.
bool toWhole(double value, double power, std::int64_t& whole) {
  const double scaled = value * power;
  if (!(std::fabs(scaled) < kMaxWhole)) return false;
  whole = static_cast<std::int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
  return bitsOf(static_cast<double>(whole) / power) == bitsOf(value);
}

struct Decimals {
  unsigned exponent = 0;
  std::vector<std::int64_t> wholes;
  std::vector<std::uint32_t> exceptions;
};

// False when too many values are no decimals.
bool toDecimals(std::span<const double> values, Decimals& out) {
  const std::size_t allowed = values.size() / 10 + 1;
  unsigned exponent = 0;
  std::size_t failed = 0;
  for (const double value : values) {
    std::int64_t whole = 0;
    unsigned tried = exponent;
    while (tried <= kMaxExponent && !toWhole(value, kPowers[tried], whole)) {
      if (!std::isfinite(value)) tried = kMaxExponent;
      ++tried;
    }
    if (tried <= kMaxExponent)
      exponent = tried;
    else if (++failed > allowed)
      return false;
  }
  out.exponent = exponent;
  out.wholes.clear();
  out.exceptions.clear();
  std::int64_t before = 0;
  for (std::uint32_t i = 0; i < values.size(); ++i) {
    std::int64_t whole = 0;
    if (toWhole(values[i], kPowers[exponent], whole))
      before = whole;
    else
      out.exceptions.push_back(i);
    out.wholes.push_back(before);  // an exception repeats what came before it, which costs the least
  }
  return out.exceptions.size() <= allowed;
}

class BitWriter {
 public:
  explicit BitWriter(std::string& out) : out_(out) {}
  // REQUIRES: value fits the bits; at most 57 at once, or 64 in two halves by the caller.
  void put(std::uint64_t value, unsigned bits) {
    if (bits > 32) {
      put(value & 0xffffffff, 32);
      value >>= 32;
      bits -= 32;
    }
    word_ |= value << used_;
    used_ += bits;
    while (used_ >= 8) {
      out_.append(1, static_cast<char>(word_ & 0xff));
      word_ >>= 8;
      used_ -= 8;
    }
  }
  void flush() {
    if (used_ > 0) out_.append(1, static_cast<char>(word_ & 0xff));
    word_ = 0;
    used_ = 0;
  }

 private:
  std::string& out_;
  std::uint64_t word_ = 0;
  unsigned used_ = 0;
};

class BitReader {
 public:
  explicit BitReader(base::ByteView bytes) : bytes_(bytes) {}
  std::uint64_t get(unsigned bits) {
    if (bits > 32) {
      const std::uint64_t low = get(32);
      return low | get(bits - 32) << 32;
    }
    while (has_ < bits) {
      if (at_ >= bytes_.size()) {
        is_valid_ = false;
        return 0;
      }
      word_ |= std::uint64_t{bytes_[at_++]} << has_;
      has_ += 8;
    }
    const std::uint64_t value = word_ & ((std::uint64_t{1} << bits) - 1);
    word_ >>= bits;
    has_ -= bits;
    return value;
  }
  bool isValid() const { return is_valid_; }

 private:
  base::ByteView bytes_;
  std::size_t at_ = 0;
  std::uint64_t word_ = 0;
  unsigned has_ = 0;
  bool is_valid_ = true;
};

void appendXor(std::string& out, std::span<const double> values) {
  std::string bytes;
  BitWriter bits(bytes);
  std::uint64_t before = bitsOf(values[0]);
  bits.put(before, 64);
  unsigned leading = 65;  // no window yet
  unsigned length = 0;
  for (std::size_t i = 1; i < values.size(); ++i) {
    const std::uint64_t difference = bitsOf(values[i]) ^ before;
    before = bitsOf(values[i]);
    if (difference == 0) {
      bits.put(0, 1);
      continue;
    }
    const unsigned zeros = static_cast<unsigned>(std::countl_zero(difference));
    const unsigned trailing = static_cast<unsigned>(std::countr_zero(difference));
    const unsigned own_length = 64 - zeros - trailing;
    // A window that is much too wide is given up: eleven bits buy a new one.
    if (leading <= 64 && zeros >= leading && trailing >= 64 - leading - length && length <= own_length + 11) {
      bits.put(1, 2);  // read from the low bit: 1, then 0
      bits.put(difference >> (64 - leading - length), length);
      continue;
    }
    leading = zeros;
    length = own_length;
    bits.put(3, 2);
    bits.put(leading, 6);
    bits.put(length - 1, 6);
    bits.put(difference >> (64 - leading - length), length);
  }
  bits.flush();
  base::appendVarint(out, bytes.size());
  out += bytes;
}

bool readXor(base::ByteReader& reader, std::span<double> into) {
  BitReader bits(reader.bytes(reader.varint()));
  if (!reader.isValid()) return false;
  std::uint64_t before = bits.get(64);
  into[0] = std::bit_cast<double>(before);
  unsigned leading = 0;
  unsigned length = 0;
  for (std::size_t i = 1; i < into.size() && bits.isValid(); ++i) {
    if (bits.get(1) != 0) {
      if (bits.get(1) != 0) {
        leading = static_cast<unsigned>(bits.get(6));
        length = static_cast<unsigned>(bits.get(6)) + 1;
      }
      if (length == 0 || leading + length > 64) return false;
      before ^= bits.get(length) << (64 - leading - length);
    }
    into[i] = std::bit_cast<double>(before);
  }
  return bits.isValid();
}

}  // namespace

void appendValues(std::string& out, std::span<const double> values) {
  if (values.empty()) return;
  bool is_same = true;
  for (const double value : values) is_same = is_same && bitsOf(value) == bitsOf(values[0]);
  if (is_same && !std::isfinite(values[0])) {
    out.append(1, static_cast<char>(kSame));
    base::appendLittle(out, values[0]);
    return;
  }
  thread_local Decimals decimals;
  if (toDecimals(values, decimals)) {
    out.append(1, static_cast<char>(kDecimal));
    out.append(1, static_cast<char>(decimals.exponent));
    base::appendVarint(out, decimals.exceptions.size());
    appendIntegers(out, decimals.wholes);
    std::uint32_t next = 0;
    for (const std::uint32_t index : decimals.exceptions) {
      base::appendVarint(out, index - next);
      base::appendLittle(out, values[index]);
      next = index + 1;
    }
    return;
  }
  if (is_same) {
    out.append(1, static_cast<char>(kSame));
    base::appendLittle(out, values[0]);
    return;
  }
  out.append(1, static_cast<char>(kXor));
  appendXor(out, values);
}

bool readValues(base::ByteReader& reader, std::span<double> into) {
  if (into.empty()) return true;
  switch (reader.little<std::uint8_t>()) {
    case kSame: {
      const double value = reader.little<double>();
      for (double& each : into) each = value;
      return reader.isValid();
    }
    case kDecimal: {
      const unsigned exponent = reader.little<std::uint8_t>();
      const std::uint64_t exceptions = reader.varint();
      if (!reader.isValid() || exponent > kMaxExponent || exceptions > into.size()) return false;
      thread_local std::vector<std::int64_t> wholes;
      wholes.resize(into.size());
      if (!readIntegers(reader, wholes)) return false;
      const double power = kPowers[exponent];
      for (std::size_t i = 0; i < into.size(); ++i) into[i] = static_cast<double>(wholes[i]) / power;
      std::size_t at = 0;
      for (std::uint64_t i = 0; i < exceptions; ++i) {
        const std::uint64_t skipped = reader.varint();
        const double value = reader.little<double>();
        if (!reader.isValid() || skipped >= into.size() - at) return false;
        at += static_cast<std::size_t>(skipped);
        into[at++] = value;
      }
      return true;
    }
    case kXor: return readXor(reader, into);
    default: return false;
  }
}

}  // namespace gyre::engine::series
