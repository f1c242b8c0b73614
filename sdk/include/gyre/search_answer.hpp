// What did the index answer? What most presentations share: hits with their total and cursor, buckets, exact sums.
//
// An engine's answer that does not have the shape it was asked for is our fault, an internal error that names both.
//
// THREADS: pure functions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/currency.hpp"
#include "gyre/decimal.hpp"
#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/search_parameters.hpp"
#include "gyre/status.hpp"

namespace gyre {

inline Status unexpectedAnswer(std::string_view what, json::Value found) {
  return internalError("the search engine's answer: expected " + std::string(what) + ", found " +
                       (found.isMissing() ? std::string("nothing") : detail::shown(found)));
}

// The buckets of aggregation `name`; `level` is the object that aggregations stand in: `answer["aggregations"]`, or a
// bucket.
inline Result<json::Value> bucketsOf(json::Value level, std::string_view name) {
  const json::Value buckets = level[name]["buckets"];
  if (!buckets.isArray()) return unexpectedAnswer("buckets of " + std::string(name), buckets);
  return buckets;
}

// A sum of whole minor units as an amount. Engines write sums as doubles, "30.0" or "1.2345E7"; a fraction is a fault.
inline Result<Decimal> readMinorSum(json::Value level, std::string_view name, int minor_digits) {
  const json::Value value = level[name]["value"];
  const auto sum = Decimal::parseScientific(value.numberText());
  if (!sum.isOk()) return unexpectedAnswer("a sum in " + std::string(name), value);
  GYRE_TRY_ASSIGN(const Decimal whole, sum->rounded(0, Rounding::kHalfEven));
  if (whole != *sum) return unexpectedAnswer("a whole number in " + std::string(name), value);
  return Decimal::ofUnits(whole.units(), minor_digits);
}

// The members `list` (each hit written by `write_hit(source)`), total, page, size and nextCursor of a page, into an
// object that the caller opens and closes. Sorted by score, time and id, as Cursor has them.
template <class WriteHit>
Status writePage(json::Value answer, const PageRequest& asked, std::uint64_t fingerprint, std::string_view list,
                 JsonWriter& out, WriteHit write_hit) {
  const auto total = answer["hits"]["total"]["value"].integer();
  const json::Value hits = answer["hits"]["hits"];
  if (!total || !hits.isArray()) return unexpectedAnswer("hits with their total", answer["hits"]);
  const std::int64_t shown = std::min<std::int64_t>(hits.size(), asked.size);
  json::Value last;
  out.key(list).beginArray();
  std::int64_t position = 0;
  for (const json::Value hit : hits) {
    if (position++ == shown) break;
    write_hit(hit["_source"]);
    last = hit;
  }
  out.endArray().member("total", *total).member("page", asked.number()).member("size", asked.size).key("nextCursor");
  if (!asked.hasMore(hits.size(), *total)) {
    out.null();
    return {};
  }
  std::vector<json::Value> sort;
  for (const json::Value value : last["sort"]) sort.push_back(value);
  if (sort.size() != 3 || !sort[0].isNumber() || !sort[1].integer() || !sort[2].isString())
    return unexpectedAnswer("the sort values of a hit", last["sort"]);
  out.string(Cursor{fingerprint, asked.number() + 1, std::string(sort[0].numberText()), *sort[1].integer(),
                    std::string(sort[2].string())}
                 .toText());
  return {};
}

}  // namespace gyre
