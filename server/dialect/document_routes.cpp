// One document at a time: index, create, update, delete, get, and its source alone.
#include "server/dialect/answered.hpp"
#include "server/dialect/document_index.hpp"
#include "server/dialect/document_read.hpp"
#include "server/dialect/document_write.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/service.hpp"
#include "server/dialect/source_parameters.hpp"

namespace gyre::dialect {

namespace {

Status bodyRequired() { return {Code::kInvalidArgument, "parse_exception", "request body is required"}; }

Result<std::int64_t> wholeParameter(const Call& call, std::string_view name) {
  auto number = call.whole(name, 0);
  if (number.isOk()) return number;
  const std::string value(call.text(name));
  Status refused =
      illegalArgument("Failed to parse long parameter [" + std::string(name) + "] with value [" + value + "]");
  refused.addFault("caused_by", "number_format_exception: For input string: \"" + value + "\"");
  return refused;
}

// What every write says in its URL.
Result<WriteItem> readItem(const Call& call, WriteAction action) {
  WriteItem item;
  item.action = action;
  item.index = call.variable("index");
  if (call.hasVariable("id")) item.id = call.variable("id");
  if (call.request.parameters.empty()) return item;
  item.routing = call.text("routing");
  item.pipeline = call.text("pipeline");
  if (call.has("version")) {
    GYRE_TRY_ASSIGN(item.version, wholeParameter(call, "version"));
  }
  GYRE_TRY_ASSIGN(item.version_type, parseVersionType(call.text("version_type", "internal")));
  if (call.has("if_seq_no")) {
    GYRE_TRY_ASSIGN(item.if_seq_no, wholeParameter(call, "if_seq_no"));
    if (*item.if_seq_no < 0)
      return illegalArgument("sequence numbers must be non negative. got [" + std::to_string(*item.if_seq_no) + "].");
  }
  if (call.has("if_primary_term")) {
    GYRE_TRY_ASSIGN(item.if_term, wholeParameter(call, "if_primary_term"));
    if (*item.if_term < 0)
      return illegalArgument("primary term must be non negative. got [" + std::to_string(*item.if_term) + "]");
  }
  GYRE_TRY_ASSIGN(item.must_be_alias, call.flag("require_alias"));
  return item;
}

Result<Response> write(Service& service, const Call& call, WriteItem item) {
  GYRE_TRY_ASSIGN(WritePolicy policy, WritePolicy::read(call));
  std::vector<std::string> faults;
  findFaults(item, faults);
  GYRE_TRY(validationStatus(faults));
  DocumentWriter documents(service.catalog(), std::move(policy));
  const std::vector<WriteOutcome> outcomes = documents.write({&item, 1});
  const WriteOutcome& outcome = outcomes.front();
  if (!outcome.failure.isOk()) return outcome.failure;
  Response response;
  response.status = outcome.status();
  // Where the document is, for what was made.
  if (response.status == 201)
    response.headers.emplace_back("Location", "/" + outcome.index->name + "/_doc/" + std::string(outcome.id));
  JsonWriter writer(response.body);
  writer.beginObject();
  writeOutcome(outcome, writer);
  writer.endObject();
  return response;
}

Result<Response> indexDocument(Service& service, Call& call) {
  if (call.request.body.empty()) return bodyRequired();
  const std::string_view op_type = call.text("op_type", call.hasVariable("id") ? "index" : "create");
  if (op_type != "index" && op_type != "create")
    return illegalArgument("opType must be 'create' or 'index', found: [" + std::string(op_type) + "]");
  GYRE_TRY_ASSIGN(WriteItem item, readItem(call, op_type == "index" ? WriteAction::kIndex : WriteAction::kCreate));
  item.source = call.request.body;
  return write(service, call, std::move(item));
}

Result<Response> createDocument(Service& service, Call& call) {
  if (call.request.body.empty()) return bodyRequired();
  if (call.text("op_type", "create") != "create")
    return illegalArgument("opType must be 'create', found: [" + std::string(call.text("op_type")) + "]");
  GYRE_TRY_ASSIGN(WriteItem item, readItem(call, WriteAction::kCreate));
  item.source = call.request.body;
  return write(service, call, std::move(item));
}

Result<Response> deleteDocument(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(WriteItem item, readItem(call, WriteAction::kDelete));
  return write(service, call, std::move(item));
}

Result<Response> updateDocument(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(WriteItem item, readItem(call, WriteAction::kUpdate));
  if (item.version || item.version_type != VersionType::kInternal)
    return validationStatus(
        {"internal versioning can not be used for optimistic concurrency control. Please use "
         "`if_seq_no` and `if_primary_term` instead"});
  GYRE_TRY_ASSIGN(item.retries, call.whole("retry_on_conflict", 0));
  GYRE_TRY_ASSIGN(DocumentUpdate update, DocumentUpdate::parse(call.request.body));
  if (!update.shows) {
    GYRE_TRY_ASSIGN(update.shows, readSourceParameters(call));
  }
  if (!item.if_seq_no) item.if_seq_no = update.if_seq_no;
  if (!item.if_term) item.if_term = update.if_term;
  item.update = std::make_unique<DocumentUpdate>(std::move(update));
  return write(service, call, std::move(item));
}

Result<Response> getDocument(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(DocumentRead read, DocumentRead::fromParameters(call));
  read.id = call.variable("id");
  GYRE_TRY_ASSIGN(const IndexPtr index, indexForRead(service.catalog(), call.variable("index"), read.routing));
  GYRE_TRY_ASSIGN(const auto found, read.run(*index));
  Response response;
  response.status = found ? 200 : 404;
  JsonWriter writer(response.body);
  writer.beginObject();
  GYRE_TRY(read.write(*index, found, writer));
  writer.endObject();
  return response;
}

Result<Response> getSource(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(DocumentRead read, DocumentRead::fromParameters(call));
  if (!read.showsSource()) return validationStatus({"fetching source can not be disabled"});
  read.id = call.variable("id");
  GYRE_TRY_ASSIGN(const IndexPtr index, indexForRead(service.catalog(), call.variable("index"), read.routing));
  GYRE_TRY_ASSIGN(const auto found, read.run(*index));
  const std::string name = "[" + index->name + "]/[" + read.id + "]";
  if (!found) return Status(Code::kNotFound, "resource_not_found_exception", "Document not found " + name);
  if (!found->has_source) return Status(Code::kNotFound, "resource_not_found_exception", "Source not found " + name);
  Response response;
  if (!read.source || read.source->isWhole()) {
    response.body = found->source;
  } else {
    GYRE_TRY_ASSIGN(response.body, read.source->apply(found->source));
  }
  return response;
}

constexpr std::string_view kWriteParameters =
    "refresh routing timeout wait_for_active_shards version version_type if_seq_no if_primary_term pipeline op_type "
    "require_alias";
constexpr std::string_view kDeleteParameters =
    "refresh routing timeout wait_for_active_shards version version_type if_seq_no if_primary_term";
constexpr std::string_view kUpdateParameters =
    "refresh routing timeout wait_for_active_shards version version_type if_seq_no if_primary_term require_alias "
    "retry_on_conflict _source _source_includes _source_excludes";
constexpr std::string_view kGetParameters =
    "preference realtime refresh routing stored_fields version version_type _source _source_includes _source_excludes "
    "fields";
constexpr std::string_view kSourceOnlyParameters =
    "preference realtime refresh routing version version_type _source _source_includes _source_excludes";

constexpr Route kRoutes[] = {
    {"PUT POST", "/{index}/_doc/{id}", answered<indexDocument>, kWriteParameters},
    {"POST", "/{index}/_doc", answered<indexDocument>, kWriteParameters},
    {"PUT POST", "/{index}/_create/{id}", answered<createDocument>, kWriteParameters},
    {"DELETE", "/{index}/_doc/{id}", answered<deleteDocument>, kDeleteParameters},
    {"POST", "/{index}/_update/{id}", answered<updateDocument>, kUpdateParameters},
    {"GET HEAD", "/{index}/_doc/{id}", answered<getDocument>, kGetParameters, true},
    {"GET HEAD", "/{index}/_source/{id}", answered<getSource>, kSourceOnlyParameters, true},
};

}  // namespace

std::span<const Route> documentRoutes() { return kRoutes; }

}  // namespace gyre::dialect
