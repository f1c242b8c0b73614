#include <algorithm>
#include <vector>

#include "filter.hpp"
#include "gyre/search_answer.hpp"
#include "queries.hpp"

namespace gyre::logs {

namespace {

constexpr std::int64_t kDefaultCount = 10;
constexpr Member kContextParameters[] = {
    {"id", Type::kId, true, "the record, as SearchLogs gives its id: TIMEMILLIS-SEQUENCE"},
    {"organizationId", Type::kId, false, "only this organisation's records"},
    {"before", Type::kInteger, false, "records before it at most", "10", 0, 100},
    {"after", Type::kInteger, false, "records after it at most", "10", 0, 100},
    {"service", Type::kId, false, "of this service; the record's own when neither this nor host is given"},
    {"host", Type::kId, false, "of this host; the record's own when neither this nor service is given"},
    {"within", Type::kInteger, false, "seconds before and after that are looked through", "3600", 1, 604'800},
};
// Of records that name no service or host: no value of a record.
constexpr std::string_view kNone = "\x01";

struct Asked {
  RecordId id;
  std::string_view id_text, organization_id, service, host;
  std::int64_t before = kDefaultCount, after = kDefaultCount, within_millis = 0;
  bool isNamed() const { return !service.empty() || !host.empty(); }
};

Result<Asked> readAsked(const Query& query) {
  Faults faults(query.parameters, kContextParameters, {.is_lenient = query.is_lenient});
  Asked asked;
  if (const json::Value id = faults.sound("id"); id.isString()) {
    const auto parsed = RecordId::parse(id.string());
    if (!parsed) faults.add("/id", "expected TIMEMILLIS-SEQUENCE, found " + detail::shown(id));
    asked.id = parsed.value_or(RecordId());
    asked.id_text = id.string();
  }
  asked.before = readWhole(faults, "before", kDefaultCount);
  asked.after = readWhole(faults, "after", kDefaultCount);
  asked.within_millis = readWhole(faults, "within", 3600) * 1000;
  asked.service = faults.sound("service").string();
  asked.host = faults.sound("host").string();
  GYRE_TRY(faults.status());
  GYRE_TRY_ASSIGN(asked.organization_id, visibleTo(query.organization_id, faults.sound("organizationId").string()));
  return asked;
}

void writeBound(JsonWriter& out, std::string_view field, std::string_view bound, std::int64_t value) {
  out.beginObject().key("range").beginObject().key(field).beginObject().member(bound, value);
  if (field == "@timestamp") out.member("format", "epoch_millis");
  out.endObject().endObject().endObject();
}

void writeSameTime(JsonWriter& out, std::int64_t millis) {
  out.beginObject().key("range").beginObject().key("@timestamp").beginObject();
  out.member("gte", millis).member("lte", millis).member("format", "epoch_millis").endObject().endObject().endObject();
}

// Earlier, or later, by time and then sequence.
void writeSide(JsonWriter& out, std::string_view name, const RecordId& id, std::string_view bound,
               std::string_view order, std::int64_t size) {
  out.key(name).beginObject().key("filter").beginObject().key("bool").beginObject().key("should").beginArray();
  writeBound(out, "@timestamp", bound, id.time_millis);
  out.beginObject().key("bool").beginObject().key("filter").beginArray();
  writeSameTime(out, id.time_millis);
  writeBound(out, "sequence", bound, id.sequence);
  out.endArray().endObject().endObject();
  out.endArray().member("minimum_should_match", 1).endObject().endObject();
  if (size > 0) {
    out.key("aggs").beginObject().key("lines").beginObject().key("top_hits").beginObject().member("size", size);
    out.key("sort").beginArray();
    for (const std::string_view field : {"@timestamp", "sequence"})
      out.beginObject().key(field).beginObject().member("order", order).endObject().endObject();
    out.endArray().endObject().endObject().endObject();
  }
  out.endObject();
}

void writeAnchor(JsonWriter& out, const RecordId& id, bool has_source) {
  out.key("anchor").beginObject().key("filter").beginObject().key("bool").beginObject().key("filter").beginArray();
  writeSameTime(out, id.time_millis);
  out.beginObject().key("term").beginObject().member("sequence", id.sequence).endObject().endObject();
  out.endArray().endObject().endObject();
  if (has_source)
    out.rawMember(
        "aggs",
        R"({"lines":{"top_hits":{"size":1,"sort":[{"@timestamp":{"order":"asc"}},{"sequence":{"order":"asc"}}]}}})");
  out.endObject();
}

void writeAround(JsonWriter& out, const Asked& asked) {
  writeAnchor(out, asked.id, true);
  writeSide(out, "before", asked.id, "lt", "desc", asked.before);
  writeSide(out, "after", asked.id, "gt", "asc", asked.after);
}

// The bucket that has the record, of all services, and in it of all hosts: so one search does, though only the index
// knows whose record it is.
void writeOwn(JsonWriter& out, const Asked& asked) {
  const auto begin = [&](std::string_view name, std::string_view field) {
    out.key(name)
        .beginObject()
        .key("terms")
        .beginObject()
        .member("field", field)
        .member("missing", kNone)
        .member("size", 1);
    out.key("order").beginObject().member("anchor", "desc").endObject().endObject().key("aggs").beginObject();
  };
  begin("services", "service");
  writeAnchor(out, asked.id, false);
  begin("hosts", "host");
  writeAround(out, asked);
  out.endObject().endObject();
  out.endObject().endObject();
}

Status writeLines(json::Value side, std::string_view name, bool is_reversed, JsonWriter& out) {
  std::vector<json::Value> hits;
  for (const json::Value hit : side["lines"]["hits"]["hits"]) hits.push_back(hit);
  if (is_reversed) std::reverse(hits.begin(), hits.end());
  out.key(name).beginArray();
  for (const json::Value hit : hits) GYRE_TRY(writeHit(hit, out));
  out.endArray();
  return {};
}

}  // namespace

Table getLogContextParameters() { return kContextParameters; }

Result<Plan> planContext(const Query& query) {
  GYRE_TRY_ASSIGN(const Asked asked, readAsked(query));
  std::string request;
  JsonWriter out(request);
  out.beginObject().member("size", 0).member("track_total_hits", false);
  out.key("query").beginObject().key("bool").beginObject().key("filter").beginArray();
  TimeRange range;
  range.from = asked.id.time_millis - asked.within_millis;
  range.to = asked.id.time_millis + asked.within_millis;
  range.write(out, "@timestamp");
  if (!asked.organization_id.empty()) writeTerm(out, "organizationId", asked.organization_id);
  if (!asked.service.empty()) writeTerm(out, "service", asked.service);
  if (!asked.host.empty()) writeTerm(out, "host", asked.host);
  out.endArray().endObject().endObject();
  out.key("aggs").beginObject();
  if (asked.isNamed())
    writeAround(out, asked);
  else
    writeOwn(out, asked);
  out.endObject().endObject();
  return Plan::search(std::move(request));
}

Status presentContext(const Query& query, json::Value answer, std::uint64_t, JsonWriter& out) {
  GYRE_TRY_ASSIGN(const Asked asked, readAsked(query));
  json::Value level = answer["aggregations"];
  if (!asked.isNamed()) {
    for (const std::string_view name : {"services", "hosts"}) {
      GYRE_TRY_ASSIGN(const json::Value buckets, bucketsOf(level, name));
      json::Value first;
      for (const json::Value bucket : buckets)
        if (first.isMissing()) first = bucket;
      level = first;
      if (level.isMissing()) break;
    }
  }
  json::Value record;
  for (const json::Value hit : level["anchor"]["lines"]["hits"]["hits"]) record = hit;
  if (record.isMissing())
    return notFound("id: there is no record " + std::string(asked.id_text) +
                    (asked.isNamed() ? " of that service and host" : ""));
  out.beginObject().key("log");
  GYRE_TRY(writeHit(record, out));
  GYRE_TRY(writeLines(level["before"], "before", true, out));
  GYRE_TRY(writeLines(level["after"], "after", false, out));
  out.endObject();
  return {};
}

}  // namespace gyre::logs
