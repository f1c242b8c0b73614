#include "engine/suggest/term_suggester.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "engine/analysis/analysis_registry.hpp"
#include "engine/analysis/analyzer.hpp"
#include "engine/analysis/utf8.hpp"
#include "engine/mapping/failure_cause.hpp"
#include "engine/query/fuzzy_terms.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

Result<std::uint32_t> parseCount(json::Value value, std::int64_t least) {
  GYRE_TRY_ASSIGN(const std::int64_t count, parseWhole("suggest", value));
  if (count < least || count > 1'000'000)
    return illegalArgument(std::string(value.key()) + (least > 0 ? " must be positive" : " must not be negative"));
  return static_cast<std::uint32_t>(count);
}

// A number of documents, or a share of them.
Result<float> parseFrequency(json::Value value, std::string_view name) {
  GYRE_TRY_ASSIGN(const float frequency, parseFloat("suggest", value));
  if (frequency < 0) return illegalArgument(std::string(name) + " must be positive");
  if (frequency > 1 && frequency != std::floor(frequency))
    return illegalArgument("if " + std::string(name) + " is greater than 1, it must not be a fraction");
  return frequency;
}

Result<SuggestMode> parseMode(json::Value value) {
  if (value.string() == "missing") return SuggestMode::kMissing;
  if (value.string() == "popular") return SuggestMode::kPopular;
  if (value.string() == "always") return SuggestMode::kAlways;
  return illegalArgument("Illegal suggest mode " + std::string(value.isString() ? value.string() : value.raw()));
}

struct Candidate {
  std::uint64_t freq = 0;
  std::uint32_t edits = 0;
  std::uint32_t length = 0;
};

// The field's words near `word`, the word itself apart, that enough documents hold.
std::map<std::string, Candidate> candidatesFor(const Snapshot& snapshot, const WordOptions& options,
                                               std::string_view word, std::uint32_t edits, std::uint64_t freq_above) {
  std::map<std::string, Candidate> found;
  FuzzyPattern pattern{std::string(word), edits, std::max(options.prefix_length, edits - 1), true};
  for (const SegmentView& view : snapshot.segments) {
    const FieldReader* const field = view.segment->field(options.path);
    if (field == nullptr || field->terms == nullptr) continue;
    forEachFuzzyTerm(*field->terms, pattern, [&](const FuzzyMatch& match, const TermCursor& cursor) {
      if (match.term == word) return true;
      Candidate& candidate = found[std::string(match.term)];
      candidate.freq += cursor.info().doc_freq;
      candidate.edits = match.edits;
      candidate.length = match.length;
      return true;
    });
  }
  std::erase_if(found, [&](const auto& entry) { return entry.second.freq <= freq_above; });
  return found;
}

}  // namespace

Result<bool> WordOptions::read(json::Value member) {
  const std::string_view key = member.key();
  if (key == "field" && member.isString()) {
    path = member.string();
  } else if (key == "suggest_mode") {
    GYRE_TRY_ASSIGN(mode, parseMode(member));
  } else if (key == "accuracy") {
    GYRE_TRY_ASSIGN(accuracy, parseFloat("suggest", member));
    if (accuracy < 0 || accuracy > 1) return illegalArgument("accuracy must be between 0 and 1");
  } else if (key == "sort") {
    if (member.string() != "score" && member.string() != "frequency")
      return illegalArgument("Illegal sort option " + std::string(member.raw()));
    is_by_frequency = member.string() == "frequency";
  } else if (key == "string_distance") {
    const auto known = findStringDistance(member.string());
    if (!known) return illegalArgument("Illegal distance option " + std::string(member.raw()));
    distance = *known;
  } else if (key == "max_edits") {
    GYRE_TRY_ASSIGN(const std::int64_t edits, parseWhole("suggest", member));
    if (edits < 1 || edits > 2) return illegalArgument("maxEdits must be between 1 and 2");
    max_edits = static_cast<std::uint32_t>(edits);
  } else if (key == "max_inspections") {
    GYRE_TRY_ASSIGN(max_inspections, parseCount(member, 0));
  } else if (key == "max_term_freq") {
    GYRE_TRY_ASSIGN(max_term_freq, parseFrequency(member, "maxTermFreq"));
  } else if (key == "min_doc_freq") {
    GYRE_TRY_ASSIGN(min_doc_freq, parseFrequency(member, "minDocFreq"));
  } else if (key == "prefix_length") {
    GYRE_TRY_ASSIGN(prefix_length, parseCount(member, 0));
  } else if (key == "min_word_length") {
    GYRE_TRY_ASSIGN(min_word_length, parseCount(member, 1));
  } else {
    return false;
  }
  return true;
}

std::vector<WordOption> findWords(const Snapshot& snapshot, const WordOptions& options, std::string_view word) {
  if (countCharacters(word) < options.min_word_length) return {};
  std::uint64_t own_freq = 0;
  std::uint64_t docs = 0;
  for (const SegmentView& view : snapshot.segments) {
    docs += view.segment->docCount();
    const FieldReader* const field = view.segment->field(options.path);
    if (field == nullptr || field->terms == nullptr) continue;
    if (const auto found = field->terms->find(word)) own_freq += found->info.doc_freq;
  }
  if (options.mode == SuggestMode::kMissing && own_freq > 0) return {};
  const auto all = static_cast<float>(docs);
  const float most = options.max_term_freq >= 1 ? options.max_term_freq : std::ceil(options.max_term_freq * all);
  if (static_cast<float>(own_freq) > most) return {};
  std::uint64_t freq_above = options.mode == SuggestMode::kPopular ? own_freq : 0;
  if (options.min_doc_freq >= 1) {
    freq_above = std::max(freq_above, static_cast<std::uint64_t>(options.min_doc_freq));
  } else if (options.min_doc_freq > 0) {
    const auto least = static_cast<std::int64_t>(options.min_doc_freq * all) - 1;
    freq_above = std::max(freq_above, static_cast<std::uint64_t>(std::max<std::int64_t>(least, 0)));
  }
  // So many are looked at, the nearest first; words two edits away only when there are too few nearer ones.
  const std::size_t inspected = std::size_t{options.size} * options.max_inspections;
  auto candidates = candidatesFor(snapshot, options, word, 1, freq_above);
  if (options.max_edits > 1 && candidates.size() < inspected)
    candidates.merge(candidatesFor(snapshot, options, word, 2, freq_above));
  struct Near {
    WordOption option;
    float nearness;
  };
  std::vector<Near> near;
  const std::uint32_t length = countCharacters(word);
  for (const auto& [term, candidate] : candidates) {
    const float score = likeness(options.distance, word, term, candidate.edits);
    if (score < options.accuracy) continue;
    const auto shorter = static_cast<float>(std::min(length, candidate.length));
    near.push_back({{term, score, candidate.freq}, 1 - static_cast<float>(candidate.edits) / shorter});
  }
  std::stable_sort(near.begin(), near.end(), [](const Near& a, const Near& b) { return a.nearness > b.nearness; });
  if (near.size() > inspected) near.resize(inspected);
  std::vector<WordOption> words;
  for (Near& each : near) words.push_back(std::move(each.option));
  std::sort(words.begin(), words.end(), [&](const WordOption& a, const WordOption& b) {
    if (options.is_by_frequency && a.freq != b.freq) return a.freq > b.freq;
    if (a.score != b.score) return a.score > b.score;
    return a.freq != b.freq ? a.freq > b.freq : a.text < b.text;
  });
  if (words.size() > options.size) words.resize(options.size);
  return words;
}

Result<const Analyzer*> suggestAnalyzer(const Field& field, std::string_view analyzer) {
  const bool is_whole = field.type == FieldType::kKeyword && analyzer.empty();
  const Analyzer* const chain = is_whole           ? findAnalyzer("keyword")
                                : analyzer.empty() ? field.search_analyzer
                                                   : field.analysis->analyzer(analyzer);
  if (chain == nullptr) return illegalArgument("analyzer [" + std::string(analyzer) + "] doesn't exists");
  return chain;
}

Result<std::vector<TextWord>> wordsOf(const Field& field, std::string_view analyzer, std::string_view text) {
  GYRE_TRY_ASSIGN(const Analyzer* const chain, suggestAnalyzer(field, analyzer));
  TokenList list;
  chain->tokenize(text, list);
  std::vector<TextWord> words;
  for (Token& token : list.tokens)
    words.push_back({std::move(token.text), token.start, token.end - token.start, token.type});
  return words;
}

Result<const Field*> suggestedField(std::string_view path, const Mapping& mapping) {
  if (path.empty())
    return Status(Code::kInvalidArgument, "parse_exception", "the required field option [field] is missing");
  const Field* const field = mapping.find(path);
  if (field == nullptr)
    return noticedBy(kByIndex, illegalArgument("no mapping found for field [" + std::string(path) + "]"));
  if (field->type != FieldType::kText && field->type != FieldType::kKeyword)
    return illegalArgument("field [" + field->path + "] has no words to suggest from");
  return field;
}

Result<TermSuggestRequest> parseTermSuggest(json::Value body, std::string_view text, const Mapping& mapping) {
  TermSuggestRequest request;
  std::string analyzer;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_taken, request.options.read(member));
    if (is_taken) continue;
    if (member.key() == "size") {
      GYRE_TRY_ASSIGN(request.options.size, parseCount(member, 1));
    } else if (member.key() == "shard_size") {
      GYRE_TRY(parseCount(member, 1).status());
    } else if (member.key() == "analyzer" && member.isString()) {
      analyzer = member.string();
    } else {
      return parsingException("suggester[term] doesn't support field [" + std::string(member.key()) + "]");
    }
  }
  GYRE_TRY_ASSIGN(const Field* const field, suggestedField(request.options.path, mapping));
  request.options.path = field->path;
  GYRE_TRY_ASSIGN(request.words, wordsOf(*field, analyzer, text));
  return request;
}

}  // namespace gyre::engine
