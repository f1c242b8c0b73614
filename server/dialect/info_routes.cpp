// GET / and what else clients ask before they begin.
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

constexpr Route kRoutes[] = {
    {"GET HEAD", "/", info, "", true},
};

}  // namespace

std::span<const Route> infoRoutes() { return kRoutes; }

}  // namespace gyre::dialect
