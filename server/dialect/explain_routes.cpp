// What a query makes of one document, and whether a query is one at all: _explain and _validate/query.
#include <algorithm>
#include <initializer_list>
#include <utility>

#include "engine/search/query_inspection.hpp"
#include "engine/search/search_plan.hpp"
#include "gyre/json.hpp"
#include "server/dialect/answered.hpp"
#include "server/dialect/document_index.hpp"
#include "server/dialect/document_read.hpp"
#include "server/dialect/document_write.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/search_scope.hpp"
#include "server/dialect/service.hpp"
#include "server/dialect/source_parameters.hpp"

namespace gyre::dialect {

namespace {

constexpr json::Limits kLimits{.max_depth = 400};  // the engine bounds queries itself

// Nothing but a query may stand in the body.
Status checkQueryOnly(std::string_view body) {
  if (body.empty()) return {};
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(body, kLimits));
  for (const json::Value member : document.root())
    if (member.key() != "query")
      return {Code::kInvalidArgument, "parsing_exception",
              "request does not support [" + std::string(member.key()) + "]"};
  return document.root().isObject()
             ? Status()
             : Status(Code::kInvalidArgument, "parsing_exception", "Expected [START_OBJECT] but found something else");
}

// The request without the parameters that are no search's.
Result<engine::SearchOptions> readQueryOptions(const Call& call, std::initializer_list<std::string_view> others) {
  Request asked;
  asked.path = call.request.path;
  for (const auto& parameter : call.request.parameters)
    if (std::find(others.begin(), others.end(), parameter.first) == others.end()) asked.parameters.push_back(parameter);
  return readSearchOptions(Call(asked, {}));
}

// What the dialect's parser says of a failure when it is asked to explain.
std::string describe(const Status& failure) {
  std::string name;
  bool is_upper = true;
  for (const char c : typeOf(failure)) {
    if (c == '_') {
      is_upper = true;
      continue;
    }
    name += is_upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    is_upper = false;
  }
  const std::string message(failure.message());
  return name + "[" + message + "]; nested: " + name + "[" + message + "]";
}

// A body with the query alone: the one of the parameters counts before the body's own.
std::string_view queryBody(std::string_view body, const engine::SearchOptions& options) {
  return options.overrides.size() > 2 ? std::string_view(options.overrides) : body;
}

Result<Response> validate(Service& service, Call& call) {
  // A pattern has to find something, other than in a search.
  ResolveOptions usual;
  usual.allows_none = !call.hasVariable("index");
  GYRE_TRY_ASSIGN(const ResolveOptions resolve, readResolveOptions(call, usual));
  GYRE_TRY_ASSIGN(const SearchScope scope, resolveSearch(service.catalog(), call.variable("index"), resolve));
  GYRE_TRY_ASSIGN(const bool explains, call.flag("explain"));
  GYRE_TRY_ASSIGN(const bool rewrites, call.flag("rewrite"));
  GYRE_TRY_ASSIGN(const bool names_shards, call.flag("all_shards"));
  GYRE_TRY_ASSIGN(const engine::SearchOptions options, readQueryOptions(call, {"explain", "rewrite", "all_shards"}));
  engine::SearchPlan plan;
  Status planned = checkQueryOnly(call.request.body);
  if (planned.isOk())
    planned = plan.make(scope.targets, call.request.body, options, service.catalog().clock().nowMillis());
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject();
  if (!planned.isOk() && plan.failures.empty()) {
    writer.member("valid", false);
    if (explains) writer.member("error", describe(planned));
    writer.endObject();
    return response;
  }
  const std::uint64_t shards = scope.targets.size();
  writer.key("_shards").beginObject().member("total", shards).member("successful", shards).member("failed", 0);
  writer.endObject().member("valid", plan.failures.empty());
  if (explains || rewrites || names_shards) {
    writer.key("explanations").beginArray();
    for (const engine::ShardFailure& failure : plan.failures)
      writer.beginObject()
          .member("index", failure.index)
          .member("valid", false)
          .member("error", describe(failure.cause))
          .endObject();
    const std::int64_t now = service.catalog().clock().nowMillis();
    for (const engine::PlannedTarget& each : plan.targets) {
      GYRE_TRY_ASSIGN(const std::string query,
                      engine::describeQuery(*each.target, queryBody(call.request.body, options), now));
      writer.beginObject().member("index", each.target->index_name);
      if (names_shards) writer.member("shard", 0);
      writer.member("valid", true).member("explanation", query).endObject();
    }
    writer.endArray();
  }
  writer.endObject();
  return response;
}

Result<Response> explain(Service& service, Call& call) {
  DocumentRead read;
  read.id = call.variable("id");
  read.routing = call.text("routing");
  GYRE_TRY_ASSIGN(read.source, readSourceParameters(call));
  if (call.has("stored_fields")) read.stored_fields = splitNames(call.text("stored_fields"));
  GYRE_TRY_ASSIGN(const IndexPtr index, indexForRead(service.catalog(), call.variable("index"), read.routing));
  GYRE_TRY(checkQueryOnly(call.request.body));
  GYRE_TRY_ASSIGN(engine::SearchOptions options,
                  readQueryOptions(call, {"stored_fields", "_source", "_source_includes", "_source_excludes"}));
  if (call.request.body.empty() && !call.has("q")) return validationStatus({"query is missing"});
  GYRE_TRY_ASSIGN(SearchScope scope, resolveSearch(service.catalog(), call.variable("index"), {}));
  DocumentRead searchable = read;
  searchable.is_realtime = false;
  GYRE_TRY_ASSIGN(const auto found, searchable.run(*index));
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject().member("_index", index->name).member("_id", read.id);
  if (!found) {
    response.status = 404;
    writer.member("matched", false).endObject();
    return response;
  }
  engine::SearchTarget& target = scope.targets.front();
  std::string body(queryBody(call.request.body, options));
  if (!target.filter.empty()) {
    GYRE_TRY_ASSIGN(const json::Document asked, json::Document::parse(body, kLimits));
    body = R"({"query":{"bool":{"must":)" + std::string(asked.root()["query"].raw()) + ",\"filter\":" + target.filter +
           "}}}";
  }
  GYRE_TRY_ASSIGN(const engine::DocumentExplanation explained,
                  engine::explainDocument(target, body, read.id, service.catalog().clock().nowMillis()));
  writer.member("matched", explained.is_match);
  writer.rawMember("explanation", explained.json.empty()
                                      ? R"({"value":0.0,"description":"no matching term","details":[]})"
                                      : std::string_view(explained.json));
  if (read.source || read.stored_fields) {
    std::string shown;
    JsonWriter shown_writer(shown);
    shown_writer.beginObject();
    GYRE_TRY(read.writeFound(*found, shown_writer));
    shown_writer.endObject();
    writer.rawMember("get", shown);
  }
  writer.endObject();
  return response;
}

constexpr std::string_view kValidateParameters =
    GYRE_RESOLVE_PARAMETERS " q df analyzer analyze_wildcard default_operator lenient explain rewrite all_shards";
constexpr std::string_view kExplainParameters =
    "q df analyzer analyze_wildcard default_operator lenient preference routing stored_fields _source _source_includes "
    "_source_excludes";

constexpr Route kRoutes[] = {
    {"GET POST", "/{index}/_explain/{id}", answered<explain>, kExplainParameters},
    {"GET POST", "/_validate/query", answered<validate>, kValidateParameters},
    {"GET POST", "/{index}/_validate/query", answered<validate>, kValidateParameters},
};

}  // namespace

std::span<const Route> explainRoutes() { return kRoutes; }

}  // namespace gyre::dialect
