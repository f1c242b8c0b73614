#include "engine/highlight/highlight.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "engine/analysis/analyzer.hpp"
#include "engine/analysis/utf8.hpp"
#include "engine/highlight/boundaries.hpp"
#include "engine/highlight/fragments.hpp"
#include "engine/mapping/name_pattern.hpp"
#include "engine/search/source_texts.hpp"

namespace gyre::engine {

namespace {

Status unknownMember(json::Value member) {
  return {Code::kInvalidArgument, "x_content_parse_exception",
          "[highlight] unknown field [" + std::string(member.key()) + "]"};
}

// Ten classes for the finds of as many terms.
void useStyledTags(HighlightOptions& options) {
  options.pre_tags.clear();
  for (int i = 1; i <= 10; ++i) options.pre_tags.push_back("<em class=\"hlt" + std::to_string(i) + "\">");
  options.post_tags = {"</em>"};
}

// The dialect's fast vector highlighter needs term vectors; here they are made from the text, but what it refuses or
// passes over stays so.
bool hasVectors(const Field& field) {
  return std::any_of(field.parameters.begin(), field.parameters.end(), [](const FieldParameter& parameter) {
    return parameter.name == "term_vector" && parameter.json.starts_with("\"with_positions_offsets");
  });
}

bool isText(const Field& field) { return field.type == FieldType::kText || field.type == FieldType::kKeyword; }

}  // namespace

Result<Highlight> Highlight::parse(json::Value body, ParseContext& context) {
  Highlight made;
  made.mapping_ = &context.mapping;
  made.max_analyzed_ = static_cast<std::size_t>(context.limits.analyzed_offset);
  made.index_name_ = context.index_name;
  HighlightOptions shared;
  // A style that is named counts before tags, wherever it stands.
  if (const json::Value schema = body["tags_schema"]; !schema.isMissing()) {
    if (schema.string() == "styled")
      useStyledTags(shared);
    else if (schema.string() != "default")
      return illegalArgument("Unknown tag schema [" + std::string(schema.string()) + "]");
  }
  json::Value fields;
  for (const json::Value member : body) {
    if (member.key() == "tags_schema") continue;
    if (member.key() == "fields") {
      fields = member;
    } else if (member.key() == "encoder") {
      if (member.string() != "html" && member.string() != "default")
        return illegalArgument("unknown encoder [" + std::string(member.string()) + "]");
      shared.encodes_html = member.string() == "html";
    } else {
      GYRE_TRY_ASSIGN(const bool is_known, shared.read(member, context));
      if (!is_known) return unknownMember(member);
    }
  }
  const auto add = [&](json::Value object) -> Status {
    for (const json::Value field : object) {
      if (!field.isObject()) return unknownMember(field);
      Wanted wanted{std::string(field.key()), shared};
      for (const json::Value member : field) {
        GYRE_TRY_ASSIGN(const bool is_known, wanted.options.read(member, context));
        if (!is_known)
          return Status(Code::kInvalidArgument, "x_content_parse_exception",
                        "[highlight_field] unknown field [" + std::string(member.key()) + "]");
      }
      made.fields_.push_back(std::move(wanted));
    }
    return {};
  };
  if (fields.isObject()) GYRE_TRY(add(fields));
  for (const json::Value element : fields) {
    if (!fields.isArray()) break;
    if (!element.isObject() || element.size() != 1)
      return parsingException("[highlight] can support maximum one field per object in [fields]");
    GYRE_TRY(add(element));
  }
  return made;
}

Status Highlight::write(json::Value source, json::Value stored, std::string_view id, const Query* query,
                        JsonWriter& writer) const {
  std::string members;
  JsonWriter shown(members);
  shown.beginObject();
  std::set<std::uint16_t> done;
  for (const Wanted& wanted : fields_) {
    if (!wanted.options.unknown_type.empty())
      return illegalArgument("unknown highlighter type [" + wanted.options.unknown_type + "] for the field [" +
                             wanted.pattern + "]");
    const bool is_pattern = wanted.pattern.find('*') != std::string::npos;
    for (const Field& field : mapping_->fields()) {
      const bool is_wanted = is_pattern ? matchesPattern(wanted.pattern, field.path) : field.path == wanted.pattern;
      if (!is_wanted || !isText(field)) continue;
      const bool is_possible = wanted.options.type != HighlightOptions::Type::kVector || hasVectors(field);
      if (!is_possible && is_pattern) continue;
      if (!is_possible)
        return illegalArgument("the field [" + field.path +
                               "] should be indexed with term vector with position offsets to be used with fast "
                               "vector highlighter");
      if (done.insert(field.ordinal).second)
        GYRE_TRY(writeField(field, wanted.options, field.is_stored ? stored : source, id, query, shown));
    }
  }
  shown.endObject();
  if (members.size() > 2) writer.rawMember("highlight", members);
  return {};
}

Status Highlight::tooLong(const Field& field, std::string_view id, const HighlightOptions& options) const {
  const bool is_plain = options.type == HighlightOptions::Type::kPlain;
  return illegalArgument("The length of [" + field.path + "] field of [" + std::string(id) + "] doc of [" +
                         index_name_ + "] index has exceeded [" + std::to_string(max_analyzed_) +
                         "] - maximum allowed to be analyzed for highlighting. This maximum can be set by changing the "
                         "[index.highlight.max_analyzed_offset] index level setting. For large texts, indexing with "
                         "offsets or term vectors" +
                         (is_plain ? ", and highlighting with unified or fvh highlighter" : "") + " is recommended!");
}

Status Highlight::writeField(const Field& field, const HighlightOptions& options, json::Value source,
                             std::string_view id, const Query* query, JsonWriter& writer) const {
  const Query* const asked = options.query != nullptr ? options.query.get() : query;
  const std::vector<std::string> values = textsOf(field, *mapping_, source);
  if (asked == nullptr || values.empty()) return {};
  const bool is_vector = options.type == HighlightOptions::Type::kVector;
  const auto analyze = [&](const Field& by) {
    const bool is_text = by.type == FieldType::kText;
    AnalyzedText text = AnalyzedText::of(values, is_text ? by.index_analyzer : by.normalizer, by.position_gap,
                                         is_vector ? u' ' : kValueSeparator);
    if (options.max_analyzed > 0)
      std::erase_if(text.tokens, [&](const TextToken& token) { return token.start >= options.max_analyzed; });
    return text;
  };
  AnalyzedText text = analyze(field);
  if (options.max_analyzed == 0 && field.type == FieldType::kText && text.text.size() > max_analyzed_)
    return tooLong(field, id, options);
  std::vector<TextMark> marks;
  const bool is_plain = options.type == HighlightOptions::Type::kPlain;
  const PhraseMarks phrases = is_vector ? PhraseMarks::kWhole : is_plain ? PhraseMarks::kSpans : PhraseMarks::kWords;
  if (options.matched_fields.empty()) {
    const WantedTerms terms(*asked,
                            [&](std::string_view path) { return !options.requires_field_match || path == field.path; });
    marks = terms.find(text, phrases);
  } else {
    // What was found in one of the fields is shown in this one's text.
    for (const std::string& path : options.matched_fields) {
      const Field* const by = mapping_->find(path);
      if (by == nullptr || !isText(*by)) continue;
      const WantedTerms terms(*asked, [&](std::string_view found) { return found == path; });
      for (TextMark& mark : terms.find(analyze(*by), phrases)) marks.push_back(std::move(mark));
    }
    std::stable_sort(marks.begin(), marks.end(), [](const TextMark& a, const TextMark& b) {
      return a.start != b.start ? a.start < b.start : a.end < b.end;
    });
  }
  const std::vector<std::string> fragments =
      is_plain    ? highlightPlain(text, marks, options)
      : is_vector ? highlightVector(text, marks, options)
                  : highlightUnified(text, marks, options, field.type == FieldType::kText);
  if (fragments.empty()) return {};
  writer.key(field.path).beginArray();
  for (const std::string& fragment : fragments) writer.string(fragment);
  writer.endArray();
  return {};
}

}  // namespace gyre::engine
