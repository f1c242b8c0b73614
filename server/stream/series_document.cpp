#include "server/stream/series_document.hpp"

#include <Poco/SHA2Engine.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "gyre/json_writer.hpp"
#include "server/stream/record_document.hpp"

namespace gyre::stream {

namespace {

using engine::series::kMetricName;

// Samples of a series lie together, in order of time: so they are read.
constexpr std::string_view kSort =
    R"("index.sort.field":["series","time","sequence","bits"],"index.sort.order":["asc","asc","asc","asc"])";

constexpr std::string_view kMappings = R"({"dynamic":"strict","properties":{)"
                                       R"("sequence":{"type":"long"},)"
                                       R"("series":{"type":"keyword"},)"
                                       R"("time":{"type":"date","format":"epoch_millis"},)"
                                       R"("bits":{"type":"long","index":false},)"
                                       R"("value":{"type":"double","index":false},)"
                                       R"("hour":{"type":"date","format":"epoch_millis"},)"
                                       R"("name":{"type":"keyword","ignore_above":8191},)"
                                       R"("labels":{"type":"keyword","ignore_above":8191},)"
                                       R"("metric":{"type":"keyword","ignore_above":8191},)"
                                       R"("type":{"type":"keyword"},)"
                                       R"("help":{"type":"keyword","index":false,"doc_values":false},)"
                                       R"("unit":{"type":"keyword","index":false,"doc_values":false}}})";

// 128 bits of SHA-256, in letters that need no escape anywhere.
class Digest {
 public:
  Digest& add(std::string_view text) {
    const auto size = static_cast<std::uint32_t>(text.size());
    engine_.update(&size, sizeof size);
    engine_.update(text.data(), text.size());
    return *this;
  }
  std::string text() {
    static constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const Poco::DigestEngine::Digest& bytes = engine_.digest();
    std::string text;
    text.reserve(22);
    std::uint32_t bits = 0;
    int held = 0;
    for (std::size_t i = 0; i < 16; ++i) {
      bits = bits << 8 | bytes[i];
      held += 8;
      for (; held >= 6; held -= 6) text += kLetters[bits >> (held - 6) & 63];
    }
    text += kLetters[bits << (6 - held) & 63];
    return text;
  }

 private:
  Poco::SHA2Engine engine_{Poco::SHA2Engine::SHA_256};
};

}  // namespace

Result<std::string> seriesIndexDefinition(std::string_view plugin_definition) {
  GYRE_TRY_ASSIGN(const json::Document given, json::Document::parse(plugin_definition));
  std::string text("{\"settings\":{");
  for (const json::Value setting : given.root()["settings"]) {
    JsonWriter(text).string(setting.key());
    text.append(":").append(setting.raw()).append(",");
  }
  return text.append(kSort).append("},\"mappings\":").append(kMappings).append("}");
}

std::string seriesDigest(const std::vector<gyre::Label>& labels) {
  Digest digest;
  for (const gyre::Label& label : labels) digest.add(label.name).add(label.value);
  return digest.text();
}

search::BulkOperation sampleDocument(std::string_view series, std::int64_t time_ms, double value,
                                     std::uint64_t sequence) {
  search::BulkOperation operation;
  operation.version = sequence;
  operation.id.reserve(series.size() + 15);
  operation.id.append(series).append(1, '-');
  appendNumber(operation.id, time_ms);
  std::string& source = operation.source;
  source.reserve(150);
  source.append("{\"sequence\":");
  appendNumber(source, sequence);
  source.append(",\"series\":\"").append(series).append("\",\"time\":");
  appendNumber(source, time_ms);
  source.append(",\"bits\":");
  appendNumber(source, std::bit_cast<std::int64_t>(value));
  if (std::isfinite(value)) {
    source.append(",\"value\":");
    appendNumber(source, value);
  }
  source.append(1, '}');
  return operation;
}

search::BulkOperation seriesDocument(std::string_view series, std::int64_t hour_ms,
                                     const std::vector<gyre::Label>& labels, std::uint64_t sequence) {
  search::BulkOperation operation;
  operation.version = sequence;
  operation.id.append(series).append(1, '@');
  appendNumber(operation.id, hour_ms);
  JsonWriter writer(operation.source);
  writer.beginObject().member("sequence", sequence).member("series", series).member("hour", hour_ms);
  for (const gyre::Label& label : labels)
    if (label.name == kMetricName) writer.member("name", label.value);
  writer.key("labels").beginArray();
  for (const gyre::Label& label : labels)
    if (label.name != kMetricName) writer.string(labelTerm(label.name, label.value));
  writer.endArray().endObject();
  return operation;
}

search::BulkOperation familyDocument(const engine::series::MetricMetadata& family, std::uint64_t sequence) {
  search::BulkOperation operation;
  operation.version = sequence;
  operation.id = "family-" + Digest().add(family.name).text();
  JsonWriter(operation.source)
      .beginObject()
      .member("sequence", sequence)
      .member("metric", family.name)
      .member("type", family.type)
      .member("help", family.help)
      .member("unit", family.unit)
      .endObject();
  return operation;
}

std::string labelTerm(std::string_view name, std::string_view value) {
  std::string term;
  term.reserve(name.size() + value.size() + 1);
  for (const char c : name) {
    if (c == '=' || c == '\\') term.append(1, '\\');
    term.append(1, c);
  }
  return term.append(1, '=').append(value);
}

std::optional<engine::series::Labels> readSeriesLabels(json::Value source) {
  engine::series::Labels labels;
  if (const json::Value name = source["name"]; name.isString())
    labels.push_back({std::string(kMetricName), std::string(name.string())});
  for (const json::Value one : source["labels"]) {
    const std::string_view term = one.string();
    engine::series::Label label;
    std::size_t at = 0;
    for (; at < term.size() && term[at] != '='; ++at) {
      if (term[at] == '\\') ++at;
      if (at < term.size()) label.name.append(1, term[at]);
    }
    if (at >= term.size()) return std::nullopt;
    label.value.assign(term.substr(at + 1));
    labels.push_back(std::move(label));
  }
  if (labels.empty()) return std::nullopt;
  std::sort(labels.begin(), labels.end());
  return labels;
}

}  // namespace gyre::stream
