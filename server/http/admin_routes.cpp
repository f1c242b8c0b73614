#include "server/http/admin_routes.hpp"

#include <memory>
#include <string>
#include <utility>

#include "gyre/json.hpp"
#include "gyre/schema.hpp"
#include "server/http/problem.hpp"
#include "server/projector/verify.hpp"

namespace gyre::http {

namespace {

constexpr Member kScopeTable[] = {
    {"id", Type::kId, false, "one entity"},
    {"organizationId", Type::kId, false, "all entities of an organisation"},
};
constexpr Member kVerifyTable[] = {
    {"id", Type::kId, false, "one entity"},
    {"organizationId", Type::kId, false, "all entities of an organisation"},
    {"repair", Type::kBoolean, false, "project again what differs", "false"},
};

// The checked body as canonical JSON; {} when there is none.
Result<json::Document> readParameters(const Request& request, Table table) {
  GYRE_TRY_ASSIGN(json::Document document, json::Document::parse(request.body.empty() ? "{}" : request.body));
  GYRE_TRY_ASSIGN(const Arguments arguments, Arguments::read(document.root(), table));
  if (arguments.has("id") && arguments.has("organizationId"))
    return invalidArgument("expected id or organizationId, found both")
        .addFault("/organizationId", "not together with id");
  return document;
}

void startJob(const ApiContext& context, std::string_view kind, const bus::DomainService& domain,
              json::Value parameters, std::uint64_t request_id, Responder& responder) {
  std::string text;
  JsonWriter writer(text);
  json::writeCanonical(parameters, writer);
  const auto job = context.jobs.submit(kind, domain.name, std::move(text));
  if (!job.isOk()) return responder.send(problem(job.status(), request_id));
  Response response;
  response.status = 202;
  response.headers.emplace_back("Location", "/admin/v1/jobs/" + job->id);
  response.body = bus::jobJson(*job, context.clock.nowMillis());
  responder.send(std::move(response));
}

}  // namespace

std::string verifyJson(const projector::VerifyResult& result) {
  std::string text;
  JsonWriter writer(text);
  writer.beginObject()
      .member("checked", result.checked)
      .member("missingCount", result.missing_count)
      .member("extraCount", result.extra_count)
      .member("differentCount", result.different_count)
      .member("repaired", result.repaired);
  writer.key("missing").beginArray();
  for (const std::string& id : result.missing) writer.string(id);
  writer.endArray().key("extra").beginArray();
  for (const std::string& id : result.extra) writer.string(id);
  writer.endArray().key("different").beginArray();
  for (const projector::Difference& difference : result.different) {
    writer.beginObject().member("id", difference.id).key("fields").beginArray();
    for (const std::string& field : difference.fields) writer.string(field);
    writer.endArray().endObject();
  }
  writer.endArray().endObject();
  return text;
}

void handleSynchronize(const ApiContext& context, const bus::DomainService& domain, Request& request,
                       Responder responder) {
  const auto document = readParameters(request, kScopeTable);
  if (!document.isOk()) return responder.send(problem(document.status(), request.id));
  startJob(context, "synchronize", domain, document->root(), request.id, responder);
}

void handleReindex(const ApiContext& context, const bus::DomainService& domain, Request& request, Responder responder) {
  const auto document = readParameters(request, {});
  if (!document.isOk()) return responder.send(problem(document.status(), request.id));
  startJob(context, "reindex", domain, document->root(), request.id, responder);
}

void handleVerify(const ApiContext& context, const bus::DomainService& domain, Request& request, Responder responder) {
  const auto document = readParameters(request, kVerifyTable);
  if (!document.isOk()) return responder.send(problem(document.status(), request.id));
  const json::Value parameters = document->root();
  if (!parameters["id"].isString()) return startJob(context, "verify", domain, parameters, request.id, responder);

  auto shared_responder = std::make_shared<Responder>(std::move(responder));
  const bool is_queued =
      context.readers.trySubmit([&domain, id = std::string(parameters["id"].string()),
                                 repair = parameters["repair"].boolean(), request_id = request.id, shared_responder] {
        const auto result = projector::verify(*domain.store, *domain.engine, *domain.projector, *domain.handlers,
                                              {id, ""}, repair, [](std::uint64_t, std::uint64_t) { return true; });
        if (!result.isOk()) return shared_responder->send(problem(result.status(), request_id));
        Response response;
        response.body = verifyJson(*result);
        shared_responder->send(std::move(response));
      });
  if (!is_queued)
    shared_responder->send(problem(Status(Code::kResourceExhausted, "the queue of readers is full"), request.id));
}

void handleJobs(const ApiContext& context, const Route& route, const Request& request, Responder responder) {
  const std::int64_t now = context.clock.nowMillis();
  Response response;
  if (route.kind == Route::Kind::kJobs) {
    JsonWriter writer(response.body);
    writer.beginObject().key("jobs").beginArray();
    for (const bus::Job& job : context.jobs.list()) writer.raw(bus::jobJson(job, now));
    writer.endArray().endObject();
    return responder.send(std::move(response));
  }
  Result<bus::Job> job = notFound("there is no job \"" + std::string(route.name) + "\"");
  if (request.method == "DELETE") {
    job = context.jobs.cancel(route.name);
  } else if (auto found = context.jobs.find(route.name)) {
    job = std::move(*found);
  }
  if (!job.isOk()) return responder.send(problem(job.status(), request.id));
  response.body = bus::jobJson(*job, now);
  responder.send(std::move(response));
}

}  // namespace gyre::http
