// Which words does a language leave out of the index?
//
// THREADS: constants.
#pragma once

#include <optional>
#include <string_view>

namespace gyre::engine {

// The stop words of "english", "french", …, with spaces between them; nothing for a language that has none.
std::optional<std::string_view> stopWordsOf(std::string_view language);

// Languages whose stop words the dialect knows and this engine does not.
inline constexpr std::string_view kAbsentStopWords[] = {"thai"};

}  // namespace gyre::engine
