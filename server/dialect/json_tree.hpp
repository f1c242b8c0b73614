// How do I change a JSON value? A tree that owns its values: for settings, mappings and documents that are edited.
//
// Objects keep their members in the order they were added. A number keeps the text it was written with, so what is not
// touched is written back as it was read.
//
// THREADS: values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/status.hpp"

namespace gyre::dialect {

class JsonTree {
 public:
  using Member = std::pair<std::string, JsonTree>;

  JsonTree() = default;  // null
  explicit JsonTree(json::Value value);
  static JsonTree object();
  static JsonTree array();
  static JsonTree text(std::string_view text);
  static JsonTree number(std::string_view digits);  // REQUIRES: a JSON number
  static JsonTree whole(std::int64_t value);
  static JsonTree real(double value);
  static JsonTree boolean(bool value);
  // The parser's failure, when `json` is none.
  static Result<JsonTree> parse(std::string_view json);

  json::Kind kind() const { return kind_; }
  bool isNull() const { return kind_ == json::Kind::kNull; }
  bool isObject() const { return kind_ == json::Kind::kObject; }
  bool isArray() const { return kind_ == json::Kind::kArray; }
  bool isText() const { return kind_ == json::Kind::kString; }
  bool isNumber() const { return kind_ == json::Kind::kNumber; }
  bool isBoolean() const { return kind_ == json::Kind::kBoolean; }

  // A string's text, a number as written, "true"; "" for the rest.
  const std::string& text() const { return text_; }
  bool isTrue() const { return isBoolean() && text_ == "true"; }

  // Of objects; empty for the rest.
  const std::vector<Member>& members() const { return members_; }
  std::vector<Member>& members() { return members_; }
  // Null when there is none.
  const JsonTree* find(std::string_view name) const;
  JsonTree* find(std::string_view name);
  // The member of this name, made as null when there is none. REQUIRES: an object.
  JsonTree& operator[](std::string_view name);
  bool erase(std::string_view name);

  // Of arrays; empty for the rest.
  const std::vector<JsonTree>& elements() const { return elements_; }
  std::vector<JsonTree>& elements() { return elements_; }

  // Adds the members of `other`: objects on both sides are merged, anything else is replaced.
  void merge(const JsonTree& other);

  void write(JsonWriter& writer) const;
  std::string json() const;

  // Equal as JSON values; objects whatever their order. Numbers are compared as written.
  bool operator==(const JsonTree& other) const;

 private:
  json::Kind kind_ = json::Kind::kNull;
  std::string text_;
  std::vector<Member> members_;
  std::vector<JsonTree> elements_;
};

}  // namespace gyre::dialect
