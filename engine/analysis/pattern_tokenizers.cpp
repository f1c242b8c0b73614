// The tokenizers that regular expressions define: the index's own, and the grammars of classic and uax_url_email.
#include <re2/re2.h>

#include <array>
#include <utility>

#include "engine/analysis/component_kinds.hpp"
#include "engine/analysis/java_pattern.hpp"
#include "engine/analysis/utf8.hpp"

namespace gyre::engine {

namespace {

// Where the next match of `pattern` from `at` on lies; false when there is none.
bool findNext(const RE2& pattern, std::string_view text, std::size_t at, int group, std::string_view& found) {
  std::array<re2::StringPiece, 10> groups;
  if (at > text.size() || group >= static_cast<int>(groups.size())) return false;
  if (!pattern.Match({text.data(), text.size()}, at, text.size(), RE2::UNANCHORED, groups.data(), group + 1))
    return false;
  const re2::StringPiece& whole = groups[static_cast<std::size_t>(group)];
  found = {whole.data(), whole.size()};
  return true;
}

std::size_t behindMatch(std::string_view text, std::string_view found) {
  const auto end = static_cast<std::size_t>(found.data() + found.size() - text.data());
  if (!found.empty()) return end;
  return end < text.size() ? end + decodeUtf8(text, end).size : end + 1;
}

// The text between matches; matches themselves; or one group of each.
class MatchTokenizer final : public PieceTokenizer {
 public:
  static constexpr int kBetween = -1;
  MatchTokenizer(PatternPtr pattern, int group, bool is_cut)
      : pattern_(std::move(pattern)), group_(group), is_cut_(is_cut) {}

  std::uint32_t split(std::string_view text, PieceSink& sink) const override {
    std::uint32_t position = 0;
    std::size_t from = 0;
    std::string_view whole;
    for (std::size_t at = 0; findNext(*pattern_, text, at, 0, whole); at = behindMatch(text, whole)) {
      if (group_ == kBetween) {
        const auto begin = static_cast<std::size_t>(whole.data() - text.data());
        emit(text.substr(from, begin - from), position, sink);
        from = begin + whole.size();
      } else {
        std::string_view part = whole;
        if (group_ > 0 && !findNext(*pattern_, text, at, group_, part)) continue;
        emit(part, position, sink);
      }
    }
    if (group_ == kBetween) emit(text.substr(from), position, sink);
    return position;
  }

 private:
  void emit(std::string_view part, std::uint32_t& position, PieceSink& sink) const {
    while (is_cut_ && part.size() > kMaxTokenLength) {
      const std::string_view piece = utf16Prefix(part, kMaxTokenLength);
      sink.piece({piece, position++});
      part.remove_prefix(piece.size());
    }
    if (!part.empty()) sink.piece({part, position++});
  }

  PatternPtr pattern_;
  int group_;
  bool is_cut_;
};

Result<TokenizerPtr> makePattern(ComponentSettings& settings, const AnalysisLimits&) {
  const std::int32_t group = settings.number("group", -1);
  const std::string pattern = settings.text("pattern", "\\W+");
  GYRE_TRY_ASSIGN(auto compiled, compileJavaPattern(pattern, settings.text("flags")));
  if (group > compiled->NumberOfCapturingGroups() || group > 9)
    return analysisRefusal("invalid group specified: pattern only has: " +
                           std::to_string(compiled->NumberOfCapturingGroups()) + " capturing groups");
  return TokenizerPtr(
      std::make_shared<MatchTokenizer>(std::move(compiled), group < 0 ? MatchTokenizer::kBetween : group, false));
}

Result<TokenizerPtr> makeSimplePattern(ComponentSettings& settings, const AnalysisLimits&) {
  GYRE_TRY_ASSIGN(auto compiled, compileAutomatonPattern(settings.text("pattern")));
  return TokenizerPtr(std::make_shared<MatchTokenizer>(std::move(compiled), 0, false));
}
Result<TokenizerPtr> makeSimplePatternSplit(ComponentSettings& settings, const AnalysisLimits&) {
  GYRE_TRY_ASSIGN(auto compiled, compileAutomatonPattern(settings.text("pattern")));
  return TokenizerPtr(std::make_shared<MatchTokenizer>(std::move(compiled), MatchTokenizer::kBetween, false));
}

// A grammar: the longest match at a place wins, of equals the first rule. What no rule takes is passed over.
struct Rule {
  std::string_view type;
  PatternPtr pattern;
};

PatternPtr compileRule(const std::string& pattern) {
  RE2::Options options;
  options.set_longest_match(true);
  return std::make_shared<const RE2>(pattern, options);
}

const std::vector<Rule>& classicRules() {
  static const std::vector<Rule> rules = [] {
    const std::string cj =
        "\\x{3040}-\\x{30ff}\\x{3100}-\\x{312f}\\x{31f0}-\\x{31ff}\\x{3300}-\\x{337f}\\x{3400}-\\x{4dbf}"
        "\\x{4e00}-\\x{9fff}\\x{f900}-\\x{faff}\\x{ff65}-\\x{ff9f}";
    // The letters but for Chinese and Japanese: what lies between their ranges.
    const std::string letter =
        "[A-Za-z\\xaa\\xb5\\xba\\xc0-\\xd6\\xd8-\\xf6\\x{f8}-\\x{1fff}\\x{2071}\\x{207f}\\x{2102}\\x{2107}\\x{210a}-"
        "\\x{2113}"
        "\\x{2c00}-\\x{2dff}\\x{3131}-\\x{318e}\\x{a000}-\\x{d7ff}\\x{fb00}-\\x{fdff}\\x{fe70}-\\x{fefc}\\x{ff21}-\\x{"
        "ff3a}"
        "\\x{ff41}-\\x{ff5a}\\x{10000}-\\x{1f000}]";
    const std::string word = "(?:" + letter + "|\\p{Nd})+";
    const std::string digits = "(?:" + letter + "|\\p{Nd})*\\p{Nd}(?:" + letter + "|\\p{Nd})*";
    const std::string p = "[_\\-/.,]";
    const std::string alpha = letter + "+";
    const std::string number = "(?:" + word + p + digits + "|" + digits + p + word + "|" + word + "(?:" + p + digits +
                               p + word + ")+|" + digits + "(?:" + p + word + p + digits + ")+|" + word + p + digits +
                               "(?:" + p + word + p + digits + ")+|" + digits + p + word + "(?:" + p + digits + p +
                               word + ")+)";
    return std::vector<Rule>{
        {token_type::kAlphanumeric, compileRule(word)},
        {"<APOSTROPHE>", compileRule(alpha + "(?:'" + alpha + ")+")},
        {"<ACRONYM>", compileRule(letter + "\\.(?:" + letter + "\\.)+")},
        {"<COMPANY>", compileRule(alpha + "[&@]" + alpha)},
        {"<EMAIL>", compileRule(word + "(?:[._-]" + word + ")*@" + word + "(?:[.-]" + word + ")+")},
        {"<HOST>", compileRule(word + "(?:\\." + word + ")+")},
        {token_type::kNumber, compileRule(number)},
        {"<CJ>", compileRule("[" + cj + "]")},
        {"<ACRONYM_DEP>", compileRule(word + "\\.(?:" + word + "\\.)+")},
    };
  }();
  return rules;
}

class ClassicTokenizer final : public Tokenizer {
 public:
  explicit ClassicTokenizer(std::size_t max_length) : max_length_(max_length) {}
  void tokenize(std::string_view text, TokenList& out) const override {
    Utf16Offsets offsets(text);
    std::uint32_t skipped = 0;
    for (std::size_t at = 0; at < text.size();) {
      std::string_view longest;
      std::string_view type;
      for (const Rule& rule : classicRules()) {
        re2::StringPiece found;
        if (rule.pattern->Match({text.data(), text.size()}, at, text.size(), RE2::ANCHOR_START, &found, 1) &&
            found.size() > longest.size()) {
          longest = {found.data(), found.size()};
          type = rule.type;
        }
      }
      if (longest.empty()) {
        at += decodeUtf8(text, at).size;
        continue;
      }
      if (utf16Length(longest) > max_length_) {
        ++skipped;
      } else {
        const std::uint32_t start = offsets.at(at);
        Token& token = out.add(longest, start, offsets.at(at + longest.size()));
        token.type = type == "<ACRONYM_DEP>" ? "<HOST>" : type;
        token.increment += skipped;
        skipped = 0;
      }
      at += longest.size();
    }
    out.trailing += skipped;
    out.end_offset = offsets.at(text.size());
  }

 private:
  std::size_t max_length_;
};

Result<std::int32_t> maxLength(ComponentSettings& settings) {
  const std::int32_t length = settings.number("max_token_length", static_cast<std::int32_t>(kMaxTokenLength));
  if (length < 1) return analysisRefusal("maxTokenLength must be greater than zero");
  return length;
}

Result<TokenizerPtr> makeClassic(ComponentSettings& settings, const AnalysisLimits&) {
  GYRE_TRY_ASSIGN(const std::int32_t length, maxLength(settings));
  return TokenizerPtr(std::make_shared<ClassicTokenizer>(static_cast<std::size_t>(length)));
}

// Addresses are tokens of their own; what is between them falls into words.
class AddressTokenizer final : public Tokenizer {
 public:
  explicit AddressTokenizer(std::size_t max_length) : max_length_(max_length), words_(max_length) {}

  void tokenize(std::string_view text, TokenList& out) const override {
    std::size_t from = 0;
    std::string_view found;
    Utf16Offsets offsets(text);
    for (std::size_t at = 0; findNext(*address(), text, at, 0, found);) {
      const auto begin = static_cast<std::size_t>(found.data() - text.data());
      at = begin + found.size();
      const bool is_inside_word = begin > from && isWordByte(text[begin - 1]);
      if (is_inside_word || utf16Length(found) > max_length_) continue;
      words(text.substr(from, begin - from), offsets.at(from), out);
      const std::uint32_t start = offsets.at(begin);
      out.add(found, start, offsets.at(at)).type =
          found.find('@') != std::string_view::npos && found.find("://") == std::string_view::npos ? "<EMAIL>"
                                                                                                   : "<URL>";
      from = at;
    }
    words(text.substr(from), offsets.at(from), out);
    out.end_offset = offsets.at(text.size());
  }

 private:
  static bool isWordByte(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c < 0; }

  void words(std::string_view text, std::uint32_t start, TokenList& out) const {
    const std::size_t first = out.tokens.size();
    words_.tokenize(text, out);
    for (std::size_t i = first; i < out.tokens.size(); ++i) {
      out.tokens[i].start += start;
      out.tokens[i].end += start;
    }
  }

  static const PatternPtr& address() {
    static const PatternPtr pattern = [] {
      const std::string label = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
      // Every country, and the top-level domains that most names have.
      const std::string top =
          "(?:[A-Za-z]{2}|com|org|net|edu|gov|mil|int|info|biz|name|pro|museum|aero|coop|jobs|mobi|travel|tel|cat|asia|"
          "post|xxx|"
          "arpa|app|dev|io|blog|shop|site|online|store|tech|xyz|club|cloud|page|news|live|email|network|systems|agency|"
          "group|"
          "company|center|solutions|services|support|media|design|global|digital|today|world|zone|bank|berlin|london|"
          "paris)";
      const std::string domain = "(?:" + label + "\\.)+" + top;
      const std::string ip = "[0-9]{1,3}(?:\\.[0-9]{1,3}){3}";
      const std::string atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
      const std::string email = atom + "(?:\\." + atom + ")*@(?:" + domain + "|" + "\\[" + ip + "\\])";
      const std::string rest =
          "(?::[0-9]+)?(?:/(?:[A-Za-z0-9$_.+!*'(),;:@&=~%-]|/)*)?(?:\\?[A-Za-z0-9$_.+!*'(),;:@&=~%/?-]*)?"
          "(?:#[A-Za-z0-9$_.+!*'(),;:@&=~%/?-]*)?";
      const std::string url = "(?:(?i:https?|ftp|file)://(?:[A-Za-z0-9$_.+!*'(),;&=%-]+(?::[^@/ ]*)?@)?(?:" + domain +
                              "|" + label + "|" + ip + ")" + rest + "|(?:" + domain + "|" + ip + ")" + rest + ")";
      return compileRule("(?:" + email + "|" + url + ")");
    }();
    return pattern;
  }

  std::size_t max_length_;
  WordTokenizer words_;
};

Result<TokenizerPtr> makeAddress(ComponentSettings& settings, const AnalysisLimits&) {
  GYRE_TRY_ASSIGN(const std::int32_t length, maxLength(settings));
  return TokenizerPtr(std::make_shared<AddressTokenizer>(static_cast<std::size_t>(length)));
}

constexpr TokenizerKind kPatternTokenizers[] = {
    {"pattern", makePattern}, {"simple_pattern", makeSimplePattern}, {"simple_pattern_split", makeSimplePatternSplit},
    {"classic", makeClassic}, {"uax_url_email", makeAddress},
};

}  // namespace

std::span<const TokenizerKind> patternTokenizerKinds() { return kPatternTokenizers; }

}  // namespace gyre::engine
