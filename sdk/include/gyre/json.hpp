// What does this JSON text say? A strict reader that keeps every number exactly as it was written.
//
// Document::parse checks the whole text at once with simdjson: RFC 8259 grammar, valid UTF-8, no duplicate member
// names, bounded nesting. Afterwards reading cannot fail. Numbers stay text until asked for, because money must never
// pass through a double on its way in.
//
// A Value is a small handle into its Document; a missing member is a Value of Kind::kMissing, so look-ups chain.
//
// THREADS: a parsed Document may be read by many threads. OWNS: a Document owns all bytes; Values and string_views
// borrow from it and die with it (moving a Document keeps them alive).
#pragma once

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "gyre/excerpt.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/status.hpp"

namespace gyre::json {

enum class Kind : std::uint8_t { kMissing, kNull, kBoolean, kNumber, kString, kArray, kObject };

constexpr std::string_view kindName(Kind kind) {
  constexpr std::string_view kNames[] = {"nothing",  "null",     "a boolean", "a number",
                                         "a string", "an array", "an object"};
  return kNames[static_cast<std::size_t>(kind)];
}

struct Limits {
  std::uint32_t max_depth = 64;  // arrays and objects inside each other
};

namespace detail {
// One value, in document order. Children of a container follow it; `end` is the index after its last descendant.
struct Node {
  std::string_view key;   // member name, decoded; empty in arrays and at the root
  std::string_view text;  // decoded string, or a number as written, or "true"
  std::string_view raw;   // the bytes of this value in the source
  std::uint32_t end = 0;
  std::uint32_t count = 0;  // children
  Kind kind = Kind::kMissing;
};
inline constexpr Node kMissingNode{};
}  // namespace detail

class Value {
 public:
  Value() = default;
  Kind kind() const { return node().kind; }
  bool isMissing() const { return kind() == Kind::kMissing; }
  bool isNull() const { return kind() == Kind::kNull; }
  bool isString() const { return kind() == Kind::kString; }
  bool isNumber() const { return kind() == Kind::kNumber; }
  bool isBoolean() const { return kind() == Kind::kBoolean; }
  bool isArray() const { return kind() == Kind::kArray; }
  bool isObject() const { return kind() == Kind::kObject; }

  // The decoded text of a string; "" for anything else.
  std::string_view string() const { return isString() ? node().text : std::string_view(); }
  // A number exactly as written, for example "100.10"; "" for anything else.
  std::string_view numberText() const { return isNumber() ? node().text : std::string_view(); }
  bool boolean(bool otherwise = false) const { return isBoolean() ? node().text == "true" : otherwise; }
  // The number as an integer; nothing when it is not one, has a fraction or exponent, or does not fit.
  std::optional<std::int64_t> integer() const { return parseWhole<std::int64_t>(); }
  std::optional<std::uint64_t> unsignedInteger() const { return parseWhole<std::uint64_t>(); }
  // The nearest double; nothing when it is not a number or overflows.
  std::optional<double> real() const {
    double value = 0;
    const std::string_view text = numberText();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
  }
  // The bytes of this value as they stood in the source, without surrounding white space.
  std::string_view raw() const { return node().raw; }
  // The name under which this value stands in its object; "" elsewhere.
  std::string_view key() const { return node().key; }

  // Elements or members.
  std::uint32_t size() const { return node().count; }
  // A member by name; missing when this is no object or has none of that name. Linear: objects are small.
  Value operator[](std::string_view name) const {
    if (!isObject()) return {};
    for (const Value child : *this)
      if (child.key() == name) return child;
    return {};
  }

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Value;
    using difference_type = std::ptrdiff_t;
    using pointer = const Value*;
    using reference = Value;
    Iterator(const std::vector<detail::Node>* nodes, std::uint32_t index) : nodes_(nodes), index_(index) {}
    Value operator*() const { return Value(nodes_, index_); }
    Iterator& operator++() {
      index_ = (*nodes_)[index_].end;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }
    bool operator==(const Iterator& other) const { return index_ == other.index_; }

   private:
    const std::vector<detail::Node>* nodes_;
    std::uint32_t index_;
  };
  // Elements of an array, members of an object (each knows its key()); empty for anything else.
  Iterator begin() const { return {nodes_, size() == 0 ? 0 : index_ + 1}; }
  Iterator end() const { return {nodes_, size() == 0 ? 0 : node().end}; }

 private:
  friend class Document;
  Value(const std::vector<detail::Node>* nodes, std::uint32_t index) : nodes_(nodes), index_(index) {}
  const detail::Node& node() const { return nodes_ ? (*nodes_)[index_] : detail::kMissingNode; }
  template <class Whole>
  std::optional<Whole> parseWhole() const {
    Whole value = 0;
    const std::string_view text = numberText();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
  }

  const std::vector<detail::Node>* nodes_ = nullptr;
  std::uint32_t index_ = 0;
};

class Document {
 public:
  // invalid_argument with the reason "malformed_json" and a message that names the byte offset.
  static Result<Document> parse(std::string_view text, Limits limits = {});

  Value root() const { return {nodes_.get(), 0}; }

 private:
  class Builder;
  Document() = default;

  simdjson::padded_string source_;
  std::vector<std::unique_ptr<char[]>> strings_;      // decoded strings that held escapes
  std::unique_ptr<std::vector<detail::Node>> nodes_;  // on the heap, so that Values survive a move
};

// Writes a value with object members sorted by name and no white space: equal documents give equal bytes, whatever the
// order and spacing they were sent in. Numbers keep the text they were written with.
void writeCanonical(Value value, JsonWriter& writer);

// ---- implementation ------------------------------------------------------------------------------------------------

namespace detail {

// RFC 8259 number grammar; simdjson's on-demand tokens are not checked until they are converted.
constexpr bool isNumber(std::string_view text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t first = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i > first;
  };
  if (i < text.size() && text[i] == '-') ++i;
  if (i < text.size() && text[i] == '0') {
    ++i;
  } else if (!digits()) {
    return false;
  }
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (!digits()) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (!digits()) return false;
  }
  return i == text.size();
}

constexpr bool isSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace detail

class Document::Builder {
 public:
  Builder(Document& document, std::string_view text, Limits limits)
      : document_(document), text_(text), limits_(limits) {}

  Status run() {
    if (!simdjson::validate_utf8(text_.data(), text_.size())) return malformed("invalid UTF-8");
    // One parser a thread: its buffers are reused, and everything we keep is copied or points into source_.
    static thread_local simdjson::ondemand::parser parser;
    document_.source_ = simdjson::padded_string(text_);
    const std::string_view padded = document_.source_;
    base_ = padded.data();
    auto iterated = parser.iterate(document_.source_);
    simdjson::ondemand::document root;
    if (const auto error = std::move(iterated).get(root)) return malformed(error);
    document_.nodes_ = std::make_unique<std::vector<detail::Node>>();
    document_.nodes_->reserve(text_.size() / 12 + 4);
    bool is_scalar = false;
    if (const auto error = root.is_scalar().get(is_scalar)) return malformed(error);
    if (is_scalar) return rootScalar(root);
    simdjson::ondemand::value value;
    if (const auto error = root.get_value().get(value)) return malformed(error);
    GYRE_TRY(add(value, {}, 0));
    const char* rest = nullptr;
    if (root.current_location().get(rest) == simdjson::SUCCESS && rest < base_ + text_.size())
      return malformed("unexpected content after the value", {rest, 0});
    return {};
  }

 private:
  Status malformed(std::string what) const {
    return {Code::kInvalidArgument, "malformed_json", "malformed JSON: " + std::move(what)};
  }
  Status malformed(simdjson::error_code error) const { return malformed(std::string(simdjson::error_message(error))); }
  Status malformed(std::string what, std::string_view after) const {
    return malformed(std::move(what) + " at byte " + std::to_string(after.data() + after.size() - base_));
  }
  Status malformed(simdjson::error_code error, std::string_view after) const {
    return malformed(std::string(simdjson::error_message(error)), after);
  }

  // A text that is one string, number, true, false or null.
  Status rootScalar(simdjson::ondemand::document& root) {
    std::string_view token = root.raw_json_token();
    while (!token.empty() && detail::isSpace(token.back())) token.remove_suffix(1);
    detail::Node node;
    node.raw = token;
    node.end = 1;
    if (token.starts_with('"')) {
      std::string_view decoded;
      if (const auto error = root.get_string().get(decoded)) return malformed(error);
      node.kind = Kind::kString;
      node.text = keep(decoded);
    } else if (!scalar(token, node)) {
      return malformed("expected a value, found \"" + std::string(excerpt(token, 20)) + "\"");
    }
    const std::string_view padded = document_.source_;
    std::string_view rest = padded.substr(static_cast<std::size_t>(token.data() - base_) + token.size());
    for (const char c : rest)
      if (!detail::isSpace(c)) return malformed("unexpected content after the value", token);
    document_.nodes_->push_back(node);
    return {};
  }

  static bool scalar(std::string_view token, detail::Node& node) {
    node.text = token;
    if (token == "true" || token == "false") {
      node.kind = Kind::kBoolean;
    } else if (token == "null") {
      node.kind = Kind::kNull;
    } else if (detail::isNumber(token)) {
      node.kind = Kind::kNumber;
    } else {
      return false;
    }
    return true;
  }

  // Strings with escapes live in simdjson's buffer, which the next parse reuses: copy them.
  std::string_view keep(std::string_view decoded) {
    auto copy = std::make_unique<char[]>(decoded.size() + 1);
    std::copy(decoded.begin(), decoded.end(), copy.get());
    document_.strings_.push_back(std::move(copy));
    return {document_.strings_.back().get(), decoded.size()};
  }
  // The decoded string, borrowed from the source when it has no escapes.
  std::string_view settle(std::string_view decoded, const char* source_text) {
    const std::string_view source(source_text, decoded.size());
    return source == decoded && source_text[decoded.size()] == '"' ? source : keep(decoded);
  }

  Status add(simdjson::ondemand::value value, std::string_view key, std::uint32_t depth) {
    auto& nodes = *document_.nodes_;
    const auto index = static_cast<std::uint32_t>(nodes.size());
    nodes.emplace_back();
    nodes[index].key = key;
    std::string_view token = value.raw_json_token();
    while (!token.empty() && detail::isSpace(token.back())) token.remove_suffix(1);
    if (token.empty()) return malformed("unexpected end of input");
    if (token.front() == '{' || token.front() == '[') {
      if (depth >= limits_.max_depth)
        return malformed("more than " + std::to_string(limits_.max_depth) + " levels of nesting");
      GYRE_TRY(token.front() == '{' ? addObject(value, index, depth) : addArray(value, index, depth));
    } else if (token.front() == '"') {
      std::string_view decoded;
      if (const auto error = value.get_string().get(decoded)) return malformed(error, {token.data(), 0});
      nodes[index].kind = Kind::kString;
      nodes[index].text = settle(decoded, token.data() + 1);
      nodes[index].raw = token;
    } else {
      if (!scalar(token, nodes[index]))
        return malformed("expected a value, found \"" + std::string(excerpt(token, 20)) + "\"", {token.data(), 0});
      nodes[index].raw = token;
    }
    nodes[index].end = static_cast<std::uint32_t>(nodes.size());
    return {};
  }

  Status addObject(simdjson::ondemand::value value, std::uint32_t index, std::uint32_t depth) {
    auto& nodes = *document_.nodes_;
    const char* const start = value.raw_json_token().data();
    simdjson::ondemand::object object;
    if (const auto error = value.get_object().get(object)) return malformed(error, {start, 0});
    std::uint32_t count = 0;
    for (auto member : object) {
      simdjson::ondemand::field field;
      if (const auto error = std::move(member).get(field)) return malformed(error, {start, 0});
      const char* const key_text = field.key().raw();
      std::string_view key;
      if (const auto error = field.unescaped_key().get(key)) return malformed(error, {key_text, 0});
      key = settle(key, key_text);
      GYRE_TRY(add(field.value(), key, depth + 1));
      ++count;
    }
    nodes[index].kind = Kind::kObject;
    nodes[index].count = count;
    closeContainer(value, index, start);
    return rejectDuplicates(index);
  }

  Status addArray(simdjson::ondemand::value value, std::uint32_t index, std::uint32_t depth) {
    auto& nodes = *document_.nodes_;
    const char* const start = value.raw_json_token().data();
    simdjson::ondemand::array array;
    if (const auto error = value.get_array().get(array)) return malformed(error, {start, 0});
    std::uint32_t count = 0;
    for (auto element : array) {
      simdjson::ondemand::value child;
      if (const auto error = std::move(element).get(child)) return malformed(error, {start, 0});
      GYRE_TRY(add(child, {}, depth + 1));
      ++count;
    }
    nodes[index].kind = Kind::kArray;
    nodes[index].count = count;
    closeContainer(value, index, start);
    return {};
  }

  // The cursor stands on the token after the container, or past the last one.
  void closeContainer(simdjson::ondemand::value& value, std::uint32_t index, const char* start) {
    const char* stop = nullptr;
    if (value.current_location().get(stop) != simdjson::SUCCESS) stop = base_ + text_.size();
    while (stop > start && stop[-1] != '}' && stop[-1] != ']') --stop;
    (*document_.nodes_)[index].raw = {start, static_cast<std::size_t>(stop - start)};
  }

  Status rejectDuplicates(std::uint32_t index) {
    const auto& nodes = *document_.nodes_;
    const auto duplicate = [&](std::string_view key) {
      return malformed("duplicate member \"" + std::string(excerpt(key, 100)) + "\"");
    };
    if (nodes[index].count <= 16) {
      const auto end = static_cast<std::uint32_t>(nodes.size());
      for (std::uint32_t a = index + 1; a < end; a = nodes[a].end)
        for (std::uint32_t b = nodes[a].end; b < end; b = nodes[b].end)
          if (nodes[a].key == nodes[b].key) return duplicate(nodes[a].key);
      return {};
    }
    std::unordered_set<std::string_view> seen;
    for (std::uint32_t a = index + 1; a < nodes.size(); a = nodes[a].end)
      if (!seen.insert(nodes[a].key).second) return duplicate(nodes[a].key);
    return {};
  }

  Document& document_;
  std::string_view text_;
  Limits limits_;
  const char* base_ = nullptr;
};

inline Result<Document> Document::parse(std::string_view text, Limits limits) {
  Document document;
  GYRE_TRY(Builder(document, text, limits).run());
  return document;
}

inline void writeCanonical(Value value, JsonWriter& writer) {
  if (value.isArray()) {
    writer.beginArray();
    for (const Value child : value) writeCanonical(child, writer);
    writer.endArray();
  } else if (value.isObject()) {
    std::vector<Value> members(value.begin(), value.end());
    std::sort(members.begin(), members.end(), [](Value a, Value b) { return a.key() < b.key(); });
    writer.beginObject();
    for (const Value child : members) {
      writer.key(child.key());
      writeCanonical(child, writer);
    }
    writer.endObject();
  } else if (value.isString()) {
    writer.string(value.string());
  } else {
    writer.raw(value.isMissing() ? "null" : value.raw());
  }
}

}  // namespace gyre::json
