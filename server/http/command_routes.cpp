#include "server/http/command_routes.hpp"

#include <atomic>
#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "gyre/json.hpp"
#include "gyre/schema.hpp"
#include "server/http/percent_encoding.hpp"
#include "server/http/problem.hpp"

namespace gyre::http {

namespace {

constexpr std::size_t kKeyBytes = 255;        // Idempotency-Key
constexpr std::size_t kBatchLines = 50'000;   // beyond it a batch is refused as a whole: it could never be queued
constexpr std::size_t kEventIdBytes = 1'024;  // CloudEvents source and id, together the receipt's key

// Only the media type counts; parameters such as charset are not ours to judge.
bool hasMediaType(const Request& request, std::string_view type) {
  std::string_view given = request.header("content-type");
  given = given.substr(0, given.find(';'));
  while (!given.empty() && (given.back() == ' ' || given.back() == '\t')) given.remove_suffix(1);
  if (given.size() != type.size()) return false;
  for (std::size_t i = 0; i < type.size(); ++i)
    if ((given[i] >= 'A' && given[i] <= 'Z' ? given[i] + 32 : given[i]) != type[i]) return false;
  return true;
}

Response wrongMediaType(const Request& request, std::string_view expected) {
  std::string detail = "content-type: expected ";
  detail += expected;
  detail += ", found \"";
  detail += request.header("content-type");
  detail += '"';
  return problem(415, "unsupported_media_type", detail, request.id);
}

// `"7"` of If-Match; weak tags and lists are no version of ours.
Result<std::optional<std::uint64_t>> expectedVersion(const Request& request) {
  const std::string_view text = request.header("if-match");
  if (text.empty()) return std::optional<std::uint64_t>();
  std::uint64_t version = 0;
  if (text.size() > 2 && text.front() == '"' && text.back() == '"') {
    const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size() - 1, version);
    if (error == std::errc() && end == text.data() + text.size() - 1) return std::optional(version);
  }
  return Status(Code::kInvalidArgument, "malformed_if_match",
                "if-match: expected a version in quotes, as \"3\", found " + quoteExcerpt(text));
}

Status checkKey(std::string_view key, std::string_view where) {
  if (!key.empty() && key.size() <= kKeyBytes && isPrintable(key)) return {};
  return {Code::kInvalidArgument, "malformed_idempotency_key",
          std::string(where) + ": expected 1 to 255 bytes without control characters, found " +
              std::to_string(key.size()) + " bytes"};
}

// Keys of header and batch lines share one space per organisation; events have theirs.
std::string keyScope(std::string_view organization_id) { return "key:" + std::string(organization_id); }

void writeReceipt(JsonWriter& writer, const bus::CommandReceipt& receipt) {
  writer.member("id", receipt.id).member("version", receipt.version).member("sequence", receipt.sequence);
  writer.key("events").beginArray();
  for (const auto& [type, sequence] : receipt.events)
    writer.beginObject().member("type", type).member("sequence", sequence).endObject();
  writer.endArray();
}

Response commandAnswer(const bus::CommandOutcome& outcome, std::uint64_t request_id) {
  Response response;
  if (outcome.result.isOk()) {
    const bus::CommandReceipt& receipt = outcome.result.value();
    response.status = receipt.is_created ? 201 : 200;
    JsonWriter writer(response.body);
    writer.beginObject();
    writeReceipt(writer, receipt);
    writer.endObject();
    response.headers.emplace_back("ETag", "\"" + std::to_string(receipt.version) + "\"");
    response.headers.emplace_back("Gyre-Sequence", std::to_string(receipt.sequence));
  } else {
    response = problem(outcome.result.status(), request_id);
  }
  if (outcome.is_replay) response.headers.emplace_back("Idempotency-Replayed", "true");
  return response;
}

// Where a created entity can be read: the domain's first query that is named Get…ById.
std::string locationOf(const bus::DomainService& domain, std::string_view id_member, std::string_view id) {
  for (const bus::QueryDescription& query : domain.handlers->queries()) {
    if (!query.name.starts_with("Get") || !query.name.ends_with("ById")) continue;
    std::string location = "/v1/" + domain.name + "/queries/";
    location += query.name;
    location += '?';
    location += id_member;
    location += '=';
    static constexpr char kHex[] = "0123456789ABCDEF";
    for (const char c : id) {
      const auto byte = static_cast<unsigned char>(c);
      const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                            c == '_' || c == '.' || c == '~';
      if (is_plain) {
        location += c;
      } else {
        location += '%';
        location += kHex[byte >> 4];
        location += kHex[byte & 15];
      }
    }
    return location;
  }
  return {};
}

std::string_view outcomeName(const bus::CommandOutcome& outcome) {
  if (outcome.is_replay) return "replayed";
  return outcome.result.isOk() ? "ok" : codeName(outcome.result.status().code());
}

// One answer line of a batch, or one element of a CloudEvents answer.
std::string itemAnswer(std::optional<std::size_t> line, const bus::CommandOutcome& outcome, std::uint64_t request_id) {
  std::string text;
  JsonWriter writer(text);
  writer.beginObject();
  if (line) writer.member("line", *line);
  if (outcome.result.isOk()) {
    writer.member("status", outcome.result->is_created ? 201 : 200);
    writeReceipt(writer, *outcome.result);
  } else {
    writer.member("status", httpStatus(outcome.result.status())).key("problem");
    writeProblem(writer, outcome.result.status(), request_id);
  }
  if (outcome.is_replay) writer.member("replayed", true);
  writer.endObject();
  return text;
}

// Collects the answers of many commands and sends them, in order, when the last one is there.
class Gathering {
 public:
  enum class Shape { kLines, kArray };
  Gathering(Shape shape, std::size_t count, std::uint64_t request_id, Responder responder)
      : shape_(shape),
        request_id_(request_id),
        answers_(count),
        missing_(count + 1),
        responder_(std::move(responder)) {}

  void put(std::size_t index, std::optional<std::size_t> line, const bus::CommandOutcome& outcome) {
    answers_[index] = itemAnswer(line, outcome, request_id_);
    finishOne();
  }
  // The reader of the batch holds one share, so nothing is sent while it still hands out work.
  void finishOne() {
    if (missing_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    Response response;
    response.content_type = shape_ == Shape::kLines ? "application/x-ndjson" : "application/json";
    if (shape_ == Shape::kArray) response.body += '[';
    for (std::size_t i = 0; i < answers_.size(); ++i) {
      if (shape_ == Shape::kArray && i > 0) response.body += ',';
      response.body += answers_[i];
      if (shape_ == Shape::kLines) response.body += '\n';
    }
    if (shape_ == Shape::kArray) response.body += ']';
    responder_.send(std::move(response));
  }

 private:
  const Shape shape_;
  const std::uint64_t request_id_;
  std::vector<std::string> answers_;
  std::atomic<std::size_t> missing_;
  Responder responder_;
};

bus::CommandOutcome refused(Status status) { return {Result<bus::CommandReceipt>(std::move(status)), false}; }

constexpr Member kLineTable[] = {
    {"command", Type::kString, true, "name of the command"},
    {"idempotencyKey", Type::kString, false, "as the header Idempotency-Key"},
    {"body", Type::kObject, true, "the command's payload"},
    {"time", Type::kTime, false, "when it happened, for imports of what happened elsewhere; now when absent"},
};

// One line of a batch as a request to the bus.
Result<bus::CommandRequest> readLine(std::string_view text, const std::string& organization_id) {
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(text, {.max_depth = 65}));
  GYRE_TRY_ASSIGN(const Arguments line, Arguments::read(document.root(), kLineTable));
  bus::CommandRequest request;
  request.name = line.text("command");
  request.organization_id = organization_id;
  request.body = line.at("body").raw();
  if (line.has("idempotencyKey")) {
    GYRE_TRY(checkKey(line.text("idempotencyKey"), "idempotencyKey"));
    request.idempotency_key = line.text("idempotencyKey");
    request.idempotency_scope = keyScope(organization_id);
  }
  if (line.has("time")) {
    request.time_millis = base::parseTime(line.text("time"));
    if (!request.time_millis)
      return invalidArgument("time: expected an RFC 3339 time, found " + detail::shown(line.at("time")))
          .addFault("/time", "expected an RFC 3339 time");
  }
  return request;
}

// A CloudEvent as a request to the bus. Extension attributes are allowed and not ours.
Result<bus::CommandRequest> readEvent(json::Value event, const std::string& organization_id) {
  if (!event.isObject())
    return invalidArgument("expected a CloudEvent (a JSON object), found " + std::string(json::kindName(event.kind())));
  Status status = invalidArgument("malformed CloudEvent");
  for (const std::string_view name : {"specversion", "id", "source", "type", "subject"}) {
    if (!event[name].isString() || event[name].string().empty())
      status.addFault(jsonPointer(name), event[name].isMissing() ? "missing; expected a string that is not empty"
                                                                 : "expected a string that is not empty, found " +
                                                                       detail::shown(event[name]));
  }
  if (event["specversion"].isString() && event["specversion"].string() != "1.0")
    status.addFault("/specversion", "expected \"1.0\", found " + detail::shown(event["specversion"]));
  if (event["id"].string().size() + event["source"].string().size() > kEventIdBytes)
    status.addFault("/id", "expected id and source of at most 1024 bytes together");
  if (!event["data_base64"].isMissing()) status.addFault("/data_base64", "expected JSON in data");
  if (const json::Value data = event["data"]; !data.isMissing() && !data.isNull() && !data.isObject())
    status.addFault("/data", "expected an object, found " + detail::shown(data));
  bus::CommandRequest request;
  if (const json::Value time = event["time"]; !time.isMissing()) {
    request.time_millis = base::parseTime(time.string());
    if (!request.time_millis) status.addFault("/time", "expected an RFC 3339 time, found " + detail::shown(time));
  }
  if (!status.faults().empty()) {
    Status whole = invalidArgument("malformed CloudEvent: " + status.faults().front().pointer.substr(1) + ": " +
                                   status.faults().front().detail);
    for (const Fault& fault : status.faults()) whole.addFault(fault.pointer, fault.detail);
    return whole;
  }
  request.is_event = true;
  request.name = event["type"].string();
  request.entity_id = event["subject"].string();
  request.body = event["data"].isObject() ? std::string(event["data"].raw()) : "{}";
  request.organization_id = organization_id;
  // One organisation's redeliveries are not another's. Without a key the scope is what it was before there were any.
  request.idempotency_scope = organization_id.empty() ? "event:" : "event@" + organization_id + ":";
  request.idempotency_scope += event["source"].string();
  request.idempotency_key = event["id"].string();
  return request;
}

// Hands a request to the bus with counting around it.
template <class Answer>
void dispatch(const ApiContext& context, const bus::DomainService& domain, bus::CommandRequest request, Answer answer) {
  const std::int64_t started = context.clock.monotonicNanos();
  // Names that no handler has are one label, or any client could grow the metrics without end.
  bool is_known = false;
  for (const auto& command : domain.handlers->commands()) is_known = is_known || command.name == request.name;
  for (const auto& event : domain.handlers->events()) is_known = is_known || event.name == request.name;
  std::string name = is_known ? request.name : "unknown";
  domain.commands->dispatch(std::move(request), [&context, &domain, started, name = std::move(name),
                                                 answer = std::move(answer)](bus::CommandOutcome outcome) mutable {
    context.count_command(domain.name, name, outcomeName(outcome),
                          static_cast<double>(context.clock.monotonicNanos() - started) * 1e-9);
    answer(std::move(outcome));
  });
}

}  // namespace

void handleCommand(const ApiContext& context, const bus::DomainService& domain, std::string_view name, Request& request,
                   Responder responder) {
  if (!request.header("content-type").empty() && !hasMediaType(request, "application/json"))
    return responder.send(wrongMediaType(request, "application/json"));
  bus::CommandRequest command;
  command.name = name;
  command.organization_id = request.organization_id;
  const auto version = expectedVersion(request);
  if (!version.isOk()) return responder.send(problem(version.status(), request.id));
  command.expected_version = *version;
  for (const HeaderField& field : request.headers) {
    if (field.name != "idempotency-key") continue;
    if (const Status status = checkKey(field.value, "idempotency-key"); !status.isOk())
      return responder.send(problem(status, request.id));
    command.idempotency_key = field.value;
    command.idempotency_scope = keyScope(request.organization_id);
  }
  command.body = std::move(request.body);

  std::string_view id_member;
  for (const bus::CommandDescription& known : domain.handlers->commands())
    if (known.name == name) id_member = known.id_member;
  // std::function asks for copyable captures; a Responder only moves.
  auto shared_responder = std::make_shared<Responder>(std::move(responder));
  dispatch(context, domain, std::move(command),
           [&domain, id_member, request_id = request.id, shared_responder](const bus::CommandOutcome& outcome) {
             Response response = commandAnswer(outcome, request_id);
             if (response.status == 201)
               if (std::string location = locationOf(domain, id_member, outcome.result->id); !location.empty())
                 response.headers.emplace_back("Location", std::move(location));
             shared_responder->send(std::move(response));
           });
}

void handleBatch(const ApiContext& context, const bus::DomainService& domain, Request& request, Responder responder) {
  if (!hasMediaType(request, "application/x-ndjson"))
    return responder.send(wrongMediaType(request, "application/x-ndjson"));
  const std::string body = std::move(request.body);
  std::vector<std::pair<std::size_t, std::string_view>> lines;  // number from 1, text
  std::size_t number = 0;
  for (std::string_view rest = body; !rest.empty();) {
    const std::size_t newline = rest.find('\n');
    std::string_view text = rest.substr(0, newline);
    rest.remove_prefix(newline == std::string_view::npos ? rest.size() : newline + 1);
    ++number;
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    if (text.find_first_not_of(" \t") != std::string_view::npos) lines.emplace_back(number, text);
  }
  if (lines.size() > kBatchLines)
    return responder.send(problem(Status(Code::kTooLarge, "batch_too_large",
                                         "expected at most " + std::to_string(kBatchLines) +
                                             " lines in a batch, found " + std::to_string(lines.size())),
                                  request.id));

  const auto gathering =
      std::make_shared<Gathering>(Gathering::Shape::kLines, lines.size(), request.id, std::move(responder));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::size_t line = lines[i].first;
    auto command = readLine(lines[i].second, request.organization_id);
    if (!command.isOk()) {
      gathering->put(i, line, refused(command.status().withPrefix("line " + std::to_string(line))));
      continue;
    }
    dispatch(context, domain, std::move(command).value(),
             [gathering, i, line](const bus::CommandOutcome& outcome) { gathering->put(i, line, outcome); });
  }
  gathering->finishOne();
}

void handleEvents(const ApiContext& context, const bus::DomainService& domain, Request& request, Responder responder) {
  const bool is_batch = hasMediaType(request, "application/cloudevents-batch+json");
  if (!is_batch && !hasMediaType(request, "application/cloudevents+json"))
    return responder.send(
        wrongMediaType(request, "application/cloudevents+json or application/cloudevents-batch+json"));
  const auto document = json::Document::parse(request.body, {.max_depth = is_batch ? 66u : 65u});
  if (!document.isOk()) return responder.send(problem(document.status(), request.id));

  if (!is_batch) {
    auto event = readEvent(document->root(), request.organization_id);
    if (!event.isOk()) return responder.send(problem(event.status(), request.id));
    auto shared_responder = std::make_shared<Responder>(std::move(responder));
    return dispatch(context, domain, std::move(event).value(),
                    [request_id = request.id, shared_responder](const bus::CommandOutcome& outcome) {
                      shared_responder->send(commandAnswer(outcome, request_id));
                    });
  }
  if (!document->root().isArray())
    return responder.send(problem(invalidArgument("expected a JSON array of CloudEvents, found " +
                                                  std::string(json::kindName(document->root().kind()))),
                                  request.id));
  const auto gathering =
      std::make_shared<Gathering>(Gathering::Shape::kArray, document->root().size(), request.id, std::move(responder));
  std::size_t index = 0;
  for (const json::Value element : document->root()) {
    const std::size_t i = index++;
    auto event = readEvent(element, request.organization_id);
    if (!event.isOk()) {
      gathering->put(i, std::nullopt, refused(event.status().withPrefix("event " + std::to_string(i))));
      continue;
    }
    dispatch(context, domain, std::move(event).value(),
             [gathering, i](const bus::CommandOutcome& outcome) { gathering->put(i, std::nullopt, outcome); });
  }
  gathering->finishOne();
}

}  // namespace gyre::http
