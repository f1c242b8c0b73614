#include "server/search/opensearch/exact_sums.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/aggs/exact_sum.hpp"

namespace gyre::search {
namespace {

constexpr unsigned kLowBits = 26;
constexpr std::int64_t kLowMask = (std::int64_t{1} << kLowBits) - 1;
constexpr double kWhole = 9007199254740992.0;  // 2^53: below it doubles hold every whole number
constexpr std::string_view kMember = "gyre_sums";
constexpr std::string_view kOpening = ",\"gyre_sums\":{";
constexpr std::string_view kHigh = "~high";  // of names of aggregations: the dialect allows all but [ ] >
constexpr std::string_view kLow = "~low";

bool isAggregations(std::string_view name) { return name == "aggs" || name == "aggregations"; }

std::string joined(std::string_view a, std::string_view b) {
  std::string text(a);
  text.append(b);
  return text;
}

bool isMarkedField(json::Value field) { return field["meta"]["sum"].string() == "exact"; }

// The parts stand in the object that has the number, so that they are of the same nested document.
void writePartSum(JsonWriter& writer, std::string_view name, std::string_view field, std::string_view part) {
  const std::size_t dot = field.rfind('.');
  std::string path(field.substr(0, dot == std::string_view::npos ? 0 : dot + 1));
  path.append(kMember).append(1, '.').append(field.substr(path.size() - kMember.size() - 1));
  path.append(1, '.').append(part);
  writer.key(name).beginObject().key("sum").beginObject().member("field", path).endObject().endObject();
}

// The end of the object that opens at `start`; it holds numbers only, so braces are braces.
std::size_t objectEnd(std::string_view text, std::size_t start) {
  int depth = 0;
  for (std::size_t i = start; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}' && --depth == 0) return i + 1;
  }
  return text.size();
}

Result<engine::Int128> partOf(json::Value sum, std::string_view name) {
  const std::optional<double> value = sum["value"].real();
  if (!value || std::trunc(*value) != *value || std::fabs(*value) >= kWhole)
    return Status(Code::kUnprocessable, "sum_beyond_exactness",
                  "the sum \"" + std::string(name) +
                      "\" is beyond what the search cluster adds exactly: ask for a shorter time or a smaller part");
  return static_cast<engine::Int128>(static_cast<std::int64_t>(*value));
}

// Copies an aggregation's answer; where a sum has its parts beside it, they become its value.
Status merge(json::Value value, JsonWriter& writer) {
  if (value.isArray()) {
    writer.beginArray();
    for (const json::Value element : value) GYRE_TRY(merge(element, writer));
    writer.endArray();
    return {};
  }
  if (!value.isObject()) {
    writer.raw(value.raw());
    return {};
  }
  writer.beginObject();
  for (const json::Value member : value) {
    const std::string_view name = member.key();
    if (member.isObject() && (name.ends_with(kHigh) || name.ends_with(kLow))) continue;
    writer.key(name);
    const json::Value high =
        member.isObject() && member["value"].isNumber() ? value[joined(name, kHigh)] : json::Value();
    if (high.isMissing()) {
      GYRE_TRY(merge(member, writer));
      continue;
    }
    GYRE_TRY_ASSIGN(const engine::Int128 above, partOf(high, name));
    GYRE_TRY_ASSIGN(const engine::Int128 below, partOf(value[joined(name, kLow)], name));
    writer.beginObject().rawMember("value", engine::decimalText(above * (kLowMask + 1) + below, 0)).endObject();
  }
  writer.endObject();
  return {};
}

}  // namespace

Result<ExactSums> ExactSums::read(json::Value properties) {
  ExactSums sums;
  GYRE_TRY(sums.read(properties, "", sums.root_));
  return sums;
}

Status ExactSums::read(json::Value properties, std::string_view path, Level& level) {
  for (const json::Value field : properties) {
    const std::string whole = joined(path, field.key());
    if (field["properties"].isObject()) {
      Level inner;
      inner.name = field.key();
      GYRE_TRY(read(field["properties"], joined(whole, "."), inner));
      if (!inner.fields.empty() || !inner.objects.empty()) level.objects.push_back(std::move(inner));
    }
    if (!isMarkedField(field)) continue;
    const std::string_view type = field["type"].string();
    if (type != "long" && type != "integer" && type != "short" && type != "byte")
      return invalidArgument("mappings: " + whole + ": expected a whole number for an exact sum, found " +
                             std::string(type));
    level.fields.emplace_back(field.key());
    fields_.push_back(whole);
  }
  return {};
}

bool ExactSums::isMarked(std::string_view field) const {
  return std::find(fields_.begin(), fields_.end(), field) != fields_.end();
}

void ExactSums::writeProperty(json::Value properties, JsonWriter& writer) {
  bool has_any = false;
  for (const json::Value field : properties) {
    if (!isMarkedField(field)) continue;
    if (!has_any) writer.key(kMember).beginObject().key("properties").beginObject();
    has_any = true;
    writer.key(field.key()).beginObject().key("properties").beginObject();
    for (const char* part : {"high", "low"})
      writer.key(part).beginObject().member("type", "long").member("index", false).endObject();
    writer.endObject().endObject();
  }
  if (has_any) writer.endObject().endObject();
}

std::string ExactSums::extend(std::string source) const {
  if (isEmpty()) return source;
  const auto document = json::Document::parse(source);
  if (!document.isOk() || !document->root().isObject()) return source;
  std::vector<Insertion> insertions;
  collect(document->root(), root_, insertions);
  if (insertions.empty()) return source;
  std::sort(insertions.begin(), insertions.end(),
            [](const Insertion& a, const Insertion& b) { return a.before < b.before; });
  std::string extended = source.substr(0, source.find('{'));
  const std::string_view raw = document->root().raw();
  const char* written = raw.data();
  for (const Insertion& insertion : insertions) {
    extended.append(written, insertion.before).append(insertion.text);
    written = insertion.before;
  }
  return extended.append(written, raw.data() + raw.size());
}

// What goes before the closing brace of `value`, and of the objects in it that have marked fields.
void ExactSums::collect(json::Value value, const Level& level, std::vector<Insertion>& insertions) {
  if (value.isArray())
    for (const json::Value element : value) collect(element, level, insertions);
  if (!value.isObject()) return;
  for (const Level& inner : level.objects) collect(value[inner.name], inner, insertions);
  std::string member;
  JsonWriter writer(member);
  writer.beginObject();
  bool has_any = false;
  for (const std::string& field : level.fields) {
    const std::optional<std::int64_t> number = value[field].integer();
    if (!number) continue;
    has_any = true;
    writer.key(field).beginObject().member("high", *number >> kLowBits).member("low", *number & kLowMask).endObject();
  }
  writer.endObject();
  if (!has_any) return;
  member.insert(0, kOpening.substr(0, kOpening.size() - 1));
  insertions.push_back({value.raw().data() + value.raw().size() - 1, std::move(member)});
}

void ExactSums::strip(std::string& text) {
  for (std::size_t at = text.find(kOpening); at != std::string::npos; at = text.find(kOpening, at))
    text.erase(at, objectEnd(text, at) - at);
}

std::optional<std::string> ExactSums::extendRequest(std::string_view request) const {
  if (isEmpty() || request.find("\"sum\"") == std::string_view::npos) return std::nullopt;
  const auto document = json::Document::parse(request);
  if (!document.isOk() || !document->root().isObject()) return std::nullopt;
  std::string extended;
  JsonWriter writer(extended);
  bool has_any = false;
  writeRequest(document->root(), writer, has_any);
  if (!has_any) return std::nullopt;
  return extended;
}

// The root of a request, or one aggregation: what is not an aggregation below it stays.
void ExactSums::writeRequest(json::Value request, JsonWriter& writer, bool& has_any) const {
  writer.beginObject();
  for (const json::Value member : request) {
    if (isAggregations(member.key()) && member.isObject()) {
      writeAggregations(member, writer.key(member.key()), has_any);
    } else {
      writer.rawMember(member.key(), member.raw());
    }
  }
  writer.endObject();
}

void ExactSums::writeAggregations(json::Value aggregations, JsonWriter& writer, bool& has_any) const {
  writer.beginObject();
  for (const json::Value aggregation : aggregations) {
    writer.key(aggregation.key());
    if (aggregation.isObject()) {
      writeRequest(aggregation, writer, has_any);
    } else {
      writer.raw(aggregation.raw());
    }
    const json::Value sum = aggregation["sum"];
    const std::string_view field = sum["field"].string();
    if (sum.size() != 1 || !isMarked(field)) continue;
    has_any = true;
    writePartSum(writer, joined(aggregation.key(), kHigh), field, "high");
    writePartSum(writer, joined(aggregation.key(), kLow), field, "low");
  }
  writer.endObject();
}

Result<std::string> ExactSums::mergeAnswer(std::string_view answer) {
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(answer));
  std::string merged;
  merged.reserve(answer.size());
  JsonWriter writer(merged);
  writer.beginObject();
  for (const json::Value member : document.root()) {
    writer.key(member.key());
    if (isAggregations(member.key())) {
      GYRE_TRY(merge(member, writer));
    } else {
      writer.raw(member.raw());
    }
  }
  writer.endObject();
  return merged;
}

}  // namespace gyre::search
