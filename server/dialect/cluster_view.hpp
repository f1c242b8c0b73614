// How is the cluster? One node that holds every primary and no replica.
//
// THREADS: free functions.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "gyre/json_writer.hpp"
#include "server/dialect/catalog.hpp"
#include "server/dialect/service.hpp"

namespace gyre::dialect {

// Shards that exist, and replicas that have no node to be on.
struct ShardCounts {
  std::int64_t active = 0, unassigned = 0;

  void add(const IndexEntry& entry);
  // "green", or "yellow" while a replica has no node.
  std::string_view status() const { return unassigned > 0 ? "yellow" : "green"; }
  double activePercent() const;
};

// "name", "transport_address", "host", "ip" and so on, as every answer about the node begins.
void writeNodeIdentity(Service& service, JsonWriter& writer);
// {"total":1,"successful":1,"failed":0} under "_nodes", and the cluster's name.
void writeNodesHeader(Service& service, std::size_t count, JsonWriter& writer);
// "_all", "", "_local", a name, an id, an address or a pattern: does it mean this node?
bool namesNode(Service& service, std::string_view expression);

// What the operating system says of this process and its machine.
struct ProcessFigures {
  std::int64_t resident_bytes = 0, virtual_bytes = 0, cpu_millis = 0, open_files = 0, max_files = 0, threads = 0;
  std::int64_t memory_total = 0, memory_free = 0;
  double load_1m = 0, load_5m = 0, load_15m = 0;
  std::int64_t disk_total = 0, disk_free = 0, disk_available = 0;
  int processors = 1;
  std::int64_t process_id = 0;
};
ProcessFigures processFigures(const std::string& folder);

}  // namespace gyre::dialect
