// Making, removing and refreshing indices.
#include "gyre/json.hpp"
#include "server/dialect/answered.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/service.hpp"

namespace gyre::dialect {

namespace {

Result<Response> createIndex(Service& service, Call& call) {
  Settings settings;
  std::string mappings;
  if (!call.request.body.empty()) {
    GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(call.request.body, {.max_depth = 256}));
    for (const json::Value member : document.root()) {
      if (member.key() == "settings")
        GYRE_TRY(settings.merge(member));
      else if (member.key() == "mappings")
        mappings = member.raw();
      else if (member.key() != "aliases")
        return Status(Code::kInvalidArgument, "parse_exception",
                      "unknown key [" + std::string(member.key()) + "] for create index");
    }
  }
  const std::string_view name = call.variable("index");
  GYRE_TRY(service.catalog().create(name, std::move(settings), mappings, {}).status());
  Response response;
  JsonWriter(response.body)
      .beginObject()
      .member("acknowledged", true)
      .member("shards_acknowledged", true)
      .member("index", name)
      .endObject();
  return response;
}

Result<Response> deleteIndex(Service& service, Call& call) {
  ResolveOptions options;
  options.allows_aliases = false;
  options.forbids_closed = false;
  options.expands_closed = true;
  GYRE_TRY_ASSIGN(options.ignores_unavailable, call.flag("ignore_unavailable"));
  GYRE_TRY_ASSIGN(const auto resolved, service.catalog().resolve(call.variable("index"), options));
  std::vector<IndexPtr> indices;
  for (const Resolved& each : resolved)
    if (each.index->domain.empty() || call.variable("index") == each.index->name) indices.push_back(each.index);
  GYRE_TRY(service.catalog().remove(indices));
  Response response;
  JsonWriter(response.body).beginObject().member("acknowledged", true).endObject();
  return response;
}

Result<Response> refreshIndices(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(const auto resolved, service.catalog().resolve(call.variable("index"), {}));
  for (const Resolved& each : resolved) GYRE_TRY(each.index->engine->refresh());
  Response response;
  JsonWriter(response.body)
      .beginObject()
      .key("_shards")
      .beginObject()
      .member("total", std::uint64_t{resolved.size()})
      .member("successful", std::uint64_t{resolved.size()})
      .member("failed", 0)
      .endObject()
      .endObject();
  return response;
}

constexpr Route kRoutes[] = {
    {"PUT", "/{index}", answered<createIndex>, "timeout master_timeout cluster_manager_timeout wait_for_active_shards"},
    {"DELETE", "/{index}", answered<deleteIndex>,
     "timeout master_timeout cluster_manager_timeout ignore_unavailable allow_no_indices expand_wildcards"},
    {"GET POST", "/_refresh", answered<refreshIndices>, "ignore_unavailable allow_no_indices expand_wildcards"},
    {"GET POST", "/{index}/_refresh", answered<refreshIndices>, "ignore_unavailable allow_no_indices expand_wildcards"},
};

}  // namespace

std::span<const Route> indexRoutes() { return kRoutes; }

}  // namespace gyre::dialect
