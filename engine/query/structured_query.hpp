// Which query asks a field of addresses or of ranges?
//
// THREADS: as query.hpp says.
#pragma once

#include <string_view>

#include "engine/mapping/field.hpp"
#include "engine/mapping/range_value.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/query.hpp"

namespace gyre::engine {

// An address, or all of a block ("10.0.0.0/8"). query_shard_exception for any other text. REQUIRES: kIp.
Result<QueryPtr> makeIpQuery(const Field& field, std::string_view value, float boost);
// One end of a range of addresses. REQUIRES: kIp.
Status applyIpEnd(RangeEnd end, std::string_view value, TermBounds& bounds);

// Documents with a range that stands in the relation to the one asked for. REQUIRES: kRange.
QueryPtr makeRangeFieldQuery(const Field& field, RangeBounds asked, RangeRelation relation, float boost);
// Documents with a range that holds the value. REQUIRES: kRange.
Result<QueryPtr> makeRangeHoldsQuery(const Field& field, std::string_view value, float boost, std::int64_t now_millis);

}  // namespace gyre::engine
