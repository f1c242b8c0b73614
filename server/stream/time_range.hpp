// Which times does a search request ask for? Enough to leave out generations that cannot hold an answer.
//
// Only what every hit must match counts: the query's own range on the time field, and those of must and filter of its
// bool queries, at any depth. A bound that is not understood (date mathematics, another format, a time zone) bounds
// nothing, so the range is never too small.
//
// THREADS: pure function.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

namespace gyre::stream {

struct TimeRange {
  std::int64_t first = std::numeric_limits<std::int64_t>::min();  // milliseconds since 1970, both inclusive
  std::int64_t last = std::numeric_limits<std::int64_t>::max();
  bool meets(std::int64_t from, std::int64_t to) const { return first <= to && from <= last; }
  bool operator==(const TimeRange&) const = default;
};

// All times for what is no request.
TimeRange timeRangeOf(std::string_view request, std::string_view time_field);

}  // namespace gyre::stream
