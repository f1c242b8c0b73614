// How do documents get written? One item after the other, durable before the answer.
//
// A single document is a list of one, so a bulk request and the calls for one document cannot differ. Items of one
// index that follow each other are applied together; an update reads first, so it waits for what stands before it.
//
// THREADS: a DocumentWriter belongs to one request. OWNS: ids that it makes; items borrow from the request.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/index.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/status.hpp"
#include "server/dialect/catalog.hpp"
#include "server/dialect/document_update.hpp"
#include "server/dialect/ingest.hpp"
#include "server/dialect/route_table.hpp"
#include "server/dialect/shard_number.hpp"

namespace gyre::dialect {

enum class WriteAction : std::uint8_t { kIndex, kCreate, kUpdate, kDelete };
std::string_view actionName(WriteAction action);

enum class VersionType : std::uint8_t { kInternal, kExternal, kExternalOrEqual };
Result<VersionType> parseVersionType(std::string_view text);

struct WriteItem {
  WriteAction action = WriteAction::kIndex;
  std::string_view index;
  std::optional<std::string_view> id;  // without one it is made
  std::string_view routing;
  std::string_view pipeline;
  std::string_view source;                 // the document
  std::unique_ptr<DocumentUpdate> update;  // kUpdate
  std::optional<std::int64_t> version;
  VersionType version_type = VersionType::kInternal;
  std::optional<std::int64_t> if_seq_no;
  std::optional<std::int64_t> if_term;
  std::int64_t retries = 0;  // kUpdate: after a conflict
  bool must_be_alias = false;
};

// What keeps the item from being tried at all; the whole request is refused for it.
void findFaults(const WriteItem& item, std::vector<std::string>& faults);
// action_request_validation_exception with all of them; ok when there is none.
Status validationStatus(const std::vector<std::string>& faults);

struct WriteOutcome {
  Status failure;
  IndexPtr index;  // null when it could not be told
  std::string_view id;
  engine::OperationOutcome::Verdict verdict = engine::OperationOutcome::Verdict::kCreated;
  bool is_noop = false;
  bool is_idle = false;       // update: ended before anything was asked of the engine
  bool is_refreshed = false;  // because the request said so
  std::uint64_t version = 0;
  std::uint64_t seq_no = 0;
  std::string shown;  // update: the "get" member, as JSON

  int status() const;
};
// The members of the answer for one item, without a failure. Among others (`is_of_bulk`) an update that changes nothing
// is told as written.
void writeOutcome(const WriteOutcome& outcome, JsonWriter& writer, bool is_of_bulk = false);

// What a request says about all its writes.
struct WritePolicy {
  enum class Refresh : std::uint8_t { kNone, kNow, kWait };
  Refresh refresh = Refresh::kNone;
  std::string active_shards;  // "", "all" or a number
  bool is_bulk = false;       // an update that changes nothing is told as refreshed too
  std::string timeout = "1m";

  static Result<WritePolicy> read(const Call& call);
};
inline constexpr std::string_view kPolicyParameters = "refresh timeout wait_for_active_shards";

class DocumentWriter {
 public:
  DocumentWriter(Catalog& catalog, WritePolicy policy) : catalog_(catalog), policy_(std::move(policy)) {}

  // One outcome an item. What an item says is checked already (findFaults).
  std::vector<WriteOutcome> write(std::span<const WriteItem> items);

 private:
  // An index, and what waits to be applied to it.
  struct Batch {
    IndexPtr index;
    ShardNumbers shards;
    bool wants_routing = false;
    std::vector<engine::Operation> operations;
    std::vector<std::size_t> positions;  // of their items
  };
  // A stream, and what is to be appended to it.
  struct StreamBatch {
    IndexPtr index;
    std::vector<StreamDocument> documents;
    std::vector<std::size_t> positions;  // of their items
  };
  // What a name in the request stands for.
  struct Target {
    std::string_view name;
    bool may_create = true;
    bool must_be_alias = false;
    Status failure;
    Batch* batch = nullptr;
    StreamBatch* stream = nullptr;  // instead of a batch
    std::string routing;            // of the alias
  };

  Target& targetOf(const WriteItem& item);
  Status resolve(Target& target);
  Status begin(const WriteItem& item, std::size_t position);
  // The same after the pipelines that are to work on the document.
  Status ingestAndBegin(const WriteItem& item, std::size_t position);
  Status checkActiveShards(const IndexEntry& index) const;
  Status add(const WriteItem& item, Batch& batch, std::string_view routing, std::size_t position);
  void apply(Batch& batch);
  Status update(const WriteItem& item, Batch& batch, std::string_view routing, WriteOutcome& outcome);
  void take(engine::OperationOutcome& from, const Batch& batch, std::string_view routing, WriteOutcome& outcome) const;
  StreamBatch& streamBatch(const IndexPtr& index);
  Status append(const WriteItem& item, StreamBatch& stream, std::size_t position);
  void finishStream(StreamBatch& stream);
  void finish();

  Catalog& catalog_;
  WritePolicy policy_;
  std::vector<std::unique_ptr<Target>> targets_;
  std::vector<std::unique_ptr<Batch>> batches_;
  std::vector<std::unique_ptr<StreamBatch>> stream_batches_;
  std::deque<std::string> made_ids_;
  std::unique_ptr<Ingest> ingest_;
  std::deque<Ingested> ingested_;  // what their items borrow from
  std::vector<WriteOutcome> outcomes_;
};

// The dialect's conflict, with where it happened.
Status atShard(Status status, const IndexEntry& index, std::uint32_t shard);
Status routingMissing(const IndexEntry& index, std::string_view id);

}  // namespace gyre::dialect
