// A stream as small as one can be: lines of text. For tests of the host; no example of how to shape logs.
#include <algorithm>
#include <string>
#include <string_view>

#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/schema.hpp"
#include "gyre/stream.hpp"
#include "gyre/time.hpp"
#include "lines_mapping.hpp"

namespace gyre {
namespace {

// Hands each line that is not empty to `take(number, text)`.
template <class Take>
void eachLine(std::string_view body, Take take) {
  for (std::uint64_t number = 0; !body.empty(); ++number) {
    const std::size_t end = std::min(body.find('\n'), body.size());
    if (end > 0) take(number, body.substr(0, end));
    body.remove_prefix(std::min(end + 1, body.size()));
  }
}

std::string lineRecord(std::string_view text, std::string_view level, std::string_view organization, std::int64_t at) {
  std::string json;
  JsonWriter(json)
      .beginObject()
      .member("at", at)
      .member("text", text)
      .member("level", level)
      .member("organizationId", organization)
      .endObject();
  return json;
}

// Plain text, a line a record; "LEVEL text". A line that begins with '!' cannot be taken.
Status takeText(const IntakeCall& call, Records& records) {
  if (call.body == "refuse") return invalidArgument("body: expected lines, found a refusal");
  eachLine(call.body, [&](std::uint64_t number, std::string_view line) {
    if (line.starts_with('!')) return records.reject(number, "expected text, found '!'");
    const std::size_t blank = std::min(line.find(' '), line.size());
    records.add(number, call.time_millis,
                lineRecord(line.substr(std::min(blank + 1, line.size())), line.substr(0, blank), call.organization_id,
                           call.time_millis));
  });
  if (call.parameters["quiet"].isMissing())
    records.respond("took " + std::to_string(records.count()), "text/plain", 200);
  return {};
}

// NDJSON: {"at"?: milliseconds or RFC 3339, "text", "level"?, "number"?}; other members are the index's to judge.
Status takeDocuments(const IntakeCall& call, Records& records) {
  eachLine(call.body, [&](std::uint64_t number, std::string_view line) {
    const auto document = json::Document::parse(line);
    if (!document.isOk()) return records.reject(number, document.status().message());
    if (!document->root().isObject()) return records.reject(number, "expected an object");
    const json::Value at = document->root()["at"];
    const auto time = at.isMissing()  ? std::optional(call.time_millis)
                      : at.isString() ? parseTime(at.string())
                                      : at.integer();
    if (!time) return records.reject(number, "at: expected a time");
    std::string json = "{\"at\":" + std::to_string(*time);
    for (const json::Value member : document->root()) {
      if (member.key() == "at") continue;
      json += ",\"";
      json.append(member.key()).append("\":").append(member.raw());
    }
    records.add(number, *time, json + "}");
  });
  return {};
}

Status takeSyslog(const IntakeCall& call, Records& records) {
  records.add(0, call.time_millis, lineRecord(call.body, "syslog", "", call.time_millis));
  return {};
}

constexpr Member kAppendBody[] = {
    {.name = "lines", .type = Type::kStringList, .is_required = true, .help = "texts"},
};

Status append(const Command& command, Records& records) {
  GYRE_TRY(Arguments::read(command.body, kAppendBody).status());
  std::uint64_t number = 0;
  for (const json::Value line : command.body["lines"])
    records.add(number++, command.time_millis,
                lineRecord(line.string(), "command", command.organization_id, command.time_millis));
  return {};
}

constexpr Member kSearchParameters[] = {
    {.name = "text", .type = Type::kString, .help = "words"},
    {.name = "from", .type = Type::kTime, .help = "from this time on"},
    {.name = "to", .type = Type::kTime, .help = "up to this time"},
    {.name = "size", .type = Type::kInteger, .help = "lines", .default_text = "10", .minimum = 0, .maximum = 10'000},
};

Result<Plan> planSearch(const Query& query) {
  GYRE_TRY_ASSIGN(const Arguments arguments,
                  Arguments::read(query.parameters, kSearchParameters, {.is_lenient = query.is_lenient}));
  std::string request;
  JsonWriter writer(request);
  writer.beginObject().member("size", arguments.integer("size", 10)).member("track_total_hits", true);
  writer.key("query").beginObject().key("bool").beginObject().key("filter").beginArray();
  if (arguments.has("text"))
    writer.beginObject().key("match").beginObject().member("text", arguments.text("text")).endObject().endObject();
  if (arguments.has("from") || arguments.has("to")) {
    writer.beginObject().key("range").beginObject().key("at").beginObject();
    if (arguments.has("from")) writer.member("gte", arguments.text("from"));
    if (arguments.has("to")) writer.member("lte", arguments.text("to"));
    writer.endObject().endObject().endObject();
  }
  if (!query.organization_id.empty())
    writer.beginObject()
        .key("term")
        .beginObject()
        .member("organizationId", query.organization_id)
        .endObject()
        .endObject();
  writer.endArray().endObject().endObject();
  writer.key("sort").beginArray().beginObject().member("sequence", "asc").endObject().endArray().endObject();
  return Plan::search(std::move(request));
}

Status presentSearch(const Query&, json::Value answer, std::uint64_t, JsonWriter& out) {
  out.beginObject().member("total", answer["hits"]["total"]["value"].integer().value_or(-1));
  out.key("lines").beginArray();
  for (const json::Value hit : answer["hits"]["hits"]) out.raw(hit["_source"].raw());
  out.endArray().endObject();
  return {};
}

constexpr Member kTailParameters[] = {
    {.name = "level", .type = Type::kString, .help = "only lines of this level"},
};

Status matchTail(const TailCall& call, TailMatches& matches) {
  GYRE_TRY_ASSIGN(const Arguments arguments,
                  Arguments::read(call.parameters, kTailParameters, {.is_lenient = call.is_lenient}));
  for (std::uint64_t i = 0; i < call.record_count; ++i) {
    const auto document = json::Document::parse(call.record(i));
    if (!document.isOk()) continue;
    const json::Value record = document->root();
    if (arguments.has("level") && record["level"].string() != arguments.text("level")) continue;
    if (!call.organization_id.empty() && record["organizationId"].string() != call.organization_id) continue;
    matches.show(i, record.raw());
  }
  return {};
}

// As another system's API might count: how many lines of a level, of those that have all words of `q`.
Result<std::string> planCount(const EndpointCall& call) {
  std::string request;
  JsonWriter writer(request);
  writer.beginObject().member("size", 0).member("track_total_hits", true);
  writer.key("query").beginObject().key("bool").beginObject().key("filter").beginArray();
  for (const json::Value level : call.parameters["level"])
    writer.beginObject().key("term").beginObject().member("level", level.string()).endObject().endObject();
  for (const json::Value word : call.parameters["q"]) {
    if (word.string().empty()) return invalidArgument("q: expected a word");
    writer.beginObject().key("match").beginObject().member("text", word.string()).endObject().endObject();
  }
  writer.endArray().endObject().endObject().endObject();
  return request;
}

EndpointAnswer presentCount(const EndpointCall&, const EndpointResult& result) {
  if (!result.failure.isOk()) return {"error " + std::string(result.failure.message()), 422, "text/plain"};
  const auto answer = json::Document::parse(result.data, {.max_depth = 128});
  if (!answer.isOk()) return {"error " + std::string(answer.status().message()), 500, "text/plain"};
  return {"count " + std::string(answer->root()["hits"]["total"]["value"].numberText()), 200, "text/plain"};
}

void describe(StreamDomain& domain) {
  domain.name("lines", "1.0.0", "lines of text")
      .index(kIndexDefinition)
      .documents("at")
      .command("AppendLines", kAppendBody, "appends lines", &append)
      .intake("text", "/lines/push", "plain text, a line a record", &takeText)
      .intake("document", "", "NDJSON, a document a line", &takeDocuments)
      .syslog("syslog", "a message a record", &takeSyslog)
      .query("SearchLines", kSearchParameters, "by their words, oldest first", &planSearch, &presentSearch)
      .endpoint("/lines/count/{level}", "how many lines of a level", &planCount, &presentCount)
      .tail("TailLines", kTailParameters, "lines as they arrive", &matchTail);
}

}  // namespace
}  // namespace gyre

GYRE_STREAM_PLUGIN(gyre::describe)
