#include "engine/query/geo_query.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <iterator>
#include <numbers>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/mapping/geo_point_value.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/scorers.hpp"

namespace gyre::engine {

namespace {

std::string bracketed(std::string_view text) { return "[" + std::string(text) + "]"; }

// ---- points in 32 bits a coordinate ---------------------------------------------------------------------------------

constexpr double kLatStep = 180.0 / 4'294'967'296.0;
constexpr double kLonStep = 360.0 / 4'294'967'296.0;

std::int64_t stepsDown(double degrees, double step, double end) {
  return static_cast<std::int64_t>(std::floor((degrees == end ? std::nextafter(degrees, 0) : degrees) / step));
}
std::int64_t stepsUp(double degrees, double step, double end) {
  return static_cast<std::int64_t>(std::ceil((degrees == end ? std::nextafter(degrees, 0) : degrees) / step));
}

struct KeptPoint {
  std::int64_t lat, lon;  // steps
};
KeptPoint kept(const GeoPoint& point) {
  return {stepsDown(point.lat, kLatStep, 90), stepsDown(point.lon, kLonStep, 180)};
}

// Terms of a geo_point are "lat,lon".
std::optional<GeoPoint> pointOfTerm(std::string_view term) {
  GeoPoint point;
  const char* const end = term.data() + term.size();
  const auto lat = std::from_chars(term.data(), end, point.lat);
  if (lat.ec != std::errc() || lat.ptr == end || *lat.ptr != ',') return std::nullopt;
  const auto lon = std::from_chars(lat.ptr + 1, end, point.lon);
  if (lon.ec != std::errc() || lon.ptr != end) return std::nullopt;
  return point;
}

// ---- the query ------------------------------------------------------------------------------------------------------

class PointQuery final : public Query {
 public:
  using Holds = std::function<bool(const GeoPoint&)>;
  PointQuery(std::string path, Holds holds, std::string description, float boost)
      : path_(std::move(path)), holds_(std::move(holds)), description_(std::move(description)), boost_(boost) {}
  Result<WeightPtr> weight(const Snapshot&, float boost, bool) const override {
    const float score = boost * boost_;
    return makeWeight([this, score](SegmentRun& run) { return scorer(run, score); },
                      describeConstant(description_, score));
  }
  std::string describe() const override { return describeBoosted(description_, boost_); }

 private:
  ScorerPtr scorer(SegmentRun& run, float score) const {
    const FieldReader* const field = run.segment().field(path_);
    if (field == nullptr || field->terms == nullptr) return nullptr;
    if (field->postings == nullptr && field->column == nullptr) return nullptr;
    TermUnion found(run, *field);
    std::vector<std::int64_t> ordinals;
    for (const auto cursor = field->terms->cursor(); cursor->next();) {
      const auto point = pointOfTerm(cursor->term());
      if (!point || !holds_(*point)) continue;
      if (field->postings != nullptr) {
        found.add(cursor->info(), cursor->ordinal());
      } else {
        ordinals.push_back(cursor->ordinal());
      }
    }
    if (field->postings != nullptr) return found.scorer(score);
    if (ordinals.empty()) return nullptr;
    return makeColumnSetScorer(run, *field->column, std::move(ordinals), score);
  }

  std::string path_;
  Holds holds_;
  std::string description_;
  float boost_;
};

// ---- what both kinds are asked with ---------------------------------------------------------------------------------

struct Common {
  CommonParameters parameters;
  bool ignores_unmapped = false;
};

// True when it took the member.
Result<bool> readMember(std::string_view kind, json::Value member, Common& common) {
  GYRE_TRY_ASSIGN(const bool is_common, readCommon(kind, member, common.parameters));
  if (is_common) return true;
  if (member.key() == "ignore_unmapped") {
    GYRE_TRY_ASSIGN(common.ignores_unmapped, parseBoolean(kind, member));
    return true;
  }
  if (member.key() == "validation_method" && member.isString()) {
    std::string method(member.string());
    std::transform(method.begin(), method.end(), method.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    // Points that are none are refused by each of them here.
    if (method == "STRICT" || method == "COERCE" || method == "IGNORE_MALFORMED") return true;
    return illegalArgument("operator needs to be either [STRICT], [COERCE], or [IGNORE_MALFORMED], found " +
                           bracketed(member.string()));
  }
  return false;
}

// Null where the query matches nothing.
Result<const Field*> pointField(std::string_view kind, std::string_view path, const Common& common,
                                const ParseContext& context) {
  const Field* const field = context.field(path);
  if (field == nullptr || field->type == FieldType::kObject) {
    if (common.ignores_unmapped) return static_cast<const Field*>(nullptr);
    return shardRefusal("failed to find geo field " + bracketed(path));
  }
  if (field->type_name != "geo_point")
    return shardRefusal("Field " + bracketed(path) + " is of unsupported type " + bracketed(field->type_name) +
                        " for " + bracketed(kind) + " query");
  return field;
}

Result<GeoPoint> onePoint(std::string_view kind, json::Value value) {
  auto points = parseGeoPoints(value);
  if (!points.isOk()) {
    if (points.status().reason() == "illegal_argument_exception")
      return illegalArgument(std::string(points.status().message()) + " for " + bracketed(kind));
    return Status(Code::kInvalidArgument, "parse_exception", std::string(points.status().message()));
  }
  if (points->size() != 1) return Status(Code::kInvalidArgument, "parse_exception", "geo_point expected");
  return points->front();
}

// ---- boxes ----------------------------------------------------------------------------------------------------------

struct Box {
  double top = NAN, left = NAN, bottom = NAN, right = NAN;
  bool isWhole() const { return !std::isnan(top + left + bottom + right); }
};

Result<double> readDegrees(std::string_view kind, json::Value value) {
  const std::string_view text = value.isString() ? value.string() : value.numberText();
  double degrees = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), degrees);
  if (!text.empty() && error == std::errc() && end == text.data() + text.size() && std::isfinite(degrees))
    return degrees;
  return parsingException(bracketed(kind) + " " + bracketed(value.key()) + " must be a number, found " +
                          std::string(value.raw()));
}

Result<Box> readBox(json::Value body) {
  constexpr std::string_view kKind = "geo_bounding_box";
  Box box;
  for (const json::Value member : body) {
    const std::string_view key = member.key();
    double* const side = key == "top"      ? &box.top
                         : key == "left"   ? &box.left
                         : key == "bottom" ? &box.bottom
                         : key == "right"  ? &box.right
                                           : nullptr;
    if (side != nullptr) {
      GYRE_TRY_ASSIGN(*side, readDegrees(kKind, member));
    } else if (key == "top_left" || key == "top_right" || key == "bottom_left" || key == "bottom_right") {
      GYRE_TRY_ASSIGN(const GeoPoint corner, onePoint(kKind, member));
      (key.starts_with("top") ? box.top : box.bottom) = corner.lat;
      (key.ends_with("left") ? box.left : box.right) = corner.lon;
    } else if (key == "wkt") {
      return illegalArgument("[geo_bounding_box] [wkt] is not offered");
    } else {
      return Status(Code::kInvalidArgument, "parse_exception",
                    "failed to parse bounding box. unexpected field " + bracketed(key));
    }
  }
  if (!box.isWhole())
    return Status(Code::kInvalidArgument, "parse_exception",
                  "failed to parse bounding box: it needs [top_left] and [bottom_right], [top_right] and "
                  "[bottom_left], or [top], [left], [bottom] and [right]");
  if (std::fabs(box.top) > 90 || std::fabs(box.bottom) > 90 || std::fabs(box.left) > 180 || std::fabs(box.right) > 180)
    return illegalArgument("illegal latitude or longitude for [geo_bounding_box]");
  if (box.top < box.bottom)
    return illegalArgument("top is below bottom corner: " + describeFloat(static_cast<float>(box.top)) + " vs. " +
                           describeFloat(static_cast<float>(box.bottom)));
  return box;
}

PointQuery::Holds within(Box box) {
  // The far ends are no points that are kept.
  if (box.bottom == 90) return [](const GeoPoint&) { return false; };
  if (box.left == 180) {
    if (box.right == 180) return [](const GeoPoint&) { return false; };
    if (box.right < box.left) box.left = -180;
  }
  const std::int64_t low = stepsUp(box.bottom, kLatStep, 90), high = stepsDown(box.top, kLatStep, 90);
  const std::int64_t west = stepsUp(box.left, kLonStep, 180), east = stepsDown(box.right, kLonStep, 180);
  const bool crosses = box.right < box.left;  // the date line
  return [=](const GeoPoint& point) {
    const KeptPoint at = kept(point);
    if (at.lat < low || at.lat > high) return false;
    return crosses ? at.lon >= west || at.lon <= east : at.lon >= west && at.lon <= east;
  };
}

// ---- distances ------------------------------------------------------------------------------------------------------

double metersBetween(const GeoPoint& a, const GeoPoint& b) {
  constexpr double kRadian = std::numbers::pi / 180, kEarthRadius = 6'371'008.7714;
  const double h = 1 - std::cos((a.lat - b.lat) * kRadian) +
                   std::cos(a.lat * kRadian) * std::cos(b.lat * kRadian) * (1 - std::cos((a.lon - b.lon) * kRadian));
  return 2 * kEarthRadius * std::asin(std::min(1.0, std::sqrt(h / 2)));
}

Result<double> readDistance(std::string_view text, std::string_view unit) {
  const bool is_negative = text.starts_with('-');
  const std::string_view size = text.substr(is_negative ? 1 : 0);
  std::string whole(size);
  if (size.find_first_not_of("0123456789.eE+-") == std::string_view::npos) whole += unit;
  const auto meters = parseDistance(whole);
  if (!meters) return illegalArgument("For input string: \"" + std::string(text) + "\"");
  if (is_negative || !(*meters > 0)) return illegalArgument("distance value must be greater than zero");
  return *meters;
}

}  // namespace

Result<QueryPtr> parseGeoBoundingBox(json::Value body, ParseContext& context) {
  constexpr std::string_view kKind = "geo_bounding_box";
  Common common;
  json::Value asked;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_taken, readMember(kKind, member, common));
    if (is_taken) continue;
    if (member.key() == "type" && (member.string() == "memory" || member.string() == "indexed")) continue;
    if (!member.isObject())
      return parsingException("failed to parse [geo_bounding_box] query. unexpected field " + bracketed(member.key()));
    if (!asked.isMissing())
      return parsingException("failed to parse [geo_bounding_box] query. found several fields, " +
                              bracketed(asked.key()) + " and " + bracketed(member.key()));
    asked = member;
  }
  if (asked.isMissing()) return illegalArgument("Field name must not be empty.");
  GYRE_TRY_ASSIGN(const Box box, readBox(asked));
  GYRE_TRY_ASSIGN(const Field* const field, pointField(kKind, asked.key(), common, context));
  if (field == nullptr)
    return finishQuery(makeNoneQuery("unknown field " + bracketed(asked.key())), common.parameters, context);
  return finishQuery(
      std::make_unique<PointQuery>(field->path, within(box), field->path + ":a box", common.parameters.boost),
      common.parameters, context);
}

Result<QueryPtr> parseGeoDistance(json::Value body, ParseContext& context) {
  constexpr std::string_view kKind = "geo_distance";
  Common common;
  json::Value asked;
  std::string distance, unit = "m";
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_taken, readMember(kKind, member, common));
    if (is_taken) continue;
    const std::string_view key = member.key();
    if (key == "distance" && (member.isString() || member.isNumber())) {
      GYRE_TRY_ASSIGN(distance, parseScalarText(kKind, member));
    } else if (key == "unit" && member.isString()) {
      unit = member.string();
    } else if (key == "distance_type" && (member.string() == "arc" || member.string() == "plane")) {
      // Points are compared along the arc whatever it says, as in the dialect.
    } else if (member.isObject() || member.isArray() || member.isString()) {
      if (key == "distance_type" || !asked.isMissing())
        return parsingException("[geo_distance] query does not support " + bracketed(key));
      asked = member;
    } else {
      return parsingException("[geo_distance] query does not support " + bracketed(key));
    }
  }
  if (distance.empty()) return parsingException("geo_distance requires 'distance' to be specified");
  if (asked.isMissing()) return illegalArgument("fieldName must not be null or empty");
  GYRE_TRY_ASSIGN(const double meters, readDistance(distance, unit));
  GYRE_TRY_ASSIGN(const GeoPoint center, onePoint(kKind, asked));
  GYRE_TRY_ASSIGN(const Field* const field, pointField(kKind, asked.key(), common, context));
  if (field == nullptr)
    return finishQuery(makeNoneQuery("unknown field " + bracketed(asked.key())), common.parameters, context);
  const auto isNear = [center, meters](const GeoPoint& point) {
    const KeptPoint at = kept(point);
    return metersBetween(center, {static_cast<double>(at.lat) * kLatStep, static_cast<double>(at.lon) * kLonStep}) <=
           meters;
  };
  return finishQuery(
      std::make_unique<PointQuery>(field->path, isNear, field->path + ":" + geoPointText(center) + " +/- " + distance,
                                   common.parameters.boost),
      common.parameters, context);
}

}  // namespace gyre::engine
