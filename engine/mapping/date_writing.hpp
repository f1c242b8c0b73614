// How is an instant written, by the elements of one pattern?
//
// THREADS: pure functions.
#pragma once

#include <string>
#include <vector>

#include "engine/mapping/date_format.hpp"
#include "engine/mapping/date_pattern.hpp"

namespace gyre::engine {

std::string writeInstant(const std::vector<DateElement>& elements, const Instant& instant, const TimeZone& zone);

}  // namespace gyre::engine
