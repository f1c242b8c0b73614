#include "engine/search/hit_writer.hpp"

#include <charconv>
#include <cmath>
#include <optional>

#include "engine/query/query_parser.hpp"
#include "engine/search/nested_hit.hpp"

namespace gyre::engine {

Result<bool> parseFlag(json::Value value) {
  if (value.isBoolean()) return value.boolean();
  if (value.string() == "true") return true;
  if (value.string() == "false") return false;
  return illegalArgument("Failed to parse value [" +
                         (value.isString() ? std::string(value.string()) : std::string(value.raw())) +
                         "] as only [true] or [false] are allowed.");
}

Result<bool> FetchRequest::read(json::Value member, const Mapping& mapping) {
  const std::string_view key = member.key();
  if (key == "_source") {
    GYRE_TRY_ASSIGN(source, SourceFilter::parse(member));
    has_source_ = true;
  } else if (key == "version") {
    GYRE_TRY_ASSIGN(shows_version, parseFlag(member));
  } else if (key == "seq_no_primary_term") {
    GYRE_TRY_ASSIGN(shows_sequence, parseFlag(member));
  } else if (key == "stored_fields") {
    GYRE_TRY(readStoredFields(member));
  } else if (key == "fields" && member.isArray()) {
    GYRE_TRY(fields.addFields(member, mapping));
  } else if (key == "docvalue_fields" && member.isArray()) {
    GYRE_TRY(fields.addColumns(member, mapping));
  } else {
    return false;
  }
  return true;
}

// No field of the mappings is kept apart from the document, so what is asked for by name has nothing to show.
Status FetchRequest::readStoredFields(json::Value member) {
  if (!member.isString() && !member.isArray())
    return parsingException("Expected [VALUE_STRING] or [START_ARRAY] in [stored_fields] but found [" +
                            std::string(json::kindName(member.kind())) + "]");
  bool asks_for_source = false;
  const auto readName = [&](json::Value name) -> Status {
    if (!name.isString()) return parsingException("Expected [VALUE_STRING] in [stored_fields]");
    if (name.string() == "_none_" && member.isArray() && member.size() > 1)
      return illegalArgument("cannot combine _none_ with other fields");
    if (name.string() == "_none_") shows_metadata = false;
    asks_for_source = asks_for_source || name.string() == "_source";
    return {};
  };
  if (member.isString()) GYRE_TRY(readName(member));
  for (const json::Value name : member) GYRE_TRY(readName(name));
  hides_source_ = !asks_for_source;
  return {};
}

void FetchRequest::finish() {
  if (hides_source_ && (!has_source_ || !shows_metadata)) source = SourceFilter::nothing();
}

Status HitWriter::writeIdentity(const SegmentReader& segment, DocId doc) {
  if (request_.shows_metadata) {
    GYRE_TRY_ASSIGN(const std::string id, segment.id(rootOf(segment, doc)));
    writer_.member("_id", id);
  }
  const std::vector<NestedLevel> levels = nestedLevelsOf(segment, doc);
  if (!levels.empty()) {
    writer_.key("_nested");
    writeNestedIdentity(levels, writer_);
  }
  if (request_.shows_version) writer_.member("_version", segment.version(doc));
  if (request_.shows_sequence) {
    if (!levels.empty())
      return {Code::kInternal, "unsupported_operation_exception", "nested documents are not assigned sequence numbers"};
    writer_.member("_seq_no", segment.seqNo(doc)).member("_primary_term", 1);
  }
  return {};
}

namespace {

// The document's source; of a nested object, one that holds nothing but the object.
Result<std::string> sourceOf(const SegmentReader& segment, DocId doc, const std::vector<NestedLevel>& levels) {
  GYRE_TRY_ASSIGN(std::string source, segment.source(rootOf(segment, doc)));
  if (levels.empty()) return source;
  GYRE_TRY_ASSIGN(const auto document, json::Document::parse(source, {.max_depth = 1000}));
  const json::Value object = nestedValue(document.root(), levels);
  return sourceAround(object.isMissing() ? std::string_view("{}") : object.raw(), levels);
}

// What is left of the object in a source that was made around it.
Result<std::string> objectIn(std::string_view source, const std::vector<NestedLevel>& levels) {
  GYRE_TRY_ASSIGN(const auto document, json::Document::parse(source, {.max_depth = 1000}));
  const json::Value object = valueWithin(document.root(), levels);
  return std::string(object.isObject() ? object.raw() : std::string_view("{}"));
}

}  // namespace

Status HitWriter::writeContent(const SegmentReader& segment, DocId doc, const HitExtras& extras) {
  const Field* const also = extras.also;
  const bool reads_fields = request_.fields.readsSource() || !request_.highlight.isEmpty();
  if (request_.source.isHidden() && !reads_fields && request_.fields.isEmpty() && also == nullptr) return {};
  const std::vector<NestedLevel> levels = nestedLevelsOf(segment, doc);
  std::string own;
  if ((extras.source == nullptr || !levels.empty()) && request_.readsSource()) {
    GYRE_TRY_ASSIGN(own, sourceOf(segment, doc, levels));
  }
  const std::string& source = extras.source == nullptr || !levels.empty() ? own : *extras.source;
  if (!request_.source.isHidden()) {
    if (request_.source.isWhole() && levels.empty()) {
      writer_.rawMember("_source", source);
    } else {
      GYRE_TRY_ASSIGN(std::string shown, request_.source.apply(source));
      if (!levels.empty()) {
        GYRE_TRY_ASSIGN(shown, objectIn(shown, levels));
      }
      writer_.rawMember("_source", shown);
    }
  }
  if (request_.fields.isEmpty() && also == nullptr && request_.highlight.isEmpty()) return {};
  std::optional<json::Document> document;
  if (reads_fields) {
    GYRE_TRY_ASSIGN(document, json::Document::parse(source, {.max_depth = 1000}));
  }
  std::string members;
  JsonWriter fields(members);
  fields.beginObject();
  request_.fields.write(segment, doc, document ? document->root() : json::Value(), fields);
  if (also != nullptr && !request_.fields.has(*also)) {
    FieldValues group;
    group.addColumn(*also);
    group.write(segment, doc, {}, fields);
  }
  fields.endObject();
  if (members.size() > 2) writer_.rawMember("fields", members);
  if (request_.highlight.isEmpty()) return {};
  return request_.highlight.write(document->root(), query_, writer_);
}

void writeScore(float score, JsonWriter& writer) {
  if (!std::isfinite(score)) {
    writer.null();
    return;
  }
  char text[32];
  std::string shortest(text, std::to_chars(text, text + sizeof text, score).ptr);
  if (shortest.find_first_of(".e") == std::string::npos) shortest += ".0";
  writer.raw(shortest);
}

}  // namespace gyre::engine
