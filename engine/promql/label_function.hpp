// How do label_replace and label_join change a series' labels?
//
// THREADS: functions without state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/promql/rows.hpp"

namespace gyre::engine::promql {

// Where `pattern` matches the whole of the source label, the target label becomes the replacement ($1, ${name}, $$).
// execution: no valid pattern or label name.
Status replaceLabels(Rows& rows, std::string_view target, std::string_view replacement, std::string_view source,
                     const std::string& pattern);

// The target label becomes the sources' values with the separator between.
Status joinLabels(Rows& rows, std::string_view target, std::string_view separator,
                  const std::vector<std::string>& sources);

}  // namespace gyre::engine::promql
