#include <algorithm>
#include <array>

#include "filter.hpp"
#include "gyre/excerpt.hpp"
#include "gyre/search_answer.hpp"
#include "queries.hpp"
#include "severity.hpp"
#include "text.hpp"

namespace gyre::logs {

namespace {

constexpr std::string_view kParts[] = {"levels", "services", "time", "time_by_level", "time_by_service", "patterns"};
constexpr std::int64_t kMaxBuckets = 5000;
constexpr std::int64_t kAutomaticBuckets = 60;
constexpr std::int64_t kServices = 50;        // most frequent
constexpr std::int64_t kServicesInTime = 10;  // in each bucket

constexpr Member kStatisticsParameters[] = {
    GYRE_LOGS_RECORD_PARAMETERS,
    GYRE_LOGS_TIME_PARAMETERS,
    {.name = "interval",
     .type = Type::kString,
     .help = "of the counts over time: a number with s, m, h or d; without one about 60 of them are made",
     .max_bytes = 16},
    {.name = "parts", .type = Type::kStringList, .help = "which statistics; all without it", .choices = kParts},
    {"patterns", Type::kInteger, false, "patterns at most", "10", 1, 100},
};

struct Asked {
  LogFilter filter;
  std::int64_t interval_millis = 0;  // 0: the engine chooses
  std::int64_t patterns = 10;
  std::vector<std::string_view> parts;
  bool has(std::string_view part) const {
    return parts.empty() || std::find(parts.begin(), parts.end(), part) != parts.end();
  }
  bool hasTime() const { return has("time") || has("time_by_level") || has("time_by_service"); }
};

std::optional<std::int64_t> parseInterval(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end + 1 != text.data() + text.size() || count < 1 || count > 100'000) return std::nullopt;
  switch (*end) {
    case 's': return count * 1000;
    case 'm': return count * 60'000;
    case 'h': return count * 3'600'000;
    case 'd': return count * 86'400'000;
    default: return std::nullopt;
  }
}

// The least of these that divides the range into at most kAutomaticBuckets.
std::int64_t automaticInterval(std::int64_t range_millis) {
  constexpr std::array<std::int64_t, 20> kSteps = {
      1,       10,      100,     1000,      2000,      5000,      10'000,     30'000,     60'000,     120'000,
      300'000, 600'000, 900'000, 1'800'000, 3'600'000, 7'200'000, 21'600'000, 43'200'000, 86'400'000, 604'800'000};
  for (const std::int64_t step : kSteps)
    if (range_millis / step < kAutomaticBuckets) return step;
  return (range_millis / kAutomaticBuckets / 86'400'000 + 1) * 86'400'000;
}

Result<Asked> readAsked(const Query& query) {
  Faults faults(query.parameters, kStatisticsParameters, {.is_lenient = query.is_lenient});
  Asked asked;
  asked.filter = LogFilter::read(faults);
  asked.patterns = readWhole(faults, "patterns", asked.patterns);
  asked.parts = readTexts(faults, "parts");
  const TimeRange& time = asked.filter.time;
  const bool has_range = time.from && time.to;
  if (const json::Value interval = faults.sound("interval"); interval.isString()) {
    const auto millis = parseInterval(interval.string());
    if (!millis)
      faults.add("/interval", "expected a number with s, m, h or d, like 5m, found " + detail::shown(interval));
    else if (has_range && (*time.to - *time.from) / *millis >= kMaxBuckets)
      faults.add("/interval", "expected at most " + std::to_string(kMaxBuckets) +
                                  " intervals between from and to, found " +
                                  std::to_string((*time.to - *time.from) / *millis + 1));
    asked.interval_millis = millis.value_or(0);
  } else if (has_range) {
    asked.interval_millis = automaticInterval(*time.to - *time.from);
  }
  GYRE_TRY(faults.status());
  GYRE_TRY_ASSIGN(asked.filter.organization_id, visibleTo(query.organization_id, asked.filter.organization_id));
  return asked;
}

JsonWriter& beginTerms(JsonWriter& out, std::string_view name, std::string_view field, std::int64_t size) {
  return out.key(name).beginObject().key("terms").beginObject().member("field", field).member("size", size).endObject();
}

void writeTime(JsonWriter& out, const Asked& asked) {
  out.key("time").beginObject();
  if (asked.interval_millis > 0) {
    out.key("date_histogram").beginObject().member("field", "@timestamp");
    out.member("fixed_interval", std::to_string(asked.interval_millis) + "ms").member("min_doc_count", 1).endObject();
  } else {
    out.key("auto_date_histogram").beginObject().member("field", "@timestamp");
    out.member("buckets", kAutomaticBuckets).endObject();
  }
  if (asked.has("time_by_level") || asked.has("time_by_service")) {
    out.key("aggs").beginObject();
    if (asked.has("time_by_level")) beginTerms(out, "levels", "level", std::size(kLevels)).endObject();
    if (asked.has("time_by_service")) beginTerms(out, "services", "service", kServicesInTime).endObject();
    out.endObject();
  }
  out.endObject();
}

constexpr std::string_view kErrors = R"({"errors":{"filter":{"terms":{"level":["error","fatal"]}}}})";

void writeCounts(json::Value buckets, JsonWriter& out) {
  out.beginObject();
  for (const json::Value bucket : buckets) out.rawMember(bucket["key"].string(), bucket["doc_count"].raw());
  out.endObject();
}

double rateOf(std::int64_t errors, std::int64_t total) {
  return total == 0 ? 0 : static_cast<double>(errors) / static_cast<double>(total);
}

Status presentLevels(json::Value level, std::int64_t total, JsonWriter& out) {
  GYRE_TRY_ASSIGN(const json::Value buckets, bucketsOf(level, "levels"));
  std::int64_t errors = 0;
  out.key("level_stats").beginArray();
  for (const json::Value bucket : buckets) {
    const std::string_view key = bucket["key"].string();
    const std::int64_t count = bucket["doc_count"].integer().value_or(0);
    if (key == "error" || key == "fatal") errors += count;
    out.beginObject().member("key", key).member("doc_count", count).endObject();
  }
  out.endArray().member("errors", errors).member("error_rate", rateOf(errors, total));
  return {};
}

Status presentServices(json::Value level, JsonWriter& out) {
  GYRE_TRY_ASSIGN(const json::Value buckets, bucketsOf(level, "services"));
  out.key("service_stats").beginArray();
  for (const json::Value bucket : buckets) {
    const std::int64_t count = bucket["doc_count"].integer().value_or(0);
    const std::int64_t errors = bucket["errors"]["doc_count"].integer().value_or(0);
    out.beginObject().member("key", bucket["key"].string()).member("doc_count", count).member("errors", errors);
    out.member("error_rate", rateOf(errors, count)).endObject();
  }
  out.endArray();
  return {};
}

Status presentTime(json::Value level, const Asked& asked, JsonWriter& out) {
  GYRE_TRY_ASSIGN(const json::Value buckets, bucketsOf(level, "time"));
  out.key("interval");
  if (asked.interval_millis > 0)
    out.integer(asked.interval_millis);
  else
    out.string(level["time"]["interval"].string());
  out.key("time_stats").beginArray();
  for (const json::Value bucket : buckets) {
    const auto key = bucket["key"].integer();
    if (!key) return unexpectedAnswer("the time of a bucket", bucket);
    out.beginObject().member("key", *key).member("key_as_string", timeText(*key));
    out.rawMember("doc_count", bucket["doc_count"].raw());
    if (asked.has("time_by_level")) {
      GYRE_TRY_ASSIGN(const json::Value levels, bucketsOf(bucket, "levels"));
      writeCounts(levels, out.key("levels"));
    }
    if (asked.has("time_by_service")) {
      GYRE_TRY_ASSIGN(const json::Value services, bucketsOf(bucket, "services"));
      writeCounts(services, out.key("services"));
    }
    out.endObject();
  }
  out.endArray();
  return {};
}

// The pattern itself is read off a message that has it: the index keeps its id alone.
Status presentPatterns(json::Value level, JsonWriter& out) {
  GYRE_TRY_ASSIGN(const json::Value buckets, bucketsOf(level, "patterns"));
  out.key("pattern_stats").beginArray();
  for (const json::Value bucket : buckets) {
    json::Value source;
    for (const json::Value hit : bucket["example"]["hits"]["hits"]) source = hit["_source"];
    const std::string_view message = source["message"].string();
    const std::string_view example = excerpt(message.substr(0, message.find('\n')), 1000);
    out.beginObject().member("id", bucket["key"].string()).member("pattern", patternOf(example));
    out.rawMember("doc_count", bucket["doc_count"].raw()).member("example", example);
    if (source["level"].isString()) out.member("level", source["level"].string());
    if (source["service"].isString()) out.member("service", source["service"].string());
    out.endObject();
  }
  out.endArray();
  return {};
}

}  // namespace

Table getLogStatisticsParameters() { return kStatisticsParameters; }

Result<Plan> planStatistics(const Query& query) {
  GYRE_TRY_ASSIGN(const Asked asked, readAsked(query));
  std::string request;
  JsonWriter out(request);
  out.beginObject().member("size", 0).member("track_total_hits", true).rawMember("query", asked.filter.clause());
  out.key("aggs").beginObject();
  if (asked.has("levels")) beginTerms(out, "levels", "level", std::size(kLevels)).endObject();
  if (asked.has("services")) beginTerms(out, "services", "service", kServices).rawMember("aggs", kErrors).endObject();
  if (asked.hasTime()) writeTime(out, asked);
  if (asked.has("patterns")) {
    beginTerms(out, "patterns", "pattern", asked.patterns);
    out.rawMember("aggs", R"({"example":{"top_hits":{"size":1,"_source":["message","level","service"]}}})").endObject();
  }
  out.endObject().endObject();
  return Plan::search(std::move(request));
}

Status presentStatistics(const Query& query, json::Value answer, std::uint64_t, JsonWriter& out) {
  GYRE_TRY_ASSIGN(const Asked asked, readAsked(query));
  const auto total = answer["hits"]["total"]["value"].integer();
  if (!total) return unexpectedAnswer("a total", answer["hits"]);
  const json::Value level = answer["aggregations"];
  out.beginObject().member("total", *total);
  if (asked.has("levels")) GYRE_TRY(presentLevels(level, *total, out));
  if (asked.has("services")) GYRE_TRY(presentServices(level, out));
  if (asked.hasTime()) GYRE_TRY(presentTime(level, asked, out));
  if (asked.has("patterns")) GYRE_TRY(presentPatterns(level, out));
  out.endObject();
  return {};
}

}  // namespace gyre::logs
