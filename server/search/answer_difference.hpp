// Do two engines answer a search alike? The first difference of their answers that a client would see.
//
// Passed over: how long it took, shards, names of indices and versions. Numbers may differ in the last bits of a float;
// hits that sort alike may stand in any order, and which of them come last on a page is nobody's promise. Members may
// stand in any order.
//
// THREADS: pure function.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gyre::search {

// "/hits/total/value: 3, and 4"; nothing when they are alike. What is no JSON differs, unless both are the same.
std::optional<std::string> answerDifference(std::string_view one, std::string_view other);

}  // namespace gyre::search
