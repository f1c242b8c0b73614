// Which documents are near an instant?
//
// THREADS: as query.hpp says.
#pragma once

#include "engine/query/query_parser.hpp"

namespace gyre::engine {

// distance_feature: every document with the field, scored boost * pivot / (pivot + distance) by its nearest value.
Result<QueryPtr> parseDistanceFeature(json::Value body, ParseContext& context);

}  // namespace gyre::engine
