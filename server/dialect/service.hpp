// Who answers a request on the dialect listener? Finds its route, runs its handler, shapes the answer.
//
// THREADS: free. OWNS: the tasks and the open searches; borrows the catalog.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "server/dialect/catalog.hpp"
#include "server/dialect/message.hpp"
#include "server/dialect/route_table.hpp"
#include "server/dialect/search_contexts.hpp"
#include "server/dialect/task_registry.hpp"

namespace gyre::dialect {

struct Identity {
  std::string node_name = "gyre";
  std::string cluster_name = "gyre";
  std::string host = "127.0.0.1";           // where the node says it is
  std::string version = "2.19.0";           // what clients are told; see docs/DIALECT.md
  std::string distribution = "opensearch";  // "" leaves it out, as Elasticsearch does
};

class Service {
 public:
  Service(Catalog& catalog, Identity identity);

  Catalog& catalog() { return catalog_; }
  const Identity& identity() const { return identity_; }
  TaskRegistry& tasks() { return tasks_; }
  const std::string& nodeId() const { return tasks_.nodeId(); }
  // The listener's port, once it is known.
  void setPort(std::uint16_t port) { port_ = port; }
  // "127.0.0.1:9200"
  std::string publishAddress() const { return identity_.host + ":" + std::to_string(port_); }
  std::int64_t uptimeMillis() const;
  SearchContexts& contexts() { return contexts_; }
  // Null when there is none any more: its time has passed, or an index of it is gone. The keep-alive is as in
  // SearchContexts.
  std::shared_ptr<SearchContexts::Scroll> openScroll(std::string_view id, std::int64_t keep_alive_millis);
  std::shared_ptr<SearchContexts::PointInTime> openPointInTime(std::string_view id, std::int64_t keep_alive_millis);

  // True when the request may be answered on the caller's thread: it waits for nothing.
  bool isQuick(const Request& request, const RouteMatch& match) const;
  // `match`: of this request; it may have been moved since. HEAD answers have a body that the front leaves out.
  Response handle(Request& request, RouteMatch match);

 private:
  Catalog& catalog_;
  Identity identity_;
  TaskRegistry tasks_;
  std::atomic<std::uint16_t> port_{0};
  std::int64_t started_nanos_;
  SearchContexts contexts_;
};

}  // namespace gyre::dialect
