#include "server/stream/cluster_generations.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "gyre/json_writer.hpp"
#include "server/search/opensearch/cluster_calls.hpp"
#include "server/search/opensearch/cluster_reads.hpp"
#include "server/search/opensearch/failure.hpp"

namespace gyre::stream {

namespace {

using search::askCluster;
using search::encodeSegment;
using search::makeRequest;

constexpr std::string_view kPart = "stream";
// Above what clusters bring along for names like "logs-…".
constexpr int kTemplatePriority = 500;
// Of names in a request: a node reads a first line of 4 KiB.
constexpr std::size_t kMostNameBytes = 3'000;

// 0 for a name that is none of ours.
std::uint64_t numberOf(std::string_view index, std::string_view alias) {
  if (!index.starts_with(alias) || index.size() < alias.size() + 2 || index[alias.size()] != '-') return 0;
  index.remove_prefix(alias.size() + 1);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(index.data(), index.data() + index.size(), number);
  return error == std::errc() && end == index.data() + index.size() ? number : 0;
}

// Clusters give times as doubles.
std::int64_t millisOf(json::Value value, std::int64_t otherwise) {
  if (const auto whole = value.integer()) return *whole;
  const auto number = value.real();
  return number && std::isfinite(*number) && std::abs(*number) < 9e18 ? static_cast<std::int64_t>(*number) : otherwise;
}

}  // namespace

Result<ClusterGenerations> ClusterGenerations::read(ClusterStreamOptions options, search::Cluster& cluster,
                                                    const base::Clock& clock, base::Observer& observer) {
  // Sequences of another log are not ours, and a record that has left it is nowhere else.
  options.owner.takes_over = options.owner.may_take_over = false;
  ClusterGenerations made(std::move(options), cluster, clock, observer);
  const ClusterStreamOptions& given = made.options_;
  GYRE_TRY_ASSIGN(made.definition_,
                  search::IndexDefinition::read({given.name, given.definition, given.shards, given.replicas}));
  if (!made.definition_.sums().isEmpty())
    return invalidArgument("the mapping of " + given.name + ": a stream has no exact sums on a cluster");
  made.alias_ = given.prefix + given.name;
  made.mark_.emplace(given.prefix + "gyre-marks", made.alias_, given.owner);
  made.template_ = given.prefix + "gyre-" + given.name;
  return made;
}

Result<ClusterGenerations::Opened> ClusterGenerations::open() {
  GYRE_TRY(mark_->claim(*cluster_).status());
  GYRE_TRY(putTemplate());
  Opened opened;
  GYRE_TRY_ASSIGN(opened.generations, find());
  GYRE_TRY(cover(opened.generations, opened));
  if (opened.generations.empty()) {
    GYRE_TRY_ASSIGN(opened.generations.emplace_back(), make(1, opened.covered + 1));
  }
  GYRE_TRY(setAliases(opened.generations));
  GYRE_TRY_ASSIGN(history_, search::readHistory(*cluster_, opened.generations.back().name));
  for (ClusterGeneration& generation : opened.generations) GYRE_TRY(readRange(generation));
  GYRE_TRY_ASSIGN(const std::uint64_t held, readLastSequence(opened.generations.back()));
  opened.held = std::max(opened.covered, held);
  GYRE_TRY(writeMark(opened.generations.back(), opened.covered, opened.covered, opened.newest_time));
  return opened;
}

// How far `found` goes, by its newest, its mark, and where the log begins.
Status ClusterGenerations::cover(const std::vector<ClusterGeneration>& found, Opened& opened) {
  GYRE_TRY_ASSIGN(const auto document, mark_->read(*cluster_));
  const json::Value mark = document ? document->root()["_source"] : json::Value();
  const std::string marked(mark["index"].string());
  if (!found.empty()) {
    opened.covered = found.back().first_sequence - 1;
    if (marked == found.back().name) {
      GYRE_TRY_ASSIGN(const std::string history, search::readHistory(*cluster_, marked));
      if (mark["history"].string() == history) {
        opened.covered = std::max(opened.covered, mark["sequence"].unsignedInteger().value_or(0));
        opened.newest_time = mark["newestTime"].integer();
      }
    }
  }
  // A later one was there, and is gone: those before it are whole up to its beginning.
  const bool is_gone = !marked.empty() && numberOf(marked, alias_) > (found.empty() ? 0 : found.back().number);
  if (is_gone && !found.empty())
    opened.covered = std::max(opened.covered, mark["firstSequence"].unsignedInteger().value_or(1) - 1);
  if (const std::uint64_t last = options_.last_sequence(); opened.covered > last)
    return {Code::kUnavailable, "index_ahead",
            "the index " + alias_ + " holds records up to sequence " + std::to_string(opened.covered) +
                " but the log ends at " + std::to_string(last) + ": the store is older than the index"};
  GYRE_TRY_ASSIGN(const std::uint64_t first, options_.first_sequence());
  if (is_gone)
    observer_->log(base::Level::kError, kPart,
                   "the index " + marked + " is gone, which held records from sequence " +
                       std::string(mark["firstSequence"].raw()) + " on; what the log still has, from sequence " +
                       std::to_string(std::max(first, opened.covered + 1)) + " on, is indexed again");
  if (first > opened.covered + 1) {
    observer_->log(base::Level::kError, kPart,
                   "the index " + alias_ + (found.empty() ? " does not hold" : " may not hold") + " all of sequences " +
                       std::to_string(opened.covered + 1) + " to " + std::to_string(first - 1) +
                       ", which have left the log: what it does not hold is lost");
    opened.covered = first - 1;
    opened.newest_time.reset();
  }
  return {};
}

Status ClusterGenerations::putTemplate() const {
  std::string body;
  JsonWriter writer(body);
  writer.beginObject().key("index_patterns").beginArray().string(alias_ + "-0*").endArray();
  writer.member("priority", kTemplatePriority).key("template");
  definition_.write(writer.beginObject(), cluster_->options().product);
  writer.endObject().endObject();
  return askCluster(*cluster_, makeRequest("PUT", "/_index_template/" + encodeSegment(template_), std::move(body)))
      .status();
}

// Those with this stream's mark in their mapping, oldest first.
Result<std::vector<ClusterGeneration>> ClusterGenerations::find() const {
  GYRE_TRY_ASSIGN(const json::Document mappings,
                  askCluster(*cluster_, makeRequest("GET", "/" + encodeSegment(alias_) +
                                                               "-*/_mapping?expand_wildcards=open,hidden&"
                                                               "filter_path=*.mappings._meta.gyre")));
  std::vector<ClusterGeneration> found;
  for (const json::Value index : mappings.root()) {
    const json::Value meta = index["mappings"]["_meta"]["gyre"];
    const auto first = meta["firstSequence"].unsignedInteger();
    const std::uint64_t number = numberOf(index.key(), alias_);
    if (meta["domain"].string() != options_.name || !first || *first == 0 || number == 0) continue;
    found.push_back({std::string(index.key()),
                     number,
                     *first,
                     meta["created"].integer().value_or(0),
                     std::string(meta["definition"].string()),
                     {}});
  }
  std::sort(found.begin(), found.end(),
            [](const ClusterGeneration& a, const ClusterGeneration& b) { return a.number < b.number; });
  return found;
}

// Of everything that any process has written to it.
Status ClusterGenerations::readRange(ClusterGeneration& generation) const {
  const std::string path = "/" + encodeSegment(generation.name);
  GYRE_TRY(askCluster(*cluster_, makeRequest("POST", path + "/_refresh")).status());
  std::string body;
  JsonWriter writer(body);
  writer.beginObject().member("size", 0).member("track_total_hits", false).key("aggs").beginObject();
  for (const std::string_view name : {"min", "max"})
    writer.key(name).beginObject().key(name).beginObject().member("field", options_.time_field).endObject().endObject();
  writer.endObject().endObject();
  GYRE_TRY_ASSIGN(const json::Document answer,
                  askCluster(*cluster_, makeRequest("POST", path + "/_search?allow_partial_search_results=false",
                                                    std::move(body))));
  const json::Value found = answer.root()["aggregations"];
  generation.range.min_time = millisOf(found["min"]["value"], generation.range.min_time);
  generation.range.max_time = millisOf(found["max"]["value"], generation.range.max_time);
  generation.range.newest = std::min(generation.range.max_time, clock_->nowMillis());
  return {};
}

Result<std::uint64_t> ClusterGenerations::readLastSequence(const ClusterGeneration& generation) const {
  GYRE_TRY_ASSIGN(const json::Document answer,
                  askCluster(*cluster_, makeRequest("POST", "/" + encodeSegment(generation.name) + "/_search",
                                                    R"({"size":1,"_source":["sequence"],"track_total_hits":false,)"
                                                    R"("sort":[{"sequence":"desc"}]})")));
  std::uint64_t last = 0;
  for (const json::Value hit : answer.root()["hits"]["hits"])
    last = hit["_source"]["sequence"].unsignedInteger().value_or(0);
  return last;
}

Result<ClusterGeneration> ClusterGenerations::make(std::uint64_t number, std::uint64_t first_sequence) {
  ClusterGeneration made{search::numberedIndex(alias_, number),
                         number,
                         first_sequence,
                         clock_->nowMillis(),
                         definition_.fingerprint(),
                         {}};
  std::string body;
  JsonWriter writer(body);
  definition_.write(writer.beginObject(), cluster_->options().product, [&](JsonWriter& meta) {
    meta.member("firstSequence", made.first_sequence).member("created", made.created_millis);
  });
  writer.endObject();
  GYRE_TRY_ASSIGN(const search::HttpResponse response,
                  cluster_->send(makeRequest("PUT", "/" + encodeSegment(made.name), std::move(body))));
  if (search::isSuccess(response)) return made;
  // A name that another has, which is not this stream's.
  if (response.body.find("resource_already_exists_exception") != std::string::npos)
    return make(number + 1, first_sequence);
  const Status failure = search::failureOf(response);
  return Status(Code::kUnavailable, std::string(failure.reason()),
                "the index " + made.name + " cannot be made: " + std::string(failure.message()));
}

Result<ClusterGeneration> ClusterGenerations::add(const std::vector<ClusterGeneration>& generations,
                                                  std::uint64_t first_sequence) {
  GYRE_TRY_ASSIGN(ClusterGeneration made, make(generations.back().number + 1, first_sequence));
  std::vector<ClusterGeneration> all = generations;
  all.push_back(made);
  GYRE_TRY(setAliases(all));
  GYRE_TRY_ASSIGN(history_, search::readHistory(*cluster_, made.name));
  return made;
}

// In one change: there is one write index at any time.
Status ClusterGenerations::setAliases(const std::vector<ClusterGeneration>& generations) const {
  std::string body;
  JsonWriter writer(body);
  writer.beginObject().key("actions").beginArray();
  for (const ClusterGeneration& generation : generations) {
    writer.beginObject().key("add").beginObject().member("index", generation.name).member("alias", alias_);
    writer.member("is_write_index", &generation == &generations.back()).endObject().endObject();
  }
  writer.beginObject().key("add").beginObject().member("index", generations.back().name);
  writer.member("alias", writeAlias(generations.back())).member("is_hidden", true).endObject().endObject();
  writer.endArray().endObject();
  return askCluster(*cluster_, makeRequest("POST", "/_aliases", std::move(body))).status();
}

Result<ClusterGenerations::Looked> ClusterGenerations::look(const ClusterGeneration& newest) const {
  GYRE_TRY_ASSIGN(
      const search::HttpResponse response,
      cluster_->send(makeRequest("GET", "/" + encodeSegment(newest.name) + "/_stats/docs,store?level=shards")));
  Looked looked;
  if (response.status == 404) {
    looked.is_same = false;
    return looked;
  }
  if (!search::isSuccess(response)) return search::failureOf(response);
  const auto stats = json::Document::parse(response.body);
  if (!stats.isOk())
    return Status(Code::kUnavailable, "malformed_response",
                  "figures of " + newest.name + ": " + std::string(stats.status().message()));
  GYRE_TRY_ASSIGN(const std::string history, search::historyOf(stats->root(), newest.name));
  looked.is_same = history == history_;
  const json::Value primaries = stats->root()["indices"][newest.name]["primaries"];
  looked.documents = primaries["docs"]["count"].unsignedInteger().value_or(0);
  looked.bytes = primaries["store"]["size_in_bytes"].unsignedInteger().value_or(0);
  return looked;
}

Status ClusterGenerations::writeMark(const ClusterGeneration& newest, std::uint64_t durable, std::uint64_t searchable,
                                     std::optional<std::int64_t> newest_time) {
  return mark_->write(*cluster_, [&](JsonWriter& writer) {
    writer.member("index", newest.name)
        .member("history", history_)
        .member("firstSequence", newest.first_sequence)
        .member("sequence", durable)
        .member("searchable", searchable)
        .member("log", std::max(options_.last_sequence(), searchable))
        .member("written", clock_->nowMillis());
    if (newest_time) writer.member("newestTime", *newest_time);
  });
}

Result<ClusterGenerations::Coverage> ClusterGenerations::readCoverage() const {
  GYRE_TRY_ASSIGN(const auto document, mark_->read(*cluster_));
  const json::Value mark = document ? document->root()["_source"] : json::Value();
  Coverage said{std::string(mark["index"].string()), std::string(mark["history"].string())};
  if (said.newest.empty()) return missing();
  said.durable = mark["sequence"].unsignedInteger().value_or(0);
  said.searchable = std::max(mark["searchable"].unsignedInteger().value_or(0), said.durable);
  said.log_end = std::max(mark["log"].unsignedInteger().value_or(0), said.searchable);
  return said;
}

Status ClusterGenerations::missing() const {
  return {Code::kUnavailable, "index_missing",
          "the indices " + alias_ + " are not there: a server with the role write makes them and fills them"};
}

Result<std::vector<ClusterGeneration>> ClusterGenerations::findCovered(
    const Coverage& said, const std::vector<ClusterGeneration>& known) const {
  const Result<std::string> history = search::readHistory(*cluster_, said.newest);
  if (!history.isOk()) return history.status().reason() == "index_missing" ? missing() : history.status();
  if (*history != said.history)
    return Status(Code::kUnavailable, "index_moved",
                  "the index " + said.newest + " is not the one that its writer filled");
  GYRE_TRY_ASSIGN(std::vector<ClusterGeneration> found, find());
  for (ClusterGeneration& generation : found) {
    if (&generation == &found.back()) break;
    const auto same = std::find_if(known.begin(), known.end(), [&](const ClusterGeneration& one) {
      return one.name == generation.name && one.created_millis == generation.created_millis;
    });
    if (same != known.end() && same + 1 != known.end())
      generation.range = same->range;
    else
      GYRE_TRY(readRange(generation));
  }
  const bool is_there =
      std::any_of(found.begin(), found.end(), [&](const ClusterGeneration& one) { return one.name == said.newest; });
  if (!is_there) return missing();
  return found;
}

std::string ClusterGenerations::targetOf(const std::vector<ClusterGeneration>& generations,
                                         const TimeRange& wanted) const {
  std::string names;
  for (const ClusterGeneration& generation : generations) {
    const GenerationRange& range = generation.range;
    const bool is_met = !range.isEmpty() && wanted.meets(range.min_time, range.max_time);
    if (!is_met && &generation != &generations.back()) continue;
    if (!names.empty()) names += ',';
    names += generation.name;
  }
  return names.empty() || names.size() > kMostNameBytes ? alias_ : names;
}

Result<std::string> ClusterGenerations::search(const std::string& target, std::string_view request,
                                               std::int64_t deadline_nanos, std::string_view parameters) const {
  return search::ClusterReads(*cluster_, definition_.sums()).search(target, request, deadline_nanos, parameters);
}

Result<search::EngineStats> ClusterGenerations::stats(std::int64_t deadline_nanos) const {
  return search::ClusterReads(*cluster_, definition_.sums()).stats(alias_, deadline_nanos);
}

Result<std::uint64_t> ClusterGenerations::remove(const ClusterGeneration& generation) const {
  const std::string path = "/" + encodeSegment(generation.name);
  std::uint64_t documents = 0;
  GYRE_TRY_ASSIGN(const search::HttpResponse counted, cluster_->send(makeRequest("GET", path + "/_stats/docs")));
  if (search::isSuccess(counted))
    if (const auto stats = json::Document::parse(counted.body); stats.isOk())
      documents = stats->root()["_all"]["primaries"]["docs"]["count"].unsignedInteger().value_or(0);
  GYRE_TRY_ASSIGN(const search::HttpResponse response, cluster_->send(makeRequest("DELETE", path)));
  if (response.status == 404 || search::isSuccess(response)) return documents;
  return search::failureOf(response);
}

}  // namespace gyre::stream
