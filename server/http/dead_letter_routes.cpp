#include "server/http/dead_letter_routes.hpp"

#include <charconv>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gyre/faults.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/time.hpp"
#include "server/bus/dead_letter_replay.hpp"
#include "server/http/percent_encoding.hpp"
#include "server/http/problem.hpp"
#include "server/http/request_parameters.hpp"

namespace gyre::http {

namespace {

constexpr Member kListTable[] = {
    {"before", Type::kInteger, false, "only ids below this one: nextBefore of the page before", "", 1},
    {"size", Type::kInteger, false, "letters a page, newest first", "100", 1, 1000},
};

void writeLetter(const store::DeadLetter& letter, JsonWriter& writer) {
  writer.member("id", letter.id).member("kind", store::kindName(letter.kind)).member("entityId", letter.entity_id);
  writer.member("sequence", letter.sequence);
  if (letter.kind == store::DeadLetter::Kind::kReaction)
    writer.member("source", letter.source)
        .member("type", letter.type)
        .member("eventTime", timeText(letter.event_millis));
  writer.member("code", letter.code).member("cause", letter.cause).member("attempts", letter.attempts);
  writer.member("time", timeText(letter.time_millis)).member("lastTime", timeText(letter.last_millis));
}

// With everything that is needed to mend it: the event and its commands, or the document that the index would get now.
std::string letterJson(const bus::DomainService& domain, const store::DeadLetter& letter) {
  std::string text;
  JsonWriter writer(text);
  writer.beginObject();
  writeLetter(letter, writer);
  if (letter.kind == store::DeadLetter::Kind::kRecord) {
    writer.member("record", letter.data);  // as text: it may be what is wrong with it
  } else if (letter.kind == store::DeadLetter::Kind::kReaction) {
    writer.rawMember("data", letter.data);
    if (!letter.commands.empty()) writer.rawMember("reaction", letter.commands);
  } else if (const auto record = domain.store->load(letter.entity_id); record.isOk() && *record) {
    const auto document = domain.handlers->project(letter.entity_id, (*record)->state, (*record)->version);
    if (document.isOk()) writer.rawMember("document", *document);
  }
  writer.endObject();
  return text;
}

Result<std::string> listJson(const bus::DomainService& domain, std::uint64_t before, std::size_t size) {
  GYRE_TRY_ASSIGN(const std::vector<store::DeadLetter> letters, domain.store->deadLetters(before, size));
  GYRE_TRY_ASSIGN(const std::uint64_t total, domain.store->deadLetterCount());
  std::string text;
  JsonWriter writer(text);
  writer.beginObject().key("deadLetters").beginArray();
  for (const store::DeadLetter& letter : letters) {
    writer.beginObject();
    writeLetter(letter, writer);
    writer.endObject();
  }
  writer.endArray().member("total", total).key("nextBefore");
  if (letters.size() == size)
    writer.unsignedInteger(letters.back().id);
  else
    writer.null();
  writer.endObject();
  return text;
}

Result<std::string> showJson(const bus::DomainService& domain, std::uint64_t id) {
  GYRE_TRY_ASSIGN(const auto letter, domain.store->deadLetter(id));
  if (!letter) return notFound("there is no dead letter " + std::to_string(id));
  return letterJson(domain, *letter);
}

Result<std::string> replayJson(const bus::DomainService& domain, std::uint64_t id, const base::Clock& clock) {
  GYRE_TRY_ASSIGN(const bus::LetterReplay replay, bus::replayDeadLetter(domain, id, clock));
  if (replay.refused)
    return Status(Code::kConflict, "still_refused",
                  "dead letter " + std::to_string(replay.refused->id) + " about \"" + replay.refused->entity_id +
                      "\" was refused again: " + replay.refused->cause);
  std::string text;
  JsonWriter writer(text);
  writer.beginObject().key("delivered").beginArray();
  for (const std::uint64_t delivered : replay.delivered) writer.unsignedInteger(delivered);
  writer.endArray().endObject();
  return text;
}

Result<std::uint64_t> readId(std::string_view text) {
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size() || id == 0)
    return invalidArgument("id: expected a whole number above 0, found " + quoteExcerpt(text));
  return id;
}

// Reading and writing the store may wait for a disk, so it is done on a reader.
void answerFrom(const ApiContext& context, std::uint64_t request_id, Responder responder,
                std::function<Result<std::string>()> work) {
  auto shared_responder = std::make_shared<Responder>(std::move(responder));
  const bool is_queued = context.readers.trySubmit([work = std::move(work), request_id, shared_responder] {
    Result<std::string> body = work();
    if (!body.isOk()) return shared_responder->send(problem(body.status(), request_id));
    Response response;
    response.body = std::move(body).value();
    shared_responder->send(std::move(response));
  });
  if (!is_queued)
    shared_responder->send(problem(Status(Code::kResourceExhausted, "the queue of readers is full"), request_id));
}

void handleList(const ApiContext& context, const bus::DomainService& domain, const Request& request,
                Responder responder) {
  const auto text = parametersOf(request.query);
  if (!text.isOk()) return responder.send(problem(text.status(), request.id));
  const auto document = json::Document::parse(*text);
  if (!document.isOk()) return responder.send(problem(document.status(), request.id));
  const auto asked = Arguments::read(document->root(), kListTable, {.is_lenient = true});
  if (!asked.isOk()) return responder.send(problem(asked.status(), request.id));
  answerFrom(context, request.id, std::move(responder),
             [&domain, before = static_cast<std::uint64_t>(asked->integer("before", 0)),
              size = static_cast<std::size_t>(asked->integer("size", 100))] { return listJson(domain, before, size); });
}

}  // namespace

void handleDeadLetters(const ApiContext& context, const bus::DomainService& domain, const Route& route,
                       Request& request, Responder responder) {
  if (route.kind == Route::Kind::kDeadLetters) return handleList(context, domain, request, std::move(responder));
  const auto id = readId(route.name);
  if (!id.isOk()) return responder.send(problem(id.status(), request.id));
  std::function<Result<std::string>()> work;
  if (route.kind == Route::Kind::kDeadLetterReplay) {
    work = [&domain, id = *id, &clock = context.clock] { return replayJson(domain, id, clock); };
  } else if (request.method == "DELETE") {
    work = [&domain, id = *id]() -> Result<std::string> {
      GYRE_TRY(bus::dropDeadLetter(domain, id));
      return R"({"id":)" + std::to_string(id) + R"(,"dropped":true})";
    };
  } else if (request.method == "PUT") {
    work = [&domain, id = *id, body = std::string(std::move(request.body))]() -> Result<std::string> {
      GYRE_TRY(bus::editDeadLetter(domain, id, body));
      return showJson(domain, id);
    };
  } else {
    work = [&domain, id = *id] { return showJson(domain, id); };
  }
  answerFrom(context, request.id, std::move(responder), std::move(work));
}

}  // namespace gyre::http
