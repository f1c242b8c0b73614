#include "engine/search/hit_writer.hpp"

#include <charconv>
#include <cmath>
#include <optional>

#include "engine/mapping/ignored_fields.hpp"
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

Result<bool> FetchRequest::read(json::Value member, const ParseContext& context) {
  const std::string_view key = member.key();
  if (key == "_source") {
    GYRE_TRY_ASSIGN(source, SourceFilter::parse(member));
    has_source_ = true;
  } else if (key == "version") {
    GYRE_TRY_ASSIGN(shows_version, parseFlag(member));
  } else if (key == "seq_no_primary_term") {
    GYRE_TRY_ASSIGN(shows_sequence, parseFlag(member));
  } else if (key == "stored_fields") {
    GYRE_TRY(readStoredFields(member, context.mapping));
  } else if (key == "fields" && member.isArray()) {
    GYRE_TRY(fields.addFields(member, context.mapping));
  } else if (key == "docvalue_fields" && member.isArray()) {
    GYRE_TRY(fields.addColumns(member, context.mapping));
  } else {
    return false;
  }
  return true;
}

Status FetchRequest::readStoredFields(json::Value member, const Mapping& mapping) {
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
    return stored.add(name.string(), mapping);
  };
  if (member.isString()) GYRE_TRY(readName(member));
  for (const json::Value name : member) GYRE_TRY(readName(name));
  hides_source_ = !asks_for_source;
  return {};
}

Status FetchRequest::finish(const ParseContext& context) {
  if (hides_source_ && (!has_source_ || !shows_metadata)) source = SourceFilter::nothing();
  kept = SourceFilter::of(context.mapping.root());
  if (IgnoredFields::mayHave(context.mapping)) may_ignore = &context.mapping;
  wants_parts_ = !source.isHidden() && !source.isWhole();
  if (kept.isHidden()) source = SourceFilter::nothing();
  const std::size_t columns = fields.columnCount();
  if (columns > static_cast<std::size_t>(context.limits.docvalue_fields))
    return illegalArgument("Trying to retrieve too many docvalue_fields. Must be less than or equal to: [" +
                           std::to_string(context.limits.docvalue_fields) + "] but was [" + std::to_string(columns) +
                           "]. This limit can be set by changing the [index.max_docvalue_fields_search] index level "
                           "setting.");
  return {};
}

Status FetchRequest::checkSources(std::string_view index) const {
  if (!kept.isHidden()) return {};
  if (fields.readsSource())
    return illegalArgument(
        "Unable to retrieve the requested [fields] since _source is disabled in the mappings for index [" +
        std::string(index) + "]");
  if (wants_parts_)
    return illegalArgument(
        "unable to fetch fields from _source field: _source is disabled in the mappings for index [" +
        std::string(index) + "]");
  return {};
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
  if (levels.empty() && request_.shows_metadata)
    if (const std::string_view routing = segment.routing(doc); !routing.empty()) writer_.member("_routing", routing);
  if (levels.empty() && request_.shows_metadata && request_.may_ignore != nullptr) {
    GYRE_TRY_ASSIGN(const std::string source, segment.source(doc));
    const std::vector<std::string> ignored = IgnoredFields(*request_.may_ignore).of(source);
    if (!ignored.empty()) {
      writer_.key("_ignored").beginArray();
      for (const std::string& path : ignored) writer_.string(path);
      writer_.endArray();
    }
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

constexpr json::Limits kSourceLimits{.max_depth = 1000};

// A source that holds nothing but the nested object at hand.
Result<std::string> aroundObject(std::string_view source, const std::vector<NestedLevel>& levels) {
  GYRE_TRY_ASSIGN(const auto document, json::Document::parse(source, kSourceLimits));
  const json::Value object = nestedValue(document.root(), levels);
  return sourceAround(object.isMissing() ? std::string_view("{}") : object.raw(), levels);
}

// What is left of the object in a source that was made around it.
Result<std::string> objectIn(std::string_view source, const std::vector<NestedLevel>& levels) {
  GYRE_TRY_ASSIGN(const auto document, json::Document::parse(source, kSourceLimits));
  const json::Value object = valueWithin(document.root(), levels);
  return std::string(object.isObject() ? object.raw() : std::string_view("{}"));
}

}  // namespace

Status HitWriter::writeContent(const SegmentReader& segment, DocId doc, const HitExtras& extras) {
  if (!request_.readsSource() && request_.fields.isEmpty() && extras.also == nullptr) return {};
  const std::vector<NestedLevel> levels = nestedLevelsOf(segment, doc);
  std::string read;
  if (extras.source == nullptr && request_.readsSource()) {
    GYRE_TRY_ASSIGN(read, segment.source(rootOf(segment, doc)));
  }
  const std::string_view stored = extras.source == nullptr ? read : *extras.source;
  // What the mapping keeps of it; of a nested object, around the object alone.
  std::string made;
  std::string_view source = stored;
  if (request_.kept.isHidden()) {
    source = {};
  } else if (!request_.kept.isWhole() && !stored.empty()) {
    GYRE_TRY_ASSIGN(made, request_.kept.apply(stored));
    source = made;
  }
  if (!levels.empty() && !source.empty()) {
    GYRE_TRY_ASSIGN(made, aroundObject(source, levels));
    source = made;
  }
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
  std::optional<json::Document> document;
  if ((request_.fields.readsSource() || !request_.highlight.isEmpty()) && !source.empty()) {
    GYRE_TRY_ASSIGN(document, json::Document::parse(source, kSourceLimits));
  }
  const json::Value root = document ? document->root() : json::Value();
  GYRE_TRY(writeFields(segment, doc, stored, root, extras));
  if (request_.highlight.isEmpty()) return {};
  GYRE_TRY_ASSIGN(const std::string id, segment.id(rootOf(segment, doc)));
  if (source == stored) return request_.highlight.write(root, root, id, query_, writer_);
  // Stored fields are shown from what the mapping does not keep of the source as well.
  if (!levels.empty()) {
    GYRE_TRY_ASSIGN(made, aroundObject(stored, levels));
  }
  GYRE_TRY_ASSIGN(const auto whole, json::Document::parse(levels.empty() ? stored : made, kSourceLimits));
  return request_.highlight.write(root, whole.root(), id, query_, writer_);
}

// "fields": what was asked for by name, from the source, columns and stored fields.
Status HitWriter::writeFields(const SegmentReader& segment, DocId doc, std::string_view stored, json::Value source,
                              const HitExtras& extras) {
  const Field* const also = extras.also;
  if (request_.fields.isEmpty() && request_.stored.isEmpty() && also == nullptr) return {};
  std::string members;
  JsonWriter fields(members);
  fields.beginObject();
  request_.fields.write(segment, doc, source, fields);
  if (also != nullptr && !request_.fields.has(*also)) {
    FieldValues group;
    group.addColumn(*also, extras.also_name);
    group.write(segment, doc, {}, fields);
  }
  if (!request_.stored.isEmpty()) {
    const DocId root = rootOf(segment, doc);
    std::optional<std::size_t> position;
    if (root != doc) position = doc - firstNestedIn(segment, root);
    GYRE_TRY(request_.stored.write(stored, position, fields));
  }
  fields.endObject();
  if (members.size() > 2) writer_.rawMember("fields", members);
  return {};
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
