// How do free indices live on a search cluster? As the cluster's own: requests of the dialect go on to it.
//
// With an engine on a cluster and `dialect.free_indices`, what the dialect knows a route for is sent to the cluster as
// it came, and answered as it answers. What the domains keep there is not for others to change: their indices (all
// names that begin with theirs and a dash), aliases and templates are refused in paths and bodies, and so are wildcards
// that would reach them. To look is allowed to whoever may look at every index.
//
// What changes something is sent once; when the connection breaks the client is told that nobody knows whether it was
// done. Nothing is sent that could change an index without naming it: ingest pipelines, scripts of a reindex.
//
// THREADS: any. OWNS: borrows the cluster.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/config/config.hpp"
#include "server/dialect/relay.hpp"
#include "server/search/opensearch/cluster.hpp"

namespace gyre {

class ClusterRelay final : public dialect::Relay {
 public:
  ClusterRelay(search::Cluster& cluster, const config::Config& config);

  bool mayTake(const dialect::Request& request, const dialect::RouteMatch& match) const override;
  std::optional<dialect::Response> answer(const dialect::Request& request, const dialect::RouteMatch& match) override;

 private:
  struct Kept {
    std::string domain;
    std::string name;  // in the cluster
  };
  bool isDomain(std::string_view name) const;
  Status checkName(const std::string& name) const;
  Status checkPattern(const std::string& pattern) const;
  Status check(const dialect::Request& request, const std::vector<std::string>& names,
               const std::vector<std::string>& patterns) const;
  dialect::Response forward(const dialect::Request& request);

  search::Cluster& cluster_;
  const config::ServerConfig& server_;
  std::vector<Kept> kept_;
};

}  // namespace gyre
