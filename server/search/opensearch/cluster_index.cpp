#include "server/search/opensearch/cluster_index.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <utility>

#include "server/search/opensearch/cluster_calls.hpp"
#include "server/search/opensearch/failure.hpp"

namespace gyre::search {
namespace {

constexpr std::string_view kPart = "search";
constexpr std::string_view kBuilding = "-building";

IndexCoverage coverageOf(json::Value mark) {
  IndexCoverage said;
  said.index = mark["index"].string();
  said.history = mark["history"].string();
  said.searchable = mark["sequence"].unsignedInteger().value_or(0);
  said.applied = std::max(mark["applied"].unsignedInteger().value_or(0), said.searchable);
  said.log_end = std::max(mark["log"].unsignedInteger().value_or(0), said.applied);
  return said;
}

void writeAction(JsonWriter& writer, std::string_view kind, std::string_view index, std::string_view alias) {
  writer.beginObject().key(kind).beginObject().member("index", index).member("alias", alias).endObject().endObject();
}

}  // namespace

Result<ClusterIndex> ClusterIndex::read(ClusterIndexOptions options) {
  ClusterIndex index;
  GYRE_TRY_ASSIGN(index.definition_,
                  IndexDefinition::read({options.name, options.definition, options.shards, options.replicas}));
  index.base_ = options.prefix + options.name;
  index.alias_ = index.base_;
  if (options.is_build) index.alias_ += kBuilding;
  index.marks_ = options.prefix + "gyre-marks";
  index.mark_.emplace(index.marks_, index.alias_, options.owner);
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
    GYRE_TRY_ASSIGN(covered, findCovered(cluster));
    const std::uint64_t last = options_.last_sequence ? options_.last_sequence() : covered;
    if (covered > last)
      why = "it covers sequence " + std::to_string(covered) + " but the event log ends at " + std::to_string(last);
    if (why.empty()) return covered;
  }
  const std::string former = name_;
  if (options_.is_build) GYRE_TRY(deleteFormerBuilds(cluster));
  GYRE_TRY(make(cluster, options_.is_build ? std::string() : former));
  if (!former.empty() && !options_.is_build)
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
                  askCluster(cluster, makeRequest("GET", "/" + encodeSegment(base_) +
                                                             "-*/_settings/index.uuid?expand_wildcards=all")));
  unsigned long last = 0;  // behind all that there are, so that what is newer has the higher number
  for (const json::Value index : found.root()) {
    const std::string_view digits = index.key().substr(std::min(base_.size() + 1, index.key().size()));
    unsigned long number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc() && end == digits.data() + digits.size()) last = std::max(last, number);
  }
  return numberedIndex(base_, last + 1);
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
  return std::optional(coverageOf(found->root()["_source"]));
}

// By its mark; or, when it has come into use since that was written, by that of its build, or the one it left when
// another came into use.
Result<std::uint64_t> ClusterIndex::findCovered(Cluster& cluster) {
  GYRE_TRY_ASSIGN(const auto mark, mark_->read(cluster));
  const json::Value source = mark ? mark->root()["_source"] : json::Value();
  const IndexCoverage said = coverageOf(source);
  if (said.history == history_) return said.searchable;
  if (options_.is_build) return std::uint64_t{0};
  for (const std::string& id : {base_ + std::string(kBuilding), name_}) {
    GYRE_TRY_ASSIGN(const auto other, search::readMark(cluster, marks_, id));
    if (!other) continue;
    const IndexCoverage covered = coverageOf(other->root()["_source"]);
    if (covered.history != history_) continue;
    if (!said.index.empty()) GYRE_TRY(search::writeMark(cluster, marks_, said.index, std::string(source.raw())));
    GYRE_TRY(mark_->write(cluster, [&](JsonWriter& writer) {
      for (const json::Value member : other->root()["_source"])
        if (member.key() != "owner") writer.rawMember(member.key(), member.raw());
    }));
    return covered.searchable;
  }
  return std::uint64_t{0};
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
  writeAction(writer, "remove", former, alias_);
  writeAction(writer, "add", name_, alias_);
  writer.endArray().endObject();
  return askCluster(cluster, makeRequest("POST", "/_aliases", std::move(actions))).status();
}

// What an earlier build left: the index that was in use before it, and itself when it was of another mapping or is not
// the data that its mark is of. An index without a mark of its own name was made for another reason, and is kept.
Status ClusterIndex::deleteFormerBuilds(Cluster& cluster) const {
  std::set<std::string, std::less<>> left;
  if (!name_.empty()) left.insert(name_);
  GYRE_TRY_ASSIGN(
      const json::Document aliases,
      askCluster(cluster, makeRequest("GET", "/" + encodeSegment(base_) + "-*/_alias?expand_wildcards=all")));
  for (const json::Value index : aliases.root()) {
    const std::string name(index.key());
    if (!index["aliases"][base_].isMissing()) continue;
    GYRE_TRY_ASSIGN(const auto mark, search::readMark(cluster, marks_, name));
    if (mark) left.insert(name);
  }
  for (const std::string& name : left) {
    GYRE_TRY_ASSIGN(const HttpResponse deleted, cluster.send(makeRequest("DELETE", "/" + encodeSegment(name))));
    if (deleted.status != 404 && !isSuccess(deleted)) return failureOf(deleted);
    GYRE_TRY(
        cluster.send(makeRequest("DELETE", "/" + encodeSegment(marks_) + "/_doc/" + encodeSegment(name))).status());
  }
  return {};
}

Status ClusterIndex::takeIntoUse(Cluster& cluster) {
  GYRE_TRY_ASSIGN(const json::Document behind,
                  askCluster(cluster, makeRequest("GET", "/_alias/" + encodeSegment(base_))));
  std::string actions;
  JsonWriter writer(actions);
  writer.beginObject().key("actions").beginArray();
  for (const json::Value index : behind.root()) writeAction(writer, "remove", index.key(), base_);
  writeAction(writer, "remove", name_, alias_);
  writeAction(writer, "add", name_, base_);
  writer.endArray().endObject();
  return askCluster(cluster, makeRequest("POST", "/_aliases", std::move(actions))).status();
}

std::string ClusterIndex::body(Product product, bool has_alias) const {
  std::string text;
  JsonWriter writer(text);
  definition_.write(writer.beginObject(), product);
  if (has_alias) {
    writer.key("aliases").beginObject().key(alias_).beginObject();
    if (options_.is_build) writer.member("is_hidden", true);
    writer.endObject().endObject();
  }
  writer.endObject();
  return text;
}

}  // namespace gyre::search
