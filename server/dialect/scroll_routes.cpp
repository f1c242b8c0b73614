// Searches that last: scrolls and points in time.
#include <utility>

#include "engine/search/searcher.hpp"
#include "gyre/json.hpp"
#include "server/dialect/answered.hpp"
#include "server/dialect/document_write.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/keep_alive.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/search_failure.hpp"
#include "server/dialect/search_scope.hpp"
#include "server/dialect/service.hpp"

namespace gyre::dialect {

namespace {

std::string_view tokenName(json::Value value) {
  constexpr std::string_view kNames[] = {
      "", "VALUE_NULL", "VALUE_BOOLEAN", "VALUE_NUMBER", "VALUE_STRING", "START_ARRAY", "START_OBJECT"};
  return kNames[static_cast<std::size_t>(value.kind())];
}

Status unknownMember(json::Value member) {
  return illegalArgument("Unknown parameter [" + std::string(member.key()) +
                         "] in request body or parameter is of the wrong type[" + std::string(tokenName(member)) +
                         "] ");
}

// A text or a list of texts under `name`; other members are refused.
Result<std::vector<std::string>> readIds(std::string_view body, std::string_view name) {
  std::vector<std::string> ids;
  if (body.empty()) return ids;
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(body));
  if (!document.root().isObject()) return illegalArgument("Malformed content, must start with an object");
  for (const json::Value member : document.root()) {
    if (member.key() != name || (!member.isString() && !member.isArray())) return unknownMember(member);
    if (member.isString()) ids.emplace_back(member.string());
    for (const json::Value element : member) {
      if (!element.isString())
        return illegalArgument(std::string(name) + " array element should only contain " + std::string(name));
      ids.emplace_back(element.string());
    }
  }
  return ids;
}

std::vector<std::string> splitIds(std::string_view list) {
  std::vector<std::string> ids;
  for (const std::string_view id : splitList(list)) ids.emplace_back(id);
  return ids;
}

Status checkScrollId(std::string_view id) {
  return SearchContexts::isScrollId(id) ? Status() : illegalArgument("Cannot parse scroll id");
}

// ---- scrolls ------------------------------------------------------------------------------------------------------

Result<Response> continueScroll(Service& service, Call& call) {
  std::string id(call.hasVariable("scroll_id") ? call.variable("scroll_id") : call.text("scroll_id"));
  std::string keep_alive(call.text("scroll"));
  if (!call.request.body.empty()) {
    GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(call.request.body));
    if (!document.root().isObject()) return illegalArgument("Malformed content, must start with an object");
    for (const json::Value member : document.root()) {
      if (!member.isString() || (member.key() != "scroll_id" && member.key() != "scroll")) return unknownMember(member);
      (member.key() == "scroll" ? keep_alive : id) = member.string();
    }
  }
  if (id.empty()) return validationStatus({"scrollId is missing"});
  GYRE_TRY(checkScrollId(id));
  std::int64_t millis = -1;
  if (!keep_alive.empty()) {
    GYRE_TRY_ASSIGN(millis, readScrollKeepAlive(*service.catalog().state(), keep_alive));
  }
  engine::SearchOptions options;
  GYRE_TRY_ASSIGN(options.shows_total_as_number, call.flag("rest_total_hits_as_int"));
  const auto scroll = service.openScroll(id, millis);
  if (scroll == nullptr) return contextMissing(id);
  const std::lock_guard lock(scroll->mutex);
  engine::SearchReply reply = scroll->cursor->next(id, options);
  countSearch(reply, scroll->scope);
  if (!reply.status.isOk()) return searchFailure(reply, scroll->scope, service.identity());
  Response response;
  response.body = std::move(reply.body);
  return response;
}

Result<Response> clearScrolls(Service& service, Call& call) {
  std::vector<std::string> ids =
      splitIds(call.hasVariable("scroll_id") ? call.variable("scroll_id") : call.text("scroll_id"));
  if (!call.request.body.empty()) {
    GYRE_TRY_ASSIGN(ids, readIds(call.request.body, "scroll_id"));
  }
  if (ids.empty()) return validationStatus({"no scroll ids specified"});
  std::uint64_t freed = 0;
  if (ids.size() == 1 && ids.front() == "_all") {
    freed = service.contexts().removeAllScrolls();
  } else {
    for (const std::string& id : ids) GYRE_TRY(checkScrollId(id));
    for (const std::string& id : ids) freed += service.contexts().removeScroll(id) ? 1 : 0;
  }
  Response response;
  response.status = freed == 0 ? 404 : 200;
  JsonWriter(response.body).beginObject().member("succeeded", true).member("num_freed", freed).endObject();
  return response;
}

// ---- points in time -----------------------------------------------------------------------------------------------

struct OpenedPoint {
  std::string id;
  std::shared_ptr<SearchContexts::PointInTime> point;
};

Result<OpenedPoint> openPoint(Service& service, const Call& call) {
  if (!call.has("keep_alive")) return validationStatus({"keep alive not specified"});
  OpenedPoint opened;
  opened.point = std::make_shared<SearchContexts::PointInTime>();
  GYRE_TRY_ASSIGN(opened.point->keep_alive_millis,
                  readPointInTimeKeepAlive(*service.catalog().state(), call.text("keep_alive")));
  GYRE_TRY(call.flag("allow_partial_pit_creation").status());
  GYRE_TRY_ASSIGN(const ResolveOptions resolve, readResolveOptions(call));
  GYRE_TRY_ASSIGN(opened.point->scope, resolveSearch(service.catalog(), call.variable("index"), resolve));
  opened.point->counted.open(CountedContext::Kind::kPointInTime, opened.point->scope.indices);
  opened.point->created_millis = service.catalog().clock().nowMillis();
  GYRE_TRY_ASSIGN(opened.id, service.contexts().add(opened.point, opened.point->keep_alive_millis));
  return opened;
}

Result<Response> createPointInTime(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(const OpenedPoint opened, openPoint(service, call));
  std::uint64_t shards = 0;
  for (const engine::SearchTarget& target : opened.point->scope.targets) shards += target.shard_count;
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject().member("pit_id", opened.id).key("_shards").beginObject();
  writer.member("total", shards).member("successful", shards).member("skipped", 0).member("failed", 0).endObject();
  writer.member("creation_time", opened.point->created_millis).endObject();
  return response;
}

Response deletedPoints(const std::vector<std::string>& ids) {
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject().key("pits").beginArray();
  for (const std::string& id : ids) writer.beginObject().member("successful", true).member("pit_id", id).endObject();
  writer.endArray().endObject();
  return response;
}

Result<Response> deletePointsInTime(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(const std::vector<std::string> ids, readIds(call.request.body, "pit_id"));
  if (ids.empty()) return validationStatus({"no pit ids specified"});
  for (const std::string& id : ids) GYRE_TRY(checkPointInTimeId(id));
  // One that is gone already is as good as deleted.
  for (const std::string& id : ids) service.contexts().removePointInTime(id);
  return deletedPoints(ids);
}

Result<Response> deleteAllPointsInTime(Service& service, Call&) {
  std::vector<std::string> ids;
  for (const auto& [id, point] : service.contexts().pointsInTime())
    if (service.contexts().removePointInTime(id)) ids.push_back(id);
  return deletedPoints(ids);
}

Result<Response> listPointsInTime(Service& service, Call&) {
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject().key("pits").beginArray();
  for (const auto& [id, point] : service.contexts().pointsInTime())
    writer.beginObject()
        .member("pit_id", id)
        .member("creation_time", point->created_millis)
        .member("keep_alive", point->keep_alive_millis)
        .endObject();
  writer.endArray().endObject();
  return response;
}

// Elasticsearch's forms of the same.
Result<Response> openPit(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(const OpenedPoint opened, openPoint(service, call));
  Response response;
  JsonWriter(response.body).beginObject().member("id", opened.id).endObject();
  return response;
}

Result<Response> closePit(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(const std::vector<std::string> ids, readIds(call.request.body, "id"));
  if (ids.empty()) return validationStatus({"id is empty"});
  std::uint64_t freed = 0;
  for (const std::string& id : ids) GYRE_TRY(checkPointInTimeId(id));
  for (const std::string& id : ids) freed += service.contexts().removePointInTime(id) ? 1 : 0;
  Response response;
  response.status = freed == 0 ? 404 : 200;
  JsonWriter(response.body).beginObject().member("succeeded", true).member("num_freed", freed).endObject();
  return response;
}

constexpr std::string_view kScrollParameters = "scroll scroll_id rest_total_hits_as_int";
constexpr std::string_view kPointParameters =
    GYRE_RESOLVE_PARAMETERS " keep_alive allow_partial_pit_creation preference routing";

constexpr Route kRoutes[] = {
    {"GET POST", "/_search/scroll", answered<continueScroll>, kScrollParameters},
    {"GET POST", "/_search/scroll/{scroll_id}", answered<continueScroll>, kScrollParameters},
    {"DELETE", "/_search/scroll", answered<clearScrolls>, "scroll_id"},
    {"DELETE", "/_search/scroll/{scroll_id}", answered<clearScrolls>, "scroll_id"},
    {"POST", "/{index}/_search/point_in_time", answered<createPointInTime>, kPointParameters},
    {"DELETE", "/_search/point_in_time", answered<deletePointsInTime>, ""},
    {"DELETE", "/_search/point_in_time/_all", answered<deleteAllPointsInTime>, ""},
    {"GET", "/_search/point_in_time/_all", answered<listPointsInTime>, ""},
    {"POST", "/{index}/_pit", answered<openPit>, kPointParameters},
    {"DELETE", "/_pit", answered<closePit>, ""},
};

}  // namespace

std::span<const Route> scrollRoutes() { return kRoutes; }

}  // namespace gyre::dialect
