#include "server/stream/cluster_series_index.hpp"

#include <xxhash.h>

#include <algorithm>
#include <set>
#include <utility>

#include "engine/promql/series_request.hpp"
#include "gyre/json_writer.hpp"
#include "server/search/opensearch/cluster_calls.hpp"
#include "server/stream/cluster_series_source.hpp"
#include "server/stream/late_samples.hpp"
#include "server/stream/series_document.hpp"

namespace gyre::stream {

namespace series = engine::series;

namespace {

// Ids that are remembered; then all are forgotten, and their documents sent once more, which changes nothing.
constexpr std::size_t kMostKnown = 2'000'000;
constexpr std::size_t kFamiliesAPage = 5'000;

}  // namespace

Result<std::unique_ptr<ClusterSeriesIndex>> ClusterSeriesIndex::open(ClusterStreamOptions options,
                                                                     std::int64_t out_of_order_ms,
                                                                     search::Cluster& cluster, const base::Clock& clock,
                                                                     base::Observer& observer) {
  GYRE_TRY_ASSIGN(options.definition, seriesIndexDefinition(options.definition));
  options.time_field = kSampleTimeField;
  GYRE_TRY_ASSIGN(ClusterGenerations indices, ClusterGenerations::read(std::move(options), cluster, clock, observer));
  std::unique_ptr<ClusterSeriesIndex> index(new ClusterSeriesIndex(std::move(indices), cluster, clock, observer));
  index->out_of_order_ms_ = out_of_order_ms;
  GYRE_TRY(index->begin());
  return index;
}

// ---- writing

ClusterSeriesIndex::IdHash ClusterSeriesIndex::hashOf(std::string_view id) {
  const XXH128_hash_t hash = XXH3_128bits(id.data(), id.size());
  return {hash.low64, hash.high64};
}

Status ClusterSeriesIndex::opened(const ClusterGenerations::Opened& opened) {
  known_.clear();
  std::int64_t newest = opened.newest_time.value_or(series::kNoTimeMs);
  if (!opened.newest_time) {
    for (const ClusterGeneration& generation : opened.generations)
      if (generation.number != opened.generations.back().number && !generation.range.isEmpty())
        newest = std::max(newest, generation.range.max_time);
    GYRE_TRY_ASSIGN(const std::int64_t covered, newestUpTo(opened.covered, opened.generations.back().name));
    newest = std::max(newest, covered);
  }
  newest_ms_ = newest;
  return readFamilies(opened.generations.back().name);
}

// What is beyond will be sent again.
Result<std::int64_t> ClusterSeriesIndex::newestUpTo(std::uint64_t sequence, const std::string& index) const {
  std::string body;
  JsonWriter writer(body);
  writer.beginObject().member("size", 1).member("track_total_hits", false).key("_source").raw(R"(["time"])");
  writer.key("query").beginObject().key("bool").beginObject().key("filter").beginArray();
  writer.raw(R"({"exists":{"field":"time"}})").beginObject().key("range").beginObject().key("sequence").beginObject();
  writer.member("lte", sequence).endObject().endObject().endObject().endArray().endObject().endObject();
  writer.key("sort").raw(R"([{"time":"desc"}])").endObject();
  GYRE_TRY_ASSIGN(const json::Document answer,
                  search::askCluster(cluster(), search::makeRequest("POST",
                                                                    "/" + search::encodeSegment(index) +
                                                                        "/_search?allow_partial_search_results=false",
                                                                    std::move(body))));
  std::int64_t newest = series::kNoTimeMs;
  for (const json::Value hit : answer.root()["hits"]["hits"])
    newest = hit["_source"]["time"].integer().value_or(newest);
  return newest;
}

Status ClusterSeriesIndex::readFamilies(const std::string& newest) {
  std::map<std::string, Family, std::less<>> families;
  std::set<std::string, std::less<>> held;  // as it is, by the newest generation
  std::string after;
  for (;;) {
    std::string body;
    JsonWriter writer(body);
    writer.beginObject().member("size", kFamiliesAPage).member("track_total_hits", false);
    writer.key("query").raw(R"({"exists":{"field":"metric"}})").key("sort").raw(R"(["metric","sequence"])");
    if (!after.empty()) writer.key("search_after").raw(after);
    writer.endObject();
    GYRE_TRY_ASSIGN(
        const json::Document page,
        search::askCluster(cluster(), search::makeRequest("POST",
                                                          "/" + search::encodeSegment(alias()) +
                                                              "/_search?allow_partial_search_results=false&filter_path="
                                                              "hits.hits._index,hits.hits._source,hits.hits.sort",
                                                          std::move(body))));
    const json::Value hits = page.root()["hits"]["hits"];
    for (const json::Value hit : hits) {
      const json::Value source = hit["_source"];
      const std::string name(source["metric"].string());
      const std::string unit(source["unit"].string());
      families[name] = {{name, std::string(source["type"].string()), std::string(source["help"].string()), unit},
                        source["sequence"].unsignedInteger().value_or(1)};
      if (hit["_index"].string() == newest)
        held.insert(name);
      else
        held.erase(name);
      after = hit["sort"].raw();
    }
    if (hits.size() < kFamiliesAPage) break;
  }
  for (const auto& [name, family] : families)
    if (!held.contains(name)) add(familyDocument(family.metadata, family.sequence), 0);
  const std::lock_guard lock(families_mutex_);
  families_ = std::move(families);
  return {};
}

void ClusterSeriesIndex::began(const ClusterGeneration& /*newest*/) {
  known_.clear();
  const std::lock_guard lock(families_mutex_);
  for (const auto& [name, family] : families_) add(familyDocument(family.metadata, family.sequence), 0);
}

void ClusterSeriesIndex::describe(const SampleBatch& samples, std::uint64_t sequence) {
  std::map<std::string_view, series::FamilyDescription> described;  // the last one of a family counts
  for (std::size_t i = 0; i < samples.seriesCount(); ++i)
    if (const auto family = series::describedFamily(samples, i)) described[family->name] = *family;
  const std::lock_guard lock(families_mutex_);
  for (const auto& [name, given] : described)
    describe({std::string(given.name), std::string(given.type), std::string(given.help), std::string(given.unit)},
             sequence);
}

void ClusterSeriesIndex::describe(series::MetricMetadata metadata, std::uint64_t sequence) {
  auto found = families_.find(metadata.name);
  if (found == families_.end()) {
    if (families_.size() >= series::kMostFamilies) return;
    found = families_.emplace(metadata.name, Family()).first;
  }
  Family& family = found->second;
  if (family.sequence != 0 && family.metadata.type == metadata.type && family.metadata.help == metadata.help &&
      family.metadata.unit == metadata.unit)
    return;
  family = {std::move(metadata), sequence};
  add(familyDocument(family.metadata, sequence), 0);
}

bool ClusterSeriesIndex::isNewIn(std::int64_t hour_ms, std::string_view digest, std::string& id) {
  id.assign(digest).append(std::to_string(hour_ms));
  if (known_.size() >= kMostKnown) known_.clear();
  return known_.insert(hashOf(id)).second;
}

void ClusterSeriesIndex::load(const series::Labels& labels, const series::SampleColumns& samples, std::uint64_t as_of,
                              std::int64_t arrived_millis) {
  std::vector<gyre::Label> views;
  for (const series::Label& label : labels) views.push_back({label.name, label.value});
  const std::string digest = seriesDigest(views);
  std::string id;
  GenerationRange range;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const std::int64_t time = samples.times[i];
    const std::int64_t hour = hourOf(time);
    if ((i == 0 || hour != hourOf(samples.times[i - 1])) && isNewIn(hour, digest, id))
      add(seriesDocument(digest, hour, views, as_of), time);
    range.add(time, arrived_millis);
    add(sampleDocument(digest, time, samples.values[i], as_of), time);
  }
  widen(range, 0);
}

void ClusterSeriesIndex::cover(std::uint64_t sequence, std::int64_t newest_ms,
                               const std::vector<series::MetricMetadata>& families) {
  newest_ms_ = std::max(newest_ms_.load(), newest_ms);
  {
    const std::lock_guard lock(families_mutex_);
    for (const series::MetricMetadata& family : families) describe(family, sequence);
  }
  widen({}, sequence);
}

std::vector<Rejection> ClusterSeriesIndex::screen(RecordBatch& batch) const {
  return takeLateSamples(batch, series::firstTaken(newest_ms_, out_of_order_ms_));
}

std::uint64_t ClusterSeriesIndex::gatherRecord(const SampleBatch& samples, std::uint64_t first_sequence,
                                               std::uint64_t next, std::int64_t arrived_millis,
                                               GenerationRange& range) {
  if (next == first_sequence) describe(samples, first_sequence);
  const std::int64_t first_taken = series::firstTaken(newest_ms_, out_of_order_ms_);
  const auto isTaken = [&](std::int64_t time) { return time >= first_taken && time <= series::kLastTimeMs; };
  const std::size_t count = samples.sampleCount();
  std::vector<std::string> digests(samples.seriesCount());
  std::vector<gyre::Label> labels;
  std::string id;
  for (auto at = static_cast<std::size_t>(next - first_sequence); at < count; ++at) {
    if (isFull()) return first_sequence + at;
    const gyre::Sample sample = samples.sample(at);
    const std::int64_t time = sample.time_millis;
    if (!isTaken(time)) {
      ++dropped_;
      continue;
    }
    std::string& digest = digests[sample.series];
    if (digest.empty()) {
      samples.labels(sample.series, labels);
      digest = seriesDigest(labels);
    }
    if (isNewIn(hourOf(time), digest, id)) {
      samples.labels(sample.series, labels);
      add(seriesDocument(digest, hourOf(time), labels, first_sequence + at), time);
    }
    range.add(time, arrived_millis);
    add(sampleDocument(digest, time, sample.value, first_sequence + at), time);
  }
  std::int64_t newest = newest_ms_;
  for (std::size_t at = 0; at < count; ++at)
    if (const std::int64_t time = samples.sample(at).time_millis; isTaken(time)) newest = std::max(newest, time);
  newest_ms_ = newest;
  return first_sequence + std::max<std::size_t>(count, 1);
}

Result<std::uint64_t> ClusterSeriesIndex::gather(const RecordBatch& batch, std::uint64_t first_sequence,
                                                 std::uint64_t next, std::int64_t arrived_millis,
                                                 GenerationRange& range) {
  std::uint64_t sequence = first_sequence;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const std::uint64_t end = sequence + batch.sequences(i);
    if (next < end) {
      GYRE_TRY_ASSIGN(const SampleBatch samples, SampleBatch::read(batch.record(i)));
      next = gatherRecord(samples, sequence, next, arrived_millis, range);
      if (next < end) break;  // no more fits
    }
    sequence = end;
  }
  return next;
}

// ---- reading

std::vector<series::MetricMetadata> ClusterSeriesIndex::metadata(std::string_view metric, std::size_t limit) const {
  std::vector<series::MetricMetadata> found;
  const std::lock_guard lock(families_mutex_);
  for (const auto& [name, family] : families_) {
    if (!metric.empty() && name != metric) continue;
    if (limit != 0 && found.size() == limit) break;
    found.push_back(family.metadata);
  }
  return found;
}

Result<search::SearchAnswer> ClusterSeriesIndex::search(std::string_view request, std::int64_t deadline_nanos) const {
  GYRE_TRY(health());
  const search::Progress before = progress();
  engine::promql::QueryOptions options;
  options.evaluation_limits.deadline_nanos = deadline_nanos;
  options.evaluation_limits.clock = &clock();
  const ClusterSeriesSource source(*this, options.evaluation_limits.max_samples, deadline_nanos);
  GYRE_TRY_ASSIGN(std::string answer, engine::promql::answerSeriesRequest(source, request, options));
  return search::SearchAnswer{std::move(answer), before.generation, before.searchable};
}

}  // namespace gyre::stream
