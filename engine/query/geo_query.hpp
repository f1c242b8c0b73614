// Which documents have a point in a box, or near another?
//
// geo_bounding_box and geo_distance of a geo_point. A point is compared as the dialect keeps it, in 32 bits a
// coordinate; each different point of a segment is looked at once.
//
// SOURCE: Lucene 9.12, org.apache.lucene.geo.GeoEncodingUtils and org.apache.lucene.document.LatLonPoint.
//
// THREADS: free functions.
#pragma once

#include "engine/query/query_parser.hpp"

namespace gyre::engine {

Result<QueryPtr> parseGeoBoundingBox(json::Value body, ParseContext& context);
Result<QueryPtr> parseGeoDistance(json::Value body, ParseContext& context);

}  // namespace gyre::engine
