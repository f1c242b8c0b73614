#include <charconv>

#include "filter.hpp"
#include "gyre/base64.hpp"
#include "gyre/search_answer.hpp"
#include "queries.hpp"

namespace gyre::logs {

namespace {

constexpr std::int64_t kDefaultSize = 50;
constexpr std::int64_t kMaxSize = 1000;
constexpr Member kSearchParameters[] = {
    GYRE_LOGS_RECORD_PARAMETERS,
    GYRE_LOGS_TIME_PARAMETERS,
    {"size", Type::kInteger, false, "records at most", "50", 0, kMaxSize},
    {.name = "cursor", .type = Type::kString, .help = "nextCursor of the answer before", .max_bytes = 256},
};

// The place behind the last record of an answer.
struct Place {
  std::uint64_t fingerprint = 0;  // of the search it belongs to
  std::int64_t time_millis = 0;
  std::int64_t sequence = 0;

  std::string toText() const {
    std::string json;
    JsonWriter(json).beginArray().string(std::to_string(fingerprint)).integer(time_millis).integer(sequence).endArray();
    return encodeBase64Url(json);
  }
  static std::optional<Place> parse(std::string_view text) {
    const auto decoded = decodeBase64Url(text);
    if (!decoded) return std::nullopt;
    const auto document = json::Document::parse(*decoded);
    if (!document.isOk() || document->root().size() != 3) return std::nullopt;
    json::Value parts[3];
    std::size_t count = 0;
    for (const json::Value part : document->root()) parts[count++] = part;
    Place place;
    const std::string_view print = parts[0].string();
    const auto [end, error] = std::from_chars(print.data(), print.data() + print.size(), place.fingerprint);
    if (error != std::errc() || end != print.data() + print.size() || !parts[1].integer() || !parts[2].integer())
      return std::nullopt;
    place.time_millis = *parts[1].integer();
    place.sequence = *parts[2].integer();
    return place.toText() == text ? std::optional(place) : std::nullopt;
  }
};

struct Asked {
  LogFilter filter;
  std::string clause;
  std::uint64_t fingerprint = 0;
  std::int64_t size = kDefaultSize;
  std::optional<Place> place;
};

Result<Asked> readAsked(const Query& query) {
  Faults faults(query.parameters, kSearchParameters, {.is_lenient = query.is_lenient});
  Asked asked;
  asked.filter = LogFilter::read(faults);
  asked.size = readWhole(faults, "size", kDefaultSize);
  const json::Value cursor = faults.sound("cursor");
  if (cursor.isString()) {
    asked.place = Place::parse(cursor.string());
    if (!asked.place) faults.add("/cursor", "expected the nextCursor of an answer, found " + detail::shown(cursor));
  }
  GYRE_TRY(faults.status());
  GYRE_TRY_ASSIGN(asked.filter.organization_id, visibleTo(query.organization_id, asked.filter.organization_id));
  asked.clause = asked.filter.clause();
  asked.fingerprint = searchFingerprint(asked.clause);
  if (asked.place && asked.place->fingerprint != asked.fingerprint)
    faults.add("/cursor", "this cursor belongs to a search with other parameters");
  GYRE_TRY(faults.status());
  return asked;
}

}  // namespace

std::optional<RecordId> RecordId::parse(std::string_view text) {
  RecordId id;
  const char* const end = text.data() + text.size();
  const auto time = std::from_chars(text.data(), end, id.time_millis);
  if (time.ec != std::errc() || time.ptr == end || *time.ptr != '-' || id.time_millis < 0) return std::nullopt;
  const auto sequence = std::from_chars(time.ptr + 1, end, id.sequence);
  if (sequence.ec != std::errc() || sequence.ptr != end || id.sequence < 0) return std::nullopt;
  return id.toText() == text ? std::optional(id) : std::nullopt;
}

std::string RecordId::toText() const { return std::to_string(time_millis) + "-" + std::to_string(sequence); }

void writeShown(std::string_view id, std::string_view source, JsonWriter& out) {
  std::string shown("{\"id\":");
  JsonWriter(shown).string(id);
  source.remove_prefix(1);
  while (!source.empty() && json::detail::isSpace(source.front())) source.remove_prefix(1);
  if (source != "}") shown += ',';
  out.raw(shown.append(source));
}

Status writeHit(json::Value hit, JsonWriter& out) {
  RecordId id;
  std::size_t count = 0;
  for (const json::Value value : hit["sort"]) {
    if (!value.integer()) return unexpectedAnswer("whole numbers to sort by", value);
    (count++ == 0 ? id.time_millis : id.sequence) = *value.integer();
  }
  const json::Value source = hit["_source"];
  if (count != 2 || !source.isObject()) return unexpectedAnswer("a hit with its source, time and sequence", hit);
  writeShown(id.toText(), source.raw(), out);
  return {};
}

Table searchLogsParameters() { return kSearchParameters; }

// One record more than asked for tells whether there are others.
Result<Plan> planSearch(const Query& query) {
  GYRE_TRY_ASSIGN(const Asked asked, readAsked(query));
  std::string request;
  JsonWriter out(request);
  out.beginObject().rawMember("query", asked.clause);
  out.rawMember("sort", R"([{"@timestamp":{"order":"desc"}},{"sequence":{"order":"desc"}}])");
  out.member("size", asked.size == 0 ? asked.size : asked.size + 1);
  if (asked.size == 0) out.member("track_total_hits", true);
  if (asked.place)
    out.key("search_after").beginArray().integer(asked.place->time_millis).integer(asked.place->sequence).endArray();
  out.endObject();
  return Plan::search(std::move(request));
}

Status presentSearch(const Query& query, json::Value answer, std::uint64_t, JsonWriter& out) {
  GYRE_TRY_ASSIGN(const Asked asked, readAsked(query));
  const json::Value total = answer["hits"]["total"], hits = answer["hits"]["hits"];
  if (!total["value"].integer() || !hits.isArray()) return unexpectedAnswer("hits with their total", answer["hits"]);
  out.beginObject().key("logs").beginArray();
  json::Value last;
  std::int64_t shown = 0;
  for (const json::Value hit : hits) {
    if (shown++ == asked.size) break;
    GYRE_TRY(writeHit(hit, out));
    last = hit;
  }
  out.endArray().member("total", *total["value"].integer()).member("isTotalExact", total["relation"].string() != "gte");
  out.member("size", asked.size).key("nextCursor");
  if (static_cast<std::int64_t>(hits.size()) <= asked.size || last.isMissing()) {
    out.null().endObject();
    return {};
  }
  Place place{asked.fingerprint, 0, 0};
  std::size_t count = 0;
  for (const json::Value value : last["sort"])
    (count++ == 0 ? place.time_millis : place.sequence) = value.integer().value_or(0);
  out.string(place.toText()).endObject();
  return {};
}

}  // namespace gyre::logs
