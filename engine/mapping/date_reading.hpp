// Which instant does a text mean, by the elements of one pattern?
//
// THREADS: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/mapping/date_format.hpp"
#include "engine/mapping/date_pattern.hpp"

namespace gyre::engine {

// Nothing unless the elements take the whole text, and the day is one that its month has.
std::optional<Instant> readInstant(const std::vector<DateElement>& elements, std::string_view text, RoundUp round,
                                   const TimeZone& zone);

// "2024-02-29T12:00:00[.000]Z", the form that nearly every document holds: milliseconds since the epoch.
std::optional<std::int64_t> readCommonForm(std::string_view text, RoundUp round);

}  // namespace gyre::engine
