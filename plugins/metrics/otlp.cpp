#include "otlp.hpp"

#include <protozero/pbf_writer.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <deque>
#include <map>

#include "gyre/json_writer.hpp"
#include "metrics.hpp"

namespace gyre::metrics {
namespace otlp {
namespace {

// Prometheus' marker for "nothing was recorded".
constexpr std::uint64_t kStaleBits = 0x7ff0000000000002;
// An exponential histogram has at most 160 buckets a side by default; each becomes a series.
constexpr std::size_t kMaxBuckets = 1000;

bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool isDigit(char c) { return c >= '0' && c <= '9'; }

// Units of UCUM as Prometheus names them. Source: OpenTelemetry's prometheus compatibility rules.
std::string_view unitWord(std::string_view unit) {
  static const std::map<std::string_view, std::string_view> kWords = {{"d", "days"},          {"h", "hours"},
                                                                      {"min", "minutes"},     {"s", "seconds"},
                                                                      {"ms", "milliseconds"}, {"us", "microseconds"},
                                                                      {"ns", "nanoseconds"},  {"By", "bytes"},
                                                                      {"KiBy", "kibibytes"},  {"MiBy", "mebibytes"},
                                                                      {"GiBy", "gibibytes"},  {"TiBy", "tibibytes"},
                                                                      {"KBy", "kilobytes"},   {"MBy", "megabytes"},
                                                                      {"GBy", "gigabytes"},   {"TBy", "terabytes"},
                                                                      {"V", "volts"},         {"A", "amperes"},
                                                                      {"J", "joules"},        {"W", "watts"},
                                                                      {"g", "grams"},         {"m", "meters"},
                                                                      {"Cel", "celsius"},     {"Hz", "hertz"},
                                                                      {"%", "percent"},       {"1", ""},
                                                                      {"$", "dollars"}};
  const auto found = kWords.find(unit);
  return found == kWords.end() ? unit : found->second;
}

std::string_view perWord(std::string_view unit) {
  static const std::map<std::string_view, std::string_view> kWords = {
      {"s", "second"}, {"m", "minute"}, {"h", "hour"}, {"d", "day"}, {"w", "week"}, {"mo", "month"}, {"y", "year"}};
  const auto found = kWords.find(unit);
  return found == kWords.end() ? unit : found->second;
}

// What is no letter, digit, underscore or colon parts words; words are joined by one underscore.
std::string cleaned(std::string_view text, bool takes_colons) {
  std::string out;
  bool is_parted = false;
  for (const char c : text) {
    if (!isLetter(c) && !isDigit(c) && !(takes_colons && c == ':')) {
      is_parted = true;
      continue;
    }
    if (is_parted && !out.empty()) out.append(1, '_');
    is_parted = false;
    out.append(1, c);
  }
  return out;
}

bool hasWord(const std::string& name, std::string_view word) {
  for (std::size_t at = name.find(word); at != std::string::npos; at = name.find(word, at + 1)) {
    const bool begins = at == 0 || name[at - 1] == '_';
    const bool ends = at + word.size() == name.size() || name[at + word.size()] == '_';
    if (begins && ends) return true;
  }
  return false;
}

void appendWord(std::string& name, std::string_view word) {
  const std::string clean = cleaned(word, false);
  if (clean.empty() || hasWord(name, clean)) return;
  name.append(1, '_');
  name.append(clean);
}

std::int64_t millisOf(const Point& point) { return static_cast<std::int64_t>(point.time_nanos / 1'000'000); }

// The samples of one data point, all or none.
class PointWriter {
 public:
  PointWriter(SampleSink& sink, std::uint64_t position, const std::vector<Label>& labels, const Point& point,
              const MetricDescription& description)
      : sink_(sink), position_(position), labels_(labels), point_(point), description_(description) {}

  // A series of the metric, with one more label when `extra` is not "".
  bool add(std::string_view name, double value, std::string_view extra = {}, std::string_view extra_value = {}) {
    std::vector<Label> labels = labels_;
    labels.push_back({"__name__", name});
    if (!extra.empty()) labels.push_back({extra, extra_value});
    const auto number = sink_.series(labels, description_);
    if (!number) {
      sink_.reject(position_, sink_.reason());
      return false;
    }
    return sink_.sample(position_, *number, millisOf(point_),
                        (point_.flags & 1) != 0 ? std::bit_cast<double>(kStaleBits) : value);
  }

 private:
  SampleSink& sink_;
  std::uint64_t position_;
  const std::vector<Label>& labels_;
  const Point& point_;
  const MetricDescription& description_;
};

// Upper bounds and how many lie at or below them, ascending; +Inf is left out.
using Cumulative = std::vector<std::pair<double, std::uint64_t>>;

// "" or why there are none.
std::string boundsOf(const Point& point, Cumulative& out) {
  if (point.bounds.size() + 1 != point.counts.size() && !(point.bounds.empty() && point.counts.empty()))
    return "histogram: expected one bucket more than bounds, found " + std::to_string(point.counts.size()) + " and " +
           std::to_string(point.bounds.size());
  if (point.bounds.size() > kMaxBuckets)
    return "histogram: expected at most " + std::to_string(kMaxBuckets) + " buckets, found " +
           std::to_string(point.bounds.size());
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < point.bounds.size(); ++i) {
    if (std::isnan(point.bounds[i]) || (i > 0 && point.bounds[i] <= point.bounds[i - 1]))
      return "histogram: expected ascending bounds";
    total += point.counts[i];
    out.emplace_back(point.bounds[i], total);
  }
  return {};
}

std::string exponentialBoundsOf(const Point& point, Cumulative& out) {
  const std::size_t buckets = point.positive.counts.size() + point.negative.counts.size();
  if (buckets > kMaxBuckets)
    return "exponential histogram: expected at most " + std::to_string(kMaxBuckets) + " buckets, found " +
           std::to_string(buckets);
  if (point.scale < -10 || point.scale > 20)
    return "exponential histogram: expected a scale from -10 to 20, found " + std::to_string(point.scale);
  const double base_log = std::ldexp(1.0, static_cast<int>(-point.scale));  // log2 of the base
  const auto bound = [&](std::int64_t index) { return std::exp2(static_cast<double>(index) * base_log); };
  std::uint64_t total = 0;
  const auto add = [&](double upper, std::uint64_t count) {
    total += count;
    if (!std::isfinite(upper)) return;
    if (!out.empty() && out.back().first >= upper)
      out.back().second = total;
    else
      out.emplace_back(upper, total);
  };
  for (std::size_t i = point.negative.counts.size(); i-- > 0;)
    add(-bound(point.negative.offset + static_cast<std::int64_t>(i)), point.negative.counts[i]);
  if (point.zero_count > 0 || total > 0) add(point.zero_threshold, point.zero_count);
  // The lower edge of the first bucket: without it a quantile would begin at the edge before.
  if (!point.positive.counts.empty()) add(bound(point.positive.offset), 0);
  for (std::size_t i = 0; i < point.positive.counts.size(); ++i)
    add(bound(point.positive.offset + static_cast<std::int64_t>(i) + 1), point.positive.counts[i]);
  return {};
}

class Translation {
 public:
  explicit Translation(SampleSink& sink) : sink_(sink) {}

  void take(const Resource& resource) {
    resource_labels_.clear();
    texts_.clear();
    std::string_view service, name_space, instance;
    for (const auto& [key, value] : resource.attributes) {
      if (key == "service.name") service = value;
      if (key == "service.namespace") name_space = value;
      if (key == "service.instance.id") instance = value;
    }
    if (!service.empty()) {
      std::string& job = texts_.emplace_back(name_space);
      if (!job.empty()) job.append(1, '/');
      job.append(service);
      resource_labels_.push_back({"job", job});
    }
    if (!instance.empty()) resource_labels_.push_back({"instance", instance});
    newest_millis_ = 0;
    for (const Scope& scope : resource.scopes) {
      scope_ = &scope;
      for (const Metric& metric : scope.metrics) take(metric);
    }
    describeTarget(resource);
  }

 private:
  void describeTarget(const Resource& resource) {
    if (resource_labels_.empty() || newest_millis_ == 0) return;
    std::vector<Label> labels = resource_labels_;
    appendAttributes(resource.attributes, labels, {"service.name", "service.namespace", "service.instance.id"});
    if (labels.size() == resource_labels_.size()) return;
    labels.push_back({"__name__", "target_info"});
    if (const auto number = sink_.series(labels, {MetricType::kGauge, "Target metadata", {}}))
      sink_.sample(position_ == 0 ? 0 : position_ - 1, *number, newest_millis_, 1);
  }

  // Attributes whose names become the same label are joined by a semicolon, as the rules say.
  void appendAttributes(const Attributes& attributes, std::vector<Label>& labels,
                        std::vector<std::string_view> without = {}) {
    std::map<std::string, std::string> values;
    std::vector<const std::pair<std::string, std::string>*> sorted;
    for (const auto& attribute : attributes)
      if (std::find(without.begin(), without.end(), attribute.first) == without.end()) sorted.push_back(&attribute);
    std::sort(sorted.begin(), sorted.end(),
              [](const auto* left, const auto* right) { return left->first < right->first; });
    for (const auto* const attribute : sorted) {
      std::string& value = values[labelName(attribute->first)];
      if (!value.empty()) value.append(1, ';');
      value.append(attribute->second);
    }
    for (auto& [name, value] : values) {
      // What names the target is not for a point to say.
      if (std::any_of(labels.begin(), labels.end(), [&key = name](const Label& label) { return label.name == key; }))
        continue;
      const std::string& kept_name = texts_.emplace_back(name);
      labels.push_back({kept_name, texts_.emplace_back(value)});
    }
  }

  void take(const Metric& metric) {
    const std::string name = metricName(metric);
    const bool is_delta = metric.temporality == 1 && metric.kind != Kind::kGauge && metric.kind != Kind::kSummary;
    MetricType type = MetricType::kUnknown;
    switch (metric.kind) {
      case Kind::kGauge: type = MetricType::kGauge; break;
      case Kind::kSum:
        type = is_delta ? MetricType::kUnknown : metric.is_monotonic ? MetricType::kCounter : MetricType::kGauge;
        break;
      case Kind::kHistogram:
      case Kind::kExponentialHistogram: type = is_delta ? MetricType::kUnknown : MetricType::kHistogram; break;
      case Kind::kSummary: type = MetricType::kSummary; break;
      case Kind::kNone: break;
    }
    std::string refusal;
    if (name.empty())
      refusal = "the metric has no name";
    else if (!sink_.declare(name, type))
      refusal = sink_.reason();
    else if (metric.kind == Kind::kSum || metric.kind == Kind::kHistogram || metric.kind == Kind::kExponentialHistogram)
      refusal = metric.temporality == 1 || metric.temporality == 2
                    ? std::string()
                    : name + ": expected delta or cumulative temporality";
    const MetricDescription description{type, metric.description, metric.unit};
    const std::size_t kept_texts = texts_.size();
    for (const Point& point : metric.points) {
      std::vector<Label> labels = resource_labels_;
      if (!scope_->name.empty()) labels.push_back({"otel_scope_name", scope_->name});
      if (!scope_->version.empty()) labels.push_back({"otel_scope_version", scope_->version});
      if (is_delta) labels.push_back({"__temporality__", "delta"});
      appendAttributes(point.attributes, labels);
      if (refusal.empty()) {
        const std::uint64_t rejected = sink_.rejectedCount();
        if (const std::string reason = write(name, metric.kind, labels, point, description); !reason.empty())
          sink_.reject(position_, reason);
        if (sink_.rejectedCount() == rejected) newest_millis_ = std::max(newest_millis_, millisOf(point));
      } else {
        sink_.reject(position_, refusal);
      }
      ++position_;
      texts_.resize(kept_texts);
    }
  }

  // "" or why the point cannot be taken.
  std::string write(const std::string& name, Kind kind, const std::vector<Label>& labels, const Point& point,
                    const MetricDescription& description) {
    if (!point.fault.empty()) return name + ": " + point.fault;
    if (point.time_nanos == 0) return name + ": the data point has no time";
    PointWriter writer(sink_, position_, labels, point, description);
    const bool is_stale = (point.flags & 1) != 0;
    const auto writeTotals = [&] {
      const std::string sum_name = name + "_sum", count_name = name + "_count";
      if ((point.has_sum || is_stale) && !writer.add(sum_name, point.sum)) return;
      (void)writer.add(count_name, static_cast<double>(point.count));
    };
    switch (kind) {
      case Kind::kGauge:
      case Kind::kSum:
        if (!point.has_value && !is_stale) return name + ": the data point has no value";
        (void)writer.add(name, point.value);
        return {};
      case Kind::kSummary:
        for (const auto& [quantile, value] : point.quantiles)
          if (!writer.add(name, value, "quantile", valueText(quantile))) return {};
        writeTotals();
        return {};
      case Kind::kHistogram:
      case Kind::kExponentialHistogram: {
        Cumulative buckets;
        const std::string reason =
            kind == Kind::kHistogram ? boundsOf(point, buckets) : exponentialBoundsOf(point, buckets);
        if (!reason.empty()) return name + ": " + reason;
        const std::string bucket_name = name + "_bucket";
        for (const auto& [upper, total] : buckets) {
          if (std::isinf(upper)) continue;
          if (!writer.add(bucket_name, static_cast<double>(total), "le", valueText(upper))) return {};
        }
        if (!writer.add(bucket_name, static_cast<double>(point.count), "le", "+Inf")) return {};
        writeTotals();
        return {};
      }
      case Kind::kNone: break;
    }
    return name + ": expected a gauge, sum, histogram, exponential histogram or summary";
  }

  SampleSink& sink_;
  const Scope* scope_ = nullptr;
  std::vector<Label> resource_labels_;
  std::deque<std::string> texts_;  // what labels borrow
  std::uint64_t position_ = 0;
  std::int64_t newest_millis_ = 0;
};

}  // namespace

std::string labelName(std::string_view attribute) {
  std::string name;
  for (const char c : attribute) name.append(1, isLetter(c) || isDigit(c) || c == '_' ? c : '_');
  if (!name.empty() && isDigit(name[0])) name.insert(0, "key_");
  if (name.starts_with('_') && !name.starts_with("__")) name.insert(0, "key");
  return name;
}

std::string metricName(const Metric& metric) {
  std::string name = cleaned(metric.name, true);
  if (name.empty()) return name;
  const bool is_counter = metric.kind == Kind::kSum && metric.is_monotonic;
  // "total" comes last, whatever the unit.
  if (is_counter && name.ends_with("_total")) name.resize(name.size() - 6);
  // {requests} says what is counted, not a unit.
  std::string unit = metric.unit.find_first_of("{}") == std::string::npos ? metric.unit : std::string();
  const std::size_t slash = unit.find('/');
  if (unit != "1") {
    appendWord(name, unitWord(std::string_view(unit).substr(0, slash)));
    if (slash != std::string::npos && slash + 1 < unit.size()) {
      std::string per("per_");
      per.append(cleaned(perWord(std::string_view(unit).substr(slash + 1)), false));
      if (!hasWord(name, per)) {
        name.append(1, '_');
        name.append(per);
      }
    }
  } else if (metric.kind == Kind::kGauge) {
    appendWord(name, "ratio");
  }
  if (is_counter) name.append("_total");
  if (isDigit(name[0])) name.insert(0, 1, '_');
  return name;
}

void writeSamples(const Request& request, SampleSink& sink) {
  Translation translation(sink);
  for (const Resource& resource : request) translation.take(resource);
}

}  // namespace otlp

namespace {

// ExportMetricsServiceResponse, with a partial success when something was rejected.
std::string protobufAnswer(const SampleSink& sink) {
  std::string out;
  if (sink.rejectedCount() == 0) return out;
  std::string partial;
  protozero::pbf_writer inner(partial);
  inner.add_int64(1, static_cast<std::int64_t>(sink.rejectedCount()));
  inner.add_string(2, sink.firstRejection());
  protozero::pbf_writer(out).add_message(1, partial);
  return out;
}

std::string jsonAnswer(const SampleSink& sink) {
  std::string out;
  JsonWriter writer(out);
  writer.beginObject();
  if (sink.rejectedCount() > 0) {
    writer.key("partialSuccess").beginObject();
    writer.member("rejectedDataPoints", std::to_string(sink.rejectedCount()));
    writer.member("errorMessage", sink.firstRejection()).endObject();
  }
  writer.endObject();
  return out;
}

}  // namespace

Status takeOtlp(const IntakeCall& call, Records& records) {
  const bool is_json = call.media_type == "application/json";
  if (!is_json && call.media_type != "application/x-protobuf" && !call.media_type.empty())
    return invalidArgument("OTLP metrics: expected application/x-protobuf or application/json, found " +
                           std::string(call.media_type));
  GYRE_TRY_ASSIGN(const otlp::Request request, is_json ? otlp::readJson(call.body) : otlp::readProtobuf(call.body));
  SampleSink sink(records, call.time_millis, call.organization_id);
  otlp::writeSamples(request, sink);
  sink.finish();
  if (is_json)
    records.respond(jsonAnswer(sink));
  else
    records.respond(protobufAnswer(sink), "application/x-protobuf");
  return {};
}

}  // namespace gyre::metrics
