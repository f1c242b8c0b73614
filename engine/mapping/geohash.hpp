// Which cell of the earth's grid does a point lie in?
//
// A geohash names a cell: five bits a character, longitude and latitude in turns, so that a longer name is a cell
// within that of a shorter one.
//
// THREADS: free functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gyre::engine {

struct GeoPoint {
  double lat = 0;  // -90 to 90
  double lon = 0;  // -180 to 180
};

inline constexpr std::uint32_t kMaxGeohash = 12;  // characters; about 4 cm

// REQUIRES: 1 <= length <= kMaxGeohash.
std::string geohashOf(const GeoPoint& point, std::uint32_t length);
// The cell's corner in the south-west, which the dialect takes for a cell; nothing for what is no geohash.
std::optional<GeoPoint> pointOfGeohash(std::string_view hash);
// The cells around, of the same length; at the poles there are fewer. REQUIRES: a geohash.
std::vector<std::string> geohashNeighbours(std::string_view hash);

// The length whose cells are about this wide.
std::uint32_t geohashLengthFor(double meters);
// "5km", "3mi", "100": in meters; nothing for what is no distance.
std::optional<double> parseDistance(std::string_view text);

}  // namespace gyre::engine
