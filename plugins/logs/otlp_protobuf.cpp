#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include <cmath>
#include <exception>

#include "gyre/json_writer.hpp"
#include "otlp.hpp"
#include "protobuf.hpp"
#include "text.hpp"

namespace gyre::logs {

namespace {

using protozero::pbf_reader;

void writeAny(pbf_reader value, int depth, std::size_t& leaves, JsonWriter& out);

void writeMap(pbf_reader list, int depth, std::size_t& leaves, JsonWriter& out) {
  OpenMembers members;
  std::string text, scratch;
  while (list.next(1)) {
    const KeyValue pair = readKeyValue(list.get_message());
    text.clear();
    JsonWriter inner(text);
    writeAny(pair.value, depth + 1, leaves, inner);
    members.add(visibleText(pair.key, scratch), text, 0);
  }
  std::string object(1, '{');
  object.append(members.indexed());
  if (!members.indexed().empty() && !members.unindexed().empty()) object += ',';
  out.raw(object.append(members.unindexed()).append(1, '}'));
}

std::string base64Of(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k)
      bits = bits << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) text += i + k > bytes.size() ? '=' : kDigits[(bits >> (18 - 6 * k)) & 63];
  }
  return text;
}

// The last member counts, as in every protocol buffer.
void writeAny(pbf_reader value, int depth, std::size_t& leaves, JsonWriter& out) {
  if (depth > AnyJson::kMaxDepth) throw TooDeep();
  std::string json, scratch;
  while (value.next()) {
    json.clear();
    JsonWriter inner(json);
    switch (value.tag()) {
      case 1: inner.string(visibleText(textOf(value), scratch)); break;
      case 2: inner.boolean(value.get_bool()); break;
      case 3: inner.integer(value.get_int64()); break;
      case 4: {
        const double real = value.get_double();
        if (std::isfinite(real))
          inner.real(real);
        else
          inner.string(std::isnan(real) ? "NaN" : real > 0 ? "Infinity" : "-Infinity");
        break;
      }
      case 5: {
        pbf_reader list = value.get_message();
        inner.beginArray();
        while (list.next(1)) writeAny(list.get_message(), depth + 1, leaves, inner);
        inner.endArray();
        break;
      }
      case 6: writeMap(value.get_message(), depth, leaves, inner); break;
      case 7: inner.string(base64Of(textOf(value))); break;
      default: value.skip();
    }
  }
  if (json.empty()) json = "null";
  if (json.front() != '[' && json.front() != '{') ++leaves;
  out.raw(json);
}

void readAny(pbf_reader value, AnyJson& any) {
  any.clear();
  pbf_reader first = value;
  if (first.next() && first.tag() == 1) {
    const std::string_view text = textOf(first);
    if (!first.next()) return any.setText(text);
  }
  any.leaf_count = 0;
  JsonWriter out(any.json);
  writeAny(value, 0, any.leaf_count, out);
  any.is_map = any.json.starts_with('{');
}

std::string hexOf(std::string_view bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes)
    text.append(1, kHex[static_cast<unsigned char>(byte) >> 4]).append(1, kHex[static_cast<unsigned char>(byte) & 15]);
  return text;
}

void readRecord(pbf_reader record, OtlpBatch& batch, AnyJson& any) {
  std::int64_t severity = 0;
  std::string_view severity_text;
  while (record.next()) {
    switch (record.tag()) {
      case 1: batch.setTime(record.get_fixed64()); break;
      case 2: severity = record.get_int32(); break;
      case 3: severity_text = textOf(record); break;
      case 5:
        readAny(record.get_message(), any);
        batch.setBody(any);
        break;
      case 6: {
        const KeyValue pair = readKeyValue(record.get_message());
        readAny(pair.value, any);
        batch.addAttribute(pair.key, any);
        break;
      }
      case 9: {
        const std::string_view id = textOf(record);
        if (id.size() == 16)
          batch.setTrace(hexOf(id));
        else if (!id.empty())
          batch.addText("traceId", hexOf(id));
        break;
      }
      case 10: {
        const std::string_view id = textOf(record);
        if (id.size() == 8)
          batch.setSpan(hexOf(id));
        else if (!id.empty())
          batch.addText("spanId", hexOf(id));
        break;
      }
      case 11: batch.setObserved(record.get_fixed64()); break;
      case 12:
        if (const std::string_view name = textOf(record); !name.empty()) batch.addText("event.name", name);
        break;
      default: record.skip();
    }
  }
  batch.setSeverity(severity, severity_text);
  batch.endRecord();
}

void readResource(pbf_reader resource, OtlpBatch& batch, AnyJson& any) {
  while (resource.next()) {
    if (resource.tag() != 1) {
      resource.skip();
      continue;
    }
    const KeyValue pair = readKeyValue(resource.get_message());
    readAny(pair.value, any);
    batch.addResourceAttribute(pair.key, any);
  }
}

void readScope(pbf_reader scope, OtlpBatch& batch, AnyJson& any) {
  std::string_view name, version;
  while (scope.next()) {
    switch (scope.tag()) {
      case 1: name = textOf(scope); break;
      case 2: version = textOf(scope); break;
      case 3: {
        const KeyValue pair = readKeyValue(scope.get_message());
        readAny(pair.value, any);
        batch.addScopeAttribute(pair.key, any);
        break;
      }
      default: scope.skip();
    }
  }
  batch.setScope(name, version);
}

// Members come in any order, so what they have in common is read first.
void readScopeLogs(const pbf_reader& scope_logs, OtlpBatch& batch, AnyJson& any) {
  batch.beginScope();
  for (pbf_reader part = scope_logs; part.next(1);) readScope(part.get_message(), batch, any);
  for (pbf_reader part = scope_logs; part.next(2);) {
    batch.beginRecord();
    try {
      readRecord(part.get_message(), batch, any);
    } catch (const TooDeep&) {
      batch.rejectRecord("expected at most 24 levels of lists and maps in a value");
    }
  }
}

void readRequest(pbf_reader request, OtlpBatch& batch) {
  AnyJson any;
  while (request.next(1)) {
    const pbf_reader of_resource = request.get_message();
    batch.beginResource();
    for (pbf_reader part = of_resource; part.next(1);) readResource(part.get_message(), batch, any);
    for (pbf_reader part = of_resource; part.next(2);) readScopeLogs(part.get_message(), batch, any);
  }
}

}  // namespace

Status takeOtlpProtobuf(const IntakeCall& call, Records& records) {
  OtlpBatch batch(call, records);
  try {
    readRequest(pbf_reader(call.body.data(), call.body.size()), batch);
  } catch (const TooDeep&) {
    return invalidArgument("expected at most 24 levels of lists and maps in an attribute of a resource or scope");
  } catch (const std::exception& error) {  // protozero's, each named for what it met
    return malformedProtobuf("an OTLP ExportLogsServiceRequest", batch.position(), error);
  }
  std::string answer;
  if (batch.rejectedCount() > 0) {
    protozero::pbf_writer out(answer);
    protozero::pbf_writer partial(out, 1);
    partial.add_int64(1, static_cast<std::int64_t>(batch.rejectedCount()));
    partial.add_string(2, batch.firstReason().data(), batch.firstReason().size());
  }
  records.respond(answer, "application/x-protobuf");
  return {};
}

}  // namespace gyre::logs
