// Many writes in one request: _bulk.
#include <chrono>

#include "server/dialect/answered.hpp"
#include "server/dialect/bulk_request.hpp"
#include "server/dialect/document_write.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/service.hpp"
#include "server/dialect/source_parameters.hpp"

namespace gyre::dialect {

namespace {

// Of one item's answer, rounded up; the answer is built in one piece.
constexpr std::size_t kAnswerBytes = 192;

std::int64_t steadyMillis() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void writeItem(const WriteItem& item, const WriteOutcome& outcome, JsonWriter& writer) {
  writer.beginObject().key(actionName(item.action)).beginObject();
  if (outcome.failure.isOk()) {
    writeOutcome(outcome, writer);
  } else {
    writer.member("_index", outcome.index ? std::string_view(outcome.index->name) : item.index);
    if (item.id || !outcome.id.empty())
      writer.member("_id", outcome.id);
    else
      writer.key("_id").null();
  }
  writer.member("status", outcome.status());
  if (!outcome.failure.isOk()) {
    writer.key("error");
    writeFailure(outcome.failure, writer);
  }
  writer.endObject().endObject();
}

Result<Response> bulk(Service& service, Call& call) {
  const std::int64_t began = steadyMillis();
  if (call.request.body.empty()) return Status(Code::kInvalidArgument, "parse_exception", "request body is required");
  GYRE_TRY_ASSIGN(WritePolicy policy, WritePolicy::read(call));
  policy.is_bulk = true;
  BulkDefaults defaults;
  defaults.index = call.variable("index");
  defaults.routing = call.text("routing");
  defaults.pipeline = call.text("pipeline");
  GYRE_TRY_ASSIGN(defaults.must_be_alias, call.flag("require_alias"));
  GYRE_TRY_ASSIGN(defaults.shows, readSourceParameters(call));
  GYRE_TRY_ASSIGN(const std::int64_t batch_size, call.whole("batch_size", 1));
  if (batch_size < 1) return illegalArgument("batch_size must be greater than 0");
  GYRE_TRY_ASSIGN(const BulkRequest request, BulkRequest::parse(call.request.body, defaults));
  if (request.items.empty()) return validationFailed("no requests added");
  std::vector<std::string> faults;
  for (const WriteItem& item : request.items) findFaults(item, faults);
  GYRE_TRY(validationStatus(faults));

  DocumentWriter documents(service.catalog(), std::move(policy));
  const std::vector<WriteOutcome> outcomes = documents.write(request.items);

  Response response;
  response.body.reserve(outcomes.size() * kAnswerBytes + 64);
  JsonWriter writer(response.body);
  bool has_errors = false;
  for (const WriteOutcome& outcome : outcomes) has_errors = has_errors || !outcome.failure.isOk();
  writer.beginObject().member("took", steadyMillis() - began).member("errors", has_errors).key("items").beginArray();
  for (std::size_t i = 0; i < outcomes.size(); ++i) writeItem(request.items[i], outcomes[i], writer);
  writer.endArray().endObject();
  return response;
}

constexpr std::string_view kParameters =
    "refresh timeout wait_for_active_shards routing pipeline require_alias batch_size _source _source_includes "
    "_source_excludes";

constexpr Route kRoutes[] = {
    {"POST PUT", "/_bulk", answered<bulk>, kParameters},
    {"POST PUT", "/{index}/_bulk", answered<bulk>, kParameters},
};

}  // namespace

std::span<const Route> bulkRoutes() { return kRoutes; }

}  // namespace gyre::dialect
