#include <protozero/pbf_writer.hpp>

#include <cmath>
#include <exception>

#include "gyre/json_writer.hpp"
#include "otlp.hpp"
#include "protobuf.hpp"
#include "text.hpp"

namespace gyre::logs {

namespace {

void writeAny(ProtoReader value, int depth, std::size_t& leaves, JsonWriter& out);

void writeMap(ProtoReader list, int depth, std::size_t& leaves, JsonWriter& out) {
  OpenMembers members;
  std::string text, scratch;
  while (list.next(1)) {
    const KeyValue pair = readKeyValue(list.message());
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
void writeAny(ProtoReader value, int depth, std::size_t& leaves, JsonWriter& out) {
  if (depth > AnyJson::kMaxDepth) throw TooDeep();
  std::string json, scratch;
  while (value.next()) {
    json.clear();
    JsonWriter inner(json);
    switch (value.tag()) {
      case 1: inner.string(visibleText(value.text(), scratch)); break;
      case 2: inner.boolean(value.boolean()); break;
      case 3: inner.integer(value.whole()); break;
      case 4: {
        const double real = value.real();
        if (std::isfinite(real))
          inner.real(real);
        else
          inner.string(std::isnan(real) ? "NaN" : real > 0 ? "Infinity" : "-Infinity");
        break;
      }
      case 5: {
        ProtoReader list = value.message();
        inner.beginArray();
        while (list.next(1)) writeAny(list.message(), depth + 1, leaves, inner);
        inner.endArray();
        break;
      }
      case 6: writeMap(value.message(), depth, leaves, inner); break;
      case 7: inner.string(base64Of(value.text())); break;
      default: value.skip();
    }
  }
  if (json.empty()) json = "null";
  if (json.front() != '[' && json.front() != '{') ++leaves;
  out.raw(json);
}

void readAny(ProtoReader value, AnyJson& any) {
  any.clear();
  ProtoReader first = value;
  if (first.next() && first.tag() == 1) {
    const std::string_view text = first.text();
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

void readRecord(ProtoReader record, OtlpBatch& batch, AnyJson& any) {
  std::int64_t severity = 0;
  std::string_view severity_text;
  while (record.next()) {
    switch (record.tag()) {
      case 1: batch.setTime(record.fixed64()); break;
      case 2: severity = record.whole(); break;
      case 3: severity_text = record.text(); break;
      case 5:
        readAny(record.message(), any);
        batch.setBody(any);
        break;
      case 6: {
        const KeyValue pair = readKeyValue(record.message());
        readAny(pair.value, any);
        batch.addAttribute(pair.key, any);
        break;
      }
      case 9: {
        const std::string_view id = record.text();
        if (id.size() == 16)
          batch.setTrace(hexOf(id));
        else if (!id.empty())
          batch.addText("traceId", hexOf(id));
        break;
      }
      case 10: {
        const std::string_view id = record.text();
        if (id.size() == 8)
          batch.setSpan(hexOf(id));
        else if (!id.empty())
          batch.addText("spanId", hexOf(id));
        break;
      }
      case 11: batch.setObserved(record.fixed64()); break;
      case 12:
        if (const std::string_view name = record.text(); !name.empty()) batch.addText("event.name", name);
        break;
      default: record.skip();
    }
  }
  batch.setSeverity(severity, severity_text);
  batch.endRecord();
}

void readResource(ProtoReader resource, OtlpBatch& batch, AnyJson& any) {
  while (resource.next()) {
    if (resource.tag() != 1) {
      resource.skip();
      continue;
    }
    const KeyValue pair = readKeyValue(resource.message());
    readAny(pair.value, any);
    batch.addResourceAttribute(pair.key, any);
  }
}

void readScope(ProtoReader scope, OtlpBatch& batch, AnyJson& any) {
  std::string_view name, version;
  while (scope.next()) {
    switch (scope.tag()) {
      case 1: name = scope.text(); break;
      case 2: version = scope.text(); break;
      case 3: {
        const KeyValue pair = readKeyValue(scope.message());
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
void readScopeLogs(const ProtoReader& scope_logs, OtlpBatch& batch, AnyJson& any) {
  batch.beginScope();
  for (ProtoReader part = scope_logs; part.next(1);) readScope(part.message(), batch, any);
  for (ProtoReader part = scope_logs; part.next(2);) {
    batch.beginRecord();
    try {
      readRecord(part.message(), batch, any);
    } catch (const TooDeep&) {
      batch.rejectRecord("expected at most 24 levels of lists and maps in a value");
    }
  }
}

void readRequest(ProtoReader request, OtlpBatch& batch) {
  AnyJson any;
  while (request.next(1)) {
    const ProtoReader of_resource = request.message();
    batch.beginResource();
    for (ProtoReader part = of_resource; part.next(1);) readResource(part.message(), batch, any);
    for (ProtoReader part = of_resource; part.next(2);) readScopeLogs(part.message(), batch, any);
  }
}

}  // namespace

Status takeOtlpProtobuf(const IntakeCall& call, Records& records) {
  OtlpBatch batch(call, records);
  try {
    readRequest(ProtoReader(call.body), batch);
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
