// Showing mappings and adding to them.
#include <string>
#include <vector>

#include "gyre/json.hpp"
#include "server/dialect/answered.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/field_mapping.hpp"
#include "server/dialect/index_blocks.hpp"
#include "server/dialect/index_view.hpp"
#include "server/dialect/resolve_options.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/service.hpp"

namespace gyre::dialect {

namespace {

constexpr json::Limits kBodyLimits{.max_depth = 512};

Result<Response> getMapping(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  GYRE_TRY_ASSIGN(const ResolveOptions options, readResolveOptions(call, openOnly()));
  GYRE_TRY_ASSIGN(const auto resolved, service.catalog().resolve(call.variable("index"), options));
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject();
  for (const Resolved& each : resolved) {
    GYRE_TRY(checkBlocks(each.index->name, each.index->settings, BlockedAction::kMetadataRead));
    writer.key(each.index->name).beginObject().rawMember("mappings", mappingOf(*each.index)).endObject();
  }
  writer.endObject();
  return response;
}

// Of the aliases that are named, the write index alone.
Result<std::vector<Resolved>> writeIndices(Catalog& catalog, std::string_view expression,
                                           const ResolveOptions& options) {
  std::vector<Resolved> chosen;
  const auto state = catalog.state();
  for (const std::string_view name : splitList(expression)) {
    if (state->isAlias(name)) {
      GYRE_TRY_ASSIGN(IndexPtr index, catalog.forWrite(name, false));
      chosen.push_back({std::move(index), {}, {}});
    } else {
      GYRE_TRY_ASSIGN(auto resolved, catalog.resolve(name, options));
      chosen.insert(chosen.end(), resolved.begin(), resolved.end());
    }
  }
  return chosen;
}

Result<Response> putMapping(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  GYRE_TRY(requireBody(call));
  ResolveOptions usual = openAndClosed();
  usual.allows_none = false;
  GYRE_TRY_ASSIGN(const ResolveOptions options, readResolveOptions(call, usual));
  GYRE_TRY_ASSIGN(const bool only_write_index, call.flag("write_index_only"));
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(call.request.body, kBodyLimits));
  if (!document.root()["_doc"].isMissing()) return illegalArgument("Types cannot be provided in put mapping requests");
  const std::string_view expression = call.variable("index");
  GYRE_TRY_ASSIGN(const auto resolved, only_write_index ? writeIndices(service.catalog(), expression, options)
                                                        : service.catalog().resolve(expression, options));
  for (const Resolved& each : resolved) {
    const IndexEntry& entry = *each.index;
    GYRE_TRY(Catalog::checkFree(entry));
    GYRE_TRY(checkBlocks(entry.name, entry.settings, BlockedAction::kMetadataWrite));
    if (entry.engine == nullptr) return indexClosed(entry);
  }
  for (const Resolved& each : resolved) GYRE_TRY(each.index->engine->putMapping(call.request.body));
  return acknowledged();
}

Result<Response> getFieldMapping(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(const ResolveOptions options, readResolveOptions(call, openOnly()));
  GYRE_TRY_ASSIGN(const bool has_defaults, call.flag("include_defaults"));
  GYRE_TRY_ASSIGN(const auto resolved, service.catalog().resolve(call.variable("index"), options));
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject();
  for (const Resolved& each : resolved) {
    writer.key(each.index->name).beginObject().key("mappings");
    if (const auto mapping = each.index->mapping())
      writeFieldMappings(*mapping, splitList(call.variable("fields")), has_defaults, writer);
    else
      writer.beginObject().endObject();
    writer.endObject();
  }
  writer.endObject();
  return response;
}

#define GYRE_PUT_PARAMETERS GYRE_TIMEOUT_PARAMETERS " " GYRE_RESOLVE_PARAMETERS " write_index_only"
#define GYRE_GET_PARAMETERS GYRE_TIMEOUT_PARAMETERS " " GYRE_RESOLVE_PARAMETERS " local"

constexpr Route kRoutes[] = {
    {"GET", "/_mapping", answered<getMapping>, GYRE_GET_PARAMETERS},
    {"GET", "/_mappings", answered<getMapping>, GYRE_GET_PARAMETERS},
    {"GET", "/{index}/_mapping", answered<getMapping>, GYRE_GET_PARAMETERS},
    {"GET", "/{index}/_mappings", answered<getMapping>, GYRE_GET_PARAMETERS},
    {"PUT POST", "/{index}/_mapping", answered<putMapping>, GYRE_PUT_PARAMETERS},
    {"PUT POST", "/{index}/_mappings", answered<putMapping>, GYRE_PUT_PARAMETERS},
    {"GET", "/_mapping/field/{fields}", answered<getFieldMapping>, GYRE_RESOLVE_PARAMETERS " local include_defaults"},
    {"GET", "/{index}/_mapping/field/{fields}", answered<getFieldMapping>,
     GYRE_RESOLVE_PARAMETERS " local include_defaults"},
};

}  // namespace

std::span<const Route> mappingRoutes() { return kRoutes; }

}  // namespace gyre::dialect
