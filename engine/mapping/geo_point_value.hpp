// Which point does this value name?
//
// A geo_point is accepted, checked and kept as the text "lat,lon". It is taken as {"lat":…,"lon":…}, [lon, lat],
// "lat,lon", "POINT (lon lat)" or a geohash.
//
// THREADS: free functions.
#pragma once

#include <string>
#include <vector>

#include "engine/mapping/geohash.hpp"
#include "gyre/json.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

// The points of a value, an array of points or one point; the cause of a fault, for the caller to say where.
Result<std::vector<GeoPoint>> parseGeoPoints(json::Value value);
std::string geoPointText(const GeoPoint& point);
// The same as "lat,lon".
Result<std::vector<std::string>> geoPointsOf(json::Value value);

}  // namespace gyre::engine
