// Which query looks for the terms of a field that a pattern describes?
//
// THREADS: free functions and values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/mapping/mapping.hpp"
#include "engine/query/query.hpp"
#include "engine/query/regexp_parser.hpp"

namespace gyre::engine {

struct PatternOptions {
  bool folds_case = false;  // of ASCII letters
  std::string rewrite{};    // as multi_term_query.hpp reads it
  std::uint32_t regexp_flags = RegexpOptions::kAll;
  std::uint32_t max_states = 10'000;
  std::size_t max_length = 1'000;  // of a regular expression; index.max_regex_length
};

// query_shard_exception when the field has no terms, or the pattern is malformed.
Result<QueryPtr> makeFieldPrefixQuery(const Field& field, std::string value, const PatternOptions& options,
                                      float boost);
Result<QueryPtr> makeFieldWildcardQuery(const Field& field, std::string value, const PatternOptions& options,
                                        float boost);
Result<QueryPtr> makeFieldRegexpQuery(const Field& field, std::string value, const PatternOptions& options,
                                      float boost);
// The term whatever the case of its ASCII letters.
Result<QueryPtr> makeFoldedTermQuery(const Field& field, std::string value, float boost);

}  // namespace gyre::engine
