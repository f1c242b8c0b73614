// One document at a time: index, create, get, delete.
#include "gyre/json.hpp"
#include "server/dialect/answered.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/service.hpp"

namespace gyre::dialect {

namespace {

using Verdict = engine::OperationOutcome::Verdict;

std::string_view resultName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kCreated: return "created";
    case Verdict::kDeleted: return "deleted";
    case Verdict::kNotFound: return "not_found";
    default: return "updated";
  }
}

Result<Response> write(Service& service, Call& call, engine::Operation operation) {
  GYRE_TRY_ASSIGN(const IndexPtr entry, service.catalog().forWrite(call.variable("index")));
  if (entry->is_entity_domain)
    return Status(Code::kPermissionDenied, "security_exception",
                  "index [" + entry->name + "] is written by the commands of the domain " + entry->domain +
                      " only: POST /v1/" + entry->domain + "/commands/…");
  const std::string id = call.hasVariable("id") ? std::string(call.variable("id")) : randomId();
  operation.id = id;
  operation.source = call.request.body;
  operation.versioning = engine::Operation::Versioning::kInternal;
  operation.routing = call.text("routing");
  GYRE_TRY_ASSIGN(const auto outcomes, entry->engine->apply({&operation, 1}, 0));
  const engine::OperationOutcome& outcome = outcomes.front();
  if (outcome.verdict == Verdict::kRefused || outcome.verdict == Verdict::kConflict) return outcome.refusal;
  GYRE_TRY(entry->engine->sync());
  const std::string_view refresh = call.text("refresh", "false");
  if (refresh != "false") GYRE_TRY(entry->engine->refresh());
  Response response;
  response.status = outcome.verdict == Verdict::kCreated ? 201 : outcome.verdict == Verdict::kNotFound ? 404 : 200;
  JsonWriter writer(response.body);
  writer.beginObject()
      .member("_index", entry->name)
      .member("_id", id)
      .member("_version", outcome.version)
      .member("result", resultName(outcome.verdict));
  if (refresh.empty() || refresh == "true") writer.member("forced_refresh", true);
  writer.key("_shards")
      .beginObject()
      .member("total", entry->settings.whole("index.number_of_replicas", 1) + 1)
      .member("successful", 1)
      .member("failed", 0)
      .endObject()
      .member("_seq_no", outcome.seq_no)
      .member("_primary_term", engine::kPrimaryTerm)
      .endObject();
  return response;
}

Result<Response> indexDocument(Service& service, Call& call) { return write(service, call, {}); }

Result<Response> createDocument(Service& service, Call& call) {
  engine::Operation operation;
  operation.must_be_new = true;
  return write(service, call, operation);
}

Result<Response> deleteDocument(Service& service, Call& call) {
  engine::Operation operation;
  operation.kind = engine::Operation::Kind::kDelete;
  return write(service, call, operation);
}

Result<Response> getDocument(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(const IndexPtr entry, service.catalog().resolveOne(call.variable("index")));
  GYRE_TRY_ASSIGN(const auto held, entry->engine->get(call.variable("id")));
  Response response;
  response.status = held ? 200 : 404;
  JsonWriter writer(response.body);
  writer.beginObject().member("_index", entry->name).member("_id", call.variable("id"));
  if (held)
    writer.member("_version", held->version)
        .member("_seq_no", held->seq_no)
        .member("_primary_term", engine::kPrimaryTerm);
  if (held && !held->routing.empty()) writer.member("_routing", held->routing);
  writer.member("found", held.has_value());
  if (held) writer.rawMember("_source", held->source);
  writer.endObject();
  return response;
}

constexpr std::string_view kWriteParameters = "refresh routing timeout wait_for_active_shards";

constexpr Route kRoutes[] = {
    {"PUT POST", "/{index}/_doc/{id}", answered<indexDocument>, kWriteParameters},
    {"POST", "/{index}/_doc", answered<indexDocument>, kWriteParameters},
    {"PUT POST", "/{index}/_create/{id}", answered<createDocument>, kWriteParameters},
    {"DELETE", "/{index}/_doc/{id}", answered<deleteDocument>, kWriteParameters},
    {"GET HEAD", "/{index}/_doc/{id}", answered<getDocument>, "routing realtime refresh preference", true},
};

}  // namespace

std::span<const Route> documentRoutes() { return kRoutes; }

}  // namespace gyre::dialect
