// How is a regular expression of the dialect's settings understood?
//
// The dialect takes the expressions of java.util.regex; RE2 runs in linear time whatever they are. What RE2 does not
// have (look-around, back references, possessive repetition) is refused.
//
// THREADS: a compiled pattern is immutable and shared.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gyre/status.hpp"

namespace re2 {
class RE2;
}

namespace gyre::engine {

using PatternPtr = std::shared_ptr<const re2::RE2>;

// `flags` as the dialect writes them: "CASE_INSENSITIVE|DOTALL".
Result<PatternPtr> compileJavaPattern(std::string_view pattern, std::string_view flags = "");

// An expression of the automaton kind (simple_pattern), of which the longest match counts. Its own operators & ~ @ # <
// " are refused.
Result<PatternPtr> compileAutomatonPattern(std::string_view pattern);

// "$1" and "\$" of a replacement, as RE2's Rewrite wants them.
Result<std::string> rewriteOfJava(std::string_view replacement, const re2::RE2& pattern);

}  // namespace gyre::engine
