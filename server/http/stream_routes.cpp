#include "server/http/stream_routes.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/schema.hpp"
#include "server/bus/fingerprint.hpp"
#include "server/http/field_syntax.hpp"
#include "server/http/problem.hpp"
#include "server/http/query_string.hpp"
#include "server/http/request_parameters.hpp"
#include "server/http/sse_sink.hpp"

namespace gyre::http {

namespace {

constexpr std::size_t kRejectionsShown = 1'000;
constexpr std::size_t kKeyBytes = 255;
constexpr std::string_view kRecordIntake = "document";

// What is left of a request once its handler has returned.
struct Body {
  std::string body;
  std::string media_type;
  std::string parameters;
  std::string organization_id;
  std::string peer;
  std::uint64_t request_id = 0;
  std::int64_t received_nanos = 0;
  stream::StreamService::Held space;  // of a body that is taken
};

std::string mediaType(std::string_view header) {
  std::string type(trimBlanks(header.substr(0, header.find(';'))));
  for (char& c : type)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return type;
}

Result<std::string> textParameters(std::string_view query) {
  GYRE_TRY_ASSIGN(const QueryParameters parameters, parseQueryString(query));
  std::string text;
  JsonWriter writer(text);
  writer.beginObject();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto is_same = [&](const auto& later) { return later.first == parameters[i].first; };
    // The last of a name counts.
    if (std::any_of(parameters.begin() + static_cast<std::ptrdiff_t>(i) + 1, parameters.end(), is_same)) continue;
    writer.member(parameters[i].first, parameters[i].second);
  }
  writer.endObject();
  return text;
}

Result<Body> takeBody(Request& request) {
  Body body;
  GYRE_TRY_ASSIGN(body.parameters, textParameters(request.query));
  body.body = std::move(request.body);
  body.media_type = mediaType(request.header("content-type"));
  body.organization_id = request.organization_id;
  body.peer = request.peer;
  body.request_id = request.id;
  body.received_nanos = request.received_nanos;
  return body;
}

Status overloaded() { return {Code::kResourceExhausted, "all readers are busy and their queue is full"}; }

// Lines are counted from 1 for who reads them.
void writeRejected(const std::vector<stream::Rejection>& rejected, JsonWriter& writer) {
  writer.key("rejected").beginArray();
  for (std::size_t i = 0; i < std::min(rejected.size(), kRejectionsShown); ++i)
    writer.beginObject().member("line", rejected[i].position + 1).member("reason", rejected[i].reason).endObject();
  writer.endArray();
}

Response recordsAnswer(const stream::Appended& appended, const std::vector<stream::Rejection>& rejected,
                       std::uint64_t request_id) {
  if (appended.count == 0 && !rejected.empty()) {
    Status refused = invalidArgument("body: expected records, found none that can be taken");
    for (std::size_t i = 0; i < std::min(rejected.size(), kRejectionsShown); ++i)
      refused.addFault("/" + std::to_string(rejected[i].position), rejected[i].reason);
    return problem(refused, request_id);
  }
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject().member("accepted", appended.count).member("sequence", appended.last_sequence);
  writer.member("rejectedCount", static_cast<std::uint64_t>(rejected.size()));
  writeRejected(rejected, writer);
  writer.endObject();
  return response;
}

// Of some of a body; the rest is kept.
Status tooLate(const std::vector<stream::Rejection>& late) {
  Status status(Code::kInvalidArgument, "too_late",
                std::to_string(late.size()) + " too late, the rest is kept; sample " +
                    std::to_string(late.front().position) + ": " + late.front().reason);
  for (std::size_t i = 0; i < std::min(late.size(), kRejectionsShown); ++i)
    status.addFault("/" + std::to_string(late[i].position), late[i].reason);
  return status;
}

// What both ways in share: read on the pool, append, answer. `answer` turns what was taken into a response.
template <class Answer>
void ingest(const ApiContext& context, const bus::DomainService& domain, std::size_t intake, Request& request,
            Responder responder, Answer answer) {
  auto body = takeBody(request);
  if (!body.isOk()) return responder.send(problem(body.status(), request.id));
  auto space = domain.stream->hold(body->body.size());
  if (!space.isOk()) return responder.send(problem(space.status(), request.id));
  body->space = std::move(space).value();
  const auto held = std::make_shared<Body>(std::move(body).value());
  const auto shared_responder = std::make_shared<Responder>(std::move(responder));
  const bool is_queued = context.readers.trySubmit([&context, &domain, intake, held, shared_responder, answer] {
    const stream::StreamHandlers& handlers = domain.stream->handlers();
    const auto count = [&context, &domain, name = handlers.intakes()[intake].name, held](std::string_view outcome) {
      context.count_command(domain.name, name, outcome,
                            static_cast<double>(context.clock.monotonicNanos() - held->received_nanos) * 1e-9);
    };
    auto taken = handlers.take(intake, {held->body, held->media_type, held->parameters, held->organization_id,
                                        held->peer, context.clock.nowMillis()});
    if (!taken.isOk()) {
      count(codeName(taken.status().code()));
      return shared_responder->send(problem(taken.status(), held->request_id));
    }
    held->body = std::string();
    held->space.reset();  // the records count from here on
    const auto kept = std::make_shared<stream::Taken>(std::move(taken).value());
    stream::RecordBatch records = std::move(kept->records);
    std::vector<stream::Rejection> late = domain.stream->screen(records);
    // The protocol's own answer does not know of them.
    const Status refusal = late.empty() || !kept->response ? Status() : tooLate(late);
    std::move(late.begin(), late.end(), std::back_inserter(kept->rejected));
    domain.stream->append(
        std::move(records), std::nullopt,
        [held, kept, shared_responder, answer, count, refusal](const Result<stream::Appended>& appended) {
          count(appended.isOk() ? "ok" : codeName(appended.status().code()));
          if (!appended.isOk()) return shared_responder->send(problem(appended.status(), held->request_id));
          Response response =
              refusal.isOk() ? answer(*kept, *appended, held->request_id) : problem(refusal, held->request_id);
          response.headers.emplace_back("Gyre-Sequence", std::to_string(appended->last_sequence));
          shared_responder->send(std::move(response));
        });
  });
  if (!is_queued) shared_responder->send(problem(overloaded(), held->request_id));
}

Result<std::size_t> findIntake(const bus::DomainService& domain, std::string_view name) {
  const stream::StreamHandlers& handlers = domain.stream->handlers();
  const auto found = handlers.findIntake(name);
  if (found && handlers.intakes()[*found].framing.empty()) return *found;
  std::string known;
  for (const stream::IntakeDescription& intake : handlers.intakes())
    if (intake.framing.empty()) known.append(known.empty() ? "" : ", ").append(intake.name);
  return Status(Code::kNotFound, "unknown_intake",
                domain.name + " has no intake \"" + std::string(name) + "\" over HTTP; it has " + known);
}

Result<std::optional<stream::IdempotencyKey>> keyOf(const Request& request, std::string_view name, json::Value body) {
  const std::string_view key = request.header("idempotency-key");
  if (key.empty()) return std::optional<stream::IdempotencyKey>();
  if (key.size() > kKeyBytes || !isPrintable(key))
    return Status(Code::kInvalidArgument, "malformed_idempotency_key",
                  "idempotency-key: expected 1 to 255 bytes without control characters, found " +
                      std::to_string(key.size()) + " bytes");
  return std::optional(
      stream::IdempotencyKey{"key:" + request.organization_id, std::string(key), bus::fingerprint(name, body)});
}

Response appendAnswer(const stream::Appended& appended) {
  Response response;
  response.status = 201;
  JsonWriter(response.body)
      .beginObject()
      .member("sequence", appended.last_sequence)
      .member("count", appended.count)
      .endObject();
  response.headers.emplace_back("Gyre-Sequence", std::to_string(appended.last_sequence));
  if (appended.is_replay) response.headers.emplace_back("Idempotency-Replayed", "true");
  return response;
}

}  // namespace

void handleStreamCommand(const ApiContext& context, const bus::DomainService& domain, std::string_view name,
                         Request& request, Responder responder) {
  const auto& commands = domain.handlers->commands();
  const auto found =
      std::find_if(commands.begin(), commands.end(), [&](const auto& known) { return known.name == name; });
  if (found == commands.end()) {
    std::string known;
    for (const auto& command : commands) known.append(known.empty() ? "" : ", ").append(command.name);
    return responder.send(problem(404, "unknown_command",
                                  "command: expected one of " + known + ", found \"" + std::string(name) + "\"",
                                  request.id));
  }
  if (const Status admitted = domain.stream->admit(request.body.size()); !admitted.isOk())
    return responder.send(problem(admitted, request.id));
  const auto document = json::Document::parse(request.body);
  if (!document.isOk()) return responder.send(problem(document.status(), request.id));
  if (!document->root().isObject())
    return responder.send(problem(
        invalidArgument("body: expected an object, found " + std::string(json::kindName(document->root().kind()))),
        request.id));
  auto key = keyOf(request, name, document->root());
  if (!key.isOk()) return responder.send(problem(key.status(), request.id));
  struct Held {
    std::string body, organization_id;
    std::optional<stream::IdempotencyKey> key;
  };
  const auto held =
      std::make_shared<Held>(Held{std::move(request.body), request.organization_id, std::move(key).value()});
  const auto shared_responder = std::make_shared<Responder>(std::move(responder));
  const std::size_t command = static_cast<std::size_t>(found - commands.begin());
  const bool is_queued = context.readers.trySubmit(
      [&context, &domain, command, held, shared_responder, request_id = request.id, started = request.received_nanos] {
        const auto count = [&context, &domain, command, started](std::string_view outcome) {
          context.count_command(domain.name, domain.handlers->commands()[command].name, outcome,
                                static_cast<double>(context.clock.monotonicNanos() - started) * 1e-9);
        };
        auto records =
            domain.stream->handlers().decide(command, held->body, held->organization_id, context.clock.nowMillis());
        if (!records.isOk()) {
          count(codeName(records.status().code()));
          return shared_responder->send(problem(records.status(), request_id));
        }
        // A command is taken whole or not at all.
        if (const auto late = domain.stream->screen(*records); !late.empty()) {
          Status refusal(Code::kUnprocessable, "too_late", late.front().reason);
          for (std::size_t i = 0; i < std::min(late.size(), kRejectionsShown); ++i)
            refusal.addFault("/" + std::to_string(late[i].position), late[i].reason);
          count(codeName(refusal.code()));
          return shared_responder->send(problem(refusal, request_id));
        }
        domain.stream->append(std::move(records).value(), std::move(held->key),
                              [shared_responder, request_id, count](const Result<stream::Appended>& appended) {
                                count(!appended.isOk()      ? codeName(appended.status().code())
                                      : appended->is_replay ? std::string_view("replayed")
                                                            : std::string_view("ok"));
                                shared_responder->send(appended.isOk() ? appendAnswer(*appended)
                                                                       : problem(appended.status(), request_id));
                              });
      });
  if (!is_queued) shared_responder->send(problem(overloaded(), request.id));
}

void handleIngest(const ApiContext& context, const bus::DomainService& domain, std::string_view name, Request& request,
                  Responder responder) {
  const auto intake = findIntake(domain, name);
  if (!intake.isOk()) return responder.send(problem(intake.status(), request.id));
  // One without a path of its own is spoken by nobody else's programs.
  const bool is_own = domain.stream->handlers().intakes()[*intake].path.empty();
  ingest(context, domain, *intake, request, std::move(responder),
         [is_own](const stream::Taken& taken, const stream::Appended& appended, std::uint64_t request_id) {
           if (!taken.response) {
             if (is_own || !taken.rejected.empty()) return recordsAnswer(appended, taken.rejected, request_id);
             Response response;
             response.status = 204;
             response.content_type.clear();
             return response;
           }
           Response response;
           response.status = taken.status;
           response.content_type = taken.response->empty() ? std::string() : taken.content_type;
           response.body = *taken.response;
           return response;
         });
}

void handleRecords(const ApiContext& context, const bus::DomainService& domain, Request& request, Responder responder) {
  const auto intake = domain.stream->handlers().findIntake(kRecordIntake);
  if (!intake)
    return responder.send(problem(notForStreams(domain, "records: its plugin has no intake \"document\""), request.id));
  ingest(context, domain, *intake, request, std::move(responder),
         [](const stream::Taken& taken, const stream::Appended& appended, std::uint64_t request_id) {
           return recordsAnswer(appended, taken.rejected, request_id);
         });
}

void handleTail(const ApiContext& context, const bus::DomainService& domain, std::size_t tail, Request& request,
                Responder responder) {
  stream::TailRequest follow;
  follow.tail = tail;
  follow.is_lenient = true;
  follow.organization_id = request.organization_id;
  auto parameters = parametersOf(request.query);
  if (!parameters.isOk()) return responder.send(problem(parameters.status(), request.id));
  follow.parameters = std::move(parameters).value();
  const auto last_id = wholeHeader(request, "last-event-id", std::uint64_t{1} << 62);
  if (!last_id.isOk()) return responder.send(problem(last_id.status(), request.id));
  const std::uint64_t last = domain.store->lastSequence();
  follow.after_sequence = last_id->value_or(last);
  if (follow.after_sequence > last)
    return responder.send(problem(400, "unknown_sequence",
                                  "last-event-id: sequence " + std::to_string(follow.after_sequence) +
                                      " does not exist: the last one is " + std::to_string(last),
                                  request.id));
  if (request.method != "GET")
    return responder.send(
        problem(405, "method_not_allowed", "expected GET: who follows reads server-sent events", request.id));
  const auto sink = std::make_shared<SseSink>(std::move(responder), follow.after_sequence);
  const Status followed = domain.stream->tails().follow(std::move(follow), sink);
  if (!followed.isOk()) sink->refuse(problem(followed, request.id));
  context.count_query(domain.name, domain.stream->handlers().tails()[tail].name,
                      followed.isOk() ? "ok" : codeName(followed.code()), 0);
}

std::optional<IntakePath> findIntakePath(const bus::DomainCatalog& domains, std::string_view path) {
  for (const bus::DomainService& domain : domains.served) {
    const stream::StreamHandlers* const handlers = domain.handlers->stream();
    if (handlers == nullptr) continue;
    for (const stream::IntakeDescription& intake : handlers->intakes())
      if (!intake.path.empty() && intake.path == path) return IntakePath{domain.name, intake.name};
  }
  return std::nullopt;
}

namespace {

// "/api/v1/label/{name}/values" and a path of as many segments; variables take one that is not empty.
bool matchesPath(std::string_view pattern, std::string_view path,
                 std::vector<std::pair<std::string_view, std::string_view>>& variables) {
  variables.clear();
  while (!pattern.empty() && !path.empty()) {
    pattern.remove_prefix(1);
    path.remove_prefix(1);
    const std::string_view expected = pattern.substr(0, pattern.find('/'));
    const std::string_view found = path.substr(0, path.find('/'));
    pattern.remove_prefix(expected.size());
    path.remove_prefix(found.size());
    if (expected.starts_with('{') && expected.ends_with('}') && !found.empty())
      variables.emplace_back(expected.substr(1, expected.size() - 2), found);
    else if (expected != found)
      return false;
  }
  return pattern.empty() && path.empty();
}

// One object of lists, in the order of their sources.
Result<std::string> listParameters(const EndpointPath& path, const Request& request) {
  QueryParameters all;
  for (const auto& [name, value] : path.variables) all.emplace_back(name, value);
  GYRE_TRY_ASSIGN(const QueryParameters query, parseQueryString(request.query));
  all.insert(all.end(), query.begin(), query.end());
  if (mediaType(request.header("content-type")) == "application/x-www-form-urlencoded") {
    GYRE_TRY_ASSIGN(const QueryParameters form, parseQueryString(request.body));
    all.insert(all.end(), form.begin(), form.end());
  }
  std::string text;
  JsonWriter writer(text);
  writer.beginObject();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto is_same = [&](const auto& other) { return other.first == all[i].first; };
    if (std::any_of(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(i), is_same)) continue;
    writer.key(all[i].first).beginArray();
    for (const auto& [name, value] : all)
      if (name == all[i].first) writer.string(value);
    writer.endArray();
  }
  writer.endObject();
  return text;
}

constexpr std::int64_t kEndpointNanos = 120'000'000'000;  // as long as Prometheus gives a query

}  // namespace

std::optional<EndpointPath> findEndpointPath(const bus::DomainCatalog& domains, std::string_view path) {
  EndpointPath found;
  for (const bus::DomainService& domain : domains.served) {
    const bus::EndpointHandlers* const handlers = domain.handlers->endpoints();
    if (handlers == nullptr) continue;
    for (std::size_t i = 0; i < handlers->endpoints().size(); ++i) {
      if (!matchesPath(handlers->endpoints()[i].path, path, found.variables)) continue;
      found.domain = domain.name;
      found.endpoint = i;
      return found;
    }
  }
  return std::nullopt;
}

namespace {

// What is left of a call of an endpoint once its handler has returned.
struct HeldCall {
  HeldCall(const ApiContext& of_context, const bus::DomainService& of_domain, std::size_t of_endpoint)
      : context(of_context), domain(of_domain), endpoint(of_endpoint) {}
  const ApiContext& context;
  const bus::DomainService& domain;
  std::size_t endpoint;
  std::string parameters, organization_id;
  std::uint64_t request_id = 0;
  std::int64_t received_nanos = 0;
  Responder responder;

  bus::EndpointCall call() const { return {parameters, organization_id, context.clock.nowMillis()}; }

  // `data`: what the store says, as of `sequence`; or why there is nothing.
  void present(const Result<std::string>& data, std::uint64_t sequence) {
    const bus::EndpointHandlers& handlers = *domain.handlers->endpoints();
    const auto answer = handlers.presentEndpoint(endpoint, call(), data);
    context.count_query(domain.name, handlers.endpoints()[endpoint].path,
                        data.isOk() ? "ok" : codeName(data.status().code()),
                        static_cast<double>(context.clock.monotonicNanos() - received_nanos) * 1e-9);
    if (!answer.isOk()) return responder.send(problem(answer.status(), request_id));
    Response response;
    response.status = answer->status;
    response.content_type = answer->content_type;
    response.body = answer->body;
    if (data.isOk()) response.headers.emplace_back("Gyre-Sequence", std::to_string(sequence));
    responder.send(std::move(response));
  }

  void answer() {
    const Result<std::string> plan = domain.handlers->endpoints()->planEndpoint(endpoint, call());
    if (!plan.isOk()) return present(plan, 0);
    auto answered = domain.engine->search(*plan, context.clock.monotonicNanos() + kEndpointNanos);
    if (!answered.isOk()) return present(answered.status(), 0);
    present(std::move(answered->body), answered->sequence);
  }
};

void submit(const std::shared_ptr<HeldCall>& held) {
  if (!held->context.readers.trySubmit([held] { held->answer(); }))
    held->responder.send(problem(overloaded(), held->request_id));
}

}  // namespace

void handleEndpoint(const ApiContext& context, const bus::DomainService& domain, const EndpointPath& found,
                    Request& request, Responder responder) {
  auto parameters = listParameters(found, request);
  if (!parameters.isOk()) return responder.send(problem(parameters.status(), request.id));
  const auto min_sequence = wholeHeader(request, "gyre-min-sequence", std::uint64_t{1} << 62);
  if (!min_sequence.isOk()) return responder.send(problem(min_sequence.status(), request.id));
  const auto timeout = wholeHeader(request, "gyre-timeout", kLongestWaitMillis);
  if (!timeout.isOk()) return responder.send(problem(timeout.status(), request.id));
  const std::uint64_t wanted = min_sequence->value_or(0);
  if (const std::uint64_t last = domain.store->lastSequence(); wanted > last)
    return responder.send(problem(
        400, "unknown_sequence",
        "sequence " + std::to_string(wanted) + " does not exist: the last one is " + std::to_string(last), request.id));
  const auto held = std::make_shared<HeldCall>(context, domain, found.endpoint);
  held->parameters = std::move(parameters).value();
  held->organization_id = request.organization_id;
  held->request_id = request.id;
  held->received_nanos = request.received_nanos;
  held->responder = std::move(responder);
  if (wanted <= domain.engine->progress().searchable) return submit(held);
  const auto wait_ms = static_cast<std::int64_t>(timeout->value_or(bus::QueryRequest().timeout_ms));
  domain.searchability->requireSequence(wanted, wait_ms, [held](const Status& waited) {
    if (!waited.isOk()) return held->responder.send(problem(waited, held->request_id));
    submit(held);
  });
}

Status notForStreams(const bus::DomainService& domain, std::string_view what) {
  return {Code::kConflict, "stream_domain", domain.name + " is a stream of records: it takes no " + std::string(what)};
}

}  // namespace gyre::http
