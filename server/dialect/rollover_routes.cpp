// _rollover: a new index behind an alias, once the old one is old, large or full enough.
#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gyre/json.hpp"
#include "server/dialect/answered.hpp"
#include "server/dialect/duration.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/index_composition.hpp"
#include "server/dialect/index_figures.hpp"
#include "server/dialect/index_view.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/service.hpp"
#include "server/dialect/setting_table.hpp"

namespace gyre::dialect {

namespace {

constexpr json::Limits kBodyLimits{.max_depth = 512};
// As wide as the dialect numbers what it rolls over.
constexpr std::size_t kNumberWidth = 6;

struct Condition {
  std::string shown;  // "[max_docs: 2]"
  bool is_met = false;
};

struct Request {
  std::vector<std::pair<std::string, std::string>> conditions;  // name and value, as sent
  IndexRequest index;
};

Result<Request> readRequest(const Call& call) {
  Request request;
  if (call.request.body.empty()) return request;
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(call.request.body, kBodyLimits));
  for (const json::Value member : document.root()) {
    if (member.key() != "conditions") {
      GYRE_TRY_ASSIGN(const bool is_known, readIndexMember(member, request.index));
      if (!is_known)
        return Status(Code::kInvalidArgument, "x_content_parse_exception",
                      "[rollover] unknown field [" + std::string(member.key()) + "]");
      continue;
    }
    for (const json::Value condition : member) {
      const std::string_view name = condition.key();
      if (name != "max_docs" && name != "max_age" && name != "max_size")
        return Status(Code::kInvalidArgument, "x_content_parse_exception",
                      "[conditions] unknown field [" + std::string(name) + "]");
      request.conditions.emplace_back(
          name, condition.isString() ? std::string(condition.string()) : std::string(condition.raw()));
    }
  }
  return request;
}

Result<std::vector<Condition>> judge(const Request& request, const IndexEntry& entry, std::int64_t now_millis) {
  const IndexFigures figures = figuresOf(entry);
  std::vector<Condition> judged;
  for (const auto& [name, value] : request.conditions) {
    Condition condition{"[" + name + ": " + value + "]", false};
    if (name == "max_docs") {
      Settings number;
      number.set("n", value);
      const std::int64_t most = number.whole("n", -1);
      if (most < 0) return illegalArgument("[max_docs] must be a number, found [" + value + "]");
      condition.is_met = figures.doc_count >= static_cast<std::uint64_t>(most);
    } else if (name == "max_age") {
      GYRE_TRY_ASSIGN(const std::int64_t millis, parseDuration(value));
      condition.is_met = now_millis - entry.created_millis >= millis;
    } else {
      GYRE_TRY_ASSIGN(const std::int64_t bytes, parseBytes(value, "[max_size]"));
      // An empty index is never large enough.
      condition.is_met = figures.doc_count > 0 && static_cast<std::int64_t>(figures.size_bytes) >= bytes;
    }
    judged.push_back(std::move(condition));
  }
  return judged;
}

// "logs-000007" after "logs-6".
Result<std::string> nextName(const std::string& name) {
  const std::size_t dash = name.rfind('-');
  const std::string digits = dash == std::string::npos ? "" : name.substr(dash + 1);
  if (digits.empty() || digits.size() > 18 || digits.find_first_not_of("0123456789") != std::string::npos)
    return illegalArgument("index name [" + name + "] does not match pattern '^.*-\\d+$'");
  std::string number = std::to_string(std::stoll(digits) + 1);
  if (number.size() < kNumberWidth) number.insert(0, kNumberWidth - number.size(), '0');
  return name.substr(0, dash + 1) + number;
}

// The index that the alias writes to.
Result<IndexPtr> writeIndexOf(const CatalogState& state, std::string_view alias) {
  if (state.find(alias) != nullptr)
    return illegalArgument("rollover target is a [concrete index] but one of [alias,data_stream] was expected");
  if (!state.isAlias(alias)) return illegalArgument("rollover target [" + std::string(alias) + "] does not exist");
  std::vector<IndexPtr> holders;
  IndexPtr writer;
  for (const auto& [name, entry] : state.indices) {
    const auto held = entry->aliases.find(alias);
    if (held == entry->aliases.end()) continue;
    holders.push_back(entry);
    if (held->second.is_write_index.value_or(false)) writer = entry;
  }
  if (!writer && holders.size() == 1 && !holders.front()->aliases.find(alias)->second.is_write_index)
    writer = holders.front();
  if (!writer) return illegalArgument("rollover target [" + std::string(alias) + "] does not point to a write index");
  return writer;
}

// Moves the alias: with a write index it stays on the old one too.
Status moveAlias(CatalogState& state, std::string_view alias, const std::string& from, const std::string& to) {
  if (state.find(from) == nullptr) return indexNotFound(from);
  if (state.find(to) == nullptr) return indexNotFound(to);
  IndexEntry& old = state.edit(from);
  const auto held = old.aliases.find(alias);
  if (held == old.aliases.end()) return illegalArgument("alias [" + std::string(alias) + "] was removed meanwhile");
  Alias moved = held->second;
  if (moved.is_write_index)
    held->second.is_write_index = false;
  else
    old.aliases.erase(held);
  state.edit(to).aliases.insert_or_assign(std::string(alias), std::move(moved));
  return {};
}

Result<Response> rollover(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  Catalog& catalog = service.catalog();
  GYRE_TRY_ASSIGN(const bool is_dry_run, call.flag("dry_run"));
  GYRE_TRY_ASSIGN(Request request, readRequest(call));
  const std::string_view alias = call.variable("index");
  const auto state = catalog.state();
  GYRE_TRY_ASSIGN(const IndexPtr old, writeIndexOf(*state, alias));
  if (old->is_closed) return illegalArgument("index [" + old->name + "] is closed");
  std::string name(call.variable("target"));
  if (name.empty()) {
    GYRE_TRY_ASSIGN(name, nextName(old->name));
  }
  GYRE_TRY(checkIndexName(name));
  GYRE_TRY_ASSIGN(const auto conditions, judge(request, *old, catalog.clock().nowMillis()));
  const bool is_due = conditions.empty() || std::any_of(conditions.begin(), conditions.end(),
                                                        [](const Condition& each) { return each.is_met; });
  if (const IndexEntry* const held = state->find(name)) {
    Status exists(Code::kInvalidArgument, "resource_already_exists_exception",
                  "index [" + name + "/" + held->uuid + "] already exists");
    exists.addFault("index", name).addFault("index_uuid", held->uuid);
    return exists;
  }
  bool is_active = false;
  const bool rolls_over = is_due && !is_dry_run;
  if (rolls_over) {
    GYRE_TRY_ASSIGN(IndexRequest composed, composeIndex(*state, name, std::move(request.index)));
    GYRE_TRY_ASSIGN(is_active, hasActiveShards(call, composed.settings));
    // The template may give the alias too; it is the rollover's to give.
    composed.aliases.erase(std::string(alias));
    GYRE_TRY(catalog.create(name, std::move(composed)).status());
    const std::string from = old->name;
    const Status moved = catalog.change([&](CatalogState& next) { return moveAlias(next, alias, from, name); });
    GYRE_TRY(moved);
  }
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject()
      .member("acknowledged", rolls_over)
      .member("shards_acknowledged", rolls_over && is_active)
      .member("old_index", old->name)
      .member("new_index", name)
      .member("rolled_over", rolls_over)
      .member("dry_run", is_dry_run)
      .key("conditions")
      .beginObject();
  for (const Condition& each : conditions) writer.member(each.shown, each.is_met);
  writer.endObject().endObject();
  return response;
}

#define GYRE_ROLLOVER_PARAMETERS GYRE_TIMEOUT_PARAMETERS " dry_run wait_for_active_shards"

constexpr Route kRoutes[] = {
    {"POST", "/{index}/_rollover", answered<rollover>, GYRE_ROLLOVER_PARAMETERS},
    {"POST", "/{index}/_rollover/{target}", answered<rollover>, GYRE_ROLLOVER_PARAMETERS},
};

}  // namespace

std::span<const Route> rolloverRoutes() { return kRoutes; }

}  // namespace gyre::dialect
