// Which fields does a list such as ["title^2", "body.*"] name?
//
// THREADS: free functions and values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/mapping/mapping.hpp"
#include "engine/query/query_parser.hpp"
#include "gyre/json.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

struct BoostedField {
  std::string path;  // or a pattern, as written
  float boost = 1;
};

// '*' stands for any text.
bool matchesFieldPattern(std::string_view pattern, std::string_view path);

// "title^2".
Result<BoostedField> parseBoostedField(std::string_view text);
// A name or a list of names; a later boost of a name takes the place of an earlier one.
Result<std::vector<BoostedField>> parseBoostedFields(std::string_view kind, json::Value value);

// The fields themselves: patterns are expanded to what a text can be looked for in, and boosts of a field multiply.
// Names that are not mapped stay. Refused when there are more than kMaxClauses.
Result<std::vector<BoostedField>> resolveFields(const std::vector<BoostedField>& named, const ParseContext& context);

// The index's default fields.
Result<std::vector<BoostedField>> defaultFields(const ParseContext& context);
// Whether the names ask for every field, so that those which cannot take a text are passed over.
bool asksForAllFields(const std::vector<BoostedField>& named);

}  // namespace gyre::engine
