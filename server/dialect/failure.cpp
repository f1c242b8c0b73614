#include "server/dialect/failure.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

#include "gyre/json.hpp"

namespace gyre::dialect {

namespace {

constexpr std::string_view kCause = "caused_by";
constexpr std::string_view kSuppressed = "suppressed";
constexpr std::string_view kWrittenCause = "caused_by_json";

constexpr std::string_view kSearchFailure = "search_phase_execution_exception";

bool isRaw(std::string_view member) {
  return member == "line" || member == "col" || member == "grouped" || member == "failed_shards";
}

// Exceptions of the language and the libraries that the dialect was written with.
bool isForeign(std::string_view type) {
  constexpr std::string_view kForeign[] = {"illegal_argument_exception",
                                           "illegal_state_exception",
                                           "number_format_exception",
                                           "json_parse_exception",
                                           "json_e_o_f_exception",
                                           "input_coercion_exception",
                                           "e_o_f_exception",
                                           "i_o_exception",
                                           "null_pointer_exception",
                                           "arithmetic_exception",
                                           "class_cast_exception",
                                           "index_out_of_bounds_exception",
                                           "date_time_parse_exception",
                                           "date_time_exception",
                                           "named_object_not_found_exception",
                                           "x_content_parse_exception",
                                           "not_x_content_exception",
                                           "unsupported_operation_exception",
                                           "pattern_syntax_exception",
                                           "too_complex_to_determinize_exception"};
  return std::find(std::begin(kForeign), std::end(kForeign), type) != std::end(kForeign);
}

struct Cause {
  std::string_view type;
  std::string_view reason;
};

Cause parseCause(std::string_view text) {
  const std::size_t colon = text.find(": ");
  if (colon == std::string_view::npos) return {"exception", text};
  return {text.substr(0, colon), text.substr(colon + 2)};
}

void writeCauses(std::span<const Fault> faults, JsonWriter& writer) {
  std::size_t depth = 0;
  for (const Fault& fault : faults) {
    if (fault.pointer == kWrittenCause) writer.rawMember(kCause, fault.detail);
    if (fault.pointer != kCause) continue;
    const Cause cause = parseCause(fault.detail);
    writer.key(kCause).beginObject().member("type", cause.type).member("reason", cause.reason);
    ++depth;
  }
  for (; depth > 0; --depth) writer.endObject();
}

void writeSuppressed(std::span<const Fault> faults, JsonWriter& writer) {
  bool is_open = false;
  for (const Fault& fault : faults) {
    if (fault.pointer != kSuppressed) continue;
    if (!is_open) writer.key(kSuppressed).beginArray();
    is_open = true;
    const Cause cause = parseCause(fault.detail);
    writer.beginObject().member("type", cause.type).member("reason", cause.reason).endObject();
  }
  if (is_open) writer.endArray();
}

void writeMembers(const Status& status, JsonWriter& writer) {
  writer.member("type", typeOf(status)).member("reason", status.message());
  for (const Fault& fault : status.faults())
    if (isRaw(fault.pointer))
      writer.rawMember(fault.pointer, fault.detail);
    else if (fault.pointer != kCause && fault.pointer != kSuppressed && fault.pointer != kWrittenCause &&
             !fault.pointer.starts_with('@'))
      writer.member(fault.pointer, fault.detail);
}

// The root cause of a cause that is written already.
void writeDeepest(std::string_view cause, JsonWriter& writer) {
  const auto document = json::Document::parse(cause);
  if (!document.isOk()) return;
  json::Value root = document.value().root();
  for (json::Value next = root[kCause]; next.isObject() && !isForeign(next["type"].string()); next = next[kCause])
    root = next;
  writer.beginObject();
  for (const json::Value member : root)
    if (member.key() != kCause) writer.rawMember(member.key(), member.raw());
  writer.endObject();
}

void writeRootCause(const Status& status, JsonWriter& writer) {
  for (const Fault& fault : status.faults())
    if (fault.pointer == kWrittenCause) return writeDeepest(fault.detail, writer);
  std::optional<Cause> root;
  for (const Fault& fault : status.faults()) {
    if (fault.pointer != kCause) continue;
    const Cause cause = parseCause(fault.detail);
    const bool is_first_of_search = !root && typeOf(status) == kSearchFailure;
    if (isForeign(cause.type) && !is_first_of_search) break;
    root = cause;
  }
  if (root) {
    writer.beginObject().member("type", root->type).member("reason", root->reason).endObject();
    return;
  }
  writer.beginObject();
  writeMembers(status, writer);
  writer.endObject();
}

}  // namespace

int httpStatus(const Status& status) {
  switch (status.code()) {
    case Code::kOk: return 200;
    case Code::kInvalidArgument: return 400;
    case Code::kUnauthenticated: return 401;
    case Code::kPermissionDenied: return 403;
    case Code::kNotFound: return 404;
    case Code::kConflict:
    case Code::kFailedPrecondition: return 409;
    case Code::kUnprocessable: return 400;
    case Code::kTooLarge: return 413;
    case Code::kResourceExhausted: return 429;
    case Code::kInternal:
    case Code::kCorruption: return 500;
    case Code::kUnimplemented: return 501;
    case Code::kUnavailable: return 503;
    case Code::kDeadlineExceeded: return 504;
  }
  return 500;
}

std::string_view typeOf(const Status& status) {
  if (status.reason() == "malformed_json") return "json_parse_exception";
  if (status.reason() != codeName(status.code())) return status.reason();
  switch (status.code()) {
    case Code::kInvalidArgument:
    case Code::kUnprocessable: return "illegal_argument_exception";
    case Code::kNotFound: return "resource_not_found_exception";
    case Code::kConflict:
    case Code::kFailedPrecondition: return "version_conflict_engine_exception";
    case Code::kPermissionDenied: return "security_exception";
    case Code::kResourceExhausted: return "rejected_execution_exception";
    case Code::kUnimplemented: return "unsupported_operation_exception";
    case Code::kUnavailable: return "unavailable_shards_exception";
    default: return "exception";
  }
}

void writeFailure(const Status& status, JsonWriter& writer) {
  writer.beginObject();
  writeMembers(status, writer);
  writeCauses(status.faults(), writer);
  writer.endObject();
}

void writeError(const Status& status, JsonWriter& writer) {
  writer.beginObject().key("root_cause").beginArray();
  writeRootCause(status, writer);
  writer.endArray();
  writeMembers(status, writer);
  writeCauses(status.faults(), writer);
  writeSuppressed(status.faults(), writer);
  writer.endObject();
}

Response failureResponse(const Status& status) {
  Response response;
  response.status = httpStatus(status);
  JsonWriter writer(response.body);
  writer.beginObject().key("error");
  writeError(status, writer);
  writer.member("status", response.status).endObject();
  return response;
}

Status illegalArgument(std::string message) {
  return {Code::kInvalidArgument, "illegal_argument_exception", std::move(message)};
}

Status indexNotFound(std::string_view name, std::string_view kind) {
  Status status(Code::kNotFound, "index_not_found_exception", "no such index [" + std::string(name) + "]");
  status.addFault("index", std::string(name))
      .addFault("resource.id", std::string(name))
      .addFault("resource.type", std::string(kind))
      .addFault("index_uuid", "_na_");
  return status;
}

Status validationFailed(std::string_view what) {
  return {Code::kInvalidArgument, "action_request_validation_exception",
          "Validation Failed: 1: " + std::string(what) + ";"};
}

}  // namespace gyre::dialect
