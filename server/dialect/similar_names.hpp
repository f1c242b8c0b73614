// Which known names may a name that is not known have been meant for?
//
// THREADS: free functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gyre::dialect {

// 1 for the same text, 0 for nothing in common: by Levenshtein's distance.
double likeness(std::string_view a, std::string_view b);
// Those more alike than `least`, the most alike first.
std::vector<std::string_view> similarNames(std::string_view name, const std::vector<std::string_view>& known,
                                           double least);
// "did you mean [a]?", "did you mean any of [a, b]?"; "" without any.
std::string didYouMean(const std::vector<std::string_view>& names);

}  // namespace gyre::dialect
