// Which words is a query made of?
//
// Numbers are decimal, hexadecimal (0x1F), octal (017), with exponent, Inf and NaN; strings stand in ", ' (with Go's
// escapes) or ` (as they are); '#' begins a comment. Inside braces every word is a label's name.
//
// THREADS: functions without state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/promql/token.hpp"
#include "gyre/status.hpp"

namespace gyre::engine::promql {

// Every item of the text, kEnd last. bad_data names the place.
Result<std::vector<Item>> readItems(std::string_view text);

// A failure of the query text: invalid_argument, reason bad_data, "1:5: parse error: " before the message (line and
// column, both from 1, the column in bytes).
Status parseError(std::string_view query, std::size_t offset, std::string_view message);

}  // namespace gyre::engine::promql
