#include "server/search/opensearch/cluster_index.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "server/search/opensearch/cluster_calls.hpp"
#include "server/search/opensearch/failure.hpp"

namespace gyre::search {
namespace {

constexpr std::string_view kPart = "search";

}  // namespace

Result<ClusterIndex> ClusterIndex::read(ClusterIndexOptions options) {
  ClusterIndex index;
  GYRE_TRY_ASSIGN(index.definition_,
                  IndexDefinition::read({options.name, options.definition, options.shards, options.replicas}));
  index.alias_ = options.prefix + options.name;
  index.mark_.emplace(options.prefix + "gyre-marks", index.alias_, options.owner);
  index.options_ = std::move(options);
  return index;
}

Result<std::uint64_t> ClusterIndex::open(Cluster& cluster, const base::Clock& clock, base::Observer& observer) {
  GYRE_TRY_ASSIGN(const bool is_foreign, mark_->claim(cluster));
  GYRE_TRY_ASSIGN(name_, findName(cluster));
  std::uint64_t covered = 0;
  std::string why;
  if (is_foreign) why = "it was filled from another store";
  if (!name_.empty() && why.empty()) {
    GYRE_TRY_ASSIGN(const bool is_ours, isOurs(cluster));
    if (!is_ours) why = "its mapping is not what the domain asks for";
  }
  if (!name_.empty() && why.empty()) {
    GYRE_TRY_ASSIGN(history_, readHistory(cluster, name_));
    GYRE_TRY_ASSIGN(covered, readMark(cluster));
    const std::uint64_t last = options_.last_sequence ? options_.last_sequence() : covered;
    if (covered > last)
      why = "it covers sequence " + std::to_string(covered) + " but the event log ends at " + std::to_string(last);
    if (why.empty()) return covered;
  }
  const std::string former = name_;
  GYRE_TRY(make(cluster, former));
  if (!former.empty())
    observer.log(base::Level::kWarning, kPart,
                 former + ": " + why + "; it is kept, and " + name_ + " is filled from the primary store");
  GYRE_TRY_ASSIGN(history_, readHistory(cluster, name_));
  GYRE_TRY(writeMark(cluster, 0, 0, clock.nowMillis()));
  return 0;
}

// "" when there is none.
Result<std::string> ClusterIndex::findName(Cluster& cluster) const {
  GYRE_TRY_ASSIGN(const HttpResponse response, cluster.send(makeRequest("GET", "/_alias/" + encodeSegment(alias_))));
  if (response.status == 404) return std::string();
  if (!isSuccess(response)) return failureOf(response);
  const auto document = json::Document::parse(response.body);
  if (!document.isOk() || document->root().size() != 1)
    return Status(Code::kUnavailable, "alias_taken",
                  "the alias " + alias_ + ": expected one index behind it, found " +
                      (document.isOk() ? std::to_string(document->root().size()) : std::string("no JSON")));
  for (const json::Value index : document->root()) return std::string(index.key());
  return std::string();
}

Result<std::string> ClusterIndex::nextName(Cluster& cluster) const {
  GYRE_TRY_ASSIGN(const json::Document found,
                  askCluster(cluster, makeRequest("GET", "/" + encodeSegment(alias_) +
                                                             "-*/_settings/index.uuid?expand_wildcards=all")));
  std::set<std::string, std::less<>> taken;
  for (const json::Value index : found.root()) taken.insert(std::string(index.key()));
  unsigned number = 1;
  while (taken.contains(numberedIndex(alias_, number))) ++number;
  return numberedIndex(alias_, number);
}

Result<bool> ClusterIndex::isOurs(Cluster& cluster) const {
  GYRE_TRY_ASSIGN(const json::Document found,
                  askCluster(cluster, makeRequest("GET", "/" + encodeSegment(name_) + "/_mapping")));
  return found.root()[name_]["mappings"]["_meta"]["gyre"]["definition"].string() == definition_.fingerprint();
}

// Nothing when there is none.
Result<std::optional<IndexCoverage>> ClusterIndex::findMark(Cluster& cluster) const {
  GYRE_TRY_ASSIGN(const auto found, mark_->read(cluster));
  if (!found) return std::optional<IndexCoverage>();
  const json::Value mark = found->root()["_source"];
  IndexCoverage said;
  said.index = mark["index"].string();
  said.history = mark["history"].string();
  said.searchable = mark["sequence"].unsignedInteger().value_or(0);
  said.applied = std::max(mark["applied"].unsignedInteger().value_or(0), said.searchable);
  said.log_end = std::max(mark["log"].unsignedInteger().value_or(0), said.applied);
  return std::optional(std::move(said));
}

Result<std::uint64_t> ClusterIndex::readMark(Cluster& cluster) const {
  GYRE_TRY_ASSIGN(const std::optional<IndexCoverage> said, findMark(cluster));
  return said && said->history == history_ ? said->searchable : std::uint64_t{0};
}

Result<IndexCoverage> ClusterIndex::look(Cluster& cluster, const IndexCoverage& known, base::Observer& observer) {
  GYRE_TRY_ASSIGN(std::optional<IndexCoverage> said, findMark(cluster));
  const auto missing = [this] {
    return Status(Code::kUnavailable, "index_missing",
                  "the index " + alias_ + " is not there: a server with the role write makes it and fills it");
  };
  if (!said || said->index.empty()) return missing();
  if (said->index == known.index && said->history == known.history) return std::move(*said);
  name_ = said->index;
  const Result<std::string> found = readHistory(cluster, name_);
  if (!found.isOk()) return found.status().reason() == "index_missing" ? missing() : found.status();
  if (*found != said->history)
    return Status(Code::kUnavailable, "index_moved",
                  "the index " + name_ + " is not the one that its writer filled: it is filled again");
  GYRE_TRY_ASSIGN(const bool is_ours, isOurs(cluster));
  if (!is_ours)
    observer.log(base::Level::kWarning, kPart,
                 name_ + ": its mapping is not what the plugin of this server asks for; it is read as it is");
  history_ = *found;
  return std::move(*said);
}

Status ClusterIndex::writeMark(Cluster& cluster, std::uint64_t searchable, std::uint64_t applied,
                               std::int64_t now_millis) {
  const std::uint64_t log_end = options_.last_sequence ? std::max(options_.last_sequence(), applied) : applied;
  return mark_->write(cluster, [&](JsonWriter& writer) {
    writer.member("index", name_)
        .member("history", history_)
        .member("sequence", searchable)
        .member("applied", applied)
        .member("log", log_end)
        .member("written", now_millis);
  });
}

// The index of the next number, with the alias: at once when it is the first, taken from the former else.
Status ClusterIndex::make(Cluster& cluster, const std::string& former) {
  GYRE_TRY_ASSIGN(name_, nextName(cluster));
  GYRE_TRY(askCluster(cluster,
                      makeRequest("PUT", "/" + encodeSegment(name_), body(cluster.options().product, former.empty())))
               .status());
  if (former.empty()) return {};
  std::string actions;
  JsonWriter writer(actions);
  writer.beginObject().key("actions").beginArray();
  writer.beginObject()
      .key("remove")
      .beginObject()
      .member("index", former)
      .member("alias", alias_)
      .endObject()
      .endObject();
  writer.beginObject().key("add").beginObject().member("index", name_).member("alias", alias_).endObject().endObject();
  writer.endArray().endObject();
  return askCluster(cluster, makeRequest("POST", "/_aliases", std::move(actions))).status();
}

std::string ClusterIndex::body(Product product, bool has_alias) const {
  std::string text;
  JsonWriter writer(text);
  definition_.write(writer.beginObject(), product);
  if (has_alias) writer.key("aliases").beginObject().key(alias_).beginObject().endObject().endObject();
  writer.endObject();
  return text;
}

}  // namespace gyre::search
