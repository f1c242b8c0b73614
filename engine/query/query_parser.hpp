// Which query does this JSON ask for?
//
// One parser a kind, in a table by name (query_parser.cpp). Every parser refuses what it does not know, with the
// dialect's error type as the reason: parsing_exception for the shape, query_shard_exception for a value that a field
// cannot take.
//
// THREADS: a ParseContext belongs to one request.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/mapping/mapping.hpp"
#include "engine/query/index_limits.hpp"
#include "engine/query/query.hpp"
#include "gyre/json.hpp"

namespace gyre::engine {

class QueryProfile;

inline constexpr std::uint32_t kMaxClauses = 1024;
inline constexpr std::uint32_t kMaxNesting = 256;
// Members of JSON that one query level may add: a bool, its list, the clause.
inline constexpr std::uint32_t kMaxRequestDepth = 3 * kMaxNesting + 64;

// Hits that a nested query asks to be shown within each hit.
struct NestedHits {
  std::string name;
  std::string path;              // of the nested field
  const Query* query = nullptr;  // its inner query
  json::Value definition;        // borrowed from the request
  std::vector<NestedHits> children;
};

// The document whose values `terms` looks up: its source, or nothing when there is no such document.
struct DocumentPlace {
  std::string index;
  std::string id;
  std::string routing;
};
using DocumentLookup = std::function<Result<std::optional<std::string>>(const DocumentPlace&)>;

struct ParseContext {
  const Mapping& mapping;
  std::int64_t now_millis = 0;
  std::uint32_t depth = 0;
  std::uint32_t clauses = 0;                                  // of one request, over all its expansions
  std::vector<std::pair<std::string, const Query*>> named{};  // those with a _name, for matched_queries
  std::string_view index_name{};                              // what _index is asked for
  std::vector<std::string> default_fields{"*"};               // index.query.default_field
  bool allows_expensive = true;                               // search.allow_expensive_queries
  IndexLimits limits{};
  QueryProfile* profile = nullptr;        // measures the clauses that are read; null for none
  DocumentLookup look_up{};               // null where documents cannot be fetched
  const Field* nested_scope = nullptr;    // the nested field around the clause; null for none
  std::int64_t nested_levels = 0;         // queries around it that are nested
  bool is_in_nested_aggregation = false;  // even of a field that is not mapped
  std::vector<NestedHits> nested_hits{};  // of the clauses read so far
  // Fields made for this request: the paths within flat_objects.
  std::shared_ptr<std::deque<Field>> made = std::make_shared<std::deque<Field>>();

  // What the mapping has at the path; the values of a flat_object as a keyword. Null for none. Lives as long as the
  // context.
  const Field* field(std::string_view path) const;
};

// The path by which field() finds the field again.
inline std::string_view askedPath(const Field& field) { return field.term_prefix.empty() ? field.path : field.name; }

// A clause, {"kind":{…}}.
Result<QueryPtr> parseQuery(json::Value clause, ParseContext& context);

// ---- for the parsers of the kinds -----------------------------------------------------------------------------------

Status parsingException(std::string message);
Status queryShardException(std::string message);
Status illegalArgument(std::string message);
// "[term] query does not support [foo]".
Status unknownParameter(std::string_view kind, std::string_view parameter);

// "[bool] unknown field [foo]", of the kinds whose refusals the dialect words so.
Status unknownField(std::string_view kind, std::string_view field);

// "query_shard_exception" without the prefix, for refusals that the dialect words so.
Status shardRefusal(std::string message);
// "failed to create query: maxClauseCount is set to 1024".
Status tooManyClauses();
// A kind that may visit very many terms or documents, where search.allow_expensive_queries is false.
Status expensiveRefusal(std::string_view kind);
// What the dialect's parser calls the value: "START_OBJECT", "VALUE_NUMBER".
std::string tokenName(json::Value value);

// Reads `boost` or `_name`, the members that every query takes. False when the member is neither.
struct CommonParameters {
  float boost = 1;
  std::string name;
};
Result<bool> readCommon(std::string_view kind, json::Value member, CommonParameters& common);
// Records the name, if there is one, and passes the query on.
Result<QueryPtr> finishQuery(QueryPtr query, const CommonParameters& common, ParseContext& context);

Result<float> parseFloat(std::string_view kind, json::Value value);
Result<bool> parseBoolean(std::string_view kind, json::Value value);        // also "true" and "false"
Result<std::int64_t> parseWhole(std::string_view kind, json::Value value);  // also whole numbers as strings
// The scalar as text: a string's, a number as written, true or false. Nothing for the rest.
Result<std::string> parseScalarText(std::string_view kind, json::Value value);
// The one member of a {"field": …} body, besides boost and _name where `common` is given.
Result<json::Value> singleField(std::string_view kind, json::Value body);

// How many of `clauses` optional clauses must match: "2", "-1", "75%", "-25%", "2<75%", "2<-25% 9<-3". Below 0 becomes
// 1 for a count (a document must match something) as the dialect has it.
Result<std::uint32_t> minimumShouldMatch(std::string_view text, std::uint32_t clauses);

// Documents that have the field, a pattern of fields, or something below the object.
Result<QueryPtr> makeFieldExistsQuery(std::string_view path, float boost, const ParseContext& context);

// The kinds. `body` is what stands under the kind's name.
using QueryParser = Result<QueryPtr> (*)(json::Value body, ParseContext& context);
Result<QueryPtr> parseMatchAll(json::Value body, ParseContext& context);
Result<QueryPtr> parseMatchNone(json::Value body, ParseContext& context);
Result<QueryPtr> parseTerm(json::Value body, ParseContext& context);
Result<QueryPtr> parseTerms(json::Value body, ParseContext& context);
Result<QueryPtr> parseIds(json::Value body, ParseContext& context);
Result<QueryPtr> parseRange(json::Value body, ParseContext& context);
Result<QueryPtr> parseExists(json::Value body, ParseContext& context);
Result<QueryPtr> parsePrefix(json::Value body, ParseContext& context);
Result<QueryPtr> parseFuzzy(json::Value body, ParseContext& context);
Result<QueryPtr> parseMatch(json::Value body, ParseContext& context);
Result<QueryPtr> parseMatchPhrase(json::Value body, ParseContext& context);
Result<QueryPtr> parseMultiMatch(json::Value body, ParseContext& context);
Result<QueryPtr> parseBool(json::Value body, ParseContext& context);
Result<QueryPtr> parseConstantScore(json::Value body, ParseContext& context);
Result<QueryPtr> parseDisMax(json::Value body, ParseContext& context);
Result<QueryPtr> parseNested(json::Value body, ParseContext& context);
Result<QueryPtr> parseBoosting(json::Value body, ParseContext& context);
Result<QueryPtr> parseFunctionScore(json::Value body, ParseContext& context);
Result<QueryPtr> parseMatchBoolPrefix(json::Value body, ParseContext& context);
Result<QueryPtr> parseMatchPhrasePrefix(json::Value body, ParseContext& context);
Result<QueryPtr> parseQueryString(json::Value body, ParseContext& context);
Result<QueryPtr> parseRegexp(json::Value body, ParseContext& context);
Result<QueryPtr> parseSimpleQueryString(json::Value body, ParseContext& context);
Result<QueryPtr> parseTermsSet(json::Value body, ParseContext& context);
Result<QueryPtr> parseWildcard(json::Value body, ParseContext& context);
Result<QueryPtr> parseWrapper(json::Value body, ParseContext& context);

}  // namespace gyre::engine
