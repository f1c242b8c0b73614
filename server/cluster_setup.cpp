#include "server/cluster_setup.hpp"

#include <unistd.h>

#include <utility>

#include "server/store/store_copy.hpp"

namespace gyre {

Result<std::unique_ptr<search::Cluster>> openCluster(const config::SearchConfig& config, const base::Clock& clock,
                                                     base::Observer& observer) {
  search::ClusterOptions options;
  options.product = config.engine == config::SearchEngineKind::kOpenSearch ? search::Product::kOpenSearch
                                                                           : search::Product::kElasticsearch;
  for (const std::string& url : config.urls) {
    GYRE_TRY_ASSIGN(search::NodeAddress address, search::parseNodeAddress(url));
    options.nodes.push_back(std::move(address));
  }
  options.tls = {config.ca_file, config.certificate_file, config.key_file, config.verifies_certificates};
  options.username = config.username;
  options.password = config.password;
  options.api_key = config.api_key;
  options.packs_bodies = config.packs_bodies;
  options.connect_timeout_ms = config.connect_timeout_ms;
  options.request_timeout_ms = config.request_timeout_ms;
  options.parallel_writes = config.parallel_writes;
  return search::Cluster::open(std::move(options), clock, observer);
}

Result<search::MarkOwner> markOwner(const config::SearchConfig& config, const std::string& store_file,
                                    std::int64_t now_millis) {
  search::MarkOwner owner;
  GYRE_TRY_ASSIGN(owner.store, store::readIdentity(store_file));
  char host[256] = {};
  if (::gethostname(host, sizeof host - 1) != 0) host[0] = '?';
  owner.server.append(host).append(" (process ").append(std::to_string(::getpid())).append(")");
  owner.since_millis = now_millis;
  owner.takes_over = config.takes_over;
  return owner;
}

search::ClusterIndexOptions clusterIndexOptions(const config::SearchConfig& config, const config::DomainConfig& domain,
                                                std::string definition, std::function<std::uint64_t()> last_sequence,
                                                search::MarkOwner owner) {
  search::ClusterIndexOptions options;
  options.prefix = config.index_prefix + domain.index_prefix;
  options.name = domain.name;
  options.definition = std::move(definition);
  options.shards = config.shards;
  options.replicas = config.replicas;
  options.last_sequence = std::move(last_sequence);
  options.is_shared = true;  // who else reads it is not known here
  options.owner = std::move(owner);
  return options;
}

projector::BacklogLimits backlogLimits(const config::SearchConfig& config) {
  return {config.backlog_events, config.backlog_bytes, config.backlog_age_ms};
}

}  // namespace gyre
