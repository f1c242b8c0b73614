#include "engine/query/fuzzy_terms.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <span>

#include "base/cpu_clones.hpp"
#include "engine/analysis/utf8.hpp"
#include "engine/codec/term_signatures.hpp"
#include "engine/query/distance_automaton.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

std::vector<std::uint32_t> decode(std::string_view text) {
  std::vector<std::uint32_t> characters;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decodeUtf8(text, at);
    characters.push_back(c.value);
    at += c.size;
  }
  return characters;
}

// Sets a byte for each term that may be so near; which is quick, for few are.
GYRE_CPU_CLONES void markNear(const std::uint64_t* signatures, std::size_t count, std::uint64_t wanted, unsigned edits,
                              std::uint8_t* is_near) {
  for (std::size_t i = 0; i < count; ++i) is_near[i] = mayBeWithin(signatures[i], wanted, edits) ? 1 : 0;
}

// Asks the terms that may be near, in their order. REQUIRES: no prefix is given.
void forEachNearTerm(const TermDictionaryReader& terms, std::span<const std::uint64_t> signatures,
                     const FuzzyPattern& pattern, DistanceAutomaton& automaton,
                     const std::function<bool(const FuzzyMatch&, const TermCursor&)>& visit) {
  constexpr std::size_t kPiece = 1024;
  std::array<std::uint8_t, kPiece> is_near;
  const std::uint64_t wanted = signatureOf(pattern.word);
  const auto cursor = terms.cursor();
  for (std::size_t first = 0; first < signatures.size(); first += kPiece) {
    const std::size_t count = std::min(kPiece, signatures.size() - first);
    markNear(signatures.data() + first, count, wanted, pattern.max_edits, is_near.data());
    const auto nextFrom = [&](std::size_t i) {
      const void* const at = i < count ? std::memchr(is_near.data() + i, 1, count - i) : nullptr;
      return at == nullptr ? count : static_cast<std::size_t>(static_cast<const std::uint8_t*>(at) - is_near.data());
    };
    for (std::size_t i = nextFrom(0); i < count; i = nextFrom(i + 1)) {
      if (!cursor->seekOrdinal(static_cast<std::uint32_t>(first + i))) return;
      const std::string_view term = cursor->term();
      DistanceAutomaton::State state = DistanceAutomaton::kStart;
      for (std::size_t byte = 0; byte < term.size() && state != DistanceAutomaton::kDead;) {
        const CodePoint c = decodeUtf8(term, byte);
        byte += c.size;
        state = automaton.next(state, c.value);
      }
      if (state == DistanceAutomaton::kDead) continue;
      const std::uint32_t edits = automaton.distance(state);
      if (edits <= pattern.max_edits && !visit({term, edits, countCharacters(term)}, *cursor)) return;
    }
  }
}

}  // namespace

std::uint32_t countCharacters(std::string_view text) {
  std::uint32_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1u : 0u;
  return count;
}

void forEachFuzzyTerm(const TermDictionaryReader& terms, const FuzzyPattern& pattern,
                      const std::function<bool(const FuzzyMatch&, const TermCursor&)>& visit) {
  std::size_t prefix_bytes = 0;
  std::uint32_t prefix_characters = 0;
  for (; prefix_characters < pattern.prefix_length && prefix_bytes < pattern.word.size(); ++prefix_characters)
    prefix_bytes += decodeUtf8(pattern.word, prefix_bytes).size;
  const std::string_view prefix = std::string_view(pattern.word).substr(0, prefix_bytes);
  DistanceAutomaton automaton(decode(std::string_view(pattern.word).substr(prefix_bytes)), pattern.max_edits,
                              pattern.has_transpositions);
  const std::size_t characters = countCharacters(pattern.word);
  const std::size_t shortest = characters - std::min<std::size_t>(characters, pattern.max_edits);
  const std::size_t longest = characters + pattern.max_edits;
  // Where the beginning is given there is little to walk through.
  if (const auto* const known = prefix.empty() ? dynamic_cast<const SignedTerms*>(&terms) : nullptr) {
    if (!known->mayHaveLength(shortest, longest)) return;
    if (const auto signatures = known->signatures(); !signatures.empty())
      return forEachNearTerm(terms, signatures, pattern, automaton, visit);
  }
  const auto cursor = terms.cursor();
  cursor->ignoreOtherLengths(shortest, longest);
  // What the characters of the current term led to, and where each ends.
  struct Step {
    DistanceAutomaton::State state;
    std::size_t end;
  };
  std::vector<Step> steps = {{DistanceAutomaton::kStart, prefix_bytes}};
  bool has_term = cursor->seekCeil(prefix);
  while (has_term) {
    const std::string_view term = cursor->term();
    if (!term.starts_with(prefix)) return;
    DistanceAutomaton::State state = steps.back().state;
    std::size_t at = steps.back().end;
    while (at < term.size() && state != DistanceAutomaton::kDead) {
      const CodePoint c = decodeUtf8(term, at);
      at += c.size;
      state = automaton.next(state, c.value);
      steps.push_back({state, at});
    }
    if (state == DistanceAutomaton::kDead) {
      has_term = cursor->skip(at);
    } else {
      const std::uint32_t edits = automaton.distance(state);
      const auto length = static_cast<std::uint32_t>(prefix_characters + steps.size() - 1);
      if (edits <= pattern.max_edits && !visit({term, edits, length}, *cursor)) return;
      has_term = cursor->next();
    }
    if (!has_term) return;
    // The next term shares the steps of the characters that it begins with too.
    const std::size_t shared = cursor->sharedBytes();
    while (steps.size() > 1 && steps.back().end > shared) steps.pop_back();
  }
}

Result<Fuzziness> Fuzziness::parse(std::string_view text) {
  Fuzziness fuzziness;
  const auto whole = [](std::string_view digits, std::int32_t& value) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return !digits.empty() && error == std::errc() && end == digits.data() + digits.size();
  };
  if (text == "AUTO" || text == "auto") return fuzziness;
  if (text.starts_with("AUTO:") || text.starts_with("auto:")) {
    const std::string_view ends = text.substr(5);
    const std::size_t comma = ends.find(',');
    if (comma == std::string_view::npos || ends.find(',', comma + 1) != std::string_view::npos)
      return Status(Code::kInvalidArgument, "parse_exception", "failed to find low and high distance values");
    std::int32_t low = 0;
    std::int32_t high = 0;
    if (!whole(ends.substr(0, comma), low) || !whole(ends.substr(comma + 1), high))
      return Status(Code::kInvalidArgument, "parse_exception",
                    "failed to parse [" + std::string(text) + "] as a \"auto:int,int\"");
    if (low < 0 || high < 0 || low > high)
      return Status(Code::kInvalidArgument, "illegal_argument_exception",
                    "fuzziness wrongly configured, must be: lowDistance > 0, highDistance > 0 and lowDistance <= "
                    "highDistance ");
    fuzziness.one_edit_from = static_cast<std::uint32_t>(low);
    fuzziness.two_edits_from = static_cast<std::uint32_t>(high);
    return fuzziness;
  }
  if (text.size() > 2 && text.ends_with(".0")) text.remove_suffix(2);
  std::int32_t edits = 0;
  if (!whole(text, edits))
    return Status(Code::kInvalidArgument, "illegal_argument_exception",
                  "Invalid fuzziness value: " + std::string(text));
  // What is beyond two edits is taken as two, as the dialect does.
  fuzziness.fixed = static_cast<std::uint32_t>(std::clamp(edits, 0, 2));
  return fuzziness;
}

std::uint32_t Fuzziness::editsFor(std::uint32_t characters) const {
  if (fixed) return *fixed;
  return characters < one_edit_from ? 0 : characters < two_edits_from ? 1 : 2;
}

}  // namespace gyre::engine
