#include "engine/search/stored_values.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "engine/aggs/aggregation.hpp"
#include "engine/mapping/date_format.hpp"
#include "engine/mapping/document_parser.hpp"
#include "engine/mapping/ip_address.hpp"
#include "engine/mapping/name_pattern.hpp"
#include "engine/mapping/number_text.hpp"
#include "engine/mapping/numeric_value.hpp"
#include "engine/query/query_parser.hpp"
#include "engine/search/field_values.hpp"
#include "engine/search/hit_writer.hpp"

namespace gyre::engine {

namespace {

void writeNumber(const Field& field, std::int64_t number, JsonWriter& writer) {
  switch (field.type) {
    case FieldType::kDate: {
      // A mapping that was parsed holds no format that does not parse.
      const auto format = DateFormat::parse(field.format);
      writer.string(format.isOk() ? formatDate(number, format.value()) : std::string());
      return;
    }
    case FieldType::kBoolean: writer.boolean(number != 0); return;
    case FieldType::kDouble: writeDouble(decodeDouble(number), writer); return;
    case FieldType::kFloat: writeScore(static_cast<float>(decodeDouble(number)), writer); return;
    case FieldType::kScaledFloat: writeDouble(static_cast<double>(number) / field.scaling_factor, writer); return;
    default: writer.integer(number); return;
  }
}

// Gathers the values of the stored fields of the root, or of one object of a nested field.
class StoredValuesSink final : public DocumentSink {
 public:
  explicit StoredValuesSink(std::optional<std::size_t> nested_position) : nested_position_(nested_position) {
    open_.push_back({nullptr, {}});
  }

  // The values of each field, as elements of an array.
  using Values = std::vector<std::pair<const Field*, std::string>>;
  const Values& values() const { return nested_position_ ? chosen_ : open_.front().values; }

  void term(const Field&, std::string_view, std::uint32_t) override {}
  void completion(const Field&, std::string_view, std::string_view, std::uint32_t, std::string_view) override {}
  void keyword(const Field& field, std::string_view value) override {
    if (!field.is_stored || field.type == FieldType::kBinary || field.type == FieldType::kRange) return;
    JsonWriter(next(field)).string(field.type == FieldType::kIp ? formatIp(value) : std::string(value));
  }
  void number(const Field& field, std::int64_t encoded) override {
    if (!field.is_stored || field.is_half) return;
    JsonWriter writer(next(field));
    writeNumber(field, encoded, writer);
  }
  void written(const Field& field, std::string_view text) override {
    JsonWriter writer(next(field));
    if (field.is_half) {
      writeScore(static_cast<float>(decodeDouble(encodeNumber(full_float_, text).value)), writer);
    } else {
      writer.string(text);
    }
  }
  void beginNested(const Field& object) override { open_.push_back({&object, {}}); }
  void endNested() override {
    Level level = std::move(open_.back());
    open_.pop_back();
    if (level.object->is_included_in_parent) append(level.values, open_.back().values);
    if (level.object->is_included_in_root && (open_.size() > 1 || !level.object->is_included_in_parent))
      append(level.values, open_.front().values);
    if (nested_position_ == ended_++) chosen_ = std::move(level.values);
  }

 private:
  struct Level {
    const Field* object = nullptr;
    Values values;
  };

  static std::string& valuesOf(const Field& field, Values& values) {
    const auto known =
        std::find_if(values.begin(), values.end(), [&](const auto& each) { return each.first == &field; });
    return known == values.end() ? values.emplace_back(&field, std::string()).second : known->second;
  }
  std::string& next(const Field& field) {
    std::string& text = valuesOf(field, open_.back().values);
    if (!text.empty()) text += ',';
    return text;
  }
  static void append(const Values& from, Values& to) {
    for (const auto& [field, text] : from) {
      std::string& joined = valuesOf(*field, to);
      joined.append(joined.empty() ? "" : ",").append(text);
    }
  }

  static Field fullFloat() {
    Field field;
    field.type = FieldType::kFloat;
    return field;
  }

  const Field full_float_ = fullFloat();
  std::optional<std::size_t> nested_position_;
  std::size_t ended_ = 0;
  std::vector<Level> open_;
  Values chosen_;
};

}  // namespace

Status StoredValues::add(std::string_view name, const Mapping& mapping) {
  mapping_ = &mapping;
  if (name.find('*') == std::string_view::npos) {
    const Field* const field = mapping.find(name);
    if (field == nullptr) return {};
    if (field->type == FieldType::kObject)
      return illegalArgument("field [" + std::string(name) + "] isn't a leaf field");
    if (field->is_stored && field->type == FieldType::kRange)
      return illegalArgument("[stored_fields] cannot show the ranges of field [" + std::string(name) + "]");
    insert(std::string(name), *field);
    return {};
  }
  for (const Field& declared : mapping.fields()) {
    if (declared.is_hidden || !matchesPattern(name, declared.path)) continue;
    const Field* const field = declared.type == FieldType::kAlias ? mapping.find(declared.path) : &declared;
    if (field != nullptr) insert(declared.path, *field);
  }
  return {};
}

void StoredValues::insert(std::string name, const Field& field) {
  if (!field.is_stored) return;
  const auto isKnown = [&](const Shown& shown) { return shown.name == name; };
  if (std::none_of(shown_.begin(), shown_.end(), isKnown)) shown_.push_back({std::move(name), &field});
}

Status StoredValues::write(std::string_view source, std::optional<std::size_t> nested_position,
                           JsonWriter& writer) const {
  if (shown_.empty()) return {};
  StoredValuesSink sink(nested_position);
  DocumentParser parser({std::shared_ptr<const void>(), mapping_});
  // The document was indexed. A mapping that has become stricter since may refuse a part of it, but not its values.
  (void)parser.parse(source, sink);
  for (const auto& [field, values] : sink.values())
    for (const Shown& shown : shown_)
      if (shown.field->path == field->path) writer.key(shown.name).raw("[" + values + "]");
  return {};
}

}  // namespace gyre::engine
