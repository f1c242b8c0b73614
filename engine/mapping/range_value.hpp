// How is a range kept in a field, and what does a document's range say?
//
// A value of a range field is one term: both ends, included, as bytes that sort as they do: 8 a number or instant (the
// ordered int64, sign inverted, big-endian), 16 an address. Whether a range meets, holds or lies within another is then
// a comparison of halves.
//
// THREADS: free functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/mapping/date_format.hpp"
#include "engine/mapping/field.hpp"
#include "gyre/json.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

struct RangeBounds {
  std::string lowest;   // bytes
  std::string highest;  // as long
};

enum class RangeEnd : std::uint8_t { kGreater, kGreaterOrEqual, kLess, kLessOrEqual };
enum class RangeRelation : std::uint8_t { kIntersects, kContains, kWithin };

// Everything that a field can hold. REQUIRES: kRange.
RangeBounds wholeRange(const Field& field);

// Narrows the bounds by one end, exclusive ones to the next value. Dates are read by the format, with `now_millis` for
// date arithmetic; lte and gt mean the end of what a date covers. illegal_argument_exception for a value that cannot be
// read.
Status narrowRange(const Field& field, RangeEnd end, std::string_view value, const DateFormat& format,
                   const TimeZone& zone, std::int64_t now_millis, RangeBounds& bounds);

// {"gte": 1, "lt": 5}, or an address block as text; the term. The cause of a fault, for the caller to say where.
Result<std::string> rangeTermOf(const Field& field, json::Value value, const DateFormat& format);

// The ends in a term, as numbers of the field's type are encoded. REQUIRES: not of addresses.
struct NumberEnds {
  std::int64_t lowest = 0;
  std::int64_t highest = 0;  // included
};
NumberEnds numberEndsOf(std::string_view term);

// Whether the range in a term stands in this relation to the one asked for.
bool isRelated(std::string_view term, const RangeBounds& asked, RangeRelation relation);

}  // namespace gyre::engine
