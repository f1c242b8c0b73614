// How is something done to every document that a query finds? Deleting, indexing anew, copying to another index.
//
// The documents are those of the moment it begins: a scroll over snapshots, in batches. A document that changed since
// then, told by its sequence number, is a conflict, which ends the work or is counted, as the request has it.
//
// THREADS: a ByQuery belongs to one task.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/json.hpp"
#include "gyre/status.hpp"
#include "server/dialect/catalog.hpp"
#include "server/dialect/ingest.hpp"
#include "server/dialect/message.hpp"
#include "server/dialect/task_registry.hpp"

namespace gyre::dialect {

struct ByQueryPlan {
  enum class Kind { kDelete, kUpdate, kReindex };
  enum class Versioning { kInternal, kExternal, kExternalOrEqual };

  Kind kind = Kind::kDelete;
  std::string indices;  // an expression
  ResolveOptions options;
  // Members of a search request, as JSON; "" for none.
  std::string query, sort, source_filter;
  std::int64_t batch_size = 1'000;
  std::optional<std::int64_t> max_docs;
  bool proceeds_on_conflict = false;
  bool refreshes = false;
  double requests_per_second = 0;  // 0: as fast as it goes
  std::string pipeline;
  // kReindex
  std::string target;
  std::string routing;  // "" keeps each document's, "discard", "=value"
  bool must_be_new = false;
  Versioning versioning = Versioning::kInternal;
};

class ByQuery {
 public:
  ByQuery(Catalog& catalog, ByQueryPlan plan) : catalog_(catalog), plan_(std::move(plan)) {}

  // Finds the indices; what this refuses is the request's fault. Before run().
  Status prepare();
  std::string description() const;
  // The answer: its status is that of the gravest failure.
  Result<Response> run(Task& task);

 private:
  struct Failure {
    std::string index, id;
    Status cause;
  };
  std::string searchRequest() const;
  Status runBatch(json::Value hits);
  Status write(const IndexPtr& index, std::vector<engine::Operation>& operations);
  Result<engine::Operation> operationFor(json::Value hit);
  // The document after the pipelines of where it goes; false when they drop it.
  Result<bool> ingest(const std::string& index, engine::Operation& operation, std::string& target);
  void settle(const engine::Operation& operation, engine::OperationOutcome& outcome, const IndexEntry& index);
  void addFailure(std::string index, std::string id, Status cause);
  bool throttle(Task& task, std::int64_t documents, std::int64_t began_nanos);
  void writeStatus(const Task& task, JsonWriter& writer) const;

  Catalog& catalog_;
  ByQueryPlan plan_;
  std::map<std::string, IndexPtr, std::less<>> indices_;
  std::vector<Resolved> resolved_;
  IndexPtr target_;

  std::int64_t total_ = 0, created_ = 0, updated_ = 0, deleted_ = 0, batches_ = 0, conflicts_ = 0, noops_ = 0;
  std::int64_t throttled_nanos_ = 0;
  std::vector<Failure> failures_;
  bool is_stopped_ = false;
  std::unique_ptr<Ingest> ingest_;
  std::deque<Ingested> ingested_;  // of the batch under way
};

}  // namespace gyre::dialect
