// Which words of a field may have been meant instead of these?
//
//   {"suggest": {"name": {"text": "paymetn rnt", "term": {"field": "description"}}}}
//
// Each word of the analysed text is looked up by itself: the field's words within a few edits, by likeness or by how
// many documents hold them.
//
// THREADS: a request is immutable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/analysis/analyzer.hpp"
#include "engine/mapping/mapping.hpp"
#include "engine/segment/segment_reader.hpp"
#include "engine/suggest/string_distance.hpp"
#include "gyre/json.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

// A word of a text and where it stands, in UTF-16 units.
struct TextWord {
  std::string term;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
  std::string_view type{};  // a constant: token.hpp
};

enum class SuggestMode : std::uint8_t { kMissing, kPopular, kAlways };

// How candidates for one word are found; shared by the term and the phrase suggester.
struct WordOptions {
  std::string path;
  std::uint32_t size = 5;
  SuggestMode mode = SuggestMode::kMissing;
  float accuracy = 0.5f;
  bool is_by_frequency = false;
  StringDistance distance = StringDistance::kInternal;
  std::uint32_t max_edits = 2;
  std::uint32_t max_inspections = 5;
  float max_term_freq = 0.01f;  // of the word itself: documents, or below 1 their share
  float min_doc_freq = 0;       // of a candidate: the same
  std::uint32_t prefix_length = 1;
  std::uint32_t min_word_length = 4;

  // Takes the member when it is one of these, the size apart; false when it is none.
  Result<bool> read(json::Value member);
};

struct WordOption {
  std::string text;
  float score = 0;
  std::uint64_t freq = 0;
};
std::vector<WordOption> findWords(const Snapshot& snapshot, const WordOptions& options, std::string_view word);

struct TermSuggestRequest {
  WordOptions options;
  std::vector<TextWord> words;
};
// `body` is what stands under "term".
Result<TermSuggestRequest> parseTermSuggest(json::Value body, std::string_view text, const Mapping& mapping);

// The analyzer that reads a suggester's text; `analyzer` "" is the field's own. Unknown names are refused.
Result<const Analyzer*> suggestAnalyzer(const Field& field, std::string_view analyzer);
// The words of the text as that analyzer sees them.
Result<std::vector<TextWord>> wordsOf(const Field& field, std::string_view analyzer, std::string_view text);
// The field that a suggester reads. no mapping, no words: a refusal.
Result<const Field*> suggestedField(std::string_view path, const Mapping& mapping);

}  // namespace gyre::engine
