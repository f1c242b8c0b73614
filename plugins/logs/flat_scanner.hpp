// Is this line a flat JSON object, as nearly every log record is? Then its members are told at once, in one pass and
// without a copy; whatever else a line may be is for json::Document.
//
// THREADS: pure functions. OWNS: nothing; members borrow from the line.
#pragma once

#include <cstddef>
#include <string_view>

#include "gyre/json.hpp"

namespace gyre::logs {

// A member of an object. Of a scalar in a string with escapes, `text` is empty and `has_escapes` says so.
struct Datum {
  std::string_view key;
  std::string_view raw;   // the value's JSON
  std::string_view text;  // a string's characters, a number as written
  json::Kind kind = json::Kind::kMissing;
  bool has_escapes = false;

  bool isMissing() const { return kind == json::Kind::kMissing; }
  bool isString() const { return kind == json::Kind::kString; }
  bool isNumber() const { return kind == json::Kind::kNumber; }
};

inline constexpr std::size_t kMaxFlatMembers = 32;

// The number of members, or nothing of value (kNotFlat) when the line is no object of at most kMaxFlatMembers scalars
// with plain, distinct names, or is malformed in any way. REQUIRES: `line` is valid UTF-8.
inline constexpr std::size_t kNotFlat = static_cast<std::size_t>(-1);
std::size_t scanFlatObject(std::string_view line, Datum (&members)[kMaxFlatMembers]);

}  // namespace gyre::logs
