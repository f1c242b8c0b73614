// What does "%C3%BC" mean, and is the outcome text?
//
// Decoding is strict, because a path that two programs decode differently is a way around a rule: every '%' is followed
// by two hex digits, "%00" is refused, and what comes out is checked to be UTF-8 by whoever needs text.
//
// THREADS: free functions.
#pragma once

#include <string>
#include <string_view>

#include "gyre/status.hpp"

namespace gyre::http {

enum class Plus { kIsPlus, kIsSpace };  // "+" is a space in a query string, and itself in a path

// Appends `text`, decoded, to `out`. On failure `out` holds what came before the fault; the message names its position.
Status appendDecoded(std::string& out, std::string_view text, Plus plus);

// Well-formed UTF-8 as Unicode defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
bool isUtf8(std::string_view text);

// A short excerpt in quotes, fit for a message: at most 40 bytes, anything unprintable shown as '?'.
std::string quoteExcerpt(std::string_view text);

}  // namespace gyre::http
