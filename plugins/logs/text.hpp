// What do messages have in common? Their pattern, their words, and bytes that are no UTF-8 made visible.
//
// THREADS: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gyre::logs {

// `text` itself when it is valid UTF-8; else a copy in `scratch` where each byte that is not part of a character stands
// as \xNN (four characters), so that nothing is lost and everybody sees it.
std::string_view visibleText(std::string_view text, std::string& scratch);
// The same for a JSON text, whose strings then still are the same but for those bytes: the backslash is escaped.
std::string_view visibleJson(std::string_view json, std::string& scratch);

// What is left of a message when all that changes from one to the next is "<*>": words with a digit in them, which
// numbers, ids, addresses, times and UUIDs have, together with the ones that '.', ':', '-', '/' or ',' joins to them;
// and what stands between quotes. Only the first line, and of it the first 512 bytes.
//   patternOf("user u17 took 12.5 ms from 10.0.0.1:80") == "user <*> took <*> ms from <*>"
std::string patternOf(std::string_view message);

// Twelve hexadecimal digits that stand for a pattern: equal for equal patterns, small in an index. 48 bits: among a
// million patterns two share an id with a chance of one in 500. Of the message as a JSON string, without its quotes.
inline constexpr std::size_t kPatternIdSize = 12;
inline constexpr std::size_t kPatternBytes = 512;
void writePatternId(std::string_view json_text, char (&id)[kPatternIdSize]);

// The words of a message as the index has them (mapping.json, analyzer "message"): in lower case, identifiers cut where
// a small letter meets a capital and at every sign. For a tail, which sees records before they are indexed. Beyond
// ASCII every byte counts as a letter and its case stays.
std::vector<std::string> wordsOf(std::string_view text);

}  // namespace gyre::logs
