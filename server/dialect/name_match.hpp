// Does a name match a pattern with wildcards?
//
// THREADS: free functions.
#pragma once

#include <string_view>

namespace gyre::dialect {

// "*" stands for any run of characters.
bool matchesWildcard(std::string_view pattern, std::string_view text);
// One of the patterns of a list "a*,b"; "_all" matches everything, and so does an empty list.
bool matchesList(std::string_view list, std::string_view text);

}  // namespace gyre::dialect
