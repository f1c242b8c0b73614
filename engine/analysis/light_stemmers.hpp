// Which stemmers does the dialect have that Snowball does not?
//
// THREADS: free functions and constants.
#pragma once

#include <string_view>

#include "engine/analysis/token_filter.hpp"

namespace gyre::engine {

// Null when there is none of that name.
TokenFilterPtr makeLightStemmer(std::string_view language);

// Names that the dialect knows and this engine does not.
inline constexpr std::string_view kAbsentStemmers[] = {"estonian",
                                                       "galician",
                                                       "minimal_galician",
                                                       "german2",
                                                       "minimal_norwegian",
                                                       "light_nynorsk",
                                                       "minimal_nynorsk",
                                                       "lovins",
                                                       "light_english",
                                                       "kp",
                                                       "dutch_kp",
                                                       "brazilian",
                                                       "greek",
                                                       "light_finnish",
                                                       "light_hungarian",
                                                       "light_norwegian",
                                                       "minimal_portuguese",
                                                       "portuguese_rslp",
                                                       "light_russian",
                                                       "light_swedish"};

}  // namespace gyre::engine
