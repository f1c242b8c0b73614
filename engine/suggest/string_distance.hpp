// How alike are two words, from 0 (not at all) to 1 (equal)?
//
// THREADS: free functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gyre::engine {

enum class StringDistance : std::uint8_t { kInternal, kDamerauLevenshtein, kLevenshtein, kJaroWinkler, kNgram };

// By the dialect's name; nothing for an unknown one.
std::optional<StringDistance> findStringDistance(std::string_view name);

// `edits`: those that a walk of the dictionary counted, which kInternal goes by.
float likeness(StringDistance distance, std::string_view a, std::string_view b, std::uint32_t edits);

}  // namespace gyre::engine
