#include "server/search/opensearch/cluster_index.hpp"

#include <Poco/DigestEngine.h>
#include <Poco/SHA1Engine.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <utility>

#include "server/search/opensearch/failure.hpp"

namespace gyre::search {
namespace {

constexpr std::string_view kPart = "search";
constexpr int kNumberDigits = 6;

// Settings that are the host's, not the index's.
constexpr std::string_view kHostSettings[] = {"bulk_size",        "bulk_bytes",      "bulk_age",
                                              "refresh_interval", "commit_interval", "commit_operations"};

// Changes with what we make of a definition.
constexpr std::string_view kFormat = "1:";

bool isHostSetting(std::string_view name) {
  if (name.starts_with("index.")) name.remove_prefix(6);
  return std::find(std::begin(kHostSettings), std::end(kHostSettings), name) != std::end(kHostSettings);
}

std::string canonical(json::Value value) {
  std::string text;
  JsonWriter writer(text);
  json::writeCanonical(value, writer);
  return text;
}

std::string fingerprintOf(json::Value definition) {
  Poco::SHA1Engine engine;
  engine.update(std::string(kFormat) + canonical(definition));
  return Poco::DigestEngine::digestToHex(engine.digest());
}

HttpRequest request(std::string_view method, std::string target, std::string body = {}) {
  HttpRequest made;
  made.method = method;
  made.target = std::move(target);
  made.body = std::move(body);
  return made;
}

// A response that must be a success and JSON.
Result<json::Document> ask(Cluster& cluster, const HttpRequest& request) {
  GYRE_TRY_ASSIGN(const HttpResponse response, cluster.send(request));
  if (!isSuccess(response)) {
    const Status failure = failureOf(response);
    // Whatever is wrong with what we make here is nobody's bad request.
    return Status(Code::kUnavailable, std::string(failure.reason()),
                  std::string(request.method) + " " + request.target + ": " + std::string(failure.message()));
  }
  auto document = json::Document::parse(response.body);
  if (!document.isOk())
    return Status(Code::kUnavailable, "malformed_response",
                  request.target + ": " + std::string(document.status().message()));
  return document;
}

std::string numbered(const std::string& alias, unsigned number) {
  char digits[16];
  std::snprintf(digits, sizeof digits, "-%0*u", kNumberDigits, number);
  return alias + digits;
}

}  // namespace

Result<ClusterIndex> ClusterIndex::read(ClusterIndexOptions options) {
  GYRE_TRY_ASSIGN(const json::Document definition, json::Document::parse(options.definition));
  ClusterIndex index;
  GYRE_TRY_ASSIGN(index.sums_, ExactSums::read(definition.root()["mappings"]["properties"]));
  index.fingerprint_ = fingerprintOf(definition.root());
  index.alias_ = options.prefix + options.name;
  index.marks_ = options.prefix + "gyre-marks";
  index.options_ = std::move(options);
  return index;
}

Result<std::uint64_t> ClusterIndex::open(Cluster& cluster, const base::Clock& clock, base::Observer& observer) {
  GYRE_TRY(makeMarks(cluster));
  GYRE_TRY_ASSIGN(name_, findName(cluster));
  std::uint64_t covered = 0;
  std::string why;
  if (!name_.empty()) {
    GYRE_TRY_ASSIGN(const bool is_ours, isOurs(cluster));
    if (!is_ours) why = "its mapping is not what the domain asks for";
  }
  if (!name_.empty() && why.empty()) {
    GYRE_TRY_ASSIGN(history_, history(cluster));
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
  GYRE_TRY_ASSIGN(history_, history(cluster));
  GYRE_TRY(writeMark(cluster, 0, clock.nowMillis()));
  return 0;
}

// "" when there is none.
Result<std::string> ClusterIndex::findName(Cluster& cluster) const {
  GYRE_TRY_ASSIGN(const HttpResponse response, cluster.send(request("GET", "/_alias/" + encodeSegment(alias_))));
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
  GYRE_TRY_ASSIGN(
      const json::Document found,
      ask(cluster, request("GET", "/" + encodeSegment(alias_) + "-*/_settings/index.uuid?expand_wildcards=all")));
  std::set<std::string, std::less<>> taken;
  for (const json::Value index : found.root()) taken.insert(std::string(index.key()));
  unsigned number = 1;
  while (taken.contains(numbered(alias_, number))) ++number;
  return numbered(alias_, number);
}

Result<bool> ClusterIndex::isOurs(Cluster& cluster) const {
  GYRE_TRY_ASSIGN(const json::Document found, ask(cluster, request("GET", "/" + encodeSegment(name_) + "/_mapping")));
  return found.root()[name_]["mappings"]["_meta"]["gyre"]["definition"].string() == fingerprint_;
}

Result<std::string> ClusterIndex::history(Cluster& cluster) const {
  GYRE_TRY_ASSIGN(const json::Document found,
                  ask(cluster, request("GET", "/" + encodeSegment(name_) + "/_stats/docs?level=shards")));
  const json::Value index = found.root()["indices"][name_];
  std::string text(index["uuid"].string());
  std::set<std::string> histories;
  for (const json::Value shard : index["shards"])
    for (const json::Value copy : shard)
      if (copy["routing"]["primary"].boolean())
        histories.insert(std::string(copy["commit"]["user_data"]["history_uuid"].string()));
  if (text.empty() || histories.empty())
    return Status(Code::kUnavailable, "index_starting", name_ + ": its shards are not there yet");
  for (const std::string& one : histories) text += " " + one;
  return text;
}

Result<std::uint64_t> ClusterIndex::readMark(Cluster& cluster) const {
  GYRE_TRY_ASSIGN(const HttpResponse response,
                  cluster.send(request("GET", "/" + encodeSegment(marks_) + "/_doc/" + encodeSegment(alias_))));
  if (response.status == 404) return std::uint64_t{0};
  if (!isSuccess(response)) return failureOf(response);
  const auto document = json::Document::parse(response.body);
  if (!document.isOk())
    return Status(Code::kUnavailable, "malformed_response", marks_ + ": " + std::string(document.status().message()));
  const json::Value mark = document->root()["_source"];
  if (mark["history"].string() != history_) return std::uint64_t{0};
  return mark["sequence"].unsignedInteger().value_or(0);
}

Status ClusterIndex::writeMark(Cluster& cluster, std::uint64_t sequence, std::int64_t now_millis) const {
  std::string mark;
  JsonWriter writer(mark);
  writer.beginObject()
      .member("index", name_)
      .member("history", history_)
      .member("sequence", sequence)
      .member("written", now_millis)
      .endObject();
  GYRE_TRY_ASSIGN(
      const HttpResponse response,
      cluster.send(request("PUT", "/" + encodeSegment(marks_) + "/_doc/" + encodeSegment(alias_), std::move(mark))));
  return isSuccess(response) ? Status() : failureOf(response);
}

Status ClusterIndex::makeMarks(Cluster& cluster) const {
  constexpr std::string_view kMarks =
      R"({"settings":{"number_of_shards":1,"auto_expand_replicas":"0-1","hidden":true},"mappings":{"dynamic":false}})";
  GYRE_TRY_ASSIGN(const HttpResponse response,
                  cluster.send(request("PUT", "/" + encodeSegment(marks_), std::string(kMarks))));
  if (isSuccess(response) || response.body.find("resource_already_exists_exception") != std::string::npos) return {};
  const Status failure = failureOf(response);
  return Status(Code::kUnavailable, std::string(failure.reason()), marks_ + ": " + std::string(failure.message()));
}

// The index of the next number, with the alias: at once when it is the first, taken from the former else.
Status ClusterIndex::make(Cluster& cluster, const std::string& former) {
  GYRE_TRY_ASSIGN(name_, nextName(cluster));
  GYRE_TRY(ask(cluster, request("PUT", "/" + encodeSegment(name_), body(former.empty()))).status());
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
  return ask(cluster, request("POST", "/_aliases", std::move(actions))).status();
}

std::string ClusterIndex::body(bool has_alias) const {
  const auto definition = json::Document::parse(options_.definition);  // read() has seen that it can be
  std::string text;
  JsonWriter writer(text);
  writer.beginObject();
  writeSettings(definition->root()["settings"], writer.key("settings"));
  writeMappings(definition->root()["mappings"], writer.key("mappings"));
  if (has_alias) writer.key("aliases").beginObject().key(alias_).beginObject().endObject().endObject();
  writer.endObject();
  return text;
}

void ClusterIndex::writeSettings(json::Value settings, JsonWriter& writer) const {
  const auto isReplaced = [this](std::string_view name) {
    if (name.starts_with("index.")) name.remove_prefix(6);
    return isHostSetting(name) || (options_.shards > 0 && name == "number_of_shards") ||
           (options_.replicas >= 0 && name == "number_of_replicas");
  };
  writer.beginObject();
  for (const json::Value setting : settings) {
    if (setting.key() == "index" && setting.isObject()) {
      for (const json::Value inner : setting)
        if (!isReplaced(inner.key())) writer.rawMember(inner.key(), inner.raw());
    } else if (!isReplaced(setting.key())) {
      writer.rawMember(setting.key(), setting.raw());
    }
  }
  if (options_.shards > 0) writer.member("number_of_shards", options_.shards);
  if (options_.replicas >= 0) writer.member("number_of_replicas", options_.replicas);
  // The projector alone refreshes: so it knows what a search sees, and cached answers are never behind that.
  writer.member("refresh_interval", "-1").endObject();
}

// A domain says what its documents hold; a member that it does not name is a mistake.
void ClusterIndex::writeMappings(json::Value mappings, JsonWriter& writer) const {
  writer.beginObject();
  if (mappings["dynamic"].isMissing()) writer.member("dynamic", "strict");
  for (const json::Value member : mappings) {
    if (member.key() == "_meta") continue;
    if (member.key() != "properties" || sums_.isEmpty()) {
      writer.rawMember(member.key(), member.raw());
      continue;
    }
    writer.key("properties").beginObject();
    for (const json::Value property : member) writer.rawMember(property.key(), property.raw());
    sums_.writeProperty(writer);
    writer.endObject();
  }
  writer.key("_meta").beginObject();
  for (const json::Value member : mappings["_meta"]) writer.rawMember(member.key(), member.raw());
  writer.key("gyre")
      .beginObject()
      .member("domain", options_.name)
      .member("definition", fingerprint_)
      .endObject()
      .endObject();
  writer.endObject();
}

}  // namespace gyre::search
