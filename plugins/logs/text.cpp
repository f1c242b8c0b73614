#include "text.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace gyre::logs {

namespace {

// Bytes of the UTF-8 character at the front of `text`; 0 when there is none. RFC 3629: no overlong forms, no
// surrogates.
std::size_t characterSize(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto continues = [&](std::size_t i) { return (at(i) & 0xc0u) == 0x80u; };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return continues(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    if (!continues(1) || !continues(2)) return 0;
    if ((lead == 0xe0 && at(1) < 0xa0) || (lead == 0xed && at(1) > 0x9f)) return 0;
    return 3;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if ((lead == 0xf0 && at(1) < 0x90) || (lead == 0xf4 && at(1) > 0x8f)) return 0;
    return 4;
  }
  return 0;
}

std::string_view visible(std::string_view text, std::string_view mark, std::string& scratch) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::size_t sound = 0;
  while (sound < text.size()) {
    const std::size_t size = characterSize(text.substr(sound));
    if (size == 0) break;
    sound += size;
  }
  if (sound == text.size()) return text;
  scratch.assign(text, 0, sound);
  while (sound < text.size()) {
    const std::size_t size = characterSize(text.substr(sound));
    if (size == 0) {
      const auto byte = static_cast<unsigned char>(text[sound++]);
      scratch.append(mark).append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
    } else {
      scratch.append(text, sound, size);
      sound += size;
    }
  }
  return scratch;
}

enum Kind : std::uint8_t { kOther, kLetter, kDigit, kJoiner, kQuote, kLineEnd };

constexpr std::array<std::uint8_t, 256> kKinds = [] {
  std::array<std::uint8_t, 256> kinds{};
  for (unsigned c = 0; c < 256; ++c) {
    if (c >= '0' && c <= '9')
      kinds[c] = kDigit;
    else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80)
      kinds[c] = kLetter;
  }
  for (const char c : {'.', ':', '-', '/', ',', '+', '@'}) kinds[static_cast<unsigned char>(c)] = kJoiner;
  for (const char c : {'"', '\''}) kinds[static_cast<unsigned char>(c)] = kQuote;
  for (const char c : {'\n', '\r'}) kinds[static_cast<unsigned char>(c)] = kLineEnd;
  return kinds;
}();

std::uint8_t kindOf(char c) { return kKinds[static_cast<unsigned char>(c)]; }

// What a mask or the end may begin at: words without digits, and what is between them, are passed over.
constexpr std::array<bool, 256> kStops = [] {
  std::array<bool, 256> stops{};
  for (unsigned c = 0; c < 256; ++c)
    stops[c] = kKinds[c] == kDigit || kKinds[c] == kQuote || kKinds[c] == kLineEnd || c == '\\';
  return stops;
}();

// From the start of a word, or from between words, to the next of either that matters.
std::size_t passPlain(std::string_view message, std::size_t from) {
  std::size_t at = from;
  while (at < message.size() && !kStops[static_cast<unsigned char>(message[at])]) ++at;
  // Back to where the word with the digit begins.
  if (at < message.size() && kindOf(message[at]) == kDigit)
    while (at > from && kindOf(message[at - 1]) == kLetter) --at;
  return at;
}

// Gives the pattern of a message to `sink(text)` piece by piece.
template <class Sink>
void mask(std::string_view message, Sink&& sink) {
  if (message.size() > kPatternBytes) message = message.substr(0, kPatternBytes);
  constexpr std::string_view kMask = "<*>";
  std::size_t i = 0;
  std::size_t plain_from = 0;  // what was not given yet and is given as it is
  const auto give = [&](std::size_t until) {
    if (until > plain_from) sink(message.substr(plain_from, until - plain_from));
  };
  while ((i = passPlain(message, i)) < message.size()) {
    const std::uint8_t kind = kindOf(message[i]);
    if (kind == kLetter || kind == kDigit) {
      const std::size_t begin = i;
      bool has_digit = false;
      std::size_t end = i;
      // A word, and then further ones that joiners bind to it as long as there is a digit in either.
      for (;;) {
        bool is_masked = false;
        std::size_t at = end;
        for (; at < message.size(); ++at) {
          const std::uint8_t next = kindOf(message[at]);
          if (next == kDigit)
            is_masked = true;
          else if (next != kLetter)
            break;
        }
        if (end != begin && !is_masked && at - end != 8 && at - end != 4 && at - end != 12) break;
        if (end != begin && !is_masked && !has_digit) break;
        end = at;
        if (!is_masked && !has_digit) break;
        has_digit = true;
        if (at + 1 >= message.size() || kindOf(message[at]) != kJoiner) break;
        const std::uint8_t after = kindOf(message[at + 1]);
        if (after != kLetter && after != kDigit) break;
        end = at + 1;
      }
      if (!has_digit) {
        i = end;
        continue;
      }
      while (end > begin && kindOf(message[end - 1]) == kJoiner) --end;
      give(begin);
      sink(kMask);
      plain_from = i = end;
    } else if (kind == kQuote) {
      // An apostrophe within a word is none, nor is a quote that nothing closes. In JSON a backslash stands before it.
      const bool is_within = i > 0 && kindOf(message[i - 1]) <= kDigit && kindOf(message[i - 1]) != kOther;
      const std::size_t close = is_within ? std::string_view::npos : message.find(message[i], i + 1);
      if (close == std::string_view::npos) {
        ++i;
        continue;
      }
      give(i + 1);
      sink(kMask);
      plain_from = close > i + 1 && message[close - 1] == '\\' ? close - 1 : close;
      i = close + 1;
    } else if (kind == kLineEnd) {
      break;
    } else if (message[i] == '\\' && i + 1 < message.size() && (message[i + 1] == 'n' || message[i + 1] == 'r')) {
      break;  // a line end as JSON writes it
    } else {
      ++i;
    }
  }
  give(i);
}

bool isUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool isLower(char c) { return c >= 'a' && c <= 'z'; }

}  // namespace

std::string_view visibleText(std::string_view text, std::string& scratch) { return visible(text, "\\x", scratch); }
std::string_view visibleJson(std::string_view json, std::string& scratch) { return visible(json, "\\\\x", scratch); }

std::string patternOf(std::string_view message) {
  std::string pattern;
  mask(message, [&](std::string_view piece) { pattern.append(piece); });
  return pattern;
}

void writePatternId(std::string_view json_text, char (&id)[kPatternIdSize]) {
  // Pieces begin and end at masks only, so equal patterns are equal pieces.
  constexpr std::uint64_t kPrime = 0x9e3779b97f4a7c15u;
  std::uint64_t hash = kPrime;
  const auto mix = [&](std::uint64_t bytes) {
    hash = (hash ^ bytes) * kPrime;
    hash ^= hash >> 29;
  };
  mask(json_text, [&](std::string_view piece) {
    std::size_t i = 0;
    std::uint64_t bytes = 0;
    for (; i + 8 <= piece.size(); i += 8) {
      std::memcpy(&bytes, piece.data() + i, 8);
      mix(bytes);
    }
    bytes = piece.size();
    for (; i < piece.size(); ++i) bytes = bytes << 8 | static_cast<unsigned char>(piece[i]);
    mix(bytes);
  });
  constexpr char kHex[] = "0123456789abcdef";
  hash ^= hash >> 32;
  for (std::size_t i = 0; i < kPatternIdSize; ++i) id[i] = kHex[(hash >> (4 * i)) & 15];
}

std::vector<std::string> wordsOf(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto end = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const std::uint8_t kind = kindOf(c);
    if ((kind != kLetter && kind != kDigit) || c == '_') {
      end();
      continue;
    }
    if (isUpper(c) && !word.empty() && isLower(text[i - 1])) end();
    word += isUpper(c) ? static_cast<char>(c | 0x20) : c;
  }
  end();
  return words;
}

}  // namespace gyre::logs
