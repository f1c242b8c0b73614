#include "server/http/openapi.hpp"

#include "gyre/json_writer.hpp"
#include "server/http/activity_routes.hpp"

namespace gyre::http {

namespace {

void writeBody(JsonWriter& writer, std::string_view media_type, std::string_view schema) {
  writer.key("requestBody").beginObject().member("required", true).key("content").beginObject();
  writer.key(media_type).beginObject().rawMember("schema", schema).endObject();
  writer.endObject().endObject();
}

void writeResponses(JsonWriter& writer, std::string_view success) {
  writer.key("responses").beginObject();
  writer.key(success).beginObject().member("description", "done").endObject();
  writer.key("default").beginObject().member("description", "a problem (RFC 9457)").key("content").beginObject();
  writer.key("application/problem+json")
      .beginObject()
      .key("schema")
      .beginObject()
      .member("$ref", "#/components/schemas/Problem");
  writer.endObject().endObject().endObject().endObject().endObject();
}

void writeOperation(JsonWriter& writer, std::string_view domain, std::string_view name, std::string_view help) {
  writer.member("operationId", std::string(domain) + "." + std::string(name)).member("summary", help);
  writer.key("tags").beginArray().string(domain).endArray();
}

void writeIntake(JsonWriter& writer, const bus::DomainService& domain, std::string path, std::string_view id,
                 std::string_view help) {
  writer.key(path).beginObject().key("post").beginObject();
  writeOperation(writer, domain.name, id, help);
  writeBody(writer, "*/*", R"({"type":"string"})");
  writeResponses(writer, "200");
  writer.endObject().endObject();
}

void writeStream(JsonWriter& writer, const bus::DomainService& domain, const stream::StreamHandlers& handlers) {
  const std::string prefix = "/v1/" + domain.name;
  for (const stream::IntakeDescription& intake : handlers.intakes()) {
    if (!intake.framing.empty()) continue;
    const std::string name(intake.name);
    writeIntake(writer, domain, prefix + "/ingest/" + name, "ingest." + name, intake.help);
    if (!intake.path.empty()) writeIntake(writer, domain, std::string(intake.path), "path." + name, intake.help);
    if (name == "document") writeIntake(writer, domain, prefix + "/records", "records", "NDJSON, a record a line");
  }
  if (const bus::EndpointHandlers* const endpoints = domain.handlers->endpoints())
    for (const bus::EndpointDescription& endpoint : endpoints->endpoints()) {
      writer.key(endpoint.path).beginObject().key("get").beginObject();
      writeOperation(writer, domain.name, endpoint.path, endpoint.help);
      writeResponses(writer, "200");
      writer.endObject().endObject();
    }
  for (const stream::TailDescription& tail : handlers.tails()) {
    writer.key(prefix + "/queries/" + std::string(tail.name)).beginObject().key("get").beginObject();
    writeOperation(writer, domain.name, tail.name, tail.help);
    writeResponses(writer, "200");
    writer.endObject().endObject();
  }
}

void writeDomain(JsonWriter& writer, const bus::DomainService& domain) {
  const std::string prefix = "/v1/" + domain.name;
  for (const bus::CommandDescription& command : domain.handlers->commands()) {
    writer.key(prefix + "/commands/" + std::string(command.name)).beginObject().key("post").beginObject();
    writeOperation(writer, domain.name, command.name, command.help);
    writeBody(writer, "application/json", command.schema);
    writeResponses(writer, "200");
    writer.endObject().endObject();
  }
  if (const stream::StreamHandlers* const handlers = domain.handlers->stream()) writeStream(writer, domain, *handlers);
  if (domain.handlers->stream() == nullptr) {
    writer.key(prefix + "/commands").beginObject().key("post").beginObject();
    writeOperation(writer, domain.name, "batch", "many commands, one a line");
    writeBody(writer, "application/x-ndjson", R"({"type":"string"})");
    writeResponses(writer, "200");
    writer.endObject().endObject();
    writer.key(prefix + "/events").beginObject().key("post").beginObject();
    writeOperation(writer, domain.name, "events", "domain events from outside (CloudEvents 1.0)");
    writeBody(writer, "application/cloudevents+json",
              R"({"type":"object","required":["specversion","id","source","type","subject"]})");
    writeResponses(writer, "200");
    writer.endObject().endObject();
  }
  for (const bus::QueryDescription& query : domain.handlers->queries()) {
    writer.key(prefix + "/queries/" + std::string(query.name)).beginObject().key("post").beginObject();
    writeOperation(writer, domain.name, query.name, query.help);
    writeBody(writer, "application/json", query.schema);
    writeResponses(writer, "200");
    writer.endObject().endObject();
  }
}

}  // namespace

std::string openApiDocument(const bus::DomainCatalog& domains) {
  std::string text;
  JsonWriter writer(text);
  writer.beginObject().member("openapi", "3.1.0");
  writer.key("info").beginObject().member("title", "Gyre").member("version", "1").endObject();
  writer.key("paths").beginObject();
  for (const bus::DomainService& domain : domains.served)
    if (domain.gate.isOpen()) writeDomain(writer, domain);
  writer.rawMember("/v1/activity", activityOpenApi());
  writer.endObject();
  writer.key("components").beginObject().key("schemas").beginObject().key("Problem").beginObject();
  writer.member("type", "object").key("properties").beginObject();
  for (const std::string_view name : {"type", "title", "detail", "code", "requestId"})
    writer.key(name).beginObject().member("type", "string").endObject();
  writer.key("status").beginObject().member("type", "integer").endObject();
  writer.key("errors")
      .beginObject()
      .member("type", "array")
      .key("items")
      .beginObject()
      .member("type", "object")
      .endObject()
      .endObject();
  writer.endObject().endObject().endObject().endObject().endObject();
  return text;
}

}  // namespace gyre::http
