#include <algorithm>
#include <map>

#include "filter.hpp"
#include "gyre/excerpt.hpp"
#include "gyre/search_answer.hpp"
#include "queries.hpp"

namespace gyre::logs {

namespace {

// Fields of the mapping: their values are counted over all records that match.
constexpr std::string_view kCounted[] = {"level",          "service", "host",   "logger",
                                         "organizationId", "client",  "status", "severity_text"};
constexpr std::size_t kMaxNames = 200;    // of attributes shown
constexpr std::size_t kMaxKept = 10'000;  // names, and values of each, that are counted at all
constexpr std::size_t kMaxShown = 100;    // bytes of a value

constexpr Member kFieldsParameters[] = {
    GYRE_LOGS_RECORD_PARAMETERS,
    GYRE_LOGS_TIME_PARAMETERS,
    {"size", Type::kInteger, false, "values of each field at most", "10", 1, 100},
    {"sample", Type::kInteger, false, "newest records whose attributes are looked at", "500", 0, 1000},
};

struct Asked {
  LogFilter filter;
  std::int64_t size = 10;
  std::int64_t sample = 500;
};

Result<Asked> readAsked(const Query& query) {
  Faults faults(query.parameters, kFieldsParameters, {.is_lenient = query.is_lenient});
  Asked asked;
  asked.filter = LogFilter::read(faults);
  asked.size = readWhole(faults, "size", asked.size);
  asked.sample = readWhole(faults, "sample", asked.sample);
  GYRE_TRY(faults.status());
  GYRE_TRY_ASSIGN(asked.filter.organization_id, visibleTo(query.organization_id, asked.filter.organization_id));
  return asked;
}

// The attributes of a sample, by their paths.
class Tally {
 public:
  void add(std::string& path, json::Value value) {
    const std::size_t size = path.size();
    for (const json::Value child : value) {
      if (value.isObject()) path.append(1, '.').append(child.key());
      add(path, child);
      path.resize(size);
    }
    if (value.isObject() || value.isArray() || value.isNull() || value.isMissing()) return;
    if (names_.size() >= kMaxKept && !names_.contains(path)) return;
    Name& name = names_[path];
    ++name.count;
    std::string_view text = value.isString() ? value.string() : value.raw();
    text = excerpt(text, kMaxShown);
    if (name.values.size() < kMaxKept || name.values.contains(text))
      ++name.values.try_emplace(std::string(text), 0).first->second;
  }
  // Most frequent first, then by name.
  void write(std::int64_t size, JsonWriter& out) const {
    std::vector<const Entry*> entries;
    for (const Entry& entry : names_) entries.push_back(&entry);
    std::stable_sort(entries.begin(), entries.end(),
                     [](const Entry* a, const Entry* b) { return a->second.count > b->second.count; });
    out.beginArray();
    for (std::size_t i = 0; i < entries.size() && i < kMaxNames; ++i) {
      out.beginObject().member("name", entries[i]->first).member("count", entries[i]->second.count);
      out.member("distinct", static_cast<std::uint64_t>(entries[i]->second.values.size())).key("values").beginArray();
      writeValues(entries[i]->second, size, out);
      out.endArray().endObject();
    }
    out.endArray();
  }
  std::size_t nameCount() const { return names_.size(); }

 private:
  struct Name {
    std::uint64_t count = 0;
    std::map<std::string, std::uint64_t, std::less<>> values;
  };
  using Entry = std::pair<const std::string, Name>;
  static void writeValues(const Name& name, std::int64_t size, JsonWriter& out) {
    using Value = std::pair<const std::string, std::uint64_t>;
    std::vector<const Value*> values;
    for (const Value& value : name.values) values.push_back(&value);
    std::stable_sort(values.begin(), values.end(),
                     [](const Value* a, const Value* b) { return a->second > b->second; });
    for (std::size_t i = 0; i < values.size() && i < static_cast<std::size_t>(size); ++i)
      out.beginObject().member("value", values[i]->first).member("count", values[i]->second).endObject();
  }
  std::map<std::string, Name, std::less<>> names_;
};

Status writeCounted(json::Value level, std::string_view field, JsonWriter& out) {
  GYRE_TRY_ASSIGN(const json::Value buckets, bucketsOf(level, field));
  if (buckets.size() == 0) return {};
  const json::Value distinct = level[std::string(field) + "_distinct"]["value"];
  out.beginObject().member("name", field).rawMember("distinct", distinct.isNumber() ? distinct.raw() : "null");
  out.key("values").beginArray();
  for (const json::Value bucket : buckets)
    out.beginObject().rawMember("value", bucket["key"].raw()).rawMember("count", bucket["doc_count"].raw()).endObject();
  out.endArray().endObject();
  return {};
}

}  // namespace

Table getLogFieldsParameters() { return kFieldsParameters; }

Result<Plan> planFields(const Query& query) {
  GYRE_TRY_ASSIGN(const Asked asked, readAsked(query));
  std::string request;
  JsonWriter out(request);
  out.beginObject().member("size", asked.sample).member("track_total_hits", true);
  out.rawMember("query", asked.filter.clause());
  out.rawMember("sort", R"([{"@timestamp":{"order":"desc"}},{"sequence":{"order":"desc"}}])");
  out.rawMember("_source", R"(["attributes","resource"])").key("aggs").beginObject();
  for (const std::string_view field : kCounted) {
    out.key(field).beginObject().key("terms").beginObject().member("field", field).member("size", asked.size);
    out.endObject().endObject();
    // Exact up to the threshold.
    out.key(std::string(field) + "_distinct").beginObject().key("cardinality").beginObject().member("field", field);
    out.member("precision_threshold", 3000).endObject().endObject();
  }
  out.endObject().endObject();
  return Plan::search(std::move(request));
}

Status presentFields(const Query& query, json::Value answer, std::uint64_t, JsonWriter& out) {
  GYRE_TRY_ASSIGN(const Asked asked, readAsked(query));
  const auto total = answer["hits"]["total"]["value"].integer();
  const json::Value hits = answer["hits"]["hits"];
  if (!total || !hits.isArray()) return unexpectedAnswer("hits with their total", answer["hits"]);
  out.beginObject().member("total", *total).key("fields").beginArray();
  for (const std::string_view field : kCounted) GYRE_TRY(writeCounted(answer["aggregations"], field, out));
  out.endArray();
  Tally tally;
  for (const json::Value hit : hits) {
    for (const std::string_view name : {"attributes", "resource"}) {
      std::string path(name);
      tally.add(path, hit["_source"][name]);
    }
  }
  tally.write(asked.size, out.key("attributes"));
  out.member("sampled", static_cast<std::uint64_t>(hits.size()));
  out.member("names", static_cast<std::uint64_t>(tally.nameCount())).endObject();
  return {};
}

}  // namespace gyre::logs
