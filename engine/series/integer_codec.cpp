#include "engine/series/integer_codec.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "engine/codec/bit_packing.hpp"

namespace gyre::engine::series {
namespace {

// What is packed. Written into the file: never renumber.
enum Transform : std::uint8_t { kOffsets = 0, kZigzagDeltas = 1, kOffsetDeltas = 2, kZigzagDeltaDeltas = 3 };

struct Plan {
  unsigned width = 0;
  std::uint64_t bits = std::numeric_limits<std::uint64_t>::max();
};

// Bits that an exception costs: a byte or two for its place, and what stands above the packed width in varint bytes.
std::uint64_t exceptionBits(unsigned value_bits, unsigned width) { return 8 + 8 * ((value_bits - width + 6) / 7); }

Plan planPacking(std::span<const std::uint64_t> values) {
  std::array<std::uint32_t, 65> histogram{};
  unsigned widest = 0;
  for (const std::uint64_t value : values) {
    const unsigned bits = bitWidth(value);
    ++histogram[bits];
    widest = std::max(widest, bits);
  }
  Plan best;
  for (unsigned width = 0; width <= widest; ++width) {
    std::uint64_t bits = values.size() * width;
    for (unsigned above = width + 1; above <= widest; ++above) bits += histogram[above] * exceptionBits(above, width);
    if (bits < best.bits) best = {width, bits};
  }
  return best;
}

void appendPackedWithExceptions(std::string& out, std::vector<std::uint64_t>& values, unsigned width) {
  std::vector<std::pair<std::uint32_t, std::uint64_t>> exceptions;
  if (width < 64) {
    const std::uint64_t mask = (std::uint64_t{1} << width) - 1;
    for (std::uint32_t i = 0; i < values.size(); ++i) {
      if (values[i] <= mask) continue;
      exceptions.emplace_back(i, values[i] >> width);
      values[i] &= mask;
    }
  }
  out.append(1, static_cast<char>(width));
  base::appendVarint(out, exceptions.size());
  appendPacked(out, values, width);
  std::uint32_t next = 0;
  for (const auto& [index, above] : exceptions) {
    base::appendVarint(out, index - next);
    base::appendVarint(out, above);
    next = index + 1;
  }
}

bool readPackedWithExceptions(base::ByteReader& reader, std::uint64_t* into, std::size_t count) {
  const unsigned width = reader.little<std::uint8_t>();
  const std::uint64_t exceptions = reader.varint();
  if (!reader.isValid() || width > 64 || exceptions > count) return false;
  const base::ByteView packed = reader.bytes(packedBytes(count, width));
  if (!reader.isValid()) return false;
  if (reader.remaining() >= kUnpackSlack) {
    unpack(packed.data(), count, width, into);
  } else {
    std::string padded(base::asText(packed));
    padded.append(kUnpackSlack, '\0');
    unpack(base::asBytes(padded).data(), count, width, into);
  }
  std::uint64_t at = 0;
  for (std::uint64_t i = 0; i < exceptions; ++i) {
    const std::uint64_t skipped = reader.varint();
    const std::uint64_t above = reader.varint();
    if (!reader.isValid() || width == 64 || skipped >= count - at) return false;
    at += skipped;
    into[at++] |= above << width;
  }
  return true;
}

}  // namespace

void appendIntegers(std::string& out, std::span<const std::int64_t> values) {
  const std::size_t count = values.size();
  if (count == 0) return;
  thread_local std::array<std::vector<std::uint64_t>, 4> columns;
  const auto at = [&](std::size_t i) { return static_cast<std::uint64_t>(values[i]); };
  const std::int64_t least = *std::min_element(values.begin(), values.end());
  std::int64_t least_delta = std::numeric_limits<std::int64_t>::max();
  for (std::size_t i = 1; i < count; ++i)
    least_delta = std::min(least_delta, static_cast<std::int64_t>(at(i) - at(i - 1)));
  for (auto& column : columns) column.clear();
  for (std::size_t i = 0; i < count; ++i) columns[kOffsets].push_back(at(i) - static_cast<std::uint64_t>(least));
  std::uint64_t before = 0;
  for (std::size_t i = 1; i < count; ++i) {
    const std::uint64_t delta = at(i) - at(i - 1);
    columns[kZigzagDeltas].push_back(zigzag(static_cast<std::int64_t>(delta)));
    columns[kOffsetDeltas].push_back(delta - static_cast<std::uint64_t>(least_delta));
    if (i > 1) columns[kZigzagDeltaDeltas].push_back(zigzag(static_cast<std::int64_t>(delta - before)));
    before = delta;
  }
  // What stands before the packed numbers counts too: in a short column it decides.
  const auto varintBits = [](std::uint64_t value) { return 8u * ((bitWidth(value | 1) + 6) / 7); };
  const std::uint64_t first_bits = varintBits(zigzag(values[0]));
  const std::array<std::uint64_t, 4> head_bits = {
      varintBits(zigzag(least)), first_bits, first_bits + (count > 1 ? varintBits(zigzag(least_delta)) : 8),
      first_bits + (count > 1 ? varintBits(zigzag(static_cast<std::int64_t>(at(1) - at(0)))) : 8)};
  std::size_t chosen = kOffsets;
  Plan plan;
  std::uint64_t best = std::numeric_limits<std::uint64_t>::max();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Plan each = planPacking(columns[i]);
    if (each.bits + head_bits[i] >= best) continue;
    best = each.bits + head_bits[i];
    plan = each;
    chosen = i;
  }
  out.append(1, static_cast<char>(chosen));
  base::appendVarint(out, zigzag(chosen == kOffsets ? least : values[0]));
  if (chosen == kOffsetDeltas) base::appendVarint(out, zigzag(count > 1 ? least_delta : 0));
  if (chosen == kZigzagDeltaDeltas)
    base::appendVarint(out, zigzag(count > 1 ? static_cast<std::int64_t>(at(1) - at(0)) : 0));
  appendPackedWithExceptions(out, columns[chosen], plan.width);
}

bool readIntegers(base::ByteReader& reader, std::span<std::int64_t> into) {
  const std::size_t count = into.size();
  if (count == 0) return true;
  const std::uint8_t transform = reader.little<std::uint8_t>();
  const std::uint64_t first = static_cast<std::uint64_t>(unzigzag(reader.varint()));
  // Signed and unsigned of one width may alias.
  std::uint64_t* const out = reinterpret_cast<std::uint64_t*>(into.data());
  switch (transform) {
    case kOffsets:
      if (!readPackedWithExceptions(reader, out, count)) return false;
      for (std::size_t i = 0; i < count; ++i) out[i] += first;
      return true;
    case kZigzagDeltas:
      out[0] = first;
      if (!readPackedWithExceptions(reader, out + 1, count - 1)) return false;
      for (std::size_t i = 1; i < count; ++i) out[i] = out[i - 1] + static_cast<std::uint64_t>(unzigzag(out[i]));
      return true;
    case kOffsetDeltas: {
      out[0] = first;
      const std::uint64_t least = static_cast<std::uint64_t>(unzigzag(reader.varint()));
      if (!readPackedWithExceptions(reader, out + 1, count - 1)) return false;
      for (std::size_t i = 1; i < count; ++i) out[i] += out[i - 1] + least;
      return true;
    }
    case kZigzagDeltaDeltas: {
      out[0] = first;
      std::uint64_t delta = static_cast<std::uint64_t>(unzigzag(reader.varint()));
      if (!readPackedWithExceptions(reader, out + std::min<std::size_t>(2, count),
                                    count - std::min<std::size_t>(2, count)))
        return false;
      if (count > 1) out[1] = first + delta;
      for (std::size_t i = 2; i < count; ++i) {
        delta += static_cast<std::uint64_t>(unzigzag(out[i]));
        out[i] = out[i - 1] + delta;
      }
      return true;
    }
    default: return false;
  }
}

}  // namespace gyre::engine::series
