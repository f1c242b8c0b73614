// What does OpenSearch make of a clause before it runs, where that shows in answers?
//
// It puts simpler clauses in the place of those that the shard's mapping or values decide (an unmapped field, no terms,
// dates that all lie within a range), and an aggregation that holds one, or stands above one that does, then answers
// "meta": {} although nobody gave any. And it reads the first source of a composite by walking the points of its field
// where the request's query allows that, which counts equal values of a document once.
// Seen on OpenSearch 2.19; its server/src/main/java/org/opensearch/index/query/*QueryBuilder.java, doRewrite, says why.
//
// THREADS: free functions; a QueryRewriting is immutable and borrows the mapping and the request's context.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/query/field_query.hpp"
#include "engine/query/query_parser.hpp"
#include "gyre/json.hpp"

namespace gyre::engine {

struct Rewritten {
  bool is_changed = false;
  bool is_none = false;  // match_none stands there now
};
// Without a snapshot: what the mapping alone decides.
using QueryRewriting = std::function<Rewritten(const Snapshot*)>;

// REQUIRES: parseQuery() takes the clause. What is not in the dialect's own table stays as it is.
QueryRewriting rewritingOf(json::Value clause, const ParseContext& context);
// Of what stands under "bool".
QueryRewriting rewritingOfBool(json::Value body, const ParseContext& context);

// The values that a walk through a field's points reads under a request's query.
class PointWalk {
 public:
  // Of the request's query; missing when it has none.
  static PointWalk under(json::Value query, const ParseContext& context);
  // Nothing for a field that is not walked.
  std::optional<NumberBounds> over(const Field& field) const;

 private:
  enum class Over : std::uint8_t { kNothing, kAnyField, kOneField };
  Over over_ = Over::kNothing;
  std::string path_;
  NumberBounds bounds_;
};

}  // namespace gyre::engine
