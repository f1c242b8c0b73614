#include "server/dialect/json_tree.hpp"

#include <algorithm>
#include <charconv>

namespace gyre::dialect {

namespace {

// As deep as requests may nest.
constexpr json::Limits kLimits{.max_depth = 1024};

}  // namespace

JsonTree::JsonTree(json::Value value) : kind_(value.isMissing() ? json::Kind::kNull : value.kind()) {
  switch (kind_) {
    case json::Kind::kString: text_ = value.string(); break;
    case json::Kind::kNumber:
    case json::Kind::kBoolean: text_ = value.raw(); break;
    case json::Kind::kObject:
      for (const json::Value member : value) members_.emplace_back(std::string(member.key()), JsonTree(member));
      break;
    case json::Kind::kArray:
      for (const json::Value element : value) elements_.emplace_back(element);
      break;
    default: break;
  }
}

JsonTree JsonTree::object() {
  JsonTree tree;
  tree.kind_ = json::Kind::kObject;
  return tree;
}

JsonTree JsonTree::array() {
  JsonTree tree;
  tree.kind_ = json::Kind::kArray;
  return tree;
}

JsonTree JsonTree::text(std::string_view text) {
  JsonTree tree;
  tree.kind_ = json::Kind::kString;
  tree.text_ = text;
  return tree;
}

JsonTree JsonTree::number(std::string_view digits) {
  JsonTree tree;
  tree.kind_ = json::Kind::kNumber;
  tree.text_ = digits;
  return tree;
}

JsonTree JsonTree::whole(std::int64_t value) { return number(std::to_string(value)); }

JsonTree JsonTree::real(double value) {
  std::string text;
  JsonWriter(text).real(value);
  // A double shows that it is one.
  if (text.find_first_of(".eE") == std::string::npos) text += ".0";
  return text.starts_with("null") ? JsonTree() : number(text);
}

JsonTree JsonTree::boolean(bool value) {
  JsonTree tree;
  tree.kind_ = json::Kind::kBoolean;
  tree.text_ = value ? "true" : "false";
  return tree;
}

Result<JsonTree> JsonTree::parse(std::string_view json) {
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(json, kLimits));
  return JsonTree(document.root());
}

const JsonTree* JsonTree::find(std::string_view name) const {
  for (const Member& member : members_)
    if (member.first == name) return &member.second;
  return nullptr;
}

JsonTree* JsonTree::find(std::string_view name) {
  for (Member& member : members_)
    if (member.first == name) return &member.second;
  return nullptr;
}

JsonTree& JsonTree::operator[](std::string_view name) {
  if (JsonTree* const held = find(name)) return *held;
  return members_.emplace_back(std::string(name), JsonTree()).second;
}

bool JsonTree::erase(std::string_view name) {
  return std::erase_if(members_, [name](const Member& member) { return member.first == name; }) > 0;
}

void JsonTree::merge(const JsonTree& other) {
  if (!isObject() || !other.isObject()) {
    *this = other;
    return;
  }
  for (const auto& [name, value] : other.members_) {
    if (JsonTree* const held = find(name))
      held->merge(value);
    else
      members_.emplace_back(name, value);
  }
}

void JsonTree::write(JsonWriter& writer) const {
  switch (kind_) {
    case json::Kind::kString: writer.string(text_); break;
    case json::Kind::kNumber:
    case json::Kind::kBoolean: writer.raw(text_); break;
    case json::Kind::kObject:
      writer.beginObject();
      for (const auto& [name, value] : members_) {
        writer.key(name);
        value.write(writer);
      }
      writer.endObject();
      break;
    case json::Kind::kArray:
      writer.beginArray();
      for (const JsonTree& element : elements_) element.write(writer);
      writer.endArray();
      break;
    default: writer.null();
  }
}

std::string JsonTree::json() const {
  std::string out;
  JsonWriter writer(out);
  write(writer);
  return out;
}

bool JsonTree::operator==(const JsonTree& other) const {
  if (kind_ != other.kind_ || text_ != other.text_ || elements_ != other.elements_ ||
      members_.size() != other.members_.size())
    return false;
  return std::all_of(members_.begin(), members_.end(), [&](const Member& member) {
    const JsonTree* const held = other.find(member.first);
    return held != nullptr && *held == member.second;
  });
}

}  // namespace gyre::dialect
