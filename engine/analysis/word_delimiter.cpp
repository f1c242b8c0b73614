// word_delimiter and word_delimiter_graph: words cut where letters, digits and cases meet.
#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "engine/analysis/characters.hpp"
#include "engine/analysis/component_kinds.hpp"
#include "engine/analysis/lower_case.hpp"
#include "engine/analysis/lower_case_table.hpp"
#include "engine/analysis/plain_words.hpp"

namespace gyre::engine {

namespace {

enum CharacterKind : unsigned {
  kLower = 1,
  kUpper = 2,
  kAlpha = kLower | kUpper,
  kDigit = 4,
  kAlphanumeric = kAlpha | kDigit,
  kDelimiter = 8,
};

struct Options {
  bool makes_words = true;
  bool makes_numbers = true;
  bool joins_words = false;
  bool joins_numbers = false;
  bool joins_all = false;
  bool keeps_original = false;
  bool splits_case = true;
  bool splits_numbers = true;
  bool strips_possessive = true;
  bool adjusts_offsets = true;
  bool ignores_keywords = false;
  WordSet protected_words;
  std::unordered_map<char32_t, unsigned> kinds;  // the settings' own
};

// A piece of the word: characters [first, last), positions [from, to).
struct Part {
  std::size_t first;
  std::size_t last;
  std::uint32_t from;
  std::uint32_t to;
  std::u32string text;
  bool is_original = false;
};

// Walks a word's pieces between delimiters and changes of kind.
class PieceWalk {
 public:
  PieceWalk(const std::u32string& word, const Options& options) : word_(word), options_(options) {
    while (begin_ < word.size() && isDelimiter(begin_)) ++begin_;
    end_ = word.size();
    while (end_ > begin_ && isDelimiter(end_ - 1)) --end_;
    is_trimmed_possessive_ = end_ - begin_ > 2 && endsPossessive(end_);
    last = begin_;
    next();
  }
  bool isDone() const { return first >= end_ || first == last; }
  // One piece is all there is, though delimiters stand around it.
  bool isSingle() const { return is_trimmed_possessive_ ? last + 2 == end_ : last == end_; }
  unsigned kind() const {
    const unsigned kind = kindOf(word_[first]);
    return kind == kLower || kind == kUpper ? kAlpha : kind;
  }

  void next() {
    first = last;
    if (skips_possessive_) first += 2;
    skips_possessive_ = false;
    while (first < end_ && isDelimiter(first)) ++first;
    last = first;
    if (first >= end_) return;
    unsigned before = kindOf(word_[first]);
    for (last = first + 1; last < end_; ++last) {
      const unsigned kind = kindOf(word_[last]);
      if (isBreak(before, kind)) break;
      before = kind;
    }
    skips_possessive_ = last + 1 < end_ && endsPossessive(last + 2);
  }

  std::size_t first = 0;
  std::size_t last = 0;

 private:
  unsigned kindOf(char32_t c) const {
    if (const auto own = options_.kinds.find(c); own != options_.kinds.end()) return own->second;
    const auto code = static_cast<std::uint32_t>(c);
    if (isDigit(code)) return kDigit;
    if (!isLetter(code)) return wordBreakOf(code) == WordBreak::kExtend ? kAlphanumeric : kDelimiter;
    if (toLower(code) != code) return kUpper;
    return toUpper(code) != code || code == 0xdf ? kLower : kAlpha;
  }
  bool isDelimiter(std::size_t at) const { return (kindOf(word_[at]) & kDelimiter) != 0; }
  bool isBreak(unsigned before, unsigned kind) const {
    if ((kind & before) != 0) return false;
    const bool is_letter = (kind & kAlpha) != 0;
    const bool was_letter = (before & kAlpha) != 0;
    if (!options_.splits_case && was_letter && is_letter) return false;
    if ((before & kUpper) != 0 && is_letter) return false;
    const bool is_digit = (kind & kDigit) != 0;
    const bool was_digit = (before & kDigit) != 0;
    return options_.splits_numbers || !((was_letter && is_digit) || (was_digit && is_letter));
  }
  // Does 's end at `at`, behind a letter?
  bool endsPossessive(std::size_t at) const {
    return options_.strips_possessive && at > 2 && at <= word_.size() && word_[at - 2] == U'\'' &&
           (word_[at - 1] == U's' || word_[at - 1] == U'S') && (kindOf(word_[at - 3]) & kAlpha) != 0 &&
           (at == end_ || at == word_.size() || isDelimiter(at));
  }

  const std::u32string& word_;
  const Options& options_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool is_trimmed_possessive_ = false;
  bool skips_possessive_ = false;
};

// Gathers a word's parts and their concatenations, by positions of a graph.
class PartCollector {
 public:
  PartCollector(const std::u32string& word, const Options& options) : word_(word), options_(options) {}

  std::vector<Part> collect(PieceWalk& walk) {
    if (!walk.isDone() && walk.isSingle()) {
      add(walk.first, walk.last, next_, next_ + 1);
      ++next_;
    } else {
      for (; !walk.isDone(); walk.next()) {
        const unsigned kind = walk.kind();
        if (joined_.count > 0 && (joined_.kind & kind) == 0) flush();
        if ((options_.joins_words && (kind & kAlpha) != 0) || (options_.joins_numbers && (kind & kDigit) != 0))
          append(joined_, walk, kind);
        if (options_.joins_all) append(all_, walk, kind);
        if (!makesParts(kind)) continue;
        add(walk.first, walk.last, next_, next_ + 1);
        ++next_;
      }
      if (joined_.count > 0) flush();
      if (all_.count > last_count_) {
        if (next_ == all_.from) ++next_;
        parts_.push_back({all_.first, all_.last, all_.from, next_, all_.text});
      }
    }
    if (options_.keeps_original) {
      if (next_ == 0) ++next_;
      add(0, word_.size(), 0, next_);
      parts_.back().is_original = true;
    }
    return std::move(parts_);
  }

 private:
  struct Joined {
    std::size_t first = 0, last = 0, count = 0;
    std::uint32_t from = 0;
    unsigned kind = 0;
    std::u32string text;
  };
  bool makesParts(unsigned kind) const {
    return (options_.makes_words && (kind & kAlpha) != 0) || (options_.makes_numbers && (kind & kDigit) != 0);
  }
  void add(std::size_t first, std::size_t last, std::uint32_t from, std::uint32_t to) {
    parts_.push_back({first, last, from, to, word_.substr(first, last - first)});
  }
  void append(Joined& joined, const PieceWalk& walk, unsigned kind) const {
    if (joined.count++ == 0) {
      joined.first = walk.first;
      joined.from = next_;
      joined.kind = kind;
    }
    joined.last = walk.last;
    joined.text += word_.substr(walk.first, walk.last - walk.first);
  }
  void flush() {
    if (next_ == joined_.from) ++next_;
    last_count_ = joined_.count;
    if (joined_.count != 1 || !makesParts(joined_.kind))
      parts_.push_back({joined_.first, joined_.last, joined_.from, next_, joined_.text});
    joined_ = {};
  }

  const std::u32string& word_;
  const Options& options_;
  std::vector<Part> parts_;
  Joined joined_;
  Joined all_;
  std::size_t last_count_ = 0;
  std::uint32_t next_ = 0;
};

// Nearly every word has nothing to cut, which is told from its bytes. False says nothing.
bool isPlainWord(std::string_view word, const Options& options) {
  if (!options.kinds.empty()) return false;
  const unsigned kinds = plainKinds(word);
  const bool is_mixed = (kinds & kPlainDigit) != 0 && (kinds & (kPlainLower | kPlainUpper)) != 0;
  return (kinds & kNotPlain) == 0 && !(options.splits_numbers && is_mixed);
}

class WordDelimiterFilter final : public TokenFilter {
 public:
  WordDelimiterFilter(Options options, bool is_graph) : options_(std::move(options)), is_graph_(is_graph) {}

  void apply(TokenList& list) const override {
    const bool is_plain = std::all_of(list.tokens.begin(), list.tokens.end(),
                                      [&](const Token& token) { return isPlainWord(token.text, options_); });
    if (is_plain) return;
    std::vector<Token> out;
    std::uint32_t skipped = 0;
    for (Token& token : list.tokens) {
      token.increment += std::exchange(skipped, 0);
      if (isPlainWord(token.text, options_)) {
        out.push_back(std::move(token));
        continue;
      }
      const std::u32string word = toCharacters(token.text);
      PieceWalk walk(word, options_);
      const bool is_whole = !walk.isDone() && walk.first == 0 && walk.last == word.size();
      if (is_whole || options_.protected_words.contains(token.text) ||
          (options_.ignores_keywords && token.is_keyword)) {
        out.push_back(std::move(token));
        continue;
      }
      if (walk.isDone() && !options_.keeps_original) {
        skipped = token.increment;
        continue;
      }
      std::vector<Part> parts = PartCollector(word, options_).collect(walk);
      if (parts.empty()) skipped = token.increment;
      emit(token, word, std::move(parts), out);
    }
    list.tokens = std::move(out);
    list.trailing += skipped;
  }
  bool knowsKeywords() const override { return is_graph_; }
  bool makesGraph() const override { return is_graph_; }
  PlainWords plainWords() const {
    if (!options_.kinds.empty()) return PlainWords::kUnknown;
    return options_.splits_numbers ? PlainWords::kKeptUnmixed : PlainWords::kKept;
  }

 private:
  void emit(const Token& token, const std::u32string& word, std::vector<Part> parts, std::vector<Token>& out) const {
    std::vector<std::uint32_t> units(1, token.start);
    for (const char32_t c : word) units.push_back(units.back() + (c >= 0x10000 ? 2 : 1));
    const bool is_exact = options_.adjusts_offsets && units.back() == token.end;
    // The word itself comes first. In a graph the longer way does, else the part before what begins with it.
    std::stable_sort(parts.begin(), parts.end(), [this](const Part& a, const Part& b) {
      if (a.from != b.from) return a.from < b.from;
      if (a.is_original != b.is_original && (a.to == b.to || !is_graph_)) return a.is_original;
      return is_graph_ ? a.to > b.to : a.to < b.to;
    });
    std::uint32_t at = 0;
    bool is_first = true;
    for (const Part& part : parts) {
      Token& made = out.emplace_back(token);
      made.text = toText(part.text);
      made.increment = (is_first ? token.increment : 0) + part.from - at;
      at = part.from;
      is_first = false;
      made.length = is_graph_ ? part.to - part.from : 1;
      if (is_exact) {
        made.start = units[part.first];
        made.end = units[part.last];
      }
    }
  }

  Options options_;
  bool is_graph_;
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// "$ => DIGIT"
Status readKinds(ComponentSettings& settings, Options& options) {
  constexpr std::pair<std::string_view, unsigned> kNames[] = {
      {"LOWER", kLower}, {"UPPER", kUpper},           {"ALPHA", kAlpha},
      {"DIGIT", kDigit}, {"ALPHANUM", kAlphanumeric}, {"SUBWORD_DELIM", kDelimiter}};
  for (const std::string& rule : settings.list("type_table")) {
    const std::size_t arrow = rule.rfind("=>");
    const std::string_view given = std::string_view(rule).substr(0, arrow);
    const std::u32string character = toCharacters(trimmed(given).empty() && !given.empty() ? " " : trimmed(given));
    const std::string_view name =
        arrow == std::string::npos ? std::string_view() : trimmed(std::string_view(rule).substr(arrow + 2));
    bool is_known = false;
    for (const auto& [known, kind] : kNames) {
      if (known != name || character.empty()) continue;
      options.kinds[character.size() == 2 && character[0] == U'\\' ? character[1] : character[0]] = kind;
      is_known = true;
    }
    if (!is_known) return analysisRefusal("Invalid Mapping Rule : [" + rule + "]");
  }
  return {};
}

Result<TokenFilterPtr> make(ComponentSettings& settings, bool is_graph) {
  Options options;
  options.makes_words = settings.boolean("generate_word_parts", true);
  options.makes_numbers = settings.boolean("generate_number_parts", true);
  options.joins_words = settings.boolean("catenate_words", false);
  options.joins_numbers = settings.boolean("catenate_numbers", false);
  options.joins_all = settings.boolean("catenate_all", false);
  options.keeps_original = settings.boolean("preserve_original", false);
  options.splits_case = settings.boolean("split_on_case_change", true);
  options.splits_numbers = settings.boolean("split_on_numerics", true);
  options.strips_possessive = settings.boolean("stem_english_possessive", true);
  if (is_graph) {
    options.adjusts_offsets = settings.boolean("adjust_offsets", true);
    options.ignores_keywords = settings.boolean("ignore_keywords", false);
  }
  options.protected_words = wordsOf(settings, "protected_words", {}, false);
  GYRE_TRY(readKinds(settings, options));
  return TokenFilterPtr(std::make_shared<WordDelimiterFilter>(std::move(options), is_graph));
}

Result<TokenFilterPtr> makePlain(ComponentSettings& settings, const FilterContext&) { return make(settings, false); }
Result<TokenFilterPtr> makeGraph(ComponentSettings& settings, const FilterContext&) { return make(settings, true); }

constexpr FilterKind kWordDelimiters[] = {
    {"word_delimiter", makePlain, false},
    {"word_delimiter_graph", makeGraph, false},
};

}  // namespace

std::span<const FilterKind> wordDelimiterKinds() { return kWordDelimiters; }

PlainWords plainWordsOf(const TokenFilter& filter) {
  const auto* const cuts = dynamic_cast<const WordDelimiterFilter*>(&filter);
  return cuts == nullptr ? PlainWords::kUnknown : cuts->plainWords();
}

}  // namespace gyre::engine
