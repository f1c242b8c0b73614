#include "server/dialect/by_query.hpp"

#include <algorithm>
#include <chrono>
#include <memory>

#include "engine/search/scroll_cursor.hpp"
#include "server/dialect/document_index.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/json_tree.hpp"
#include "server/dialect/search_targets.hpp"

namespace gyre::dialect {

namespace {

constexpr json::Limits kReplyLimits{.max_depth = 2048};

std::int64_t steadyNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Status searchFailure(const engine::SearchReply& reply) {
  if (reply.failures.empty()) return reply.status;
  return reply.failures.front().cause;
}

}  // namespace

Status ByQuery::prepare() {
  GYRE_TRY_ASSIGN(resolved_, catalog_.resolve(plan_.indices, plan_.options));
  for (const Resolved& each : resolved_) {
    if (plan_.kind != ByQueryPlan::Kind::kReindex) {
      GYRE_TRY(Catalog::checkFree(*each.index));
      GYRE_TRY_ASSIGN(const IndexPtr writable, catalog_.forWrite(each.index->name, false));
    }
    indices_[each.index->name] = each.index;
  }
  if (plan_.kind != ByQueryPlan::Kind::kReindex) return {};
  const auto state = catalog_.state();
  for (const auto& [name, index] : indices_)
    if (name == plan_.target || index->aliases.contains(plan_.target))
      return validationFailed("reindex cannot write into an index its reading from [" + plan_.target + "]");
  return {};
}

std::string ByQuery::description() const {
  const std::string from = "[" + (plan_.indices.empty() ? "_all" : plan_.indices) + "]";
  switch (plan_.kind) {
    case ByQueryPlan::Kind::kDelete: return "delete-by-query " + from;
    case ByQueryPlan::Kind::kUpdate: return "update-by-query " + from;
    case ByQueryPlan::Kind::kReindex: return "reindex from " + from + " to [" + plan_.target + "]";
  }
  return {};
}

std::string ByQuery::searchRequest() const {
  std::string request;
  JsonWriter writer(request);
  const std::int64_t size =
      plan_.max_docs ? std::min(plan_.batch_size, std::max<std::int64_t>(1, *plan_.max_docs)) : plan_.batch_size;
  writer.beginObject().member("size", size).member("track_total_hits", true);
  if (!plan_.query.empty()) writer.rawMember("query", plan_.query);
  writer.rawMember("sort", plan_.sort.empty() ? R"(["_doc"])" : plan_.sort);
  if (!plan_.source_filter.empty()) writer.rawMember("_source", plan_.source_filter);
  writer.member("version", true).member("seq_no_primary_term", true).endObject();
  return request;
}

Result<Response> ByQuery::run(Task& task) {
  const std::int64_t began = steadyNanos();
  std::vector<engine::SearchTarget> targets;
  for (const Resolved& each : resolved_) {
    GYRE_TRY(wake(*each.index));
    targets.push_back(searchTarget(each, *catalog_.state()));
  }
  allowLookUps(targets, catalog_);
  GYRE_TRY_ASSIGN(const auto cursor, engine::ScrollCursor::open(std::move(targets), searchRequest(), {}));
  std::int64_t seen = 0;
  for (std::int64_t batch_began = steadyNanos(); !task.is_cancelled; batch_began = steadyNanos()) {
    if (plan_.max_docs && *plan_.max_docs == 0) break;
    engine::SearchReply reply = cursor->next("", {});
    if (!reply.status.isOk()) return searchFailure(reply);
    GYRE_TRY_ASSIGN(const json::Document page, json::Document::parse(reply.body, kReplyLimits));
    const json::Value hits = page.root()["hits"];
    total_ = hits["total"]["value"].integer().value_or(0);
    if (plan_.max_docs) total_ = std::min(total_, *plan_.max_docs);
    const std::int64_t count = std::min<std::int64_t>(hits["hits"].size(), total_ - seen);
    if (count <= 0) break;
    ++batches_;
    GYRE_TRY(runBatch(hits["hits"]));
    seen += count;
    std::string progress;
    JsonWriter status(progress);
    status.beginObject();
    writeStatus(task, status);
    status.endObject();
    task.setProgress(std::move(progress));
    if (is_stopped_ || seen >= total_) break;
    if (!throttle(task, count, batch_began)) break;
  }
  if (plan_.refreshes) {
    if (target_) GYRE_TRY(target_->engine->refresh());
    if (!target_)
      for (const auto& [name, index] : indices_) GYRE_TRY(index->engine->refresh());
  }
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject().member("took", (steadyNanos() - began) / 1'000'000).member("timed_out", false);
  writeStatus(task, writer);
  if (task.is_cancelled) writer.member("canceled", "by user request");
  writer.key("failures").beginArray();
  for (const Failure& failure : failures_) {
    response.status = std::max(response.status, httpStatus(failure.cause));
    writer.beginObject().member("index", failure.index).member("id", failure.id).key("cause");
    writeFailure(failure.cause, writer);
    writer.member("status", httpStatus(failure.cause)).endObject();
  }
  writer.endArray().endObject();
  return response;
}

void ByQuery::writeStatus(const Task& task, JsonWriter& writer) const {
  writer.member("total", total_);
  if (plan_.kind != ByQueryPlan::Kind::kDelete) writer.member("updated", updated_);
  if (plan_.kind == ByQueryPlan::Kind::kReindex) writer.member("created", created_);
  const double rate = task.requests_per_second;
  writer.member("deleted", deleted_)
      .member("batches", batches_)
      .member("version_conflicts", conflicts_)
      .member("noops", noops_)
      .key("retries")
      .beginObject()
      .member("bulk", 0)
      .member("search", 0)
      .endObject()
      .member("throttled_millis", throttled_nanos_ / 1'000'000);
  writer.key("requests_per_second").raw(rate > 0 ? JsonTree::real(rate).text() : "-1.0");
  writer.member("throttled_until_millis", 0);
}

bool ByQuery::throttle(Task& task, std::int64_t documents, std::int64_t began_nanos) {
  const double rate = task.requests_per_second;
  if (rate <= 0) return true;
  const auto due = static_cast<std::int64_t>(static_cast<double>(documents) / rate * 1e9);
  const std::int64_t wait = due - (steadyNanos() - began_nanos);
  if (wait <= 0) return true;
  throttled_nanos_ += wait;
  return task.pause(wait);
}

// What becomes of one hit. Borrows from it.
Result<engine::Operation> ByQuery::operationFor(json::Value hit) {
  engine::Operation operation;
  operation.id = hit["_id"].string();
  operation.versioning = engine::Operation::Versioning::kInternal;
  operation.routing = hit["_routing"].string();
  if (plan_.kind == ByQueryPlan::Kind::kDelete) operation.kind = engine::Operation::Kind::kDelete;
  if (plan_.kind != ByQueryPlan::Kind::kReindex) {
    operation.if_seq_no = hit["_seq_no"].unsignedInteger();
    operation.if_term = engine::kPrimaryTerm;
  }
  if (plan_.kind == ByQueryPlan::Kind::kDelete) return operation;
  const json::Value source = hit["_source"];
  if (!source.isObject())
    return illegalArgument("[" + std::string(hit["_index"].string()) + "][" + std::string(operation.id) +
                           "] didn't store _source");
  operation.source = source.raw();
  if (plan_.kind != ByQueryPlan::Kind::kReindex) return operation;
  operation.must_be_new = plan_.must_be_new;
  if (plan_.versioning != ByQueryPlan::Versioning::kInternal) {
    operation.version = hit["_version"].unsignedInteger().value_or(1);
    operation.versioning = plan_.versioning == ByQueryPlan::Versioning::kExternal
                               ? engine::Operation::Versioning::kExternal
                               : engine::Operation::Versioning::kExternalOrEqual;
  }
  if (plan_.routing == "discard")
    operation.routing = {};
  else if (plan_.routing.starts_with('='))
    operation.routing = std::string_view(plan_.routing).substr(1);
  return operation;
}

Result<bool> ByQuery::ingest(const std::string& index, engine::Operation& operation, std::string& target) {
  if (!ingest_) ingest_ = std::make_unique<Ingest>(catalog_);
  GYRE_TRY_ASSIGN(auto ingested,
                  ingest_->run(index, plan_.pipeline, operation.id, operation.routing, operation.source));
  if (!ingested) return true;
  const Ingested& kept = ingested_.emplace_back(std::move(*ingested));
  if (kept.is_dropped) return false;
  if (plan_.kind == ByQueryPlan::Kind::kUpdate && (kept.index != index || kept.id != operation.id))
    return illegalArgument("a pipeline may not move a document that is updated by query");
  target = kept.index;
  if (kept.id) operation.id = *kept.id;
  operation.routing = kept.routing;
  operation.source = kept.source;
  return true;
}

Status ByQuery::runBatch(json::Value hits) {
  std::map<IndexPtr, std::vector<engine::Operation>> by_index;
  ingested_.clear();
  std::int64_t left =
      total_ - (created_ + updated_ + deleted_ + conflicts_ + noops_ + static_cast<std::int64_t>(failures_.size()));
  for (const json::Value hit : hits) {
    if (left-- <= 0) break;
    GYRE_TRY_ASSIGN(engine::Operation operation, operationFor(hit));
    IndexPtr index;
    const bool is_copy = plan_.kind == ByQueryPlan::Kind::kReindex;
    std::string target = is_copy ? plan_.target : std::string(hit["_index"].string());
    if (plan_.kind != ByQueryPlan::Kind::kDelete) {
      const std::string from = target;
      const auto goes_on = ingest(from, operation, target);
      if (!goes_on.isOk()) {
        addFailure(target, std::string(operation.id), goes_on.status());
        continue;
      }
      if (!goes_on.value()) {
        ++noops_;
        continue;
      }
    }
    if (is_copy) {
      auto found = indexForWrite(catalog_, target, true);
      if (found.isOk() && found.value()->is_entity_domain)
        return Status(Code::kPermissionDenied, "security_exception",
                      "index [" + target + "] is written by the commands of its domain only");
      if (!found.isOk()) return found.status();
      index = target_ = std::move(found).value();
    } else {
      index = indices_.find(hit["_index"].string())->second;
    }
    by_index[index].push_back(operation);
  }
  for (auto& [index, operations] : by_index) GYRE_TRY(write(index, operations));
  return {};
}

Status ByQuery::write(const IndexPtr& index, std::vector<engine::Operation>& operations) {
  const std::int64_t began = steadyNanos();
  GYRE_TRY_ASSIGN(auto outcomes, index->engine->apply(operations, 0));
  if (index->open) index->open->counters.countWrites(operations, outcomes, steadyNanos() - began);
  for (std::size_t i = 0; i < outcomes.size(); ++i) settle(operations[i], outcomes[i], *index);
  return index->engine->sync();
}

void ByQuery::settle(const engine::Operation& operation, engine::OperationOutcome& outcome, const IndexEntry& index) {
  using Verdict = engine::OperationOutcome::Verdict;
  switch (outcome.verdict) {
    case Verdict::kCreated: ++created_; break;
    case Verdict::kUpdated: ++updated_; break;
    case Verdict::kDeleted: ++deleted_; break;
    case Verdict::kNotFound:
    case Verdict::kAlreadyNewer: ++noops_; break;
    case Verdict::kConflict: {
      ++conflicts_;
      if (plan_.proceeds_on_conflict) break;
      Status cause = outcome.refusal;
      if (!cause.isOk()) cause.addFault("index", index.name).addFault("shard", "0").addFault("index_uuid", index.uuid);
      addFailure(index.name, std::string(operation.id), std::move(cause));
      break;
    }
    case Verdict::kRefused: addFailure(index.name, std::string(operation.id), outcome.refusal); break;
  }
}

void ByQuery::addFailure(std::string index, std::string id, Status cause) {
  failures_.push_back({std::move(index), std::move(id), std::move(cause)});
  is_stopped_ = true;
}

}  // namespace gyre::dialect
