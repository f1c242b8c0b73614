#include "engine/mapping/geo_point_value.hpp"

#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

#include "engine/analysis/utf8.hpp"

namespace gyre::engine {

namespace {

using Point = GeoPoint;

Status fault(std::string why) { return {Code::kInvalidArgument, "parse_exception", std::move(why)}; }

std::optional<double> numberOf(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}
std::optional<double> numberOf(json::Value value) {
  return numberOf(value.isString() ? value.string() : value.isNumber() ? value.raw() : std::string_view());
}

Result<Point> fromText(std::string_view text) {
  if (const std::size_t comma = text.find(','); comma != std::string_view::npos) {
    const auto lat = numberOf(text.substr(0, comma));
    const auto lon = numberOf(text.substr(comma + 1, text.find(',', comma + 1) - comma - 1));
    if (!lat || !lon) return fault("latitude must be a number");
    return Point{*lat, *lon};
  }
  if (text.starts_with("POINT") && text.ends_with(')') && text.find('(') != std::string_view::npos) {
    std::string_view inner = text.substr(text.find('(') + 1);
    inner.remove_suffix(1);
    while (inner.starts_with(' ')) inner.remove_prefix(1);
    const std::size_t space = inner.find(' ');
    const auto lon = numberOf(inner.substr(0, space));
    const auto lat = space == std::string_view::npos ? std::nullopt : numberOf(inner.substr(space + 1));
    if (!lat || !lon) return fault("Invalid WKT format");
    return Point{*lat, *lon};
  }
  if (const auto point = pointOfGeohash(text)) return *point;
  return fault("unsupported symbol in geohash [" + std::string(utf16Prefix(text, 100)) + "]");
}

Result<Point> fromObject(json::Value value) {
  std::optional<double> lat, lon;
  for (const json::Value member : value) {
    if (member.key() == "lat") {
      lat = numberOf(member);
      if (!lat) return fault("[latitude] must be a valid double value");
    } else if (member.key() == "lon") {
      lon = numberOf(member);
      if (!lon) return fault("[longitude] must be a valid double value");
    } else if (member.key() == "geohash" && member.isString() && value.size() == 1) {
      return fromText(member.string());
    } else {
      return fault("field must be either [lat], [lon] or [geohash]");
    }
  }
  if (!lat) return fault("field [lat] missing");
  if (!lon) return fault("field [lon] missing");
  return Point{*lat, *lon};
}

Result<Point> pointOf(json::Value value) {
  if (value.isObject()) return fromObject(value);
  if (value.isString()) return fromText(value.string());
  if (!value.isArray() || value.size() < 2 || value.size() > 3) return fault("geo_point expected");
  auto element = value.begin();
  const auto lon = numberOf(*element);
  ++element;
  const auto lat = numberOf(*element);
  if (!lat || !lon) return fault("numeric value expected");
  return Point{*lat, *lon};
}

}  // namespace

Result<std::vector<GeoPoint>> parseGeoPoints(json::Value value) {
  std::vector<GeoPoint> points;
  const auto add = [&](json::Value one) -> Status {
    if (one.isNull()) return {};
    GYRE_TRY_ASSIGN(const Point point, pointOf(one));
    if (std::fabs(point.lat) > 90)
      return {Code::kInvalidArgument, "illegal_argument_exception",
              "illegal latitude value [" + std::to_string(point.lat) + "]"};
    if (std::fabs(point.lon) > 180)
      return {Code::kInvalidArgument, "illegal_argument_exception",
              "illegal longitude value [" + std::to_string(point.lon) + "]"};
    points.push_back(point);
    return {};
  };
  const bool is_list = value.isArray() && (value.size() == 0 || !(*value.begin()).isNumber());
  if (!is_list) {
    GYRE_TRY(add(value));
    return points;
  }
  for (const json::Value element : value) GYRE_TRY(add(element));
  return points;
}

std::string geoPointText(const GeoPoint& point) {
  std::string lat, lon;
  JsonWriter(lat).real(point.lat);
  JsonWriter(lon).real(point.lon);
  return lat + "," + lon;
}

Result<std::vector<std::string>> geoPointsOf(json::Value value) {
  GYRE_TRY_ASSIGN(const auto points, parseGeoPoints(value));
  std::vector<std::string> texts;
  for (const GeoPoint& point : points) texts.push_back(geoPointText(point));
  return texts;
}

}  // namespace gyre::engine
