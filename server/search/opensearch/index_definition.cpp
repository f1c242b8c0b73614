#include "server/search/opensearch/index_definition.hpp"

#include <Poco/DigestEngine.h>
#include <Poco/SHA1Engine.h>

#include <algorithm>
#include <utility>

namespace gyre::search {

namespace {

// Settings that are the host's, not the index's.
constexpr std::string_view kHostSettings[] = {"bulk_size",        "bulk_bytes",      "bulk_age",
                                              "refresh_interval", "commit_interval", "commit_operations"};

// Changes with what we make of a definition.
constexpr std::string_view kFormat = "2:";

bool isHostSetting(std::string_view name) {
  if (name.starts_with("index.")) name.remove_prefix(6);
  return std::find(std::begin(kHostSettings), std::end(kHostSettings), name) != std::end(kHostSettings);
}

std::string canonical(json::Value value) {
  std::string text;
  JsonWriter writer(text);
  json::writeCanonical(value, writer);
  return text;
}

std::string fingerprintOf(json::Value definition) {
  Poco::SHA1Engine engine;
  engine.update(std::string(kFormat) + canonical(definition));
  return Poco::DigestEngine::digestToHex(engine.digest());
}

void writeProperties(json::Value properties, JsonWriter& writer, Product product);

// A field of the mapping, its inner ones too.
void writeField(json::Value field, JsonWriter& writer, Product product) {
  writer.beginObject();
  for (const json::Value member : field) {
    if (member.key() == "type" && member.string() == "flat_object" && product == Product::kElasticsearch) {
      writer.member("type", "flattened");
    } else if (member.key() == "properties" && member.isObject()) {
      writeProperties(member, writer.key(member.key()), product);
    } else if (member.key() == "fields" && member.isObject()) {
      writer.key(member.key()).beginObject();
      for (const json::Value inner : member) writeField(inner, writer.key(inner.key()), product);
      writer.endObject();
    } else {
      writer.rawMember(member.key(), member.raw());
    }
  }
  writer.endObject();
}

void writeProperties(json::Value properties, JsonWriter& writer, Product product) {
  writer.beginObject();
  for (const json::Value property : properties) writeField(property, writer.key(property.key()), product);
  ExactSums::writeProperty(properties, writer);
  writer.endObject();
}

}  // namespace

Result<IndexDefinition> IndexDefinition::read(Options options) {
  GYRE_TRY_ASSIGN(const json::Document definition, json::Document::parse(options.text));
  IndexDefinition read;
  GYRE_TRY_ASSIGN(read.sums_, ExactSums::read(definition.root()["mappings"]["properties"]));
  read.fingerprint_ = fingerprintOf(definition.root());
  read.options_ = std::move(options);
  return read;
}

void IndexDefinition::write(JsonWriter& writer, Product product, const Members& members) const {
  const auto definition = json::Document::parse(options_.text);  // read() has seen that it can be
  writeSettings(definition->root()["settings"], writer.key("settings"));
  writeMappings(definition->root()["mappings"], writer.key("mappings"), product, members);
}

void IndexDefinition::writeSettings(json::Value settings, JsonWriter& writer) const {
  const auto isReplaced = [this](std::string_view name) {
    if (name.starts_with("index.")) name.remove_prefix(6);
    return isHostSetting(name) || (options_.shards > 0 && name == "number_of_shards") ||
           (options_.replicas >= 0 && name == "number_of_replicas");
  };
  writer.beginObject();
  for (const json::Value setting : settings) {
    if (setting.key() == "index" && setting.isObject()) {
      for (const json::Value inner : setting)
        if (!isReplaced(inner.key())) writer.rawMember(inner.key(), inner.raw());
    } else if (!isReplaced(setting.key())) {
      writer.rawMember(setting.key(), setting.raw());
    }
  }
  if (options_.shards > 0) writer.member("number_of_shards", options_.shards);
  if (options_.replicas >= 0) writer.member("number_of_replicas", options_.replicas);
  writer.member("refresh_interval", "-1").endObject();
}

void IndexDefinition::writeMappings(json::Value mappings, JsonWriter& writer, Product product,
                                    const Members& members) const {
  writer.beginObject();
  if (mappings["dynamic"].isMissing()) writer.member("dynamic", "strict");
  for (const json::Value member : mappings) {
    if (member.key() == "_meta") continue;
    if (member.key() != "properties") {
      writer.rawMember(member.key(), member.raw());
      continue;
    }
    writeProperties(member, writer.key("properties"), product);
  }
  writer.key("_meta").beginObject();
  for (const json::Value member : mappings["_meta"]) writer.rawMember(member.key(), member.raw());
  writer.key("gyre").beginObject().member("domain", options_.name).member("definition", fingerprint_);
  if (members) members(writer);
  writer.endObject().endObject();
  writer.endObject();
}

}  // namespace gyre::search
