// How is one parameter of a field read?
//
// Each reader applies the value to the field and returns it as the mapping prints it, canonical JSON; or says why not.
// field_parameters.hpp has the tables that name them.
//
// THREADS: free functions.
#pragma once

#include <string>

#include "engine/mapping/field.hpp"
#include "gyre/json.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

// true, false, "true" or "false"; else illegal_argument_exception.
Result<bool> readMappingBoolean(json::Value value);

// A flag of the field.
template <bool Field::*kMember>
Result<std::string> readFlag(Field& field, json::Value value) {
  GYRE_TRY_ASSIGN(field.*kMember, readMappingBoolean(value));
  return std::string(field.*kMember ? "true" : "false");
}

// Understood, and without effect on an answer.
Result<std::string> readIdleFlag(Field& field, json::Value value);
// Understood, and without effect on an answer.
Result<std::string> readIdleText(Field& field, json::Value value);
Result<std::string> readBoost(Field& field, json::Value value);
Result<std::string> readMeta(Field& field, json::Value value);
Result<std::string> readIgnoreAbove(Field& field, json::Value value);
Result<std::string> readAnalyzer(Field& field, json::Value value);
Result<std::string> readSearchAnalyzer(Field& field, json::Value value);
Result<std::string> readQuoteAnalyzer(Field& field, json::Value value);
Result<std::string> readNormalizer(Field& field, json::Value value);
Result<std::string> readDetail(Field& field, json::Value value);
Result<std::string> readKeywordDetail(Field& field, json::Value value);
Result<std::string> readKeywordNorms(Field& field, json::Value value);
Result<std::string> readSimilarity(Field& field, json::Value value);
Result<std::string> readTermVector(Field& field, json::Value value);
Result<std::string> readPositionGap(Field& field, json::Value value);
Result<std::string> readIndexPrefixes(Field& field, json::Value value);
Result<std::string> readFrequencyFilter(Field& field, json::Value value);
Result<std::string> readNullText(Field& field, json::Value value);
Result<std::string> readNullNumber(Field& field, json::Value value);
Result<std::string> readNullBoolean(Field& field, json::Value value);
Result<std::string> readFormat(Field& field, json::Value value);
Result<std::string> readPrintFormat(Field& field, json::Value value);
Result<std::string> readScalingFactor(Field& field, json::Value value);
Result<std::string> readConstant(Field& field, json::Value value);
Result<std::string> readShingleSize(Field& field, json::Value value);
Result<std::string> readMaxInputLength(Field& field, json::Value value);
Result<std::string> readContexts(Field& field, json::Value value);
Result<std::string> readAliasPath(Field& field, json::Value value);

}  // namespace gyre::engine
