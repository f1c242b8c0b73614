// Which query asks a field for a value, a range of values, or a set of them?
//
// The leaves that the parsers build on, without JSON.
//
// THREADS: as query.hpp says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/mapping/date_format.hpp"
#include "engine/mapping/mapping.hpp"
#include "engine/mapping/range_value.hpp"
#include "engine/query/query.hpp"

namespace gyre::engine {

QueryPtr makeAllQuery(float boost);
// `why` is what explanations and _validate/query show.
QueryPtr makeNoneQuery(std::string why = "User requested \"match_none\" query.");
// A term of a text or keyword field, scored.
QueryPtr makeTermQuery(std::string path, std::string term, float boost);
// Several terms of a text that stand at one place and count as one.
QueryPtr makeSynonymQuery(std::string path, std::vector<std::string> terms, float boost);
// One of the terms, each document with score `boost`.
QueryPtr makeTermSetQuery(std::string path, std::vector<std::string> terms, float boost);
// Terms from `lowest` (a bound the field's terms are compared with) to `highest`, which may be open.
struct TermBounds {
  std::optional<std::string> lowest;
  std::optional<std::string> highest;
  bool is_lowest_included = true;
  bool is_highest_included = true;
};
QueryPtr makeTermRangeQuery(std::string path, TermBounds bounds, float boost);
// Terms that begin with `prefix`.
QueryPtr makePrefixQuery(std::string path, std::string prefix, float boost);
// The smallest text above every text that begins with `prefix`; nothing when there is none.
std::optional<std::string> afterPrefix(std::string prefix);
// Numbers from lowest to highest, both included, as numeric_value.hpp encodes them; nothing when lowest > highest.
QueryPtr makeNumberRangeQuery(const Field& field, std::int64_t lowest, std::int64_t highest, float boost);
QueryPtr makeNumberSetQuery(const Field& field, std::vector<std::int64_t> values, float boost);
// A boolean value, scored as a term.
QueryPtr makeBooleanQuery(std::string path, bool value, float boost);
// Documents with a value in one of the fields.
QueryPtr makeExistsQuery(std::vector<const Field*> fields, float boost);

// The value as the field's terms are written: a keyword's normalizer is applied, a text is taken as it stands, and what
// stands at a path of a flat_object has the path before it.
std::string termOf(const Field& field, std::string_view value);
// The query for one value as a client wrote it, for a field of any type. A value the field can never hold (a fraction
// for a whole number) matches nothing; one it cannot read is query_shard_exception.
Result<QueryPtr> makeValueQuery(const Field& field, std::string_view value, float boost, std::int64_t now_millis);

// The refusal of a query for the values of a field that nothing can be asked of. REQUIRES: kBinary.
Status notSearchable(const Field& field);

// ---- values of numeric fields
// -----------------------------------------------------------------------------------------

struct NumberBounds {
  std::int64_t lowest = INT64_MIN;
  std::int64_t highest = INT64_MAX;
};
// The encoded values equal to `value`; lowest > highest when there is none. REQUIRES: isNumeric(field.type).
Result<NumberBounds> boundsOfValue(const Field& field, std::string_view value, std::int64_t now_millis);
// Narrows `bounds` by one end of a range. Dates are read by `format` and `zone`.
struct DateReading {
  const DateFormat& format;
  const TimeZone& zone;
  std::int64_t now_millis;
};
Status applyRangeEnd(const Field& field, RangeEnd end, std::string_view value, const DateReading& reading,
                     NumberBounds& bounds);

// "long", "scaled_float": the dialect's name of the type.
std::string_view typeName(FieldType type);

}  // namespace gyre::engine
