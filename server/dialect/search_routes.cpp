// Searching: _search, _count and _msearch.
#include <chrono>
#include <utility>
#include <vector>

#include "engine/search/multi_search.hpp"
#include "engine/search/scroll_cursor.hpp"
#include "engine/search/searcher.hpp"
#include "gyre/json.hpp"
#include "server/dialect/answered.hpp"
#include "server/dialect/document_write.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/keep_alive.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/search_failure.hpp"
#include "server/dialect/search_scope.hpp"
#include "server/dialect/search_targets.hpp"
#include "server/dialect/service.hpp"

namespace gyre::dialect {

namespace {

std::int64_t steadyMillis() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Result<Response> answerOf(engine::SearchReply reply, const SearchScope& scope, Service& service) {
  countSearch(reply, scope);
  if (!reply.status.isOk()) return searchFailure(reply, scope, service.identity());
  Response response;
  response.body = std::move(reply.body);
  return response;
}

// What to tell when the indices cannot be had: a fault of the request, as a search of no index shows it, comes first.
Status faultBefore(const Status& failure, const engine::SearchReply& of_none) {
  return of_none.status.isOk() ? failure : of_none.status;
}

Result<Response> openScroll(Service& service, const Call& call, SearchScope scope, engine::SearchOptions options) {
  GYRE_TRY_ASSIGN(const std::int64_t keep_alive, readScrollKeepAlive(*service.catalog().state(), call.text("scroll")));
  auto scroll = std::make_shared<SearchContexts::Scroll>();
  scroll->scope = std::move(scope);
  scroll->counted.open(CountedContext::Kind::kScroll, scroll->scope.indices);
  GYRE_TRY_ASSIGN(scroll->cursor, engine::ScrollCursor::open(scroll->scope.targets, call.request.body, options));
  GYRE_TRY_ASSIGN(const std::string id, service.contexts().add(scroll, keep_alive));
  const std::lock_guard lock(scroll->mutex);
  auto answered = answerOf(scroll->cursor->next(id, options), scroll->scope, service);
  if (!answered.isOk()) service.contexts().removeScroll(id);
  return answered;
}

// A search in the point in time that its body names.
Result<Response> searchPointInTime(Service& service, const Call& call, const engine::PointInTimeUse& use,
                                   engine::SearchOptions options) {
  std::vector<std::string> faults;
  if (call.hasVariable("index")) faults.emplace_back("[indices] cannot be used with point in time");
  if (call.has("routing")) faults.emplace_back("[routing] cannot be used with point in time");
  if (call.has("preference")) faults.emplace_back("[preference] cannot be used with point in time");
  if (call.has("scroll")) faults.emplace_back("using [point in time] is not allowed in a scroll context");
  GYRE_TRY(validationStatus(faults));
  GYRE_TRY(checkPointInTimeId(use.id));
  std::int64_t keep_alive = -1;
  if (!use.keep_alive.empty()) {
    GYRE_TRY_ASSIGN(keep_alive, readPointInTimeKeepAlive(*service.catalog().state(), use.keep_alive));
  }
  const auto point = service.openPointInTime(use.id, keep_alive);
  if (point == nullptr) return contextMissing(use.id);
  options.has_pit = true;
  options.pit_id = use.id;
  // What is looked up by this search is not known to the next.
  std::vector<engine::SearchTarget> targets = point->scope.targets;
  allowLookUps(targets, service.catalog());
  return answerOf(engine::runSearch(targets, call.request.body, options), point->scope, service);
}

Result<Response> searchIn(Service& service, std::string_view indices, Call& call) {
  GYRE_TRY_ASSIGN(engine::SearchOptions options, readSearchOptions(call));
  options.node_id = service.catalog().nodeId();
  GYRE_TRY_ASSIGN(const auto use, engine::readPointInTime(call.request.body));
  if (use) return searchPointInTime(service, call, *use, std::move(options));
  GYRE_TRY_ASSIGN(const ResolveOptions resolve, readResolveOptions(call));
  auto scope = resolveSearch(service.catalog(), indices, resolve);
  if (!scope.isOk()) return faultBefore(scope.status(), engine::runSearch({}, call.request.body, options));
  if (call.has("scroll")) return openScroll(service, call, std::move(scope).value(), std::move(options));
  return answerOf(engine::runSearch(scope.value().targets, call.request.body, options), scope.value(), service);
}

Result<Response> search(Service& service, Call& call) { return searchIn(service, call.variable("index"), call); }

Result<Response> countHits(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(engine::SearchOptions options, readSearchOptions(call));
  if (call.has("min_score")) {
    const auto number = json::Document::parse(call.text("min_score"));
    if (!number.isOk() || !number.value().root().isNumber())
      return illegalArgument("Failed to parse float parameter [min_score] with value [" +
                             std::string(call.text("min_score")) + "]");
    const std::string member = "\"min_score\":" + std::string(call.text("min_score")) + "}";
    if (options.overrides.size() > 2)
      options.overrides.back() = ',';
    else
      options.overrides = "{";
    options.overrides += member;
  }
  GYRE_TRY_ASSIGN(const ResolveOptions resolve, readResolveOptions(call));
  const auto scope = resolveSearch(service.catalog(), call.variable("index"), resolve);
  if (!scope.isOk()) return faultBefore(scope.status(), engine::runCount({}, call.request.body, options));
  return answerOf(engine::runCount(scope.value().targets, call.request.body, options), scope.value(), service);
}

// One search of many: the parameters of the whole, then its own, which count first.
Result<Response> searchOneOfMany(Service& service, const Call& call, engine::MultiSearchItem& item) {
  Request own;
  own.path = call.request.path;
  own.method = call.request.method;
  for (const auto& [name, value] : call.request.parameters)
    if (name != "max_concurrent_searches") own.parameters.emplace_back(name, value);
  for (auto& parameter : item.parameters) own.parameters.push_back(std::move(parameter));
  own.body = item.body;
  std::string indices;
  for (const std::string& index : item.indices) indices += (indices.empty() ? "" : ",") + index;
  Call one(own, {});
  return searchIn(service, item.names_indices ? std::string_view(indices) : call.variable("index"), one);
}

// A failure that does not depend on what is in the indices.
bool isFaultOfRequest(const Status& failure) {
  return failure.code() == Code::kInvalidArgument && typeOf(failure) != "search_phase_execution_exception" &&
         typeOf(failure) != "index_closed_exception";
}

Result<Response> searchMany(Service& service, Call& call) {
  const std::int64_t began = steadyMillis();
  if (call.request.body.empty())
    return Status(Code::kInvalidArgument, "parse_exception", "request body or source parameter is required");
  GYRE_TRY_ASSIGN(const std::int64_t at_once, call.whole("max_concurrent_searches", 1));
  if (at_once < 1) return illegalArgument("maxConcurrentSearchRequests must be positive");
  GYRE_TRY_ASSIGN(auto items, engine::parseMultiSearch(call.request.body));
  engine::MultiSearchResponse answers;
  for (engine::MultiSearchItem& item : items) {
    auto answered = searchOneOfMany(service, call, item);
    if (answered.isOk()) {
      answers.add(answered.value().body);
      continue;
    }
    if (isFaultOfRequest(answered.status())) return answered.status();
    std::string body;
    JsonWriter writer(body);
    writer.beginObject().key("error");
    writeError(answered.status(), writer);
    writer.endObject();
    answers.add(body, httpStatus(answered.status()));
  }
  Response response;
  response.body = answers.finish(steadyMillis() - began);
  return response;
}

Result<Response> refuseTemplate(Service&, Call&) {
  return illegalArgument("[search template] is not supported: there is no scripting language; send the search itself");
}

constexpr std::string_view kSearchParameters = GYRE_SEARCH_PARAMETERS;
constexpr std::string_view kCountParameters = GYRE_RESOLVE_PARAMETERS
    " ignore_throttled q df analyzer analyze_wildcard default_operator lenient preference routing terminate_after "
    "min_score";
constexpr std::string_view kMultiParameters = GYRE_RESOLVE_PARAMETERS
    " search_type max_concurrent_searches typed_keys pre_filter_shard_size max_concurrent_shard_requests "
    "rest_total_hits_as_int ccs_minimize_roundtrips ignore_throttled";

constexpr Route kRoutes[] = {
    {"GET POST", "/_search", answered<search>, kSearchParameters},
    {"GET POST", "/{index}/_search", answered<search>, kSearchParameters},
    {"GET POST", "/_count", answered<countHits>, kCountParameters},
    {"GET POST", "/{index}/_count", answered<countHits>, kCountParameters},
    {"GET POST", "/_msearch", answered<searchMany>, kMultiParameters},
    {"GET POST", "/{index}/_msearch", answered<searchMany>, kMultiParameters},
    {"GET POST", "/_search/template", answered<refuseTemplate>, kSearchParameters},
    {"GET POST", "/{index}/_search/template", answered<refuseTemplate>, kSearchParameters},
    {"GET POST", "/_msearch/template", answered<refuseTemplate>, kMultiParameters},
    {"GET POST", "/{index}/_msearch/template", answered<refuseTemplate>, kMultiParameters},
    {"GET POST", "/_render/template", answered<refuseTemplate>, ""},
};

}  // namespace

std::span<const Route> searchRoutes() { return kRoutes; }

}  // namespace gyre::dialect
