// Which query asks a field of whatever type for the values between two ends?
//
// THREADS: free functions and values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/mapping/range_value.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/query.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

struct RangeRequest {
  struct End {
    RangeEnd kind = RangeEnd::kGreater;
    std::string value;
  };
  std::vector<End> ends;  // none: any value
  std::string format{};   // of a date; "" for the field's
  std::string time_zone{};
  RangeRelation relation = RangeRelation::kIntersects;  // of a field of ranges; all ask the same of single values
  float boost = 1;
};

// Reads what stands under "range"; the path of the field asked, borrowed from the request.
Result<std::string_view> readRangeClause(json::Value body, RangeRequest& range, CommonParameters& common);
// The encoded values asked for; lowest > highest when there are none. REQUIRES: isNumeric(field.type).
Result<NumberBounds> boundsOfRange(const Field& field, const RangeRequest& range, std::int64_t now_millis);
Result<QueryPtr> makeFieldRangeQuery(std::string_view path, const RangeRequest& range, const ParseContext& context);

}  // namespace gyre::engine
