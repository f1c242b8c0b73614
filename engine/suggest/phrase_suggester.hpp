// Which phrase may have been meant instead of this one?
//
//   {"suggest": {"name": {"text": "noble prize", "phrase": {"field": "title", "direct_generator": [{"field":
//   "title"}]}}}}
//
// Each word gets candidates (term_suggester.hpp); a phrase of candidates is as likely as its words are near the typed
// ones and as its neighbours are frequent together in the field, which may index runs of words for that.
//
// THREADS: a request is immutable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/suggest/term_suggester.hpp"

namespace gyre::engine {

// Where candidates for a word come from. A word is looked up as `pre_filter` makes it, and what is found is offered as
// `post_filter` makes it: a field of words turned round finds those with another first letter. Null for none.
struct WordGenerator : WordOptions {
  const Analyzer* pre_filter = nullptr;
  const Analyzer* post_filter = nullptr;
};

struct PhraseSuggestRequest {
  enum class Smoothing : std::uint8_t { kStupidBackoff, kLaplace, kLinear };

  std::string path;
  std::vector<TextWord> words;
  std::vector<WordGenerator> generators;  // never empty
  std::uint32_t size = 5;
  std::uint32_t gram_size = 1;
  std::uint32_t token_limit = 10;
  double real_word_likelihood = 0.95;
  double confidence = 1;
  double max_errors = 0.5;  // words, or below 1 their share
  std::string separator = " ";
  std::string pre_tag;  // highlights are shown when one of the tags is given
  std::string post_tag;
  bool is_highlighted = false;
  Smoothing smoothing = Smoothing::kStupidBackoff;
  double discount = 0.4;      // kStupidBackoff
  double alpha = 0.5;         // kLaplace
  double trigram_lambda = 0;  // kLinear
  double bigram_lambda = 0;
  double unigram_lambda = 0;
};

// `body` is what stands under "phrase".
Result<PhraseSuggestRequest> parsePhraseSuggest(json::Value body, std::string_view text, const Mapping& mapping);

struct PhraseOption {
  std::string text;
  std::string highlighted;
  double score = 0;
};
std::vector<PhraseOption> findPhrases(const Snapshot& snapshot, const PhraseSuggestRequest& request);

}  // namespace gyre::engine
