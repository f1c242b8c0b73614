// Which number does this text hold, as a field of a given type keeps it?
//
// Decimal text as in JSON, with the liberties the dialect takes in strings (a leading plus, ".5", "5."). Whole numbers
// are cut exactly, without passing through a double: 9223372036854775807.9 is 9223372036854775807.
//
// THREADS: free functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/mapping/mapping.hpp"

namespace gyre::engine {

enum class NumberFault : std::uint8_t { kNone, kNotANumber, kOutOfRange };

struct EncodedNumber {
  std::int64_t value = 0;  // as numeric_value.hpp says; meaningless with a fault
  NumberFault fault = NumberFault::kNone;
};

// As a value stored in a field of this type. REQUIRES: a whole, floating or scaled_float field.
EncodedNumber encodeNumber(const Field& field, std::string_view text);

// Halves go upwards, towards plus infinity (-111.5 becomes -111); nothing beyond 64 bits.
std::optional<std::int64_t> roundHalfUp(double value);

}  // namespace gyre::engine
