// What is a text in lower or upper case? ASCII, Latin, Greek and Cyrillic letters; others stay as they are.
//
// THREADS: free functions.
#pragma once

#include <string>
#include <string_view>

namespace gyre::dialect {

std::string lowerCase(std::string_view text);
std::string upperCase(std::string_view text);

}  // namespace gyre::dialect
