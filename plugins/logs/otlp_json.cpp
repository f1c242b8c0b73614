#include <charconv>
#include <optional>

#include "document.hpp"
#include "gyre/json_writer.hpp"
#include "otlp.hpp"

namespace gyre::logs {

namespace {

// By the name of the JSON mapping, or that of the protocol buffer, which the mapping allows too.
json::Value either(json::Value object, std::string_view camel, std::string_view snake) {
  const json::Value value = object[camel];
  return value.isMissing() ? object[snake] : value;
}

std::string_view numberText(json::Value value) { return value.isString() ? value.string() : value.numberText(); }

// Nothing when the value is no whole number of 64 bits.
std::optional<std::uint64_t> nanosOf(json::Value value) {
  const std::string_view text = numberText(value);
  std::uint64_t nanos = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), nanos);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return nanos;
}

bool isGiven(json::Value value) { return !value.isMissing() && !value.isNull(); }

// False when lists and maps are nested too deeply.
bool writeAny(json::Value value, int depth, std::size_t& leaves, JsonWriter& out);

bool writeMembers(json::Value values, int depth, std::size_t& leaves, JsonWriter& out) {
  OpenMembers members;
  std::string text;
  for (const json::Value pair : values) {
    text.clear();
    JsonWriter inner(text);
    if (!writeAny(pair["value"], depth + 1, leaves, inner)) return false;
    members.add(pair["key"].string(), text, 0);
  }
  std::string object(1, '{');
  object.append(members.indexed());
  if (!members.indexed().empty() && !members.unindexed().empty()) object += ',';
  out.raw(object.append(members.unindexed()).append(1, '}'));
  return true;
}

bool writeAny(json::Value value, int depth, std::size_t& leaves, JsonWriter& out) {
  if (depth > AnyJson::kMaxDepth) return false;
  if (const json::Value list = either(value, "arrayValue", "array_value"); list.isObject()) {
    out.beginArray();
    for (const json::Value element : list["values"])
      if (!writeAny(element, depth + 1, leaves, out)) return false;
    out.endArray();
    return true;
  }
  if (const json::Value map = either(value, "kvlistValue", "kvlist_value"); map.isObject())
    return writeMembers(map["values"], depth, leaves, out);
  ++leaves;
  const json::Value text = either(value, "stringValue", "string_value");
  const json::Value boolean = either(value, "boolValue", "bool_value");
  const json::Value whole = either(value, "intValue", "int_value");
  const json::Value real = either(value, "doubleValue", "double_value");
  const json::Value bytes = either(value, "bytesValue", "bytes_value");
  if (text.isString() || bytes.isString()) {
    out.string(text.isString() ? text.string() : bytes.string());
  } else if (boolean.isBoolean()) {
    out.boolean(boolean.boolean());
  } else if (const json::Value number = whole.isMissing() ? real : whole; !number.isMissing()) {
    // "10", as 64-bit integers are written, and 10; "NaN" stays a text.
    const std::string_view digits = numberText(number);
    if (json::detail::isNumber(digits))
      out.raw(digits);
    else
      out.string(digits);
  } else {
    out.null();
  }
  return true;
}

bool readAny(json::Value value, AnyJson& any) {
  any.clear();
  const json::Value text = either(value, "stringValue", "string_value");
  if (text.isString()) {
    any.setText(text.string());
    return true;
  }
  any.is_map = either(value, "kvlistValue", "kvlist_value").isObject();
  any.leaf_count = 0;
  JsonWriter out(any.json);
  return writeAny(value, 0, any.leaf_count, out);
}

// Lower-case hexadecimal digits, `size` of them; "" for anything else.
std::string hexOf(json::Value value, std::size_t size) {
  std::string hex(value.string());
  if (hex.size() != size) return {};
  for (char& c : hex) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c | 0x20);
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return {};
  }
  return hex;
}

// SEVERITY_NUMBER_WARN2 and the like are names of the enumeration; numbers are what OTLP asks for.
std::int64_t severityNumber(json::Value value) {
  return value.integer().value_or(
      severityOf(0, value.string().starts_with("SEVERITY_NUMBER_") ? value.string().substr(16) : ""));
}

constexpr std::string_view kTooDeep = "expected at most 24 levels of lists and maps in a value";

void readRecord(json::Value record, OtlpBatch& batch, AnyJson& any) {
  if (!record.isObject()) return batch.rejectRecord("expected a JSON object");
  const json::Value time = either(record, "timeUnixNano", "time_unix_nano");
  if (const auto nanos = nanosOf(time)) {
    batch.setTime(*nanos);
  } else if (isGiven(time)) {
    batch.addText("timeUnixNano", time.isString() ? time.string() : time.raw());
    batch.addText("timestamp_fault", "unreadable");
  }
  batch.setObserved(nanosOf(either(record, "observedTimeUnixNano", "observed_time_unix_nano")).value_or(0));
  batch.setSeverity(severityNumber(either(record, "severityNumber", "severity_number")),
                    either(record, "severityText", "severity_text").string());
  const json::Value trace = either(record, "traceId", "trace_id"), span = either(record, "spanId", "span_id");
  const std::string trace_hex = hexOf(trace, 32), span_hex = hexOf(span, 16);
  batch.setTrace(trace_hex);
  batch.setSpan(span_hex);
  if (trace_hex.empty() && !trace.string().empty()) batch.addText("traceId", trace.string());
  if (span_hex.empty() && !span.string().empty()) batch.addText("spanId", span.string());
  if (const json::Value body = record["body"]; body.isObject()) {
    if (!readAny(body, any)) return batch.rejectRecord(kTooDeep);
    batch.setBody(any);
  } else if (isGiven(body)) {
    return batch.rejectRecord("body: expected an AnyValue, such as {\"stringValue\":…}, found " +
                              std::string(json::kindName(body.kind())));
  }
  for (const json::Value attribute : record["attributes"]) {
    if (!readAny(attribute["value"], any)) return batch.rejectRecord(kTooDeep);
    batch.addAttribute(attribute["key"].string(), any);
  }
  if (const json::Value name = either(record, "eventName", "event_name"); !name.string().empty())
    batch.addText("event.name", name.string());
  batch.endRecord();
}

std::string answerOf(const OtlpBatch& batch) {
  std::string text;
  JsonWriter out(text);
  out.beginObject();
  if (batch.rejectedCount() > 0) {
    out.key("partialSuccess").beginObject();
    out.member("rejectedLogRecords", std::to_string(batch.rejectedCount()));  // 64 bits are text in protobuf's JSON
    out.member("errorMessage", batch.firstReason()).endObject();
  }
  out.endObject();
  return text;
}

}  // namespace

Status takeOtlpJson(const IntakeCall& call, Records& records) {
  GYRE_TRY_ASSIGN(const json::Document parsed, parseTolerantly(call.body, 200));
  const json::Document* const document = &parsed;
  const json::Value logs = either(document->root(), "resourceLogs", "resource_logs");
  if (!document->root().isObject() || (!logs.isMissing() && !logs.isArray()))
    return invalidArgument("expected an object with the list resourceLogs");
  OtlpBatch batch(call, records);
  AnyJson any;
  for (const json::Value of_resource : logs) {
    batch.beginResource();
    for (const json::Value attribute : of_resource["resource"]["attributes"])
      if (readAny(attribute["value"], any)) batch.addResourceAttribute(attribute["key"].string(), any);
    for (const json::Value of_scope : either(of_resource, "scopeLogs", "scope_logs")) {
      batch.beginScope();
      const json::Value scope = of_scope["scope"];
      batch.setScope(scope["name"].string(), scope["version"].string());
      for (const json::Value attribute : scope["attributes"])
        if (readAny(attribute["value"], any)) batch.addScopeAttribute(attribute["key"].string(), any);
      for (const json::Value record : either(of_scope, "logRecords", "log_records")) {
        batch.beginRecord();
        readRecord(record, batch, any);
      }
    }
  }
  records.respond(answerOf(batch));
  return {};
}

}  // namespace gyre::logs
