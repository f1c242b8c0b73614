// avg_bucket, max_bucket, min_bucket, sum_bucket, stats_bucket, extended_stats_bucket and percentiles_bucket: one
// answer from all the buckets of the aggregation beside it.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/aggs/distribution.hpp"
#include "engine/aggs/percentile_request.hpp"
#include "engine/aggs/pipeline_request.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

enum class BucketMetric : std::uint8_t { kAvg, kMax, kMin, kSum, kStats, kExtendedStats, kPercentiles };

constexpr std::pair<std::string_view, BucketMetric> kMetrics[] = {
    {"avg_bucket", BucketMetric::kAvg},
    {"max_bucket", BucketMetric::kMax},
    {"min_bucket", BucketMetric::kMin},
    {"sum_bucket", BucketMetric::kSum},
    {"stats_bucket", BucketMetric::kStats},
    {"extended_stats_bucket", BucketMetric::kExtendedStats},
    {"percentiles_bucket", BucketMetric::kPercentiles}};

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

struct SiblingSpec {
  BucketMetric metric = BucketMetric::kAvg;
  PipelineParameters parameters;
  double sigma = 2;
  std::vector<double> percents = defaultPercents();
  bool is_keyed = true;
};

class SiblingPipeline final : public PipelineAggregation {
 public:
  explicit SiblingPipeline(SiblingSpec spec) : spec_(std::move(spec)) {}

  std::string_view typedName() const override {
    switch (spec_.metric) {
      case BucketMetric::kMax:
      case BucketMetric::kMin: return "bucket_metric_value";
      case BucketMetric::kStats: return "stats_bucket";
      case BucketMetric::kExtendedStats: return "extended_stats_bucket";
      case BucketMetric::kPercentiles: return "percentiles_bucket";
      default: return "simple_value";
    }
  }
  bool isParent() const override { return false; }
  std::vector<std::string_view> reads() const override { return {}; }
  Status check(const Aggregations& siblings, const Aggregation*) const override {
    return checkSiblingPath(name, spec_.parameters.path, siblings);
  }

  Status writeSibling(const AggregatorSet& set, std::uint32_t bucket, JsonWriter& writer) const override {
    GYRE_TRY_ASSIGN(const auto found, read(set, bucket));
    write(found, writer);
    return {};
  }
  std::optional<double> siblingValue(const AggregatorSet& set, std::uint32_t bucket,
                                     std::string_view property) const override {
    const auto found = read(set, bucket);
    if (!found.isOk()) return std::nullopt;
    return valueOf(*found, property);
  }

 private:
  struct Found {
    std::vector<double> values;
    std::vector<std::string> keys;  // beside the values
    Distribution distribution;
    double min = std::numeric_limits<double>::infinity();
    double max = -std::numeric_limits<double>::infinity();
  };

  Result<Found> read(const AggregatorSet& set, std::uint32_t bucket) const {
    Found found;
    found.distribution.sigma = spec_.sigma;
    const std::string_view path = spec_.parameters.path;
    for (std::size_t end = path.find_first_of(".>"); end != std::string_view::npos;
         end = path.find_first_of(".>", end + 1)) {
      auto* const sibling = dynamic_cast<BucketAggregator*>(set.find(path.substr(0, end)));
      if (sibling == nullptr) continue;
      GYRE_TRY_ASSIGN(const PreparedBuckets* const prepared, sibling->prepare(bucket));
      for (std::size_t i = 0; i < prepared->buckets.size(); ++i) {
        const auto value = valueAt(*prepared, i, path.substr(end + 1), spec_.parameters.gap_policy);
        if (!value || std::isnan(*value)) continue;
        found.values.push_back(*value);
        found.keys.push_back(sibling->keyText(prepared->buckets[i]));
        found.distribution.sum += *value;
        found.distribution.sum_of_squares += *value * *value;
        found.min = std::min(found.min, *value);
        found.max = std::max(found.max, *value);
      }
      break;
    }
    found.distribution.count = found.values.size();
    return found;
  }

  static double average(const Found& found) {
    return found.values.empty() ? kNone : found.distribution.sum / static_cast<double>(found.values.size());
  }

  std::optional<double> valueOf(const Found& found, std::string_view property) const {
    switch (spec_.metric) {
      case BucketMetric::kAvg: return average(found);
      case BucketMetric::kMax: return found.max;
      case BucketMetric::kMin: return found.min;
      case BucketMetric::kSum: return found.distribution.sum;
      case BucketMetric::kPercentiles: {
        const auto percent = percentOf(property);
        return percent ? percentile(found, *percent) : std::optional<double>();
      }
      default: break;
    }
    if (property == "count") return static_cast<double>(found.values.size());
    if (property == "min") return found.min;
    if (property == "max") return found.max;
    if (property == "avg") return average(found);
    if (property == "sum") return found.distribution.sum;
    return found.distribution.value(property);
  }

  // The value at the nearest rank.
  static double percentile(const Found& found, double percent) {
    if (found.values.empty()) return kNone;
    std::vector<double> sorted(found.values);
    std::sort(sorted.begin(), sorted.end());
    return sorted[static_cast<std::size_t>(std::floor(percent / 100 * static_cast<double>(sorted.size() - 1) + 0.5))];
  }

  void write(const Found& found, JsonWriter& writer) const {
    const auto& format = spec_.parameters.format;
    const bool is_empty = found.values.empty();
    switch (spec_.metric) {
      case BucketMetric::kAvg: return writePipelineValue("value", average(found), format, writer);
      case BucketMetric::kSum: return writePipelineValue("value", found.distribution.sum, format, writer);
      case BucketMetric::kMax:
      case BucketMetric::kMin: {
        const double extreme = spec_.metric == BucketMetric::kMax ? found.max : found.min;
        writePipelineValue("value", extreme, format, writer);
        writer.key("keys").beginArray();
        for (std::size_t i = 0; i < found.values.size(); ++i)
          if (found.values[i] == extreme) writer.string(found.keys[i]);
        writer.endArray();
        return;
      }
      case BucketMetric::kPercentiles: {
        std::vector<double> values;
        for (const double percent : spec_.percents) values.push_back(percentile(found, percent));
        NumberText text;
        if (format) text = [&](double value) { return format->text(value); };
        return writePercentiles(spec_.percents, values, spec_.is_keyed, text, writer);
      }
      default: break;
    }
    writer.member("count", static_cast<std::uint64_t>(found.values.size()));
    writeDouble(is_empty ? kNone : found.min, writer.key("min"));
    writeDouble(is_empty ? kNone : found.max, writer.key("max"));
    writeDouble(average(found), writer.key("avg"));
    writeDouble(found.distribution.sum, writer.key("sum"));
    NumberText text;
    if (format) text = [&](double value) { return format->text(value); };
    if (text && !is_empty) {
      writer.member("min_as_string", text(found.min)).member("max_as_string", text(found.max));
      writer.member("avg_as_string", text(average(found))).member("sum_as_string", text(found.distribution.sum));
    }
    if (spec_.metric == BucketMetric::kExtendedStats) writeDistribution(found.distribution, text, false, writer);
  }

  SiblingSpec spec_;
};

}  // namespace

Result<AggregationPtr> parseSiblingPipeline(AggregationRequest& request) {
  SiblingSpec spec;
  for (const auto& [name, metric] : kMetrics)
    if (request.kind == name) spec.metric = metric;
  for (const json::Value member : request.body) {
    GYRE_TRY_ASSIGN(const bool is_taken, readPipelineMember(request, member, spec.parameters));
    if (is_taken) continue;
    if (member.key() == "sigma" && spec.metric == BucketMetric::kExtendedStats) {
      GYRE_TRY_ASSIGN(const float sigma, parseFloat(request.kind, member));
      if (!(sigma >= 0)) return invalidRequest("sigma must be a non-negative double");
      spec.sigma = member.real().value_or(static_cast<double>(sigma));
    } else if (member.key() == "percents" && spec.metric == BucketMetric::kPercentiles) {
      GYRE_TRY_ASSIGN(spec.percents, readPercents(request, member));
    } else if (member.key() == "keyed" && spec.metric == BucketMetric::kPercentiles) {
      GYRE_TRY_ASSIGN(spec.is_keyed, parseBoolean(request.kind, member));
    } else {
      return unexpectedMember(request, member);
    }
  }
  if (spec.parameters.path.empty())
    return parsingException("Missing required field [buckets_path] for aggregation [" + std::string(request.name) +
                            "]");
  return AggregationPtr(std::make_unique<SiblingPipeline>(std::move(spec)));
}

}  // namespace gyre::engine
