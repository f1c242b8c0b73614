// How is an index shown, and how is a change to one acknowledged? What the administrative answers share.
//
// THREADS: free functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/json_writer.hpp"
#include "gyre/status.hpp"
#include "server/dialect/catalog.hpp"
#include "server/dialect/route_table.hpp"
#include "server/dialect/service.hpp"

namespace gyre::dialect {

// For a route's list of parameters. There is one node, which waits for nobody: they are checked and need no more.
#define GYRE_TIMEOUT_PARAMETERS "timeout master_timeout cluster_manager_timeout"
Status checkTimeouts(const Call& call);

// {"acknowledged": true}
Response acknowledged();
// "_shards": {…} for all copies of the indices, of which the primaries exist.
void writeShards(const std::vector<Resolved>& indices, JsonWriter& writer, bool only_primaries = false);
// wait_for_active_shards: true when as many copies exist. illegal_argument_exception for what is no such count, or for
// more than there can be.
Result<bool> hasActiveShards(const Call& call, const Settings& settings);

// The settings with what nobody sets: uuid, creation date, name, version.
Settings shownSettings(const IndexEntry& entry, const Identity& identity, bool is_human);
// How settings are shown: "flat_settings", "include_defaults", "human".
struct SettingsView {
  bool is_flat = false, has_defaults = false, is_human = false;
  static Result<SettingsView> read(const Call& call);
};
// The members "settings" and, when they are asked for, "defaults". Names that do not match `names` are left out ("" for
// all); false when nothing is left, and nothing written.
bool writeSettings(const IndexEntry& entry, const Identity& identity, const SettingsView& view, std::string_view names,
                   JsonWriter& writer);
// The dialect's number of a version: "2.19.6" is 136408427.
std::string versionNumber(const Identity& identity);
// "{}" of an index that could not be opened.
std::string mappingOf(const IndexEntry& entry);

// "2026-11-24T15:36:30.904Z"
std::string isoTime(std::int64_t millis);

// parse_exception when there is no body.
Status requireBody(const Call& call);

}  // namespace gyre::dialect
