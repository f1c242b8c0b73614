// How is one text asked of several fields?
//
// THREADS: free functions and values.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/query/field_names.hpp"
#include "engine/query/text_query.hpp"

namespace gyre::engine {

enum class MultiMatchType : std::uint8_t {
  kBestFields,
  kMostFields,
  kCrossFields,
  kPhrase,
  kPhrasePrefix,
  kBoolPrefix
};

// "best_fields"; parse_exception names the query kind.
Result<MultiMatchType> parseMultiMatchType(std::string_view kind, std::string_view name);

// `fields` are resolved (resolveFields). Without `tie_breaker` the type's own counts. Null only with
// options.is_zero_terms_null.
Result<QueryPtr> makeMultiMatchQuery(MultiMatchType type, const std::vector<BoostedField>& fields,
                                     std::string_view text, const MatchOptions& options,
                                     std::optional<float> tie_breaker, float boost, const ParseContext& context);
float tieBreakerOf(MultiMatchType type);

}  // namespace gyre::engine
