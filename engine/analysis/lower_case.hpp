// What is a text's lower case?
//
// Unicode's simple mapping, character by character; the form most terms take.
//
// THREADS: free functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gyre::engine {

// Nothing to do for lower-case ASCII, which most tokens are.
bool isLowerAscii(std::string_view text);

// The most bytes that the lower case of `size` bytes may have: Ⱥ (two bytes) becomes ⱥ (three).
constexpr std::size_t lowerCaseRoom(std::size_t size) { return size + size / 2 + 4; }

// Returns the bytes written. REQUIRES: lowerCaseRoom(text.size()) bytes at `out`.
std::size_t writeLower(std::string_view text, char* out);

// The simple upper case; ß has none.
std::uint32_t toUpper(std::uint32_t code);

void makeLower(std::string& text);
void makeUpper(std::string& text);

}  // namespace gyre::engine
