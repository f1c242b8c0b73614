#include "engine/query/field_names.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "engine/mapping/name_pattern.hpp"

namespace gyre::engine {

bool matchesFieldPattern(std::string_view pattern, std::string_view path) { return matchesPattern(pattern, path); }

Result<BoostedField> parseBoostedField(std::string_view text) {
  const std::size_t caret = text.rfind('^');
  BoostedField field{std::string(text.substr(0, caret)), 1};
  if (caret == std::string_view::npos) return field;
  const std::string_view boost = text.substr(caret + 1);
  const auto [end, error] = std::from_chars(boost.data(), boost.data() + boost.size(), field.boost);
  if (boost.empty() || error != std::errc() || end != boost.data() + boost.size())
    return Status(Code::kInvalidArgument, "number_format_exception",
                  boost.empty() ? "empty String" : "For input string: \"" + std::string(boost) + "\"");
  if (field.boost < 0)
    return illegalArgument("negative [boost] are not allowed in [" + std::string(text) +
                           "], use a value between 0 and 1 to deboost");
  return field;
}

Result<std::vector<BoostedField>> parseBoostedFields(std::string_view kind, json::Value value) {
  std::vector<BoostedField> fields;
  const auto add = [&](json::Value name) -> Status {
    if (!name.isString())
      return parsingException("[" + std::string(kind) + "] [fields] must be strings, found " + tokenName(name));
    GYRE_TRY_ASSIGN(auto field, parseBoostedField(name.string()));
    const auto known =
        std::find_if(fields.begin(), fields.end(), [&](const BoostedField& other) { return other.path == field.path; });
    if (known == fields.end()) {
      fields.push_back(std::move(field));
    } else {
      known->boost = field.boost;
    }
    return {};
  };
  if (value.isArray()) {
    for (const json::Value name : value) GYRE_TRY(add(name));
  } else {
    GYRE_TRY(add(value));
  }
  return fields;
}

Result<std::vector<BoostedField>> resolveFields(const std::vector<BoostedField>& named, const ParseContext& context) {
  std::vector<BoostedField> fields;
  const auto add = [&](const std::string& path, float boost) {
    const auto known =
        std::find_if(fields.begin(), fields.end(), [&](const BoostedField& other) { return other.path == path; });
    if (known == fields.end()) {
      fields.push_back({path, boost});
    } else {
      known->boost *= boost;
    }
  };
  for (const BoostedField& name : named) {
    if (name.path.find('*') == std::string::npos) {
      add(name.path, name.boost);
      continue;
    }
    for (const Field& field : context.mapping.fields()) {
      const bool takes_text =
          !field.is_hidden && field.type != FieldType::kObject && (field.is_indexed || field.has_doc_values);
      if (takes_text && matchesFieldPattern(name.path, field.path)) add(field.path, name.boost);
    }
  }
  if (fields.size() > kMaxClauses)
    return queryShardException("field expansion matches too many fields, limit: " + std::to_string(kMaxClauses) +
                               ", got: " + std::to_string(fields.size()));
  return fields;
}

Result<std::vector<BoostedField>> defaultFields(const ParseContext& context) {
  std::vector<BoostedField> fields;
  for (const std::string& name : context.default_fields) {
    GYRE_TRY_ASSIGN(auto field, parseBoostedField(name));
    fields.push_back(std::move(field));
  }
  return fields;
}

bool asksForAllFields(const std::vector<BoostedField>& named) {
  return std::any_of(named.begin(), named.end(), [](const BoostedField& field) { return field.path == "*"; });
}

}  // namespace gyre::engine
