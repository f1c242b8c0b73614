// Filters that make several tokens of one, or one of several.
#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "engine/analysis/characters.hpp"
#include "engine/analysis/component_kinds.hpp"
#include "engine/analysis/lower_case.hpp"
#include "engine/analysis/shingles.hpp"
#include "engine/analysis/utf8.hpp"

namespace gyre::engine {

namespace {

// Grams of each token, all at its position and with its offsets.
class GramFilter final : public TokenFilter {
 public:
  enum class Side { kAll, kFront, kBack };
  GramFilter(std::size_t min, std::size_t max, Side side, bool keeps_original)
      : min_(min), max_(max), side_(side), keeps_original_(keeps_original) {}

  void apply(TokenList& list) const override {
    std::vector<Token> out;
    std::uint32_t increment = 0;
    for (Token& token : list.tokens) {
      increment += token.increment;
      const std::u32string characters = toCharacters(token.text);
      const auto emit = [&](std::u32string_view gram) {
        out.push_back(token);
        out.back().text = toText(gram);
        out.back().increment = std::exchange(increment, 0);
      };
      const std::size_t count = characters.size();
      const std::u32string_view all = characters;
      for (std::size_t first = 0; first < (side_ == Side::kAll ? count : std::min<std::size_t>(count, 1)); ++first)
        for (std::size_t size = min_; size <= max_ && first + size <= count; ++size)
          emit(side_ == Side::kBack ? all.substr(count - size) : all.substr(first, size));
      if (keeps_original_ && (count < min_ || count > max_)) emit(all);
    }
    list.tokens = std::move(out);
    list.trailing += increment;
  }

 private:
  std::size_t min_;
  std::size_t max_;
  Side side_;
  bool keeps_original_;
};

Result<TokenFilterPtr> makeNgram(ComponentSettings& settings, const FilterContext& context) {
  // Names that many definitions have and the dialect has never read.
  settings.ignore("min");
  settings.ignore("max");
  const std::int32_t min = settings.number("min_gram", 1);
  const std::int32_t max = settings.number("max_gram", 2);
  const bool keeps_original = settings.boolean("preserve_original", false);
  if (max - min > context.limits.max_ngram_diff)
    return analysisRefusal(
        "The difference between max_gram and min_gram in NGram Tokenizer must be less than or equal to: [" +
        std::to_string(context.limits.max_ngram_diff) + "] but was [" + std::to_string(max - min) +
        "]. This limit can be set by changing the [index.max_ngram_diff] index level setting.");
  if (min < 1) return analysisRefusal("minGram must be greater than zero");
  if (min > max) return analysisRefusal("minGram must not be greater than maxGram");
  return TokenFilterPtr(std::make_shared<GramFilter>(static_cast<std::size_t>(min), static_cast<std::size_t>(max),
                                                     GramFilter::Side::kAll, keeps_original));
}

Result<TokenFilterPtr> makeEdgeNgram(ComponentSettings& settings, const FilterContext&) {
  const std::int32_t min = settings.number("min_gram", 1);
  const std::int32_t max = settings.number("max_gram", settings.isBare() ? 1 : 2);
  const bool keeps_original = settings.boolean("preserve_original", false);
  const std::string side = settings.text("side", "front");
  if (side != "front" && side != "back") return analysisRefusal("invalid side: " + side);
  if (min < 1) return analysisRefusal("minGram must be greater than zero");
  if (min > max) return analysisRefusal("minGram must not be greater than maxGram");
  return TokenFilterPtr(std::make_shared<GramFilter>(
      static_cast<std::size_t>(min), static_cast<std::size_t>(max),
      side == "back" ? GramFilter::Side::kBack : GramFilter::Side::kFront, keeps_original));
}

struct ShingleOptions {
  std::size_t min = 2;
  std::size_t max = 2;
  bool has_unigrams = true;
  bool has_unigrams_if_alone = false;
  std::string separator = " ";
  std::string filler = "_";
};

// Neighbours joined. A gap in the positions is filled, so that no shingle spans words that did not stand together.
class ShingleFilter final : public TokenFilter {
 public:
  explicit ShingleFilter(ShingleOptions options) : options_(std::move(options)) {}

  void apply(TokenList& list) const override {
    std::vector<Token> words = filled(list);
    const bool has_unigrams = options_.has_unigrams || (options_.has_unigrams_if_alone && words.size() < options_.min);
    std::vector<Token> out;
    for (std::size_t first = 0; first < words.size(); ++first) {
      std::uint32_t increment = 1;
      if (has_unigrams && !isFiller(words[first])) {
        out.push_back(words[first]);
        out.back().increment = std::exchange(increment, 0);
      }
      for (std::size_t size = options_.min; size <= options_.max && first + size <= words.size(); ++size) {
        std::optional<Token> shingle = joined(words, first, size);
        if (!shingle) continue;
        shingle->increment = std::exchange(increment, 0);
        out.push_back(std::move(*shingle));
      }
    }
    list.tokens = std::move(out);
    list.trailing = 0;
  }
  bool makesGraph() const override { return true; }
  ShingleSizes sizes() const { return {options_.max, options_.has_unigrams}; }

 private:
  static constexpr std::uint32_t kFillerLength = 0;
  static bool isFiller(const Token& token) { return token.length == kFillerLength; }

  std::vector<Token> filled(TokenList& list) const {
    std::vector<Token> words;
    const auto fill = [&](std::uint32_t count, std::uint32_t offset) {
      for (std::size_t i = 0; i < std::min<std::size_t>(count, options_.max - 1); ++i) {
        Token& token = words.emplace_back();
        token.text = options_.filler;
        token.start = token.end = offset;
        token.length = kFillerLength;
      }
    };
    for (Token& token : list.tokens) {
      if (token.increment > 1) fill(token.increment - 1, token.start);
      words.push_back(std::move(token));
    }
    fill(list.trailing, list.end_offset);
    return words;
  }

  std::optional<Token> joined(const std::vector<Token>& words, std::size_t first, std::size_t size) const {
    Token shingle;
    bool has_word = false;
    for (std::size_t i = first; i < first + size; ++i) {
      if (i > first) shingle.text += options_.separator;
      shingle.text += words[i].text;
      has_word = has_word || !isFiller(words[i]);
    }
    if (!has_word) return std::nullopt;
    shingle.start = words[first].start;
    shingle.end = words[first + size - 1].end;
    shingle.type = token_type::kShingle;
    shingle.length = static_cast<std::uint32_t>(options_.has_unigrams ? size : size - options_.min + 1);
    return shingle;
  }

  ShingleOptions options_;
};

Result<TokenFilterPtr> makeShingle(ComponentSettings& settings, const FilterContext& context) {
  ShingleOptions options;
  const std::int32_t min = settings.number("min_shingle_size", 2);
  const std::int32_t max = settings.number("max_shingle_size", 2);
  options.has_unigrams = settings.boolean("output_unigrams", true);
  options.has_unigrams_if_alone = settings.boolean("output_unigrams_if_no_shingles", false);
  options.separator = settings.text("token_separator", " ");
  options.filler = settings.text("filler_token", "_");
  const std::int64_t diff = std::int64_t{max} - min + (options.has_unigrams ? 1 : 0);
  if (diff > context.limits.max_shingle_diff)
    return analysisRefusal(
        "In Shingle TokenFilter the difference between max_shingle_size and min_shingle_size (and +1 if outputting "
        "unigrams) must be less than or equal to: [" +
        std::to_string(context.limits.max_shingle_diff) + "] but was [" + std::to_string(diff) +
        "]. This limit can be set by changing the [index.max_shingle_diff] index level setting.");
  if (max < 2) return analysisRefusal("Max shingle size must be >= 2");
  if (min < 2) return analysisRefusal("Min shingle size must be >= 2");
  if (min > max) return analysisRefusal("Min shingle size must be <= max shingle size");
  options.min = static_cast<std::size_t>(min);
  options.max = static_cast<std::size_t>(max);
  return TokenFilterPtr(std::make_shared<ShingleFilter>(std::move(options)));
}

// A common word and its neighbour as one token beside them; for queries instead of them.
class CommonGramsFilter final : public TokenFilter {
 public:
  CommonGramsFilter(WordSet words, bool ignores_case, bool is_for_queries)
      : words_(std::move(words)), ignores_case_(ignores_case), is_for_queries_(is_for_queries) {}

  void apply(TokenList& list) const override {
    std::vector<Token> out;
    bool is_behind_gram = false;
    for (std::size_t i = 0; i < list.tokens.size(); ++i) {
      const Token& token = list.tokens[i];
      const bool has_next = i + 1 < list.tokens.size();
      const bool makes_gram = has_next && (isCommon(token) || isCommon(list.tokens[i + 1]));
      if (!is_for_queries_ || (!makes_gram && (has_next || !is_behind_gram))) out.push_back(token);
      is_behind_gram = makes_gram;
      if (!makes_gram) continue;
      Token gram = token;
      gram.text += "_" + list.tokens[i + 1].text;
      gram.end = list.tokens[i + 1].end;
      gram.type = "gram";
      gram.increment = is_for_queries_ ? 1 : 0;
      gram.length = is_for_queries_ ? 1 : 2;
      out.push_back(std::move(gram));
    }
    list.tokens = std::move(out);
  }
  bool makesGraph() const override { return !is_for_queries_; }

 private:
  bool isCommon(const Token& token) const {
    if (!ignores_case_) return words_.contains(token.text);
    std::string lower = token.text;
    makeLower(lower);
    return words_.contains(lower);
  }

  WordSet words_;
  bool ignores_case_;
  bool is_for_queries_;
};

Result<TokenFilterPtr> makeCommonGrams(ComponentSettings& settings, const FilterContext&) {
  const bool ignores_case = settings.boolean("ignore_case", false);
  const bool is_for_queries = settings.boolean("query_mode", false);
  WordSet words = wordsOf(settings, "common_words", {}, ignores_case);
  if (words.empty() && !settings.isBare())
    return analysisRefusal(
        "missing or empty [common_words] or [common_words_path] configuration for common_grams token filter");
  return TokenFilterPtr(std::make_shared<CommonGramsFilter>(std::move(words), ignores_case, is_for_queries));
}

// Pairs of neighbouring characters of Chinese, Japanese and Korean.
class CjkBigramFilter final : public TokenFilter {
 public:
  CjkBigramFilter(std::vector<std::string_view> types, bool has_unigrams)
      : types_(std::move(types)), has_unigrams_(has_unigrams) {}

  void apply(TokenList& list) const override {
    std::vector<Token> out;
    std::vector<Token> run;
    for (Token& token : list.tokens) {
      const bool is_cjk = std::find(types_.begin(), types_.end(), token.type) != types_.end();
      if (!run.empty() && (!is_cjk || token.start != run.back().end)) flush(run, out);
      if (is_cjk)
        explode(token, run);
      else
        out.push_back(std::move(token));
    }
    flush(run, out);
    list.tokens = std::move(out);
  }
  bool makesGraph() const override { return has_unigrams_; }

 private:
  static void explode(const Token& token, std::vector<Token>& run) {
    const bool is_exact = utf16Length(token.text) == token.end - token.start;
    std::uint32_t at = token.start;
    for (const char32_t c : toCharacters(token.text)) {
      Token& single = run.emplace_back();
      appendUtf8(static_cast<std::uint32_t>(c), single.text);
      single.start = is_exact ? at : token.start;
      at += c >= 0x10000 ? 2 : 1;
      single.end = is_exact ? at : token.end;
      single.type = "<SINGLE>";
    }
  }

  void flush(std::vector<Token>& run, std::vector<Token>& out) const {
    for (std::size_t i = 0; i < run.size(); ++i) {
      const bool is_paired = i + 1 < run.size();
      if (has_unigrams_ || run.size() == 1) out.push_back(run[i]);
      if (!is_paired) continue;
      Token pair = run[i];
      pair.text += run[i + 1].text;
      pair.end = run[i + 1].end;
      pair.type = "<DOUBLE>";
      pair.increment = has_unigrams_ ? 0 : 1;
      pair.length = has_unigrams_ ? 2 : 1;
      out.push_back(std::move(pair));
    }
    run.clear();
  }

  std::vector<std::string_view> types_;
  bool has_unigrams_;
};

Result<TokenFilterPtr> makeCjkBigram(ComponentSettings& settings, const FilterContext&) {
  constexpr std::pair<std::string_view, std::string_view> kScripts[] = {
      {"han", "<IDEOGRAPHIC>"}, {"hiragana", "<HIRAGANA>"}, {"katakana", "<KATAKANA>"}, {"hangul", "<HANGUL>"}};
  const bool has_unigrams = settings.boolean("output_unigrams", false);
  const std::vector<std::string> ignored = settings.list("ignored_scripts");
  std::vector<std::string_view> types;
  for (const auto& [script, type] : kScripts)
    if (std::find(ignored.begin(), ignored.end(), script) == ignored.end()) types.push_back(type);
  if (types.empty()) types = {"<IDEOGRAPHIC>", "<HIRAGANA>", "<KATAKANA>", "<HANGUL>"};
  return TokenFilterPtr(std::make_shared<CjkBigramFilter>(std::move(types), has_unigrams));
}

// Each token through several chains of filters, the results at one position.
class MultiplexerFilter final : public TokenFilter {
 public:
  MultiplexerFilter(std::vector<std::vector<TokenFilterPtr>> chains, bool keeps_original)
      : chains_(std::move(chains)), keeps_original_(keeps_original) {}

  void apply(TokenList& list) const override {
    std::vector<Token> out;
    for (const Token& token : list.tokens) {
      WordSet seen;
      std::uint32_t increment = token.increment;
      const auto emit = [&](Token made) {
        if (!seen.insert(made.text).second) return;
        made.increment = std::exchange(increment, 0);
        out.push_back(std::move(made));
      };
      if (keeps_original_) emit(token);
      for (const std::vector<TokenFilterPtr>& chain : chains_) {
        TokenList single;
        single.tokens.push_back(token);
        for (const TokenFilterPtr& filter : chain) filter->apply(single);
        for (Token& made : single.tokens) emit(std::move(made));
      }
    }
    list.tokens = std::move(out);
  }
  bool knowsKeywords() const override {
    return std::any_of(chains_.begin(), chains_.end(), [](const auto& chain) {
      return std::any_of(chain.begin(), chain.end(), [](const auto& filter) { return filter->knowsKeywords(); });
    });
  }

 private:
  std::vector<std::vector<TokenFilterPtr>> chains_;
  bool keeps_original_;
};

Result<TokenFilterPtr> makeMultiplexer(ComponentSettings& settings, const FilterContext& context) {
  const bool keeps_original = settings.boolean("preserve_original", true);
  std::vector<std::vector<TokenFilterPtr>> chains;
  for (const std::string& names : settings.list("filters")) {
    std::vector<TokenFilterPtr>& chain = chains.emplace_back();
    for (std::string_view rest = names; !rest.empty();) {
      const std::size_t comma = rest.find(',');
      std::string_view name = rest.substr(0, comma);
      while (!name.empty() && name.front() == ' ') name.remove_prefix(1);
      while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
      TokenFilterPtr filter;
      if (context.named) {
        GYRE_TRY_ASSIGN(filter, context.named(name));
      }
      if (filter == nullptr)
        return analysisRefusal("Multiplexing filter [" + settings.name() + "] refers to undefined tokenfilter [" +
                               std::string(name) + "]");
      chain.push_back(std::move(filter));
    }
  }
  return TokenFilterPtr(std::make_shared<MultiplexerFilter>(std::move(chains), keeps_original));
}

struct DecompounderOptions {
  std::size_t min_word = 5;
  std::size_t min_part = 2;
  std::size_t max_part = 15;
  bool is_longest_only = false;
};

// A compound word and the words of the list that it is made of.
class DecompounderFilter final : public TokenFilter {
 public:
  DecompounderFilter(WordSet words, DecompounderOptions options) : words_(std::move(words)), options_(options) {}

  void apply(TokenList& list) const override {
    std::vector<Token> out;
    for (Token& token : list.tokens) {
      const std::u32string characters = toCharacters(token.text);
      Token part = token;
      part.increment = 0;
      out.push_back(std::move(token));
      if (characters.size() < options_.min_word) continue;
      for (std::size_t first = 0; first + options_.min_part <= characters.size(); ++first) {
        std::string longest;
        for (std::size_t size = options_.min_part; size <= options_.max_part && first + size <= characters.size();
             ++size) {
          const std::string word = toText(std::u32string_view(characters).substr(first, size));
          std::string lower = word;
          makeLower(lower);
          if (!words_.contains(lower)) continue;
          if (options_.is_longest_only) {
            longest = word;
          } else {
            part.text = word;
            out.push_back(part);
          }
        }
        if (longest.empty()) continue;
        part.text = longest;
        out.push_back(part);
      }
    }
    list.tokens = std::move(out);
  }

 private:
  WordSet words_;
  DecompounderOptions options_;
};

Result<TokenFilterPtr> makeDecompounder(ComponentSettings& settings, const FilterContext&) {
  WordSet words = wordsOf(settings, "word_list", {}, true);
  if (words.empty())
    return analysisRefusal("word_list must be provided for [" + settings.name() +
                           "], either as a path to a file, or directly");
  const std::int32_t min_word = settings.number("min_word_size", 5);
  const std::int32_t min_part = settings.number("min_subword_size", 2);
  const std::int32_t max_part = settings.number("max_subword_size", 15);
  DecompounderOptions options;
  options.is_longest_only = settings.boolean("only_longest_match", false);
  if (min_word < 0 || min_part < 1 || max_part < 1)
    return analysisRefusal("the sizes of [" + settings.name() + "] must be above 0");
  options.min_word = static_cast<std::size_t>(min_word);
  options.min_part = static_cast<std::size_t>(min_part);
  options.max_part = static_cast<std::size_t>(max_part);
  return TokenFilterPtr(std::make_shared<DecompounderFilter>(std::move(words), options));
}

Result<TokenFilterPtr> refuseHyphenation(ComponentSettings&, const FilterContext&) {
  return analysisRefusal(
      "token filter type [hyphenation_decompounder] is not offered: the engine reads no dictionaries");
}

constexpr FilterKind kGramFilters[] = {
    {"ngram", makeNgram, false},
    {"nGram", makeNgram, false},
    {"edge_ngram", makeEdgeNgram, false},
    {"edgeNGram", makeEdgeNgram, false},
    {"shingle", makeShingle, false},
    {"common_grams", makeCommonGrams, false},
    {"cjk_bigram", makeCjkBigram, false},
    {"multiplexer", makeMultiplexer, false},
    {"dictionary_decompounder", makeDecompounder, false},
    {"hyphenation_decompounder", refuseHyphenation, false},
};

}  // namespace

std::span<const FilterKind> gramFilterKinds() { return kGramFilters; }

std::optional<ShingleSizes> shinglesOf(const Analyzer& analyzer) {
  for (const auto& filter : analyzer.parts().filters)
    if (const auto* const shingles = dynamic_cast<const ShingleFilter*>(filter.part.get())) return shingles->sizes();
  return std::nullopt;
}

}  // namespace gyre::engine
