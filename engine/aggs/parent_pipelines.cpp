// derivative, cumulative_sum, serial_diff and bucket_sort: what stands inside the buckets it reads.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/aggs/date_interval.hpp"
#include "engine/aggs/pipeline_request.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

class ParentPipeline : public PipelineAggregation {
 public:
  ParentPipeline(std::string_view kind, PipelineParameters parameters)
      : kind_(kind), parameters_(std::move(parameters)) {}

  std::string_view typedName() const override { return "simple_value"; }
  bool isParent() const override { return true; }
  Status check(const Aggregations& siblings, const Aggregation* parent) const override {
    GYRE_TRY(checkInnerPath(parameters_.path, parameters_.path, siblings));
    return checkSequence(kind_, name, parent);
  }
  std::vector<std::string_view> reads() const override { return {namePart(parameters_.path)}; }
  void writeValue(const PipelineValue& value, JsonWriter& writer) const override {
    writePipelineValue("value", value.value, parameters_.format, writer);
  }

 protected:
  static std::string_view namePart(std::string_view path) { return path.substr(0, path.find_first_of(".>[")); }
  std::optional<double> read(const PreparedBuckets& buckets, std::size_t at, GapPolicy policy) const {
    return valueAt(buckets, at, parameters_.path, policy);
  }

  std::string kind_;
  PipelineParameters parameters_;
};

class Derivative final : public ParentPipeline {
 public:
  Derivative(PipelineParameters parameters, std::optional<double> unit_millis)
      : ParentPipeline("derivative", std::move(parameters)), unit_millis_(unit_millis) {}
  std::string_view typedName() const override { return "derivative"; }

  Status addTo(PreparedBuckets& buckets) const override {
    std::vector<PipelineValue> values(buckets.buckets.size());
    std::optional<double> last;
    double last_key = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::optional<double> value = read(buckets, i, parameters_.gap_policy);
      const double key = buckets.aggregator->keyNumber(buckets.buckets[i]);
      if (last && value) {
        // Of buckets that run backwards there is no rate: the difference stands for it where it is sorted or summed by.
        const double units = unit_millis_ ? (key - last_key) / *unit_millis_ : 0;
        const double difference = *value - *last;
        values[i] = {true, difference, units > 0, units > 0 ? difference / units : difference};
      }
      last = value;
      last_key = key;
    }
    buckets.columns.push_back({this, std::move(values)});
    return {};
  }
  void writeValue(const PipelineValue& value, JsonWriter& writer) const override {
    writePipelineValue("value", value.value, parameters_.format, writer);
    if (value.has_normal) writePipelineValue("normalized_value", value.normal, parameters_.format, writer);
  }

 private:
  std::optional<double> unit_millis_;
};

class CumulativeSum final : public ParentPipeline {
 public:
  explicit CumulativeSum(PipelineParameters parameters) : ParentPipeline("cumulative_sum", std::move(parameters)) {}
  Status addTo(PreparedBuckets& buckets) const override {
    std::vector<PipelineValue> values(buckets.buckets.size());
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::optional<double> value = read(buckets, i, GapPolicy::kInsertZeros);
      if (value && std::isfinite(*value)) sum += *value;
      values[i] = {true, sum, false, 0};
    }
    buckets.columns.push_back({this, std::move(values)});
    return {};
  }
};

class SerialDifference final : public ParentPipeline {
 public:
  SerialDifference(PipelineParameters parameters, std::size_t lag)
      : ParentPipeline("serial_diff", std::move(parameters)), lag_(lag) {}
  Status addTo(PreparedBuckets& buckets) const override {
    std::vector<PipelineValue> values(buckets.buckets.size());
    std::vector<double> seen(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      seen[i] = read(buckets, i, parameters_.gap_policy).value_or(std::numeric_limits<double>::quiet_NaN());
      if (i < lag_ || std::isnan(seen[i]) || std::isnan(seen[i - lag_])) continue;
      values[i] = {true, seen[i] - seen[i - lag_], false, 0};
    }
    buckets.columns.push_back({this, std::move(values)});
    return {};
  }

 private:
  std::size_t lag_;
};

struct SortPath {
  std::string path;
  bool is_descending = false;
};

struct BucketSortSpec {
  std::vector<SortPath> sort;
  std::uint64_t from = 0;
  std::optional<std::uint64_t> size;
  GapPolicy gap_policy = GapPolicy::kSkip;
};

class BucketSort final : public PipelineAggregation {
 public:
  explicit BucketSort(BucketSortSpec spec) : spec_(std::move(spec)) {}
  std::string_view typedName() const override { return "bucket_sort"; }
  bool isParent() const override { return true; }
  bool rearranges() const override { return true; }
  std::vector<std::string_view> reads() const override {
    std::vector<std::string_view> names;
    for (const SortPath& key : spec_.sort)
      names.push_back(std::string_view(key.path).substr(0, key.path.find_first_of(".>[")));
    return names;
  }
  Status check(const Aggregations& siblings, const Aggregation* parent) const override {
    if (parent == nullptr)
      return invalidRequest("bucket_sort aggregation [" + name + "] must be declared inside of another aggregation");
    if (!parent->hasManyBuckets())
      return Status(Code::kInvalidArgument, "class_cast_exception",
                    "bucket_sort aggregation [" + name +
                        "] must be declared inside of a multi-bucket aggregation, found [" +
                        std::string(parent->typedName()) + "]");
    if (spec_.sort.empty() && !spec_.size && spec_.from == 0)
      return invalidRequest("[" + name +
                            "] is configured to perform nothing. Please set either of [sort, size, from] to use "
                            "bucket_sort");
    for (const SortPath& key : spec_.sort) GYRE_TRY(checkInnerPath(key.path, key.path, siblings));
    return {};
  }

  Status addTo(PreparedBuckets& buckets) const override {
    const auto count = static_cast<std::uint32_t>(buckets.buckets.size());
    const std::uint64_t wanted = spec_.size.value_or(count);
    std::vector<std::uint32_t> places;
    if (spec_.from >= count) {
      buckets.keep(places);
      return {};
    }
    const std::uint64_t end = std::min<std::uint64_t>(spec_.from + wanted, count);
    if (spec_.sort.empty()) {
      for (auto place = static_cast<std::uint32_t>(spec_.from); place < end; ++place) places.push_back(place);
      buckets.keep(places);
      return {};
    }
    const std::vector<std::optional<double>> values = readKeys(buckets);
    for (std::uint32_t place = 0; place < count; ++place)
      if (hasKey(values, place)) places.push_back(place);
    std::stable_sort(places.begin(), places.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return compare(buckets, values, a, b) < 0; });
    places.resize(std::min<std::size_t>(places.size(), end));
    places.erase(places.begin(),
                 places.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(spec_.from, places.size())));
    buckets.keep(places);
    return {};
  }

 private:
  std::vector<std::optional<double>> readKeys(const PreparedBuckets& buckets) const {
    std::vector<std::optional<double>> values;
    for (std::size_t i = 0; i < buckets.buckets.size(); ++i)
      for (const SortPath& key : spec_.sort) {
        std::optional<double> value;
        if (key.path == "_key") {
          value = 0;  // compared by place: buckets know the order of their keys
        } else {
          value = valueAt(buckets, i, key.path, spec_.gap_policy);
          if (value && std::isnan(*value)) value.reset();
        }
        values.push_back(value);
      }
    return values;
  }
  // A bucket without any of the values is dropped.
  bool hasKey(const std::vector<std::optional<double>>& values, std::uint32_t place) const {
    for (std::size_t k = 0; k < spec_.sort.size(); ++k)
      if (values[place * spec_.sort.size() + k]) return true;
    return false;
  }
  // Below 0 when a comes before b.
  int compare(const PreparedBuckets& buckets, const std::vector<std::optional<double>>& values, std::uint32_t a,
              std::uint32_t b) const {
    for (std::size_t k = 0; k < spec_.sort.size(); ++k) {
      const std::optional<double> x = values[a * spec_.sort.size() + k];
      const std::optional<double> y = values[b * spec_.sort.size() + k];
      if (!x && !y) continue;
      if (!x || !y) return x ? -1 : 1;
      int order = *x < *y ? -1 : *x > *y ? 1 : 0;
      if (spec_.sort[k].path == "_key") order = buckets.aggregator->compareKeys(buckets.buckets[a], buckets.buckets[b]);
      if (order != 0) return spec_.sort[k].is_descending ? -order : order;
    }
    return 0;
  }

  BucketSortSpec spec_;
};

Status missingPath(const AggregationRequest& request) {
  return parsingException("Missing required field [buckets_path] for " + std::string(request.kind) + " aggregation [" +
                          std::string(request.name) + "]");
}

Result<double> unitMillis(std::string_view text) {
  if (const auto unit = calendarUnitOf(text)) return static_cast<double>(typicalMillis(*unit));
  GYRE_TRY_ASSIGN(const std::int64_t millis, parseDuration("unit", text));
  return static_cast<double>(millis);
}

Result<SortPath> readSortPath(const AggregationRequest& request, json::Value value) {
  if (value.isString()) return SortPath{std::string(value.string()), false};
  if (!value.isObject() || value.size() != 1) return unexpectedMember(request, value);
  const json::Value member = *value.begin();
  json::Value order = member;
  if (member.isObject()) {
    order = {};
    for (const json::Value option : member) {
      if (option.key() != "order") return unexpectedMember(request, option);
      order = option;
    }
  }
  if (!order.isMissing() && order.string() != "asc" && order.string() != "desc")
    return parsingException("Unknown sort order [" + std::string(order.raw()) + "]");
  return SortPath{std::string(member.key()), order.string() == "desc"};
}

}  // namespace

Result<AggregationPtr> parseParentPipeline(AggregationRequest& request) {
  PipelineParameters parameters;
  std::optional<double> unit;
  std::int64_t lag = 1;
  for (const json::Value member : request.body) {
    GYRE_TRY_ASSIGN(const bool is_taken, readPipelineMember(request, member, parameters));
    if (is_taken) continue;
    if (member.key() == "unit" && request.kind == "derivative" && member.isString()) {
      GYRE_TRY_ASSIGN(unit, unitMillis(member.string()));
    } else if (member.key() == "lag" && request.kind == "serial_diff") {
      GYRE_TRY_ASSIGN(lag, parseWhole(request.kind, member));
      if (lag <= 0)
        return parsingException("Lag must be a positive, non-zero integer.  Value supplied was" + std::to_string(lag) +
                                " in [" + std::string(request.name) + "]: [lag].");
    } else {
      return unexpectedMember(request, member);
    }
  }
  if (parameters.path.empty()) return missingPath(request);
  if (request.kind == "derivative") return AggregationPtr(std::make_unique<Derivative>(std::move(parameters), unit));
  if (request.kind == "cumulative_sum") return AggregationPtr(std::make_unique<CumulativeSum>(std::move(parameters)));
  return AggregationPtr(std::make_unique<SerialDifference>(std::move(parameters), static_cast<std::size_t>(lag)));
}

Result<AggregationPtr> parseBucketSort(AggregationRequest& request) {
  BucketSortSpec spec;
  for (const json::Value member : request.body) {
    PipelineParameters parameters;
    if (member.key() == "sort") {
      if (member.isArray()) {
        for (const json::Value one : member) {
          GYRE_TRY_ASSIGN(auto path, readSortPath(request, one));
          spec.sort.push_back(std::move(path));
        }
      } else {
        GYRE_TRY_ASSIGN(auto path, readSortPath(request, member));
        spec.sort.push_back(std::move(path));
      }
    } else if (member.key() == "size" || member.key() == "from") {
      GYRE_TRY_ASSIGN(const std::int64_t number, parseWhole(request.kind, member));
      if (member.key() == "size" ? number <= 0 : number < 0)
        return Status(Code::kInvalidArgument, "x_content_parse_exception",
                      "[bucket_sort] failed to parse field [" + std::string(member.key()) + "]: [" +
                          std::string(member.key()) + "] must be a " +
                          (number < 0 && member.key() == "from" ? "non-negative" : "positive") + " integer: [" +
                          std::to_string(number) + "]");
      if (member.key() == "size") {
        spec.size = static_cast<std::uint64_t>(number);
      } else {
        spec.from = static_cast<std::uint64_t>(number);
      }
    } else if (member.key() == "gap_policy") {
      GYRE_TRY_ASSIGN([[maybe_unused]] const bool is_taken, readPipelineMember(request, member, parameters));
      spec.gap_policy = parameters.gap_policy;
    } else {
      return unknownAggregationParameter(request, member.key());
    }
  }
  return AggregationPtr(std::make_unique<BucketSort>(std::move(spec)));
}

}  // namespace gyre::engine
