#include "engine/query/distance_feature_query.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "engine/aggs/date_interval.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/range_query.hpp"
#include "engine/query/scorers.hpp"
#include "engine/query/window_bits.hpp"

namespace gyre::engine {

namespace {

struct Feature {
  std::string path;
  std::int64_t origin = 0;  // in the field's unit, as the pivot
  std::int64_t pivot = 1;
};

// The distance of two values, as far as 64 bits tell.
std::int64_t distanceOf(std::int64_t a, std::int64_t b) {
  std::int64_t distance = 0;
  if (__builtin_sub_overflow(std::max(a, b), std::min(a, b), &distance)) return INT64_MAX;
  return distance;
}

class FeatureScorer final : public Scorer {
 public:
  FeatureScorer(SegmentRun& run, const ColumnReader& column, const Feature& feature, float boost)
      : run_(run), column_(column), feature_(feature), boost_(boost) {}
  std::uint64_t cost() const override { return run_.docCount(); }
  void evaluate(std::uint32_t window, std::uint64_t* bits, float* scores) override {
    const ColumnWindow& decoded = run_.readMulti(column_, window);
    std::copy(decoded.present.begin(), decoded.present.end(), bits);
    if (scores == nullptr) return;
    forEachBit(bits, [&](std::uint32_t i) {
      std::int64_t nearest = INT64_MAX;
      for (std::uint32_t at = decoded.offsets[i]; at < decoded.offsets[i + 1]; ++at)
        nearest = std::min(nearest, distanceOf(decoded.multi_values[at], feature_.origin));
      const auto pivot = static_cast<double>(feature_.pivot);
      scores[i] += static_cast<float>(static_cast<double>(boost_) * (pivot / (pivot + static_cast<double>(nearest))));
    });
  }

 private:
  SegmentRun& run_;
  const ColumnReader& column_;
  const Feature& feature_;
  float boost_;
};

class DistanceFeatureQuery final : public Query {
 public:
  DistanceFeatureQuery(Feature feature, float boost) : feature_(std::move(feature)), boost_(boost) {}
  Result<WeightPtr> weight(const Snapshot&, float boost, bool) const override {
    return makeWeight(
        [this, own = boost * boost_](SegmentRun& run) -> ScorerPtr {
          const FieldReader* const field = run.segment().field(feature_.path);
          if (field == nullptr || field->column == nullptr) return nullptr;
          return std::make_unique<FeatureScorer>(run, *field->column, feature_, own);
        },
        describe());
  }
  std::string describe() const override {
    return describeBoosted("LongDistanceFeatureQuery(field=" + feature_.path +
                               ",origin=" + std::to_string(feature_.origin) +
                               ",pivotDistance=" + std::to_string(feature_.pivot) + ")",
                           boost_);
  }

 private:
  Feature feature_;
  float boost_;
};

}  // namespace

Result<QueryPtr> parseDistanceFeature(json::Value body, ParseContext& context) {
  CommonParameters common;
  std::string path, origin, pivot;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("distance_feature", member, common));
    if (is_common) continue;
    std::string* const known = member.key() == "field"    ? &path
                               : member.key() == "origin" ? &origin
                               : member.key() == "pivot"  ? &pivot
                                                          : nullptr;
    if (known == nullptr) return unknownField("distance_feature", member.key());
    if (member.isObject() || member.isArray())
      return illegalArgument("[distance_feature] query does not support distances on the earth");
    GYRE_TRY_ASSIGN(*known, parseScalarText("distance_feature", member));
  }
  if (path.empty() || origin.empty() || pivot.empty()) {
    std::string missing;
    for (const auto& [name, value] : {std::pair("field", &path), {"origin", &origin}, {"pivot", &pivot}})
      if (value->empty()) missing += (missing.empty() ? "" : ", ") + std::string(name);
    return illegalArgument("Required [" + missing + "]");
  }
  const Field* const field = context.field(path);
  if (field == nullptr)
    return finishQuery(makeNoneQuery("Can't run [distance_feature] query on unmapped fields!"), common, context);
  if (!isDate(field->type))
    return queryShardException("Illegal data type of [" + std::string(field->type_name) +
                               "]![distance_feature] query can only be run on a date, date_nanos or geo_point field "
                               "type!");
  if (!field->is_indexed || !field->has_doc_values)
    return queryShardException("Cannot run [distance_feature] query on field [" + path +
                               "] that is not indexed or has no doc values");
  // Parts that the origin leaves out are filled to the last instant.
  RangeRequest range;
  range.ends.push_back({RangeEnd::kLessOrEqual, origin});
  GYRE_TRY_ASSIGN(const NumberBounds bounds, boundsOfRange(*field, range, context.now_millis));
  GYRE_TRY_ASSIGN(const std::int64_t millis, parseDuration("pivot", pivot));
  if (millis <= 0) return queryShardException("pivotDistance must be > 0");
  const std::int64_t unit = field->type == FieldType::kDateNanos ? 1'000'000 : 1;
  Feature feature{field->path, bounds.highest, millis > INT64_MAX / unit ? INT64_MAX : millis * unit};
  return finishQuery(std::make_unique<DistanceFeatureQuery>(std::move(feature), common.boost), common, context);
}

}  // namespace gyre::engine
