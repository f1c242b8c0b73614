#include "engine/codec/bit_packing.hpp"

#include <array>
#include <utility>

#include "engine/codec/packed_lanes.hpp"

namespace gyre::engine {
namespace {

template <class Value>
void packInto(std::string& out, std::span<const Value> values, unsigned width) {
  if (width == 0) return;
  std::uint64_t pending = 0;
  unsigned filled = 0;
  for (const Value each : values) {
    const std::uint64_t value = each;
    pending |= value << filled;
    if (filled + width < 64) {
      filled += width;
      continue;
    }
    base::appendLittle(out, pending);
    // The high bits that did not fit; a shift by 64 would be undefined, so 0 is taken apart.
    const unsigned used = 64 - filled;
    pending = used < 64 ? value >> used : 0;
    filled = filled + width - 64;
  }
  for (; filled > 0; filled -= filled < 8 ? filled : 8) {
    out += static_cast<char>(pending & 0xff);
    pending >>= 8;
  }
}

// One value of a group of eight: its byte and shift are constants, so the compiler sees eight independent loads.
template <unsigned kWidth, unsigned kIndex, class Value>
inline Value groupValue(const std::uint8_t* from) {
  constexpr unsigned kByte = kWidth * kIndex / 8;
  constexpr unsigned kShift = kWidth * kIndex % 8;
  if constexpr (kWidth == 0) {
    return 0;
  } else {
    constexpr std::uint64_t kMask = kWidth == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << (kWidth % 64)) - 1;
    std::uint64_t value = base::loadLittle<std::uint64_t>(from + kByte) >> kShift;
    if constexpr (kShift + kWidth > 64) value |= static_cast<std::uint64_t>(from[kByte + 8]) << (64 - kShift);
    return static_cast<Value>(value & kMask);
  }
}

template <unsigned kWidth, class Value>
void unpackWidth(const std::uint8_t* from, std::size_t count, Value* to) {
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8, from += kWidth) {
    [&]<unsigned... kIndex>(std::integer_sequence<unsigned, kIndex...>) {
      ((to[i + kIndex] = groupValue<kWidth, kIndex, Value>(from)), ...);
    }
    (std::make_integer_sequence<unsigned, 8>());
  }
  for (std::size_t rest = 0; i < count; ++i, ++rest) to[i] = static_cast<Value>(unpackOne(from, rest, kWidth));
}

template <class Value>
using Unpacker = void (*)(const std::uint8_t*, std::size_t, Value*);

template <class Value, unsigned... kWidths>
constexpr std::array<Unpacker<Value>, sizeof...(kWidths)> makeTable(std::integer_sequence<unsigned, kWidths...>) {
  return {&unpackWidth<kWidths, Value>...};
}

constexpr auto kWide = makeTable<std::uint64_t>(std::make_integer_sequence<unsigned, 65>());
constexpr auto kNarrow = makeTable<std::uint32_t>(std::make_integer_sequence<unsigned, 33>());

}  // namespace

void appendPacked(std::string& out, std::span<const std::uint64_t> values, unsigned width) {
  packInto(out, values, width);
}
void appendPacked(std::string& out, std::span<const std::uint32_t> values, unsigned width) {
  packInto(out, values, width);
}

void unpack(const std::uint8_t* from, std::size_t count, unsigned width, std::uint64_t* to) {
  const std::size_t done = unpackLanes(from, count, width, to);
  kWide[width](from + done / 8 * width, count - done, to + done);
}
void unpack(const std::uint8_t* from, std::size_t count, unsigned width, std::uint32_t* to) {
  const std::size_t done = unpackLanes(from, count, width, to);
  kNarrow[width](from + done / 8 * width, count - done, to + done);
}

}  // namespace gyre::engine
