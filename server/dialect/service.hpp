// Who answers a request on the dialect listener? Finds its route, runs its handler, shapes the answer.
//
// THREADS: free. OWNS: borrows the catalog.
#pragma once

#include <string>
#include <string_view>

#include "server/dialect/catalog.hpp"
#include "server/dialect/message.hpp"
#include "server/dialect/route_table.hpp"

namespace gyre::dialect {

struct Identity {
  std::string node_name = "gyre";
  std::string cluster_name = "gyre";
  std::string cluster_uuid;
  std::string version = "2.19.0";           // what clients are told; see docs/DIALECT.md
  std::string distribution = "opensearch";  // "" leaves it out, as Elasticsearch does
};

class Service {
 public:
  Service(Catalog& catalog, Identity identity) : catalog_(catalog), identity_(std::move(identity)) {}

  Catalog& catalog() { return catalog_; }
  const Identity& identity() const { return identity_; }

  // True when the request may be answered on the caller's thread: it waits for nothing.
  bool isQuick(const Request& request, const RouteMatch& match) const;
  // `match`: of this request; it may have been moved since. HEAD answers have a body that the front leaves out.
  Response handle(Request& request, RouteMatch match);

 private:
  Catalog& catalog_;
  Identity identity_;
};

}  // namespace gyre::dialect
