// Which stemmers are lists of endings and little more? Those of Bengali, Bulgarian, Hindi, Indonesian, Latvian and
// Sorani, as the dialect has them.
//
// Each takes a word as the filters before it leave it: lower case, its script's variants made one.
//
// THREADS: free function.
#pragma once

#include <string>
#include <string_view>

namespace gyre::engine {

using CharacterStem = void (*)(std::u32string& word);

// Null when there is none of that name.
CharacterStem suffixStemmer(std::string_view language);

}  // namespace gyre::engine
