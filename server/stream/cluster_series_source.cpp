#include "server/stream/cluster_series_source.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>
#include <map>
#include <utility>

#include "base/clock.hpp"
#include "engine/series/first_of.hpp"
#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "server/stream/series_document.hpp"

namespace gyre::stream {

namespace series = engine::series;

namespace {

constexpr std::size_t kSeriesAPage = 1'000;
constexpr std::size_t kNamesAPage = 10'000;
constexpr std::size_t kSamplesAPage = 10'000;  // what an index gives at once unless it is told otherwise
constexpr std::size_t kMostTerms = 1'000;      // of a filter
// Series whose samples are read together: as many as have so many samples, at most so many.
constexpr std::size_t kSamplesAtOnce = 100'000;
constexpr std::size_t kSeriesAtOnce = 1'000;
constexpr std::size_t kSeriesAtFirst = 50;

TimeRange takenTimes(std::int64_t from_ms, std::int64_t to_ms) {
  return {std::clamp(from_ms, series::kFirstTimeMs, series::kLastTimeMs),
          std::clamp(to_ms, series::kFirstTimeMs, series::kLastTimeMs)};
}

// As texts: Elasticsearch 7 takes no milliseconds before 1970.
void writeRange(JsonWriter& writer, std::string_view field, std::int64_t first, std::int64_t last) {
  writer.beginObject().key("range").beginObject().key(field).beginObject();
  writer.member("gte", base::formatTime(first)).member("lte", base::formatTime(last));
  writer.member("format", "strict_date_optional_time");
  writer.endObject().endObject().endObject();
}

// The values that are all a matcher takes (or, for !=, all it refuses) as terms of a field; none when the cluster
// cannot decide it.
std::vector<std::string> termsOf(const series::Matcher& matcher) {
  std::vector<std::string> terms;
  std::vector<std::string> values = matcher.literals();
  if (matcher.kind() == series::Matcher::Kind::kNotEqual) values.push_back(matcher.value());
  if (values.size() > kMostTerms) return terms;
  for (const std::string& value : values) {
    std::string term = matcher.name() == series::kMetricName ? value : labelTerm(matcher.name(), value);
    // What is too long is in no index, and what has no value not there at all.
    if (value.empty() || term.size() > kMostTermChars) return {};
    terms.push_back(std::move(term));
  }
  return terms;
}

// Holds for every series that satisfies the matchers, and maybe for others.
void writeFilters(JsonWriter& writer, const series::Matchers& matchers, const TimeRange& range) {
  const auto writeTerms = [&](bool is_excluded) {
    for (const series::Matcher& matcher : matchers) {
      if ((matcher.kind() == series::Matcher::Kind::kNotEqual) != is_excluded) continue;
      const std::vector<std::string> terms = termsOf(matcher);
      if (terms.empty()) continue;
      writer.beginObject().key("terms").beginObject();
      writer.key(matcher.name() == series::kMetricName ? "name" : "labels").beginArray();
      for (const std::string& term : terms) writer.string(term);
      writer.endArray().endObject().endObject();
    }
  };
  writer.beginObject().key("bool").beginObject().key("filter").beginArray();
  writeRange(writer, "hour", hourOf(range.first), range.last);
  writeTerms(false);
  writer.endArray().key("must_not").beginArray();
  writeTerms(true);
  writer.endArray().endObject().endObject();
}

Result<json::Document> ask(const ClusterSeriesIndex& index, const TimeRange& range, std::string_view parts,
                           std::string_view body, std::int64_t deadline_nanos) {
  const auto response = index.ask(range, body, deadline_nanos, std::string("filter_path=").append(parts));
  // What we ask is nobody's bad request.
  if (!response.isOk() && response.status().code() == Code::kInvalidArgument)
    return Status(Code::kUnavailable, std::string(response.status().reason()),
                  "the search cluster refuses a request for samples: " + std::string(response.status().message()));
  if (!response.isOk()) return response.status();
  auto document = json::Document::parse(*response, {.max_depth = 32});
  if (!document.isOk())
    return Status(Code::kUnavailable, "malformed_response",
                  "the search cluster's answer: " + std::string(document.status().message()));
  return document;
}

Status malformedAnswer() {
  return {Code::kUnavailable, "malformed_response", "the search cluster's answer: expected samples and series of ours"};
}

}  // namespace

// ---- samples

namespace {

class ClusterSeriesSet final : public series::SeriesSet {
 public:
  struct Series {
    std::string digest;
    series::Labels labels;
  };
  ClusterSeriesSet(const ClusterSeriesIndex& index, std::vector<Series> chosen, TimeRange range,
                   std::size_t max_samples, std::int64_t deadline_nanos)
      : index_(index),
        series_(std::move(chosen)),
        range_(range),
        max_samples_(max_samples),
        deadline_nanos_(deadline_nanos) {}

  std::size_t size() const override { return series_.size(); }
  series::Labels labels(std::size_t index) const override { return series_[index].labels; }
  Status read(std::size_t index, series::SampleColumns& into) override {
    if (index < loaded_first_ || index >= loaded_first_ + loaded_.size()) GYRE_TRY(load(index));
    into = loaded_[index - loaded_first_];
    return {};
  }

 private:
  // The samples of some series from this one on.
  Status load(std::size_t first) {
    const std::size_t count = std::min(at_once_, series_.size() - first);
    loaded_first_ = first;
    loaded_.assign(count, {});
    std::map<std::string_view, std::size_t> wanted;  // that are not read yet, as the cluster orders them
    for (std::size_t i = 0; i < count; ++i) wanted.emplace(series_[first + i].digest, i);
    std::size_t samples = 0;
    const Status read = readAll(wanted, samples);
    if (!read.isOk()) {
      loaded_.clear();
      return read;
    }
    at_once_ = std::clamp<std::size_t>(kSamplesAtOnce / std::max<std::size_t>(1, samples / count), 1, kSeriesAtOnce);
    return {};
  }

  Status readAll(std::map<std::string_view, std::size_t>& wanted, std::size_t& samples) {
    std::string after;
    for (;;) {
      GYRE_TRY_ASSIGN(const json::Document page,
                      ask(index_, range_, "hits.hits.sort", requestFor(wanted, after), deadline_nanos_));
      const json::Value hits = page.root()["hits"]["hits"];
      for (const json::Value hit : hits) {
        GYRE_TRY(take(hit["sort"], wanted));
        after = hit["sort"].raw();
      }
      samples += hits.size();
      read_ += hits.size();
      if (hits.size() < kSamplesAPage) return {};
      if (read_ > max_samples_)
        return Status(Code::kUnprocessable, "execution",
                      "the query reads more than " + std::to_string(max_samples_) +
                          " samples from the search cluster: ask for fewer series or less time");
    }
  }

  std::string requestFor(const std::map<std::string_view, std::size_t>& wanted, const std::string& after) const {
    std::string body;
    JsonWriter writer(body);
    writer.beginObject().member("size", kSamplesAPage).member("track_total_hits", false).member("_source", false);
    writer.member("stored_fields", "_none_").key("sort").raw(R"(["series","time","sequence","bits"])");
    writer.key("query").beginObject().key("bool").beginObject().key("filter").beginArray();
    writeRange(writer, kSampleTimeField, range_.first, range_.last);
    writer.beginObject().key("terms").beginObject().key("series").beginArray();
    for (const auto& [digest, at] : wanted) writer.string(digest);
    writer.endArray().endObject().endObject();
    writer.endArray().endObject().endObject();
    if (!after.empty()) writer.key("search_after").raw(after);
    writer.endObject();
    return body;
  }

  // [series, time, sequence, bits]
  Status take(json::Value sort, std::map<std::string_view, std::size_t>& wanted) {
    std::array<json::Value, 4> values;
    std::size_t count = 0;
    for (const json::Value value : sort)
      if (count < values.size()) values[count++] = value;
    const auto time = values[1].integer();
    const auto bits = values[3].integer();
    const auto found = wanted.find(values[0].string());
    if (count != values.size() || !time || !bits || found == wanted.end()) return malformedAnswer();
    // What comes before it is complete.
    wanted.erase(wanted.begin(), found);
    series::SampleColumns& columns = loaded_[found->second];
    const double value = std::bit_cast<double>(*bits);
    // In two generations there may be one each; the later sequence comes later.
    if (!columns.times.empty() && columns.times.back() == *time)
      columns.values.back() = value;
    else
      columns.add(*time, value);
    return {};
  }

  const ClusterSeriesIndex& index_;
  const std::vector<Series> series_;
  const TimeRange range_;
  const std::size_t max_samples_;
  const std::int64_t deadline_nanos_;
  std::size_t at_once_ = kSeriesAtFirst;
  std::size_t read_ = 0;
  std::size_t loaded_first_ = 0;
  std::vector<series::SampleColumns> loaded_;
};

}  // namespace

Result<std::unique_ptr<series::SeriesSet>> ClusterSeriesSource::select(const series::SelectRequest& request) const {
  const TimeRange range = takenTimes(request.from_ms, request.to_ms);
  std::vector<ClusterSeriesSet::Series> chosen;
  GYRE_TRY(visitSeries(request.matchers, range, false, [&](std::string_view digest, series::Labels labels) -> Status {
    if (chosen.size() == request.max_series)
      return Status(Code::kTooLarge, "the query selects more than " + std::to_string(request.max_series) + " series");
    chosen.push_back({std::string(digest), std::move(labels)});
    return {};
  }));
  std::sort(chosen.begin(), chosen.end(),
            [](const auto& left, const auto& right) { return left.labels < right.labels; });
  return std::unique_ptr<series::SeriesSet>(
      std::make_unique<ClusterSeriesSet>(index_, std::move(chosen), range, max_samples_, deadline_nanos_));
}

Result<std::uint64_t> ClusterSeriesSource::sampleCount(const TimeRange& range) const {
  std::string body;
  JsonWriter writer(body);
  writer.beginObject().member("size", 0).member("track_total_hits", true).key("query");
  writeRange(writer, kSampleTimeField, range.first, range.last);
  writer.endObject();
  GYRE_TRY_ASSIGN(const json::Document page, ask(index_, range, "hits.total.value", body, deadline_nanos_));
  const auto count = page.root()["hits"]["total"]["value"].unsignedInteger();
  return count ? *count : Result<std::uint64_t>(malformedAnswer());
}

Result<std::optional<std::int64_t>> ClusterSeriesSource::firstTime(const TimeRange& range) const {
  std::string body;
  JsonWriter writer(body);
  writer.beginObject().member("size", 1).member("track_total_hits", false).member("_source", false).key("query");
  writeRange(writer, kSampleTimeField, range.first, range.last);
  writer.key("sort").raw(R"(["time"])").endObject();
  GYRE_TRY_ASSIGN(const json::Document page, ask(index_, range, "hits.hits.sort", body, deadline_nanos_));
  std::optional<std::int64_t> first;
  for (const json::Value hit : page.root()["hits"]["hits"])
    for (const json::Value time : hit["sort"]) first = time.integer();
  return first;
}

// ---- series

namespace {

// A page of a field's values, and what is to be counted of each.
void writeByField(JsonWriter& writer, std::string_view field, std::size_t size, const std::string& after,
                  std::string_view inner) {
  writer.key("aggs").beginObject().key("by").beginObject().key("composite").beginObject();
  writer.member("size", size).key("sources").beginArray().beginObject().key("value").beginObject();
  writer.key("terms").beginObject().member("field", field).endObject().endObject().endObject().endArray();
  if (!after.empty()) writer.key("after").raw(after);
  writer.endObject();
  if (!inner.empty()) writer.key("aggs").raw(inner);
  writer.endObject().endObject();
}

void writeSeries(JsonWriter& writer, const std::vector<std::string>& digests) {
  writer.beginObject().key("terms").beginObject().key("series").beginArray();
  for (const std::string& digest : digests) writer.string(digest);
  writer.endArray().endObject().endObject();
}

// A series that has a document of an hour that is whole in the range has a sample in the range.
std::string innerAggregations(const TimeRange& range) {
  constexpr std::int64_t kHour = 3'600'000;
  std::string text(R"({"one":{"top_hits":{"size":1,"_source":["name","labels"]}},"whole":{"filter":)");
  JsonWriter writer(text);
  writeRange(writer, "hour", range.first, range.last - kHour + 1);
  return text.append("}}");
}

}  // namespace

Result<std::set<std::string>> ClusterSeriesSource::present(const std::vector<std::string>& digests,
                                                           const TimeRange& range) const {
  std::string body;
  JsonWriter writer(body);
  writer.beginObject().member("size", 0).member("track_total_hits", false);
  writer.key("query").beginObject().key("bool").beginObject().key("filter").beginArray();
  writeRange(writer, kSampleTimeField, range.first, range.last);
  writeSeries(writer, digests);
  writer.endArray().endObject().endObject();
  writeByField(writer, "series", kSeriesAPage, {}, {});
  writer.endObject();
  GYRE_TRY_ASSIGN(const json::Document page, ask(index_, range, "aggregations.by.buckets.key", body, deadline_nanos_));
  std::set<std::string> found;
  for (const json::Value bucket : page.root()["aggregations"]["by"]["buckets"])
    found.emplace(bucket["key"]["value"].string());
  return found;
}

Status ClusterSeriesSource::visitSeries(const series::Matchers& matchers, const TimeRange& range, bool is_exact,
                                        const Visit& visit) const {
  std::string after;
  const std::string inner = innerAggregations(range);
  for (;;) {
    std::string body;
    JsonWriter writer(body);
    writer.beginObject().member("size", 0).member("track_total_hits", false).key("query");
    writeFilters(writer, matchers, range);
    writeByField(writer, "series", kSeriesAPage, after, inner);
    writer.endObject();
    GYRE_TRY_ASSIGN(const json::Document page, ask(index_, range,
                                                   "aggregations.by.after_key,aggregations.by.buckets.key,"
                                                   "aggregations.by.buckets.whole.doc_count,"
                                                   "aggregations.by.buckets.one.hits.hits._source",
                                                   body, deadline_nanos_));
    const json::Value found = page.root()["aggregations"]["by"];
    std::map<std::string, series::Labels> doubtful;
    for (const json::Value bucket : found["buckets"]) {
      json::Value source;
      for (const json::Value hit : bucket["one"]["hits"]["hits"]) source = hit["_source"];
      auto labels = readSeriesLabels(source);
      if (!labels) return malformedAnswer();
      if (!series::matchesAll(matchers, *labels)) continue;
      const std::string_view digest = bucket["key"]["value"].string();
      if (is_exact && bucket["whole"]["doc_count"].integer().value_or(0) == 0)
        doubtful.emplace(digest, *std::move(labels));
      else
        GYRE_TRY(visit(digest, *std::move(labels)));
    }
    if (!doubtful.empty()) {
      std::vector<std::string> digests;
      for (const auto& [digest, labels] : doubtful) digests.push_back(digest);
      GYRE_TRY_ASSIGN(const std::set<std::string> there, present(digests, range));
      for (auto& [digest, labels] : doubtful)
        if (there.contains(digest)) GYRE_TRY(visit(digest, std::move(labels)));
    }
    if (found["buckets"].size() < kSeriesAPage) return {};
    after = found["after_key"].raw();
  }
}

Result<std::optional<std::set<std::string>>> ClusterSeriesSource::metricNames(const TimeRange& range) const {
  // What is too long for a term.
  GYRE_TRY_ASSIGN(const json::Document ignored, ask(index_, range, "hits.hits._id",
                                                    R"({"size":1,"track_total_hits":false,"_source":false,"query":)"
                                                    R"({"term":{"_ignored":"name"}}})",
                                                    deadline_nanos_));
  if (ignored.root()["hits"]["hits"].size() > 0) return std::optional<std::set<std::string>>();
  std::set<std::string> names;
  std::string after;
  for (;;) {
    std::string body;
    JsonWriter writer(body);
    writer.beginObject().member("size", 0).member("track_total_hits", false).key("query");
    writeFilters(writer, {}, range);
    writeByField(writer, "name", kNamesAPage, after, {});
    writer.endObject();
    GYRE_TRY_ASSIGN(const json::Document page,
                    ask(index_, range, "aggregations.by.after_key,aggregations.by.buckets.key", body, deadline_nanos_));
    const json::Value found = page.root()["aggregations"]["by"];
    for (const json::Value bucket : found["buckets"]) names.emplace(bucket["key"]["value"].string());
    if (found["buckets"].size() < kNamesAPage) return std::optional(std::move(names));
    after = found["after_key"].raw();
  }
}

Status ClusterSeriesSource::visitFiltered(const series::SeriesFilter& filter,
                                          const std::function<void(const series::Labels&)>& visit) const {
  if (filter.from_ms > filter.to_ms) return {};
  std::vector<series::Matchers> any_of = filter.any_of;
  if (any_of.empty()) any_of.emplace_back();
  for (const series::Matchers& matchers : any_of)
    GYRE_TRY(visitSeries(matchers, takenTimes(filter.from_ms, filter.to_ms), true,
                         [&](std::string_view, const series::Labels& labels) -> Status {
                           visit(labels);
                           return {};
                         }));
  return {};
}

Result<std::vector<std::string>> ClusterSeriesSource::labelNames(const series::SeriesFilter& filter) const {
  series::FirstOf<std::string> names(filter.limit);
  GYRE_TRY(visitFiltered(filter, [&](const series::Labels& labels) {
    for (const series::Label& label : labels) names.add(label.name);
  }));
  return std::move(names).take();
}

Result<std::vector<std::string>> ClusterSeriesSource::labelValues(std::string_view label,
                                                                  const series::SeriesFilter& filter) const {
  series::FirstOf<std::string> values(filter.limit);
  if (label == series::kMetricName && filter.any_of.empty() && filter.from_ms <= filter.to_ms) {
    // Asked first by whoever looks around, and of all series.
    GYRE_TRY_ASSIGN(const auto names, metricNames(takenTimes(filter.from_ms, filter.to_ms)));
    if (names) {
      for (const std::string& name : *names) values.add(name);
      return std::move(values).take();
    }
  }
  GYRE_TRY(visitFiltered(filter, [&](const series::Labels& labels) {
    const std::string_view value = series::labelValue(labels, label);
    if (!value.empty() && values.wants(value)) values.add(std::string(value));
  }));
  return std::move(values).take();
}

Result<std::vector<series::Labels>> ClusterSeriesSource::listSeries(const series::SeriesFilter& filter) const {
  series::FirstOf<series::Labels> found(filter.limit);
  GYRE_TRY(visitFiltered(filter, [&](const series::Labels& labels) { found.add(labels); }));
  return std::move(found).take();
}

}  // namespace gyre::stream
