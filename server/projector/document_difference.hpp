// Do two documents say the same? By content: spacing and the order of members do not matter.
//
// THREADS: free function.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gyre::projector {

// The top-level members that are not the same in both; nothing when the documents are equal. What is no JSON differs.
std::optional<std::vector<std::string>> difference(std::string_view expected, std::string_view found);

}  // namespace gyre::projector
