#include "engine/mapping/geohash.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace gyre::engine {

namespace {

constexpr std::string_view kDigits = "0123456789bcdefghjkmnpqrstuvwxyz";
constexpr std::uint32_t kBitsPerDigit = 5;

// A cell's place in the grid of its length.
struct Cell {
  std::uint64_t column = 0;  // from the west
  std::uint64_t row = 0;     // from the south
};

// Longitude has the first bit, and so the odd one.
std::uint32_t columnBits(std::uint32_t length) { return (length * kBitsPerDigit + 1) / 2; }
std::uint32_t rowBits(std::uint32_t length) { return length * kBitsPerDigit / 2; }

std::uint64_t placeOf(double share, std::uint32_t bits) {
  const double count = std::ldexp(1.0, static_cast<int>(bits));
  return static_cast<std::uint64_t>(std::clamp(std::floor(share * count), 0.0, count - 1));
}

std::string nameOf(const Cell& cell, std::uint32_t length) {
  std::string name;
  std::uint32_t column = columnBits(length);
  std::uint32_t row = rowBits(length);
  bool is_column = true;
  for (std::uint32_t i = 0; i < length; ++i) {
    std::size_t digit = 0;
    for (std::uint32_t bit = 0; bit < kBitsPerDigit; ++bit, is_column = !is_column)
      digit = digit << 1 | static_cast<std::size_t>((is_column ? cell.column >> --column : cell.row >> --row) & 1);
    name += kDigits[digit];
  }
  return name;
}

std::optional<Cell> cellOf(std::string_view name) {
  if (name.empty() || name.size() > kMaxGeohash) return std::nullopt;
  Cell cell;
  bool is_column = true;
  for (const char c : name) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    for (std::uint32_t bit = kBitsPerDigit; bit > 0; --bit, is_column = !is_column) {
      std::uint64_t& place = is_column ? cell.column : cell.row;
      place = place << 1 | (digit >> (bit - 1) & 1);
    }
  }
  return cell;
}

}  // namespace

std::string geohashOf(const GeoPoint& point, std::uint32_t length) {
  return nameOf(
      {placeOf((point.lon + 180) / 360, columnBits(length)), placeOf((point.lat + 90) / 180, rowBits(length))}, length);
}

std::optional<GeoPoint> pointOfGeohash(std::string_view hash) {
  const auto cell = cellOf(hash);
  if (!cell) return std::nullopt;
  const auto length = static_cast<std::uint32_t>(hash.size());
  // A little inwards, so that the point is in the cell whatever is lost in its degrees.
  constexpr double kInwards = 1e-4;
  const auto corner = [](std::uint64_t place, std::uint32_t bits) {
    return (static_cast<double>(place) + kInwards) / std::ldexp(1.0, static_cast<int>(bits));
  };
  return GeoPoint{corner(cell->row, rowBits(length)) * 180 - 90, corner(cell->column, columnBits(length)) * 360 - 180};
}

std::vector<std::string> geohashNeighbours(std::string_view hash) {
  std::vector<std::string> around;
  const auto cell = cellOf(hash);
  if (!cell) return around;
  const auto length = static_cast<std::uint32_t>(hash.size());
  const std::uint64_t columns = std::uint64_t{1} << columnBits(length);
  const std::uint64_t rows = std::uint64_t{1} << rowBits(length);
  for (const int north : {-1, 0, 1})
    for (const int east : {-1, 0, 1}) {
      const std::uint64_t row = cell->row + static_cast<std::uint64_t>(north);
      if ((north == 0 && east == 0) || row >= rows) continue;  // beyond a pole, where below 0 is far above
      around.push_back(nameOf({(cell->column + columns + static_cast<std::uint64_t>(east)) % columns, row}, length));
    }
  return around;
}

std::uint32_t geohashLengthFor(double meters) {
  constexpr double kEquator = 40'075'016.685578488;  // of the ellipsoid of WGS 84
  constexpr double kPoleToPole = 19'970'326.371122;  // half a meridian of a circle through its poles
  if (!(meters > 0)) return kMaxGeohash;
  // A cell is this much wider than high.
  const double width = meters / (1 + kPoleToPole / kEquator);
  const double bits = std::floor(std::log2(std::ceil(kEquator / width)));
  std::uint32_t length = 1;
  while (length < kMaxGeohash && columnBits(length + 1) <= bits) ++length;
  return length;
}

std::optional<double> parseDistance(std::string_view text) {
  constexpr std::pair<std::string_view, double> kUnits[] = {
      {"", 1},           {"m", 1},       {"meters", 1},          {"km", 1000},        {"kilometers", 1000},
      {"cm", 0.01},      {"mm", 0.001},  {"mi", 1609.344},       {"miles", 1609.344}, {"yd", 0.9144},
      {"yards", 0.9144}, {"ft", 0.3048}, {"feet", 0.3048},       {"in", 0.0254},      {"inch", 0.0254},
      {"nmi", 1852},     {"NM", 1852},   {"nauticalmiles", 1852}};
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || !std::isfinite(value) || value < 0) return std::nullopt;
  std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  for (const auto& [name, meters] : kUnits)
    if (name == unit) return value * meters;
  return std::nullopt;
}

}  // namespace gyre::engine
