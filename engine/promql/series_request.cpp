#include "engine/promql/series_request.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <optional>

#include "engine/promql/duration.hpp"
#include "gyre/excerpt.hpp"
#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/time.hpp"

namespace gyre::engine::promql {
namespace {

Status badData(std::string message) { return {Code::kInvalidArgument, "bad_data", std::move(message)}; }

// Seconds as milliseconds, rounded; nothing beyond what milliseconds can hold.
std::optional<std::int64_t> secondsOf(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || !(std::abs(seconds) < 9e14))
    return std::nullopt;
  return std::llround(seconds * 1000);
}

std::optional<std::int64_t> timeOf(std::string_view text) {
  if (const auto seconds = secondsOf(text)) return seconds;
  return text.find('T') == std::string_view::npos ? std::nullopt : gyre::parseTime(text);
}

std::optional<std::int64_t> durationOf(std::string_view text) {
  if (const auto seconds = secondsOf(text)) return seconds;
  const auto duration = parseDuration(text);
  return duration.isOk() ? std::optional<std::int64_t>(*duration) : std::nullopt;
}

// Members of one object, and that there are no others.
class Members {
 public:
  Members(const json::Value& object, std::string_view what) : object_(object), what_(what) {}

  Status allow(std::initializer_list<std::string_view> names) const {
    if (!object_.isObject()) return badData(what_ + ": expected an object");
    for (const json::Value member : object_)
      if (std::find(names.begin(), names.end(), member.key()) == names.end())
        return badData(what_ + ": unknown member \"" + std::string(excerpt(member.key(), 60)) + "\"");
    return {};
  }
  bool has(std::string_view name) const { return !object_[name].isMissing(); }
  Status read(std::string_view name, std::int64_t& value) const {
    const json::Value member = object_[name];
    if (member.isMissing()) return {};
    const auto whole = member.integer();
    if (!whole) return expected(name, "a whole number");
    value = *whole;
    return {};
  }
  Status readTime(std::string_view name, std::int64_t& value) const {
    const json::Value member = object_[name];
    if (!member.isString()) return read(name, value);
    const auto time = timeOf(member.string());
    if (!time)
      return invalid(name, "cannot parse \"" + std::string(excerpt(member.string(), 60)) + "\" to a valid timestamp");
    value = *time;
    return {};
  }
  Status readDuration(std::string_view name, std::int64_t& value) const {
    const json::Value member = object_[name];
    if (!member.isString()) return read(name, value);
    const auto duration = durationOf(member.string());
    if (!duration)
      return invalid(name, "cannot parse \"" + std::string(excerpt(member.string(), 60)) + "\" to a valid duration");
    value = *duration;
    return {};
  }
  static Status invalid(std::string_view name, std::string_view why) {
    std::string message("invalid parameter \"");
    message.append(name).append("\": ").append(why);
    return badData(std::move(message));
  }
  Status read(std::string_view name, std::string& value) const {
    const json::Value member = object_[name];
    if (member.isMissing()) return {};
    if (!member.isString()) return expected(name, "a string");
    value.assign(member.string());
    return {};
  }
  Status expected(std::string_view name, std::string_view type) const {
    std::string message(what_);
    message.append(".").append(name).append(": expected ").append(type);
    return badData(std::move(message));
  }
  const json::Value& object() const { return object_; }

 private:
  json::Value object_;
  std::string what_;
};

Result<series::SeriesFilter> readFilter(const Members& members, const QueryOptions& options) {
  series::SeriesFilter filter;
  GYRE_TRY(members.readTime("start", filter.from_ms));
  GYRE_TRY(members.readTime("end", filter.to_ms));
  std::int64_t limit = 0;
  GYRE_TRY(members.read("limit", limit));
  if (limit < 0) return members.expected("limit", "a number of at least 0");
  filter.limit = static_cast<std::size_t>(limit);
  filter.check_time = [&options] { return options.evaluation_limits.check(); };
  const series::Matchers& where = options.evaluation.where;
  const json::Value match = members.object()["match"];
  if (match.size() == 0 && !where.empty()) filter.any_of.push_back(where);
  if (match.isMissing()) return filter;
  if (!match.isArray()) return members.expected("match", "an array of selectors");
  for (const json::Value one : match) {
    if (!one.isString()) return members.expected("match", "an array of selectors");
    auto matchers = parseSelector(one.string(), options.parse_limits);
    if (!matchers.isOk())
      return badData("match[] \"" + std::string(excerpt(one.string(), 200)) +
                     "\": " + std::string(matchers.status().message()));
    filter.any_of.push_back(std::move(matchers).value());
    filter.any_of.back().insert(filter.any_of.back().end(), where.begin(), where.end());
  }
  return filter;
}

std::string stringsText(const std::vector<std::string>& strings) {
  std::string out;
  JsonWriter writer(out);
  writer.beginArray();
  for (const std::string& one : strings) writer.string(one);
  writer.endArray();
  return out;
}

Status readQueryTime(const Members& members, QueryTime& time) {
  if (members.has("time")) {
    for (const char* name : {"start", "end", "step"})
      if (members.has(name)) return badData("a query has either time or start, end and step");
    return members.readTime("time", time.start_ms);
  }
  for (const char* name : {"start", "end", "step"})
    if (!members.has(name))
      return badData("a query has either time or start, end and step; there is no " + std::string(name));
  GYRE_TRY(members.readTime("start", time.start_ms));
  GYRE_TRY(members.readTime("end", time.end_ms));
  GYRE_TRY(members.readDuration("step", time.step_ms));
  if (time.end_ms < time.start_ms) return Members::invalid("end", "end timestamp must not be before start time");
  if (time.step_ms <= 0)
    return Members::invalid("step",
                            "zero or negative query resolution step widths are not accepted; try a positive integer");
  return {};
}

Result<std::string> answerPromql(const series::SeriesSource& source, const Members& members, QueryOptions options) {
  GYRE_TRY(members.allow({"promql", "time", "start", "end", "step", "timeout", "where"}));
  std::string query;
  GYRE_TRY(members.read("promql", query));
  QueryTime time;
  GYRE_TRY(readQueryTime(members, time));
  EvaluationLimits& limits = options.evaluation_limits;
  if (members.has("timeout") && limits.clock != nullptr) {
    std::int64_t timeout_ms = 0;
    GYRE_TRY(members.readDuration("timeout", timeout_ms));
    // A client may shorten what the server allows.
    constexpr std::int64_t kLongest = 86'400'000;
    const std::int64_t deadline =
        limits.clock->monotonicNanos() + std::clamp<std::int64_t>(timeout_ms, 0, kLongest) * 1'000'000;
    if (limits.deadline_nanos == 0 || deadline < limits.deadline_nanos) limits.deadline_nanos = deadline;
  }
  auto answer = answerQuery(source, query, time, options);
  if (!answer.isOk() && answer.status().reason() == "bad_data")
    return answer.status().withPrefix("invalid parameter \"query\"");
  return answer;
}

Result<std::string> answerSeries(const series::SeriesSource& source, const Members& members,
                                 const QueryOptions& options) {
  GYRE_TRY(members.allow({"match", "start", "end", "limit"}));
  GYRE_TRY_ASSIGN(const series::SeriesFilter filter, readFilter(members, options));
  if (members.object()["match"].size() == 0) return badData("no match[] parameter provided");
  GYRE_TRY_ASSIGN(const std::vector<series::Labels> all, source.listSeries(filter));
  std::string out;
  JsonWriter writer(out);
  writer.beginArray();
  for (const series::Labels& labels : all) {
    writer.beginObject();
    for (const series::Label& label : labels) writer.member(label.name, label.value);
    writer.endObject();
  }
  writer.endArray();
  return out;
}

Result<std::string> answerLabels(const series::SeriesSource& source, const Members& members,
                                 const QueryOptions& options) {
  GYRE_TRY(members.allow({"match", "start", "end", "limit"}));
  GYRE_TRY_ASSIGN(const series::SeriesFilter filter, readFilter(members, options));
  GYRE_TRY_ASSIGN(const std::vector<std::string> names, source.labelNames(filter));
  return stringsText(names);
}

Result<std::string> answerLabelValues(const series::SeriesSource& source, const Members& members,
                                      const QueryOptions& options) {
  GYRE_TRY(members.allow({"label", "match", "start", "end", "limit"}));
  std::string label;
  GYRE_TRY(members.read("label", label));
  if (!isLabelName(label)) return badData("invalid label name: \"" + std::string(excerpt(label, 60)) + "\"");
  GYRE_TRY_ASSIGN(const series::SeriesFilter filter, readFilter(members, options));
  GYRE_TRY_ASSIGN(const std::vector<std::string> values, source.labelValues(label, filter));
  return stringsText(values);
}

// Of the metric families, those of which there is a series with the labels of `where`.
Status confineMetadata(const series::SeriesSource& source, const QueryOptions& options,
                       std::vector<series::MetricMetadata>& all) {
  const series::Matchers& where = options.evaluation.where;
  if (where.empty()) return {};
  series::SeriesFilter filter;
  filter.any_of.push_back(where);
  filter.check_time = [&options] { return options.evaluation_limits.check(); };
  GYRE_TRY_ASSIGN(const std::vector<std::string> names, source.labelValues(series::kMetricName, filter));
  std::erase_if(all, [&](const series::MetricMetadata& one) {
    for (const char* suffix : {"", "_bucket", "_count", "_sum", "_total"})
      if (std::binary_search(names.begin(), names.end(), one.name + suffix)) return false;
    return true;
  });
  return {};
}

Result<std::string> answerMetadata(const series::SeriesSource& source, const Members& members,
                                   const QueryOptions& options) {
  GYRE_TRY(members.allow({"metric", "limit"}));
  std::string metric;
  std::int64_t limit = 0;
  GYRE_TRY(members.read("metric", metric));
  GYRE_TRY(members.read("limit", limit));
  // Of a confined request the limit counts what is shown.
  const bool is_confined = !options.evaluation.where.empty();
  const auto most = static_cast<std::size_t>(std::max<std::int64_t>(limit, 0));
  GYRE_TRY_ASSIGN(std::vector<series::MetricMetadata> all, source.metadata(metric, is_confined ? 0 : most));
  GYRE_TRY(confineMetadata(source, options, all));
  if (most > 0 && all.size() > most) all.resize(most);
  std::string out;
  JsonWriter writer(out);
  writer.beginObject();
  for (const series::MetricMetadata& one : all) {
    writer.key(one.name).beginArray().beginObject();
    writer.member("type", one.type).member("help", one.help).member("unit", one.unit);
    writer.endObject().endArray();
  }
  writer.endObject();
  return out;
}

}  // namespace

namespace {

// {"label":"value",…}
Result<series::Matchers> readWhere(const json::Value& object) {
  if (!object.isObject()) return badData("where: expected an object");
  series::Matchers where;
  for (const json::Value member : object) {
    if (!member.isString()) return badData("where: expected texts as the labels' values");
    GYRE_TRY_ASSIGN(
        series::Matcher matcher,
        series::Matcher::make(std::string(member.key()), series::Matcher::Kind::kEqual, std::string(member.string())));
    where.push_back(std::move(matcher));
  }
  return where;
}

}  // namespace

Result<std::string> answerSeriesRequest(const series::SeriesSource& source, std::string_view request,
                                        const QueryOptions& given_options) {
  const auto document = json::Document::parse(request);
  if (!document.isOk()) return badData(std::string(document.status().message()));
  const json::Value root = document->root();
  const Members whole(root, "request");
  QueryOptions options = given_options;
  if (whole.has("where")) {
    GYRE_TRY_ASSIGN(const series::Matchers where, readWhere(root["where"]));
    options.evaluation.where.insert(options.evaluation.where.end(), where.begin(), where.end());
  }
  if (whole.has("promql")) return answerPromql(source, whole, options);
  GYRE_TRY(whole.allow({"series", "labels", "label_values", "metadata", "where"}));
  if (root.size() != (whole.has("where") ? 2u : 1u))
    return badData("a request asks for one of promql, series, labels, label_values, metadata");
  if (whole.has("series")) return answerSeries(source, {root["series"], "series"}, options);
  if (whole.has("labels")) return answerLabels(source, {root["labels"], "labels"}, options);
  if (whole.has("label_values")) return answerLabelValues(source, {root["label_values"], "label_values"}, options);
  if (!whole.has("metadata"))
    return badData("a request asks for one of promql, series, labels, label_values, metadata");
  return answerMetadata(source, {root["metadata"], "metadata"}, options);
}

}  // namespace gyre::engine::promql
