#include "queries.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gyre/faults.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/search_parameters.hpp"
#include "gyre/time.hpp"
#include "sample_sink.hpp"

namespace gyre::metrics {
namespace {

constexpr std::string_view kFunctions[] = {"avg",  "min",      "max", "sum", "count", "last",
                                           "rate", "increase", "p50", "p90", "p95",   "p99"};
constexpr std::string_view kAggregates[] = {"avg", "min", "max", "sum", "count"};
// A chart has about so many points when no step is asked for.
constexpr std::int64_t kPoints = 200;
constexpr std::int64_t kLeastStepMs = 15'000;
constexpr std::int64_t kInstantRangeMs = 300'000;

constexpr Member kName{.name = "name", .type = Type::kString, .help = "of the metric", .max_bytes = 1024};
constexpr Member kMatch{
    .name = "match",
    .type = Type::kStringList,
    .help = "what labels must be: host=web-1, host!=web-1, host=~web.*, host!~web.* (RE2, the whole value)",
    .max_bytes = 4096};
constexpr Member kFrom{"from", Type::kTime, false, "at or after; a date alone is the start of its day in UTC"};
constexpr Member kTo{"to", Type::kTime, false, "at or before; a date alone is the end of its day in UTC"};
constexpr Member kLimit{"limit", Type::kInteger, false, "results at most; 0 for all", "1000", 0, 1'000'000};

constexpr Member kQueryParameters[] = {
    kName,
    kMatch,
    {.name = "promql",
     .type = Type::kString,
     .help = "a PromQL expression, instead of name, match, function and what follows",
     .max_bytes = 65'536},
    kFrom,
    kTo,
    {"time", Type::kTime, false, "one instant, instead of from and to; now when neither is given"},
    {.name = "step",
     .type = Type::kString,
     .help = "between points: 15s, 1m, 1h; a two-hundredth of the range when absent",
     .max_bytes = 32},
    {.name = "function",
     .type = Type::kString,
     .help = "of each series over the time of a step",
     .choices = kFunctions},
    {.name = "range",
     .type = Type::kString,
     .help = "how far the function looks back; the step when absent",
     .max_bytes = 32},
    {"histogram", Type::kBoolean, false, "p50 to p99 of a histogram's buckets, not over time", "false"},
    {.name = "groupBy",
     .type = Type::kStringList,
     .help = "labels; series that agree in them become one",
     .max_bytes = 1024},
    {.name = "aggregate",
     .type = Type::kString,
     .help = "how series become one; what fits the function when absent",
     .choices = kAggregates},
    {"top", Type::kInteger, false, "only the greatest so many, at each point", "", 1, 10'000},
};
constexpr Member kNamesParameters[] = {kMatch, kFrom, kTo, kLimit};
constexpr Member kLabelsParameters[] = {kName,
                                        kMatch,
                                        {.name = "label",
                                         .type = Type::kString,
                                         .help = "whose values; without it, the names of labels",
                                         .max_bytes = 1024},
                                        kFrom,
                                        kTo,
                                        kLimit};
constexpr Member kSeriesParameters[] = {kName, kMatch, kFrom, kTo, kLimit};

bool isLabelName(std::string_view text) {
  return !text.empty() && !(text[0] >= '0' && text[0] <= '9') && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string quotedText(std::string_view value) {
  std::string out(1, '"');
  for (const char c : value) {
    if (c == '"' || c == '\\') out.append(1, '\\');
    if (c == '\n')
      out.append("\\n");
    else
      out.append(1, c);
  }
  return out.append(1, '"');
}

// host=~"a.*" or host=~a.* as PromQL; nothing when it is neither.
std::optional<std::string> matcherText(std::string_view text) {
  const std::size_t at = text.find_first_of("=!");
  if (at == std::string_view::npos || !isLabelName(text.substr(0, at))) return std::nullopt;
  std::string_view sign = text.substr(at, 2);
  if (sign != "!=" && sign != "=~" && sign != "!~") sign = text.substr(at, 1);
  if (sign == "!") return std::nullopt;
  std::string_view value = text.substr(at + sign.size());
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
  return std::string(text.substr(0, at)).append(sign).append(quotedText(value));
}

// "90s", "1m", "1h30m", "500ms", or seconds; nothing for anything else, and for what is not above 0.
std::optional<std::int64_t> durationMs(std::string_view text) {
  static constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {
      {"ms", 1},         {"s", 1000},        {"m", 60'000},        {"h", 3'600'000},
      {"d", 86'400'000}, {"w", 604'800'000}, {"y", 31'536'000'000}};
  std::int64_t total = 0;
  while (!text.empty()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number < 0 || number > 1'000'000'000) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const std::string_view unit = text.substr(0, std::min(text.find_first_of("0123456789"), text.size()));
    if (unit.empty() && total == 0) return number > 0 ? std::optional<std::int64_t>(number * 1000) : std::nullopt;
    const auto found =
        std::find_if(std::begin(kUnits), std::end(kUnits), [&](const auto& each) { return each.first == unit; });
    if (found == std::end(kUnits)) return std::nullopt;
    total += number * found->second;
    text.remove_prefix(unit.size());
  }
  return total > 0 && total < 10 * 31'536'000'000 ? std::optional<std::int64_t>(total) : std::nullopt;
}

std::string durationText(std::int64_t millis) {
  const bool is_whole = millis % 1000 == 0;
  return std::to_string(is_whole ? millis / 1000 : millis).append(is_whole ? "s" : "ms");
}

// What several queries share, checked.
class Asked {
 public:
  Asked(const Query& query, Table table)
      : faults(query.parameters, table, {.is_lenient = query.is_lenient}), query_(query) {
    time = TimeRange::read(faults);
    for (const std::string_view text : readTexts(faults, "match")) {
      if (auto matcher = matcherText(text))
        matchers_.push_back(std::move(*matcher));
      else
        faults.add("/match", "expected label=value, label!=value, label=~expression or label!~expression, found " +
                                 std::string(text.substr(0, 60)));
    }
    if (!query.organization_id.empty())
      matchers_.push_back(std::string("organization_id=").append(quotedText(query.organization_id)));
  }

  std::string_view text(std::string_view name) const { return faults.sound(name).string(); }
  std::optional<std::int64_t> duration(std::string_view name) {
    const json::Value value = faults.sound(name);
    if (value.isMissing()) return std::nullopt;
    const auto millis = durationMs(value.string());
    if (!millis)
      faults.add("/" + std::string(name),
                 "expected a duration above 0 as 15s, 1m or 1h30m, found " + detail::shown(value));
    return millis;
  }

  // {__name__="…",host=~"…"}; "" when nothing is asked for.
  std::string selector(std::string_view ending = {}) const {
    std::string out;
    if (const std::string_view name = text("name"); !name.empty())
      out.append("__name__=").append(quotedText(std::string(name).append(ending)));
    for (const std::string& matcher : matchers_) out.append(out.empty() ? "" : ",").append(matcher);
    return out.empty() ? out : "{" + out + "}";
  }

  // match, start, end and limit of a listing.
  void writeFilter(JsonWriter& out, bool needs_match) {
    std::string chosen = selector();
    if (chosen.empty() && needs_match) chosen = "{__name__!=\"\"}";
    if (!chosen.empty()) out.key("match").beginArray().string(chosen).endArray();
    if (time.from) out.member("start", *time.from);
    if (time.to) out.member("end", *time.to);
    const json::Value limit = faults.sound("limit");
    out.member("limit", limit.isMissing() ? 1000 : detail::wholeNumber(limit, true).value_or(1000));
  }

  Faults faults;
  TimeRange time;

 private:
  const Query& query_;
  std::vector<std::string> matchers_;
};

std::string_view aggregateFor(std::string_view function) {
  if (function == "sum" || function == "count" || function == "rate" || function == "increase") return "sum";
  if (function == "min") return "min";
  return function == "max" || function.starts_with('p') ? "max" : "avg";
}

// The PromQL of a question in parts.
std::string expressionOf(Asked& asked, std::int64_t range_ms) {
  const std::string_view function = asked.text("function");
  const bool is_quantile = function.starts_with('p');
  const json::Value histogram = asked.faults.sound("histogram");
  const bool is_histogram = histogram.boolean() || histogram.string() == "true";
  std::vector<std::string_view> labels = readTexts(asked.faults, "groupBy");
  for (const std::string_view label : labels)
    if (!isLabelName(label))
      asked.faults.add("/groupBy", "expected names of labels, found " + std::string(label.substr(0, 60)));
  if (is_histogram && !is_quantile) asked.faults.add("/histogram", "expected a function p50, p90, p95 or p99 with it");
  const std::string window = "[" + durationText(range_ms) + "]";
  const std::string quantile = is_quantile ? "0." + std::string(function.substr(1)) : std::string();
  std::string by;
  for (const std::string_view label : labels) by.append(by.empty() ? "" : ",").append(label);
  const std::string_view named = asked.text("aggregate");
  std::string out;
  if (is_histogram) {
    if (!named.empty()) asked.faults.add("/aggregate", "buckets are added up; expected no aggregate with histogram");
    out = "histogram_quantile(" + quantile + ",sum by (le" + (by.empty() ? "" : "," + by) + ") (rate(" +
          asked.selector("_bucket") + window + ")))";
  } else {
    out = asked.selector();
    if (is_quantile)
      out = "quantile_over_time(" + quantile + "," + out + window + ")";
    else if (function == "rate" || function == "increase")
      out = std::string(function) + "(" + out + window + ")";
    else if (!function.empty())
      out = std::string(function) + "_over_time(" + out + window + ")";
    if (!named.empty() || !by.empty())
      out = std::string(named.empty() ? aggregateFor(function) : named) + " by (" + by + ") (" + out + ")";
  }
  const json::Value top = asked.faults.sound("top");
  if (const auto count = detail::wholeNumber(top, true)) out = "topk(" + std::to_string(*count) + "," + out + ")";
  return out;
}

// A number of the answer: a text in Prometheus' form to a JSON number, or to a string when JSON has none.
void writeValue(json::Value value, JsonWriter& out) {
  const auto number = parseSampleValue(value.string());
  if (number && std::isfinite(*number))
    out.real(*number);
  else
    out.string(value.string());
}

void writePoint(json::Value point, JsonWriter& out) {
  out.beginArray();
  std::uint32_t index = 0;
  for (const json::Value each : point) {
    if (index++ == 0)
      out.integer(std::llround(each.real().value_or(0) * 1000));
    else
      writeValue(each, out);
  }
  out.endArray();
}

// An array of the answer under a name, as it came.
Status presentList(std::string_view name, json::Value answer, JsonWriter& out) {
  out.beginObject().rawMember(name, answer.isArray() ? answer.raw() : "[]").endObject();
  return {};
}

Result<Plan> planListing(Asked& asked, std::string_view kind, std::string_view label) {
  const bool needs_match = kind == "series";
  std::string request;
  JsonWriter out(request);
  out.beginObject().key(kind).beginObject();
  if (!label.empty()) out.member("label", label);
  asked.writeFilter(out, needs_match);
  out.endObject().endObject();
  GYRE_TRY(asked.faults.status());
  return Plan::search(std::move(request));
}

}  // namespace

Table queryMetricsParameters() { return kQueryParameters; }
Table listMetricNamesParameters() { return kNamesParameters; }
Table getMetricLabelsParameters() { return kLabelsParameters; }
Table getSeriesParameters() { return kSeriesParameters; }

Result<Plan> planQueryMetrics(const Query& query) {
  Asked asked(query, kQueryParameters);
  const auto has = [&](std::string_view name) { return !query.parameters[name].isMissing(); };
  const bool is_range = has("from") || has("to");
  if (is_range && !(has("from") && has("to")))
    asked.faults.add(has("from") ? "/to" : "/from", "expected both from and to, or neither");
  if (is_range && has("time")) asked.faults.add("/time", "expected time, or from and to");
  std::int64_t step_ms = 0;
  const auto step = asked.duration("step");
  if (is_range && asked.time.from && asked.time.to) {
    const std::int64_t span = *asked.time.to - *asked.time.from;
    step_ms = step.value_or(std::max(kLeastStepMs, span / kPoints / 1000 * 1000));
  }
  const std::int64_t range_ms = asked.duration("range").value_or(step_ms > 0 ? step_ms : kInstantRangeMs);
  std::int64_t time_ms = query.time_millis;
  if (const json::Value time = asked.faults.sound("time"); !time.isMissing()) {
    const auto parsed = parseTime(time.string());
    if (!parsed) asked.faults.add("/time", "expected an RFC 3339 time, found " + detail::shown(time));
    time_ms = parsed.value_or(0);
  }
  std::string expression(asked.text("promql"));
  if (expression.empty()) {
    if (asked.text("name").empty() && !has("match")) asked.faults.add("/name", "expected a name, match or promql");
    expression = expressionOf(asked, range_ms);
  } else {
    for (const std::string_view other :
         {"name", "match", "function", "range", "histogram", "groupBy", "aggregate", "top"})
      if (has(other)) asked.faults.add("/" + std::string(other), "expected promql without it");
    // Nothing would keep an expression to the organisation's own series.
    if (!query.organization_id.empty())
      return Status(Code::kPermissionDenied,
                    "promql is not for keys that are bound to an organisation; ask by name and match");
  }
  GYRE_TRY(asked.faults.status());
  std::string request;
  JsonWriter out(request);
  out.beginObject().member("promql", expression);
  if (is_range)
    out.member("start", *asked.time.from).member("end", *asked.time.to).member("step", step_ms);
  else
    out.member("time", time_ms);
  out.endObject();
  Plan plan = Plan::search(std::move(request));
  plan.is_cacheable = is_range || has("time");
  return plan;
}

Status presentQueryMetrics(const Query&, json::Value answer, std::uint64_t, JsonWriter& out) {
  const std::string_view type = answer["resultType"].string();
  out.beginObject().member("resultType", type).key("series").beginArray();
  const json::Value result = answer["result"];
  if (type == "scalar" || type == "string") {
    out.beginObject().key("labels").beginObject().endObject().key("points").beginArray();
    writePoint(result, out);
    out.endArray().endObject();
  } else {
    for (const json::Value series : result) {
      out.beginObject();
      if (const json::Value name = series["metric"]["__name__"]; !name.isMissing()) out.member("name", name.string());
      out.key("labels").beginObject();
      for (const json::Value label : series["metric"])
        if (label.key() != "__name__") out.member(label.key(), label.string());
      out.endObject().key("points").beginArray();
      if (const json::Value value = series["value"]; !value.isMissing()) writePoint(value, out);
      for (const json::Value value : series["values"]) writePoint(value, out);
      out.endArray().endObject();
    }
  }
  out.endArray().endObject();
  return {};
}

Result<Plan> planListMetricNames(const Query& query) {
  Asked asked(query, kNamesParameters);
  return planListing(asked, "label_values", "__name__");
}
Status presentListMetricNames(const Query&, json::Value answer, std::uint64_t, JsonWriter& out) {
  return presentList("names", answer, out);
}

Result<Plan> planGetMetricLabels(const Query& query) {
  Asked asked(query, kLabelsParameters);
  const std::string_view label = asked.text("label");
  if (!label.empty() && !isLabelName(label))
    asked.faults.add("/label", "expected the name of a label, found " + std::string(label.substr(0, 60)));
  return planListing(asked, label.empty() ? "labels" : "label_values", label);
}
Status presentGetMetricLabels(const Query& query, json::Value answer, std::uint64_t, JsonWriter& out) {
  return presentList(query.parameters["label"].isMissing() ? "labels" : "values", answer, out);
}

Result<Plan> planGetSeries(const Query& query) {
  Asked asked(query, kSeriesParameters);
  return planListing(asked, "series", {});
}
Status presentGetSeries(const Query&, json::Value answer, std::uint64_t, JsonWriter& out) {
  return presentList("series", answer, out);
}

}  // namespace gyre::metrics
