#include "server/http/key_routes.hpp"

#include <memory>
#include <string>
#include <utility>

#include "gyre/faults.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/time.hpp"
#include "server/http/api_keys.hpp"
#include "server/http/problem.hpp"

namespace gyre::http {

namespace {

constexpr Member kKeyTable[] = {
    {"name", Type::kString, true, "whose key it is, for people"},
    {"organizationId", Type::kId, false, "the only organisation that it may see and change"},
    {"roles", Type::kStringList, true, "admin, writer, reader, DOMAIN:writer, DOMAIN:reader"},
    {"expiresAt", Type::kTime, false, "when it ends"},
};

void writeKey(const ApiKey& key, JsonWriter& writer) {
  writer.member("id", key.id).member("name", key.name);
  if (!key.organization_id.empty()) writer.member("organizationId", key.organization_id);
  writer.key("roles").beginArray();
  for (const std::string& role : key.roles) writer.string(role);
  writer.endArray().member("createdAt", timeText(key.created_millis));
  if (key.expires_millis) writer.member("expiresAt", timeText(*key.expires_millis));
}

Result<ApiKey> readKey(std::string_view body) {
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(body));
  Faults faults(document.root(), kKeyTable);
  ApiKey key;
  key.name = faults.sound("name").string();
  key.organization_id = faults.sound("organizationId").string();
  for (const json::Value role : faults.sound("roles")) key.roles.emplace_back(role.string());
  if (const json::Value end = faults.sound("expiresAt"); !end.isMissing()) {
    key.expires_millis = parseTime(end.string());
    if (!key.expires_millis) faults.add("/expiresAt", "expected an RFC 3339 time, found " + detail::shown(end));
  }
  GYRE_TRY(faults.status());
  return key;
}

Result<Response> createKey(ApiKeys& keys, std::string_view body) {
  GYRE_TRY_ASSIGN(ApiKey asked, readKey(body));
  GYRE_TRY_ASSIGN(const CreatedKey created, keys.create(std::move(asked)));
  Response response;
  response.status = 201;
  response.headers.emplace_back("Location", "/admin/v1/keys/" + created.key.id);
  response.headers.emplace_back("Cache-Control", "no-store");
  JsonWriter writer(response.body);
  writer.beginObject();
  writeKey(created.key, writer);
  writer.member("key", created.secret).endObject();
  return response;
}

Response listKeys(const ApiKeys& keys) {
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject().key("keys").beginArray();
  for (const ApiKey& key : keys.list()) {
    writer.beginObject();
    writeKey(key, writer);
    writer.endObject();
  }
  writer.endArray().endObject();
  return response;
}

Result<Response> revokeKey(ApiKeys& keys, const std::string& id) {
  GYRE_TRY(keys.revoke(id));
  Response response;
  JsonWriter(response.body).beginObject().member("id", id).member("revoked", true).endObject();
  return response;
}

}  // namespace

void handleKeys(const ApiContext& context, const Route& route, Request& request, Responder responder) {
  if (request.method == "GET" || request.method == "HEAD") {
    if (route.kind == Route::Kind::kKeys) return responder.send(listKeys(context.keys));
  }
  auto shared_responder = std::make_shared<Responder>(std::move(responder));
  const bool is_queued = context.readers.trySubmit(
      [&context, is_new = request.method == "POST", id = std::string(route.name),
       body = std::string(std::move(request.body)), request_id = request.id, shared_responder] {
        auto answer = is_new ? createKey(context.keys, body) : revokeKey(context.keys, id);
        shared_responder->send(answer.isOk() ? std::move(answer).value() : problem(answer.status(), request_id));
      });
  if (!is_queued)
    shared_responder->send(problem(Status(Code::kResourceExhausted, "the queue of readers is full"), request.id));
}

}  // namespace gyre::http
