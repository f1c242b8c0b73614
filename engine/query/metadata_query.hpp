// Which query asks for what an index knows of a document besides its fields?
//
// _id, _index, _routing, _seq_no and their like are asked for as fields are.
//
// THREADS: free functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/query/query.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

bool isMetadataField(std::string_view path);

QueryPtr makeIdsQuery(std::vector<std::string> ids, float boost);

// REQUIRES for all: isMetadataField(path). A field that cannot be asked so is query_shard_exception.
Result<QueryPtr> makeMetadataValuesQuery(std::string_view path, const std::vector<std::string>& values, float boost,
                                         const ParseContext& context);
// `kind`: prefix, wildcard or regexp.
Result<QueryPtr> makeMetadataPatternQuery(std::string_view kind, std::string_view path, const std::string& pattern,
                                          float boost, bool folds_case, const ParseContext& context);
// `_seq_no` from lowest to highest, both included.
Result<QueryPtr> makeMetadataRangeQuery(std::string_view path, std::int64_t lowest, std::int64_t highest, float boost);
Result<QueryPtr> makeMetadataExistsQuery(std::string_view path, float boost, const ParseContext& context);

}  // namespace gyre::engine
