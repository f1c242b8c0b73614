#include "server/dialect/document_write.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "server/dialect/document_id.hpp"
#include "server/dialect/document_index.hpp"
#include "server/dialect/document_read.hpp"
#include "server/dialect/duration.hpp"
#include "server/dialect/failure.hpp"

namespace gyre::dialect {

namespace {

using engine::Operation;
using Verdict = engine::OperationOutcome::Verdict;

constexpr std::size_t kLongestId = 512;
constexpr std::string_view kInternalVersion =
    "internal versioning can not be used for optimistic concurrency control. Please use `if_seq_no` and "
    "`if_primary_term` instead";

std::int64_t steadyNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::string_view resultName(const WriteOutcome& outcome) {
  if (outcome.is_noop) return "noop";
  switch (outcome.verdict) {
    case Verdict::kCreated: return "created";
    case Verdict::kDeleted: return "deleted";
    case Verdict::kNotFound: return "not_found";
    default: return "updated";
  }
}

void findCreateFaults(const WriteItem& item, std::vector<std::string>& faults) {
  if (item.version_type != VersionType::kInternal)
    faults.emplace_back("create operations only support internal versioning. use index instead");
  else if (item.version)
    faults.emplace_back("create operations do not support explicit versions. use index instead");
  else if (item.if_seq_no || item.if_term.value_or(0) != 0)
    faults.emplace_back("create operations do not support compare and set. use index instead");
}

void findVersionFaults(const WriteItem& item, std::vector<std::string>& faults) {
  const bool is_internal = item.version_type == VersionType::kInternal;
  const std::int64_t term = item.if_term.value_or(0);
  if (!is_internal && item.version.value_or(-3) < 0)
    faults.push_back("illegal version value [" + std::to_string(item.version.value_or(-3)) + "] for version type [" +
                     (item.version_type == VersionType::kExternal ? "EXTERNAL" : "EXTERNAL_GTE") + "]");
  if (is_internal && item.version) faults.emplace_back(kInternalVersion);
  if (item.if_seq_no && (!is_internal || item.version))
    faults.emplace_back("compare and write operations can not use versioning");
  if (item.if_seq_no && term == 0) faults.emplace_back("ifSeqNo is set, but primary term is [0]");
  if (!item.if_seq_no && term != 0)
    faults.push_back("ifSeqNo is unassigned, but primary term is [" + std::to_string(term) + "]");
}

void findUpdateFaults(const WriteItem& item, std::vector<std::string>& faults) {
  const DocumentUpdate& update = *item.update;
  if (item.if_seq_no) {
    if (item.retries > 0) faults.emplace_back("compare and write operations can not be retried");
    if (update.is_doc_upsert) faults.emplace_back("compare and write operations can not be used with upsert");
    if (!update.upsert.isMissing())
      faults.emplace_back("upsert requests don't support `if_seq_no` and `if_primary_term`");
  }
  const bool has_doc = !update.doc.isMissing();
  if (!update.has_script && !has_doc) faults.emplace_back("script or doc is missing");
  if (update.has_script && has_doc) faults.emplace_back("can't provide both script and doc");
  if (!has_doc && update.is_doc_upsert) faults.emplace_back("doc must be specified if doc_as_upsert is enabled");
}

Operation::Versioning versioningOf(VersionType type) {
  switch (type) {
    case VersionType::kExternal: return Operation::Versioning::kExternal;
    case VersionType::kExternalOrEqual: return Operation::Versioning::kExternalOrEqual;
    default: return Operation::Versioning::kInternal;
  }
}

Status documentMissing(std::string_view id) {
  return {Code::kNotFound, "document_missing_exception", "[" + std::string(id) + "]: document missing"};
}

Status sourceMissing(std::string_view id) {
  return {Code::kInvalidArgument, "document_source_missing_exception",
          "[" + std::string(id) + "]: document source missing"};
}

Result<std::vector<engine::OperationOutcome>> applyCounted(const IndexEntry& index,
                                                           std::span<const Operation> operations) {
  const std::int64_t began = steadyNanos();
  auto applied = index.engine->apply(operations, 0);
  if (applied.isOk() && index.open)
    index.open->counters.countWrites(operations, applied.value(), steadyNanos() - began);
  return applied;
}

// An update that changes nothing must still have named the right operation.
Status sequenceConflict(const WriteItem& item, std::uint64_t held) {
  return {Code::kConflict, "version_conflict_engine_exception",
          "[" + std::string(item.id.value_or("")) + "]: version conflict, required seqNo [" +
              std::to_string(*item.if_seq_no) + "], primary term [" + std::to_string(item.if_term.value_or(0)) +
              "]. current document has seqNo [" + std::to_string(held) + "] and primary term [" +
              std::to_string(engine::kPrimaryTerm) + "]"};
}

// The "get" member of an update's answer; "" when it shows none.
std::string showUpdated(const DocumentUpdate& update, std::string_view source, std::uint64_t seq_no) {
  std::string shown;
  if (!update.shows || update.shows->isHidden()) return shown;
  const auto filtered = update.shows->apply(source);
  JsonWriter writer(shown);
  writer.beginObject().member("_seq_no", seq_no).member("_primary_term", engine::kPrimaryTerm).member("found", true);
  writer.rawMember("_source", filtered.isOk() ? std::string_view(filtered.value()) : std::string_view("{}"));
  writer.endObject();
  return shown;
}

Status ownedByDomain(const IndexEntry& index) {
  return {Code::kPermissionDenied, "security_exception",
          "index [" + index.name + "] is written by the commands of the domain " + index.domain + " only: POST /v1/" +
              index.domain + "/commands/{command}"};
}

}  // namespace

std::string_view actionName(WriteAction action) {
  constexpr std::string_view kNames[] = {"index", "create", "update", "delete"};
  return kNames[static_cast<std::size_t>(action)];
}

Result<VersionType> parseVersionType(std::string_view text) {
  if (text == "internal") return VersionType::kInternal;
  if (text == "external") return VersionType::kExternal;
  if (text == "external_gte") return VersionType::kExternalOrEqual;
  return illegalArgument("No version type match [" + std::string(text) + "]");
}

void findFaults(const WriteItem& item, std::vector<std::string>& faults) {
  if (item.index.empty()) faults.emplace_back("index is missing");
  const bool needs_id = item.action == WriteAction::kUpdate || item.action == WriteAction::kDelete;
  if (needs_id && item.id.value_or("").empty()) faults.emplace_back("id is missing");
  if (item.action == WriteAction::kCreate) {
    const std::size_t before = faults.size();
    findCreateFaults(item, faults);
    if (faults.size() > before) return;
  }
  if (!needs_id && !item.id && (item.version_type != VersionType::kInternal || item.version))
    faults.emplace_back("an id must be provided if version type or value are set");
  findVersionFaults(item, faults);
  if (item.update) findUpdateFaults(item, faults);
  if (item.id && item.id->size() > kLongestId && !needs_id)
    faults.push_back("id [" + std::string(*item.id) + "] is too long, must be no longer than " +
                     std::to_string(kLongestId) + " bytes but was: " + std::to_string(item.id->size()));
}

Status validationStatus(const std::vector<std::string>& faults) {
  if (faults.empty()) return {};
  std::string message = "Validation Failed: ";
  for (std::size_t i = 0; i < faults.size(); ++i) message += std::to_string(i + 1) + ": " + faults[i] + ";";
  return {Code::kInvalidArgument, "action_request_validation_exception", message};
}

int WriteOutcome::status() const {
  if (!failure.isOk()) return httpStatus(failure);
  if (is_noop) return 200;
  return verdict == Verdict::kCreated ? 201 : verdict == Verdict::kNotFound ? 404 : 200;
}

void writeOutcome(const WriteOutcome& outcome, JsonWriter& writer, bool is_of_bulk) {
  const bool is_written = !outcome.is_noop || is_of_bulk;
  const std::int64_t copies = !is_written ? 0 : outcome.index->settings.whole("index.number_of_replicas", 1) + 1;
  writer.member("_index", outcome.index->name).member("_id", outcome.id).member("_version", outcome.version);
  writer.member("result", resultName(outcome));
  if (outcome.is_refreshed) writer.member("forced_refresh", true);
  writer.key("_shards").beginObject().member("total", copies).member("successful", is_written ? 1 : 0);
  writer.member("failed", 0).endObject();
  writer.member("_seq_no", outcome.seq_no).member("_primary_term", engine::kPrimaryTerm);
  if (!outcome.shown.empty()) writer.rawMember("get", outcome.shown);
}

Result<WritePolicy> WritePolicy::read(const Call& call) {
  WritePolicy policy;
  const std::string_view refresh = call.text("refresh", "false");
  if (refresh.empty() || refresh == "true")
    policy.refresh = Refresh::kNow;
  else if (refresh == "wait_for")
    policy.refresh = Refresh::kWait;
  else if (refresh != "false")
    return illegalArgument("Unknown value for refresh: [" + std::string(refresh) + "].");
  policy.timeout = call.text("timeout", "1m");
  if (!parseDuration(policy.timeout).isOk())
    return illegalArgument("failed to parse setting [timeout] with value [" + policy.timeout +
                           "] as a time value: unit is missing or unrecognized");
  policy.active_shards = call.text("wait_for_active_shards");
  const bool is_number = !policy.active_shards.empty() &&
                         policy.active_shards.find_first_not_of("0123456789") == std::string::npos &&
                         policy.active_shards.size() < 10;
  if (!policy.active_shards.empty() && policy.active_shards != "all" && !is_number) {
    Status refused = illegalArgument("cannot parse ActiveShardCount[" + policy.active_shards + "]");
    refused.addFault("caused_by", "number_format_exception: For input string: \"" + policy.active_shards + "\"");
    return refused;
  }
  return policy;
}

Status atShard(Status status, const IndexEntry& index, std::uint32_t shard) {
  status.addFault("index", index.name).addFault("shard", std::to_string(shard)).addFault("index_uuid", index.uuid);
  return status;
}

Status routingMissing(const IndexEntry& index, std::string_view id) {
  Status status(Code::kInvalidArgument, "routing_missing_exception",
                "routing is required for [" + index.name + "]/[" + std::string(id) + "]");
  status.addFault("index", index.name).addFault("index_uuid", "_na_");
  return status;
}

// ---- writing ------------------------------------------------------------------------------------------------------

std::vector<WriteOutcome> DocumentWriter::write(std::span<const WriteItem> items) {
  outcomes_.resize(items.size());
  for (std::size_t i = 0; i < items.size(); ++i)
    if (Status begun = ingestAndBegin(items[i], i); !begun.isOk()) outcomes_[i].failure = std::move(begun);
  finish();
  return std::move(outcomes_);
}

DocumentWriter::Target& DocumentWriter::targetOf(const WriteItem& item) {
  // Only a version that was decided elsewhere makes an index for a delete: it must be remembered.
  const bool may_create = item.action != WriteAction::kDelete || item.version_type != VersionType::kInternal;
  const auto isIt = [&](const auto& target) {
    return target->name == item.index && target->may_create == may_create &&
           target->must_be_alias == item.must_be_alias;
  };
  // The one asked for last is at the end.
  const auto found = std::find_if(targets_.rbegin(), targets_.rend(), isIt);
  if (found != targets_.rend()) return **found;
  Target& target = *targets_.emplace_back(std::make_unique<Target>());
  target.name = item.index;
  target.may_create = may_create;
  target.must_be_alias = item.must_be_alias;
  target.failure = resolve(target);
  return target;
}

Status DocumentWriter::resolve(Target& target) {
  if (target.must_be_alias) GYRE_TRY(checkIsAlias(*catalog_.state(), target.name));
  GYRE_TRY_ASSIGN(const IndexPtr index, indexForWrite(catalog_, target.name, target.may_create));
  if (index->stream) {
    target.stream = &streamBatch(index);
    return {};
  }
  if (!index->domain.empty()) return ownedByDomain(*index);
  if (index->engine == nullptr) return indexClosed(*index);
  GYRE_TRY(checkActiveShards(*index));
  if (const auto alias = index->aliases.find(target.name); alias != index->aliases.end())
    target.routing = alias->second.index_routing;
  const auto isIt = [&](const auto& batch) { return batch->index->engine == index->engine; };
  const auto found = std::find_if(batches_.begin(), batches_.end(), isIt);
  if (found != batches_.end()) {
    target.batch = found->get();
    return {};
  }
  batches_.push_back(std::make_unique<Batch>(
      Batch{index, ShardNumbers(index->settings), index->engine->mapping()->root().is_routing_required, {}, {}}));
  target.batch = batches_.back().get();
  return {};
}

Status DocumentWriter::checkActiveShards(const IndexEntry& index) const {
  if (policy_.active_shards.empty()) return {};
  const std::int64_t copies = index.settings.whole("index.number_of_replicas", 1) + 1;
  std::int64_t wanted = copies;
  if (policy_.active_shards != "all")
    std::from_chars(policy_.active_shards.data(), policy_.active_shards.data() + policy_.active_shards.size(), wanted);
  if (wanted <= 1) return {};
  return {Code::kUnavailable, "unavailable_shards_exception",
          "[" + index.name + "][0] Not enough active copies to meet shard count of [" +
              (policy_.active_shards == "all" ? "ALL" : policy_.active_shards) + "] (have 1, needed " +
              std::to_string(wanted) + "). Timeout: [" + policy_.timeout + "]"};
}

Status DocumentWriter::ingestAndBegin(const WriteItem& item, std::size_t position) {
  if (item.action != WriteAction::kIndex && item.action != WriteAction::kCreate) return begin(item, position);
  if (!ingest_) ingest_ = std::make_unique<Ingest>(catalog_);
  outcomes_[position].id = item.id.value_or(std::string_view());  // of one that is refused before it is begun
  GYRE_TRY_ASSIGN(auto ingested, ingest_->run(item.index, item.pipeline, item.id, item.routing, item.source));
  if (!ingested) return begin(item, position);
  const Ingested& kept = ingested_.emplace_back(std::move(*ingested));
  if (kept.is_dropped) {
    // Nothing is written, so no index is made for it either.
    auto named = std::make_shared<IndexEntry>();
    named->name = kept.index;
    outcomes_[position].index = std::move(named);
    outcomes_[position].id = kept.id ? std::string_view(*kept.id) : std::string_view();
    outcomes_[position].is_noop = true;
    return {};
  }
  WriteItem changed;
  changed.action = item.action;
  changed.index = kept.index;
  if (kept.id) changed.id = *kept.id;
  changed.routing = kept.routing;
  changed.source = kept.source;
  changed.version = item.version;
  changed.version_type = item.version_type;
  changed.if_seq_no = kept.if_seq_no ? kept.if_seq_no : item.if_seq_no;
  changed.if_term = kept.if_term ? kept.if_term : item.if_term;
  changed.must_be_alias = item.must_be_alias;
  return begin(changed, position);
}

Status DocumentWriter::begin(const WriteItem& item, std::size_t position) {
  WriteOutcome& outcome = outcomes_[position];
  outcome.id = item.id.value_or(std::string_view());
  const Target& target = targetOf(item);
  if (!target.failure.isOk()) return target.failure;
  if (target.stream != nullptr) {
    outcome.index = target.stream->index;
    return append(item, *target.stream, position);
  }
  outcome.index = target.batch->index;
  if (item.id && item.id->empty()) return illegalArgument("if _id is specified it must not be empty");
  const std::string_view routing = item.routing.empty() ? std::string_view(target.routing) : item.routing;
  if (!item.routing.empty() && !target.routing.empty() && item.routing != target.routing)
    return illegalArgument("Alias [" + std::string(target.name) + "] has index routing associated with it [" +
                           target.routing + "], and was provided with routing value [" + std::string(item.routing) +
                           "], rejecting operation");
  if (!item.id) outcome.id = made_ids_.emplace_back(makeDocumentId());
  if (target.batch->wants_routing && routing.empty()) return routingMissing(*outcome.index, outcome.id);
  if (item.action == WriteAction::kUpdate) return update(item, *target.batch, routing, outcome);
  return add(item, *target.batch, routing, position);
}

Status DocumentWriter::add(const WriteItem& item, Batch& batch, std::string_view routing, std::size_t position) {
  WriteOutcome& outcome = outcomes_[position];
  const bool is_delete = item.action == WriteAction::kDelete;
  if (is_delete && !batch.shards.isSingle()) {
    // A document on another shard than the one this delete goes to is none of its business.
    apply(batch);
    GYRE_TRY_ASSIGN(const auto held, batch.index->engine->get(outcome.id, {.wants_source = false}));
    if (held && batch.shards.of(outcome.id, held->routing) != batch.shards.of(outcome.id, routing)) {
      outcome.verdict = Verdict::kNotFound;
      outcome.version = 1;
      outcome.seq_no = batch.index->engine->checkpoint().applied;
      return {};
    }
  }
  if (!is_delete && item.source.empty())
    return {Code::kInvalidArgument, "mapper_parsing_exception", "failed to parse, document is empty"};
  Operation& operation = batch.operations.emplace_back();
  batch.positions.push_back(position);
  operation.kind = is_delete ? Operation::Kind::kDelete : Operation::Kind::kIndex;
  operation.id = outcome.id;
  operation.version = static_cast<std::uint64_t>(item.version.value_or(0));
  operation.source = item.source;
  operation.versioning = versioningOf(item.version_type);
  operation.must_be_new = item.action == WriteAction::kCreate;
  if (item.if_seq_no) operation.if_seq_no = static_cast<std::uint64_t>(*item.if_seq_no);
  if (item.if_term && *item.if_term != 0) operation.if_term = static_cast<std::uint64_t>(*item.if_term);
  operation.routing = routing;
  return {};
}

void DocumentWriter::apply(Batch& batch) {
  if (batch.operations.empty()) return;
  auto applied = applyCounted(*batch.index, batch.operations);
  for (std::size_t i = 0; i < batch.positions.size(); ++i) {
    WriteOutcome& outcome = outcomes_[batch.positions[i]];
    if (applied.isOk())
      take(applied.value()[i], batch, batch.operations[i].routing, outcome);
    else
      outcome.failure = applied.status();
  }
  batch.operations.clear();
  batch.positions.clear();
}

void DocumentWriter::take(engine::OperationOutcome& from, const Batch& batch, std::string_view routing,
                          WriteOutcome& outcome) const {
  outcome.verdict = from.verdict;
  outcome.version = from.version;
  outcome.seq_no = from.seq_no;
  if (from.verdict == Verdict::kRefused)
    outcome.failure = std::move(from.refusal);
  else if (from.verdict == Verdict::kConflict)
    outcome.failure = atShard(std::move(from.refusal), *batch.index, batch.shards.of(outcome.id, routing));
}

Status DocumentWriter::update(const WriteItem& item, Batch& batch, std::string_view routing, WriteOutcome& outcome) {
  apply(batch);
  outcome.is_idle = true;
  const DocumentUpdate& update = *item.update;
  const std::uint32_t shard = batch.shards.of(outcome.id, routing);
  for (std::int64_t attempt = 0;; ++attempt) {
    GYRE_TRY_ASSIGN(const auto held, getCounted(*batch.index, outcome.id, {}));
    const bool is_here = held && batch.shards.of(outcome.id, held->routing) == shard;
    Operation operation;
    operation.id = outcome.id;
    operation.versioning = Operation::Versioning::kInternal;
    operation.routing = routing;
    std::string merged;
    if (!is_here) {
      const json::Value upsert = update.is_doc_upsert ? update.doc : update.upsert;
      if (upsert.isMissing()) return atShard(documentMissing(outcome.id), *batch.index, shard);
      operation.source = upsert.raw();
      operation.must_be_new = true;
    } else {
      if (item.if_seq_no && (static_cast<std::uint64_t>(*item.if_seq_no) != held->seq_no ||
                             item.if_term.value_or(0) != static_cast<std::int64_t>(engine::kPrimaryTerm)))
        return atShard(sequenceConflict(item, held->seq_no), *batch.index, shard);
      if (update.has_script)
        return illegalArgument("[script] is not supported: there is no scripting language; send [doc] or [upsert]");
      GYRE_TRY_ASSIGN(const auto source, keptSource(*batch.index->mapping(), held->source));
      if (!source) return atShard(sourceMissing(outcome.id), *batch.index, shard);
      GYRE_TRY_ASSIGN(auto changed, mergeSource(*source, update.doc, update.detects_noop));
      if (!changed) {
        outcome.is_noop = true;
        outcome.version = held->version;
        outcome.seq_no = held->seq_no;
        outcome.shown = showUpdated(update, *source, held->seq_no);
        if (batch.index->open) ++batch.index->open->counters.noop_updates;
        return {};
      }
      merged = *std::move(changed);
      operation.source = merged;
      operation.if_seq_no = held->seq_no;
      if (routing.empty()) operation.routing = held->routing;
    }
    outcome.is_idle = false;
    GYRE_TRY_ASSIGN(auto applied, applyCounted(*batch.index, {&operation, 1}));
    if (applied.front().verdict == Verdict::kConflict && attempt < item.retries) continue;
    take(applied.front(), batch, operation.routing, outcome);
    if (outcome.failure.isOk() && update.shows) {
      GYRE_TRY_ASSIGN(const auto kept, keptSource(*batch.index->mapping(), std::string(operation.source)));
      if (kept) outcome.shown = showUpdated(update, *kept, outcome.seq_no);
    }
    return std::move(outcome.failure);
  }
}

DocumentWriter::StreamBatch& DocumentWriter::streamBatch(const IndexPtr& index) {
  for (const auto& batch : stream_batches_)
    if (batch->index->domain == index->domain) return *batch;
  return *stream_batches_.emplace_back(std::make_unique<StreamBatch>(StreamBatch{index, {}, {}}));
}

Status DocumentWriter::append(const WriteItem& item, StreamBatch& stream, std::size_t position) {
  const auto refused = [&](std::string_view what) {
    return illegalArgument("[" + stream.index->domain +
                           "] is a stream of records, which only arrive: " + std::string(what));
  };
  if (item.action != WriteAction::kIndex && item.action != WriteAction::kCreate)
    return refused("only [index] and [create] are taken, found [" + std::string(actionName(item.action)) + "]");
  if (item.version || item.if_seq_no || item.if_term) return refused("their documents have no versions");
  if (item.id && item.id->empty()) return illegalArgument("if _id is specified it must not be empty");
  if (item.source.empty())
    return {Code::kInvalidArgument, "mapper_parsing_exception", "failed to parse, document is empty"};
  stream.documents.push_back({item.id.value_or(std::string_view()), item.source});
  stream.positions.push_back(position);
  return {};
}

void DocumentWriter::finishStream(StreamBatch& stream) {
  if (stream.documents.empty()) return;
  std::vector<StreamOutcome> written = stream.index->stream->write(stream.documents);
  std::uint64_t last = 0;
  for (const StreamOutcome& each : written) last = std::max(last, each.sequence);
  const bool refreshes = policy_.refresh != WritePolicy::Refresh::kNone && last > 0;
  const Status refreshed = refreshes ? stream.index->stream->makeSearchable(last) : Status();
  for (std::size_t i = 0; i < written.size(); ++i) {
    WriteOutcome& outcome = outcomes_[stream.positions[i]];
    outcome.failure = std::move(written[i].failure);
    if (outcome.failure.isOk() && !refreshed.isOk()) outcome.failure = refreshed;
    if (!written[i].id.empty()) outcome.id = made_ids_.emplace_back(std::move(written[i].id));
    outcome.version = 1;
    outcome.seq_no = written[i].sequence == 0 ? 0 : written[i].sequence - 1;
    outcome.is_refreshed = policy_.refresh == WritePolicy::Refresh::kNow && refreshes;
  }
}

void DocumentWriter::finish() {
  for (const auto& stream : stream_batches_) finishStream(*stream);
  for (const auto& batch : batches_) {
    apply(*batch);
    Status done = batch->index->engine->sync();
    // A single update that had nothing to write does not refresh either; a bulk request always does.
    const bool is_idle = !policy_.is_bulk && std::all_of(outcomes_.begin(), outcomes_.end(),
                                                         [](const WriteOutcome& outcome) { return outcome.is_idle; });
    if (done.isOk() && policy_.refresh != WritePolicy::Refresh::kNone && !is_idle)
      done = batch->index->engine->refresh();
    for (WriteOutcome& outcome : outcomes_) {
      if (outcome.index != batch->index || !outcome.failure.isOk()) continue;
      if (done.isOk())
        outcome.is_refreshed = policy_.refresh == WritePolicy::Refresh::kNow && (!outcome.is_noop || policy_.is_bulk);
      else
        outcome.failure = done;
    }
  }
}

}  // namespace gyre::dialect
