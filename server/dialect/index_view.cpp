#include "server/dialect/index_view.hpp"

#include <charconv>

#include "base/clock.hpp"
#include "server/dialect/duration.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/setting_table.hpp"

namespace gyre::dialect {

Status checkTimeouts(const Call& call) {
  for (const std::string_view name : {"timeout", "master_timeout", "cluster_manager_timeout"})
    if (const auto value = call.request.parameter(name)) GYRE_TRY(parseDuration(*value).status());
  return {};
}

Response acknowledged() {
  Response response;
  JsonWriter(response.body).beginObject().member("acknowledged", true).endObject();
  return response;
}

void writeShards(const std::vector<Resolved>& indices, JsonWriter& writer, bool only_primaries) {
  std::int64_t total = 0, successful = 0;
  for (const Resolved& each : indices) {
    const std::int64_t shards = each.index->shardCount();
    total += only_primaries ? shards : shards * (1 + each.index->replicaCount());
    successful += shards;
  }
  writer.key("_shards")
      .beginObject()
      .member("total", total)
      .member("successful", successful)
      .member("failed", 0)
      .endObject();
}

Result<bool> hasActiveShards(const Call& call, const Settings& settings) {
  const auto asked = call.request.parameter("wait_for_active_shards");
  if (!asked) return true;
  const std::int64_t copies = 1 + settings.whole("index.number_of_replicas", 1);
  if (*asked == "all") return copies == 1;
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(asked->data(), asked->data() + asked->size(), count);
  if (asked->empty() || error != std::errc() || end != asked->data() + asked->size()) {
    Status status = illegalArgument("cannot parse ActiveShardCount[" + std::string(*asked) + "]");
    status.addFault("caused_by", "number_format_exception: For input string: \"" + std::string(*asked) + "\"");
    return status;
  }
  if (count < 0) return illegalArgument("shard count cannot be a negative value");
  if (count > copies)
    return illegalArgument("invalid wait_for_active_shards[" + std::to_string(count) +
                           "]: cannot be greater than number of shard copies [" + std::to_string(copies) + "]");
  return count <= 1;
}

std::string versionNumber(const Identity& identity) {
  int part = 0;
  std::int64_t number = 0;
  std::int64_t digits = 0;
  for (const char c : identity.version + ".") {
    if (c >= '0' && c <= '9') {
      digits = digits * 10 + (c - '0');
    } else if (c == '.' && part < 3) {
      number = number * 100 + digits;
      digits = 0;
      ++part;
    }
  }
  number = number * 100 + 99;
  // OpenSearch marks its own numbers, since they began below those of Elasticsearch.
  static constexpr std::int64_t kMark = 0x08000000;
  return std::to_string(identity.distribution.empty() ? number : number ^ kMark);
}

std::string isoTime(std::int64_t millis) { return base::formatTime(millis); }

Settings shownSettings(const IndexEntry& entry, const Identity& identity, bool is_human) {
  Settings shown = entry.settings;
  shown.set("index.uuid", entry.uuid);
  shown.set("index.provided_name", entry.name);
  shown.set("index.creation_date", std::to_string(entry.created_millis));
  shown.set("index.version.created", versionNumber(identity));
  if (!identity.distribution.empty()) shown.set("index.replication.type", "DOCUMENT");
  if (entry.is_closed) shown.set("index.verified_before_close", "true");
  if (is_human) {
    shown.set("index.creation_date_string", isoTime(entry.created_millis));
    shown.set("index.version.created_string", identity.version);
  }
  return shown;
}

Result<SettingsView> SettingsView::read(const Call& call) {
  SettingsView view;
  GYRE_TRY_ASSIGN(view.is_flat, call.flag("flat_settings"));
  GYRE_TRY_ASSIGN(view.has_defaults, call.flag("include_defaults"));
  GYRE_TRY_ASSIGN(view.is_human, call.flag("human"));
  return view;
}

bool writeSettings(const IndexEntry& entry, const Identity& identity, const SettingsView& view, std::string_view names,
                   JsonWriter& writer) {
  Settings shown = shownSettings(entry, identity, view.is_human);
  Settings defaults = view.has_defaults ? defaultSettings(shown) : Settings();
  const auto isLeftOut = [names](const auto& each) { return !matchesList(names, each.first); };
  if (!names.empty()) {
    std::erase_if(shown.values(), isLeftOut);
    std::erase_if(defaults.values(), isLeftOut);
    if (shown.values().empty() && defaults.values().empty()) return false;
  }
  writer.key("settings");
  shown.write(view.is_flat, writer);
  if (view.has_defaults) {
    writer.key("defaults");
    defaults.write(view.is_flat, writer);
  }
  return true;
}

std::string mappingOf(const IndexEntry& entry) {
  const auto mapping = entry.mapping();
  return mapping ? mapping->json() : "{}";
}

Status requireBody(const Call& call) {
  if (!call.request.body.empty()) return {};
  return {Code::kInvalidArgument, "parse_exception", "request body is required"};
}

}  // namespace gyre::dialect
