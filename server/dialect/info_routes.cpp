// GET / and what else clients ask before they begin.
#include "server/dialect/answered.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/service.hpp"

namespace gyre::dialect {

namespace {

Response info(Service& service, Call&) {
  const Identity& identity = service.identity();
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject()
      .member("name", identity.node_name)
      .member("cluster_name", identity.cluster_name)
      .member("cluster_uuid", service.catalog().clusterUuid())
      .key("version")
      .beginObject();
  if (identity.distribution.empty())
    writer.member("number", identity.version).member("build_flavor", "default");
  else
    writer.member("distribution", identity.distribution).member("number", identity.version);
  writer.member("build_type", "tar")
      .member("build_hash", "unknown")
      .member("build_date", "2025-01-01T00:00:00.000000Z")
      .member("build_snapshot", false)
      .member("lucene_version", identity.distribution.empty() ? "8.11.3" : "9.12.1")
      .member("minimum_wire_compatibility_version", identity.distribution.empty() ? "6.8.0" : "7.10.0")
      .member("minimum_index_compatibility_version", identity.distribution.empty() ? "6.0.0-beta1" : "7.0.0")
      .endObject()
      .member("tagline", identity.distribution.empty() ? "You Know, for Search"
                                                       : "The OpenSearch Project: https://opensearch.org/")
      .endObject();
  return response;
}

// What there is none of, asked for as a whole: clusters beside this one, repositories of snapshots.
Response nothing(Service&, Call&) {
  Response response;
  response.body = "{}";
  return response;
}

Result<Response> missingRepository(Service& service, Call& call) {
  const std::string_view name = call.variable("repository");
  if (name == "_all" || name.find('*') != std::string_view::npos) return nothing(service, call);
  return Status(Code::kNotFound, "repository_missing_exception", "[" + std::string(name) + "] missing");
}

Response missingScript(Service&, Call& call) {
  Response response;
  response.status = 404;
  JsonWriter(response.body).beginObject().member("_id", call.variable("id")).member("found", false).endObject();
  return response;
}
Result<Response> refuseScript(Service&, Call&) {
  return illegalArgument("stored scripts are not supported: there is no scripting language");
}

constexpr Route kRoutes[] = {
    {"GET HEAD", "/", info, "", true},
    {"GET", "/_remote/info", nothing, "", true},
    {"GET", "/_snapshot", nothing, "local master_timeout cluster_manager_timeout", true},
    {"GET", "/_snapshot/{repository}", answered<missingRepository>, "local master_timeout cluster_manager_timeout",
     true},
    {"GET", "/_scripts/{id}", missingScript, "master_timeout cluster_manager_timeout", true},
    {"PUT POST", "/_scripts/{id}", answered<refuseScript>, "timeout master_timeout cluster_manager_timeout context"},
};

}  // namespace

std::span<const Route> infoRoutes() { return kRoutes; }

}  // namespace gyre::dialect
