// Which indices, aliases and templates are there, and which of them does an expression name?
//
// The state is immutable and replaced as a whole by a change, which is written to disk before it is seen: a reader
// takes it once and works on it without a lock. Free indices live in folders of their own below the catalog's; a
// domain's index is only shown here and belongs to its domain.
//
// THREADS: free. OWNS: the free indices it opened; borrows the domains' and the observer.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "engine/index.hpp"
#include "gyre/json.hpp"
#include "gyre/status.hpp"
#include "server/dialect/index_counters.hpp"
#include "server/dialect/name_match.hpp"
#include "server/dialect/settings.hpp"
#include "server/dialect/stream_writer.hpp"

namespace gyre::dialect {

struct Alias {
  std::string filter;  // a query, as JSON; "" for none
  std::string index_routing, search_routing;
  std::optional<bool> is_write_index;
  std::optional<bool> is_hidden;
};

// A free index that is open: its engine and the folder under it.
struct OpenIndex {
  std::unique_ptr<engine::Directory> directory;
  std::unique_ptr<engine::Index> index;
  std::atomic<std::int64_t> last_refresh_nanos{0};
  std::atomic<std::int64_t> last_search_nanos{0};
  IndexCounters counters;
};

using Aliases = std::map<std::string, Alias, std::less<>>;

struct IndexEntry {
  std::string name;
  std::string uuid;
  std::int64_t created_millis = 0;
  Settings settings;
  Aliases aliases;
  bool is_closed = false;
  std::string domain;                                     // whose index it is; "" for a free one
  bool is_entity_domain = false;                          // written by commands only
  std::shared_ptr<OpenIndex> open;                        // null when closed, or a domain's
  engine::Index* engine = nullptr;                        // null when closed
  std::shared_ptr<StreamWriter> stream;                   // of a stream's generation: takes what is written to it
  std::shared_ptr<const void> keeps;                      // the same: keeps the engine alive
  std::shared_ptr<const engine::Mapping> closed_mapping;  // while it is closed
  engine::IndexStats closed_stats;

  std::shared_ptr<const engine::Mapping> mapping() const { return engine ? engine->mapping() : closed_mapping; }
  std::int64_t shardCount() const { return settings.whole("index.number_of_shards", 1); }
  std::int64_t replicaCount() const { return settings.whole("index.number_of_replicas", 1); }
  bool isHidden() const { return settings.text("index.hidden") == "true"; }
};
using IndexPtr = std::shared_ptr<const IndexEntry>;

// Named JSON texts, for whatever the catalog keeps without looking inside.
using NamedTexts = std::map<std::string, std::string, std::less<>>;

struct CatalogState {
  std::map<std::string, IndexPtr, std::less<>> indices;
  NamedTexts templates;        // legacy
  NamedTexts index_templates;  // composable
  NamedTexts component_templates;
  NamedTexts pipelines;                              // ingest
  Settings persistent_settings, transient_settings;  // of the cluster; the latter are not kept on disk

  const IndexEntry* find(std::string_view name) const;
  // As it is set for the cluster, the transient one first; nothing when it is not.
  std::optional<std::string_view> clusterSetting(std::string_view name) const;
  // True when an index has an alias of this name.
  bool isAlias(std::string_view name) const;
  // A copy of the entry, in its place, for a change. REQUIRES: there is one.
  IndexEntry& edit(std::string_view name);
};

// What an index is made from.
struct IndexRequest {
  Settings settings;
  std::string mappings;  // JSON; "" for none
  Aliases aliases;
};

// How an expression is resolved; the defaults are those of a search.
struct ResolveOptions {
  bool ignores_unavailable = false;  // a missing or closed index is passed over
  bool allows_none = true;           // an expression that matches nothing is no failure
  bool expands_open = true, expands_closed = false, expands_hidden = false;
  bool forbids_closed = true;
  bool allows_aliases = true;
};

// An index that an expression names, with the filters of the aliases it was named by (none when it was named itself).
struct Resolved {
  IndexPtr index;
  std::vector<std::string> filters;
  std::string routing;
};

class Catalog {
 public:
  struct Options {
    std::string folder;  // made when absent
    bool has_free_indices = false;
    std::uint64_t buffer_bytes = 64u << 20;  // of each index
    std::size_t max_indices = 1000;          // free ones, open or closed
  };
  static Result<std::unique_ptr<Catalog>> open(Options options, const base::Clock& clock, base::Observer& observer);
  ~Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  const base::Clock& clock() const { return clock_; }
  const Options& options() const { return options_; }
  std::shared_ptr<const CatalogState> state() const;
  // Made when the catalog was, and kept.
  const std::string& clusterUuid() const { return cluster_uuid_; }
  const std::string& nodeId() const { return node_id_; }

  // Shows a domain's index. Before the listener starts.
  void addDomain(std::string name, engine::Index& index, bool is_entity_domain);

  // Shows a stream's generations, oldest first, under the domain's name as their alias, instead of those shown before.
  void setStream(const std::string& domain, const std::vector<StreamGeneration>& generations,
                 const std::shared_ptr<StreamWriter>& writer);

  // Creates a free index as `request` says, templates apart (see composeIndex). resource_already_exists_exception,
  // invalid_index_name_exception and whatever the engine says of the mapping.
  Result<IndexPtr> create(std::string_view name, IndexRequest request);
  // The index to write a document to: a free index, the write index of an alias, or one that is made for it, as the
  // templates say. cluster_block_exception when it may not be written.
  Result<IndexPtr> forWrite(std::string_view name, bool may_create = true);
  Status remove(const std::vector<IndexPtr>& indices);
  // Ends indices that a change has taken out of the state, and removes their files.
  void dispose(const std::vector<IndexPtr>& indices);
  // Closing and opening again.
  Status setClosed(std::string_view name, bool is_closed);

  // "a,b*,-bc", "_all", "" for all; aliases and wildcards. By name.
  Result<std::vector<Resolved>> resolve(std::string_view expression, const ResolveOptions& options) const;
  // One index by name or by an alias of one index.
  Result<IndexPtr> resolveOne(std::string_view name) const;

  // Replaces the state by what `change` makes of a copy, once that is on disk. One change at a time.
  Status change(const std::function<Status(CatalogState&)>& change);

  // Refuses what a domain owns: it is changed by its domain only.
  static Status checkFree(const IndexEntry& entry);

  // Commits and closes every free index.
  void close();

 private:
  Catalog(Options options, const base::Clock& clock, base::Observer& observer);
  Status load();
  Result<std::shared_ptr<OpenIndex>> openIndex(const std::string& name, const std::string& uuid,
                                               const std::string& definition);
  Status checkNew(const CatalogState& state, const IndexEntry& entry) const;
  Result<std::shared_ptr<IndexEntry>> loadIndex(json::Value definition);
  void removeStrayFolders(const CatalogState& state);
  Status save(const CatalogState& state);
  void setState(std::shared_ptr<const CatalogState> state);
  void maintain();
  void maintainOne(const IndexEntry& entry);

  Options options_;
  // Merges of all indices share one.
  std::shared_ptr<engine::MergeBudget> merge_budget_;
  const base::Clock& clock_;
  base::Observer& observer_;
  std::unique_ptr<engine::Directory> directory_;  // of the catalog's own file
  std::string cluster_uuid_, node_id_;

  std::mutex change_mutex_;
  mutable std::mutex state_mutex_;
  std::shared_ptr<const CatalogState> state_;

  std::mutex stop_mutex_;
  std::condition_variable stop_changed_;
  bool is_stopping_ = false;
  std::thread maintenance_;
};

// invalid_index_name_exception says what is wrong with the name.
Status checkIndexName(std::string_view name);
// index_closed_exception, naming the index.
Status indexClosed(const IndexEntry& entry);
// A random 22-character id, as uuids and document ids are.
std::string randomId();

}  // namespace gyre::dialect
