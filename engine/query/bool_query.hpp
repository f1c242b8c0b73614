// How do clauses combine: all of these, some of those, none of them?
//
// THREADS: as query.hpp says.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/query/query.hpp"
#include "gyre/json.hpp"

namespace gyre::engine {

struct ParseContext;

struct BoolClauses {
  std::vector<QueryPtr> must;
  std::vector<QueryPtr> filter;
  std::vector<QueryPtr> should;
  std::vector<QueryPtr> must_not;
  std::uint32_t minimum_should_match = 0;
  // For descriptions: '+' must, '-' must_not, ' ' should, in the order in which a query text has them; "" goes by kind.
  std::string order;
};
QueryPtr makeBoolQuery(BoolClauses clauses, float boost);
// Sets how many optional clauses must match, as a text like "2", "-25%" or "3<90%" asks, where `query` is a bool of any
// origin, be it one word that the analyzer parts. Other queries have no such number and stay as they are.
enum class Boosted : std::uint8_t { kIgnored, kEntered };  // a bool with a boost is not one, or is
Status setMinimumShouldMatch(Query& query, std::string_view minimum_should_match, Boosted boosted);

// The best of several, plus `tie_breaker` times each other one.
QueryPtr makeDisMaxQuery(std::vector<QueryPtr> queries, float tie_breaker, float boost);
// The same of weights. REQUIRES: not empty.
WeightPtr makeDisMaxWeight(std::vector<WeightPtr> weights, float tie_breaker);
// `inner`'s documents, each with score `boost`.
QueryPtr makeConstantScoreQuery(QueryPtr inner, float boost);
// The same of a weight made without scores; `description` is that of the query.
WeightPtr makeConstantWeight(WeightPtr inner, float score, const std::string& description);

// `inner` with its scores times `boost`.
QueryPtr makeBoostQuery(QueryPtr inner, float boost);
// What stands within the boosts around a query; itself, where there is none.
Query& withinBoosts(Query& query);

// A query, or a list of them, as `must` and `queries` take it.
Status parseClauses(json::Value value, std::vector<QueryPtr>& clauses, ParseContext& context);

}  // namespace gyre::engine
