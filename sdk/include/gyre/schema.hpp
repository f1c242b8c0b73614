// Which members does a body have, and what is wrong with this one? Command bodies, query parameters and options
// declared as tables.
//
// A table is checked in one pass that reports every fault at once, each with its JSON pointer: missing, unknown (with
// the nearest known name), wrong type, out of range. The same table prints itself as JSON Schema for /openapi.json.
//
// THREADS: tables are constants; Arguments borrow from the json::Document they were read from.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/excerpt.hpp"
#include "gyre/json.hpp"
#include "gyre/status.hpp"

namespace gyre {

enum class Type : std::uint8_t {
  kString,
  kId,       // 1 to 256 bytes, no control characters
  kInteger,  // within [minimum, maximum]
  kDecimal,  // a number or a string that holds one; its text is kept
  kBoolean,
  kTime,        // RFC 3339, a string
  kObject,      // checked further when it names its members
  kObjectList,  // an array of such objects, `maximum` of them at most
  kStringList,  // an array of strings, or one string
};

struct Member;
using Table = std::span<const Member>;

struct Member {
  std::string_view name;
  Type type = Type::kString;
  bool is_required = false;
  std::string_view help;
  std::string_view default_text = {};                               // documentation; the reader supplies the value
  std::int64_t minimum = std::numeric_limits<std::int64_t>::min();  // kInteger
  std::int64_t maximum = std::numeric_limits<std::int64_t>::max();
  std::size_t max_bytes = 65'536;                  // kString, each of kStringList
  std::span<const std::string_view> choices = {};  // kString, each of kStringList: only these
  Table (*members)() = nullptr;                    // kObject, kObjectList: the table of what is inside
};

// Edits (insert, delete, replace, swap neighbours) between two short names; for "did you mean".
inline std::size_t editDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), row(b.size() + 1), two_before(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    two_before.swap(before);
    before.swap(row);
    row.assign(b.size() + 1, i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({before[j] + 1, row[j - 1] + 1, before[j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], two_before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

// The known name nearest to `name`, "" when none is near (more than a third of it would have to change).
template <class Names, class NameOf>
std::string_view nearestName(std::string_view name, const Names& known, NameOf name_of) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, name.size() / 3) + 1;
  if (name.size() > 64) return best;
  for (const auto& candidate : known) {
    const std::string_view text = name_of(candidate);
    if (const std::size_t distance = editDistance(name, text); distance < best_distance) {
      best = text;
      best_distance = distance;
    }
  }
  return best;
}

// True for text without control characters (C0, DEL; C1 as UTF-8 too).
inline bool isPrintable(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return false;
    if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return false;
  }
  return true;
}

// RFC 6901: '~' and '/' of a member name are escaped.
inline std::string jsonPointer(std::string_view member) {
  std::string pointer = "/";
  for (const char c : member) {
    if (c == '~')
      pointer += "~0";
    else if (c == '/')
      pointer += "~1";
    else
      pointer += c;
  }
  return pointer;
}

// A checked body. Members are asked for by the names of the table; a missing one gives the `otherwise` of the call.
class Arguments {
 public:
  struct Options {
    // Query strings: integers, decimals, booleans may be strings; a list may be one string.
    bool is_lenient = false;
  };

  // All faults at once in one invalid_argument. REQUIRES: body outlives the Arguments.
  static Result<Arguments> read(json::Value body, Table table, Options options);
  static Result<Arguments> read(json::Value body, Table table) { return read(body, table, Options()); }

  bool has(std::string_view name) const { return !at(name).isMissing(); }
  std::string_view text(std::string_view name, std::string_view otherwise = {}) const {
    const json::Value value = at(name);
    return value.isString() ? value.string() : value.isNumber() ? value.numberText() : otherwise;
  }
  std::int64_t integer(std::string_view name, std::int64_t otherwise) const;
  bool boolean(std::string_view name, bool otherwise) const;
  std::vector<std::string_view> texts(std::string_view name) const;
  // The member itself; null counts as missing.
  json::Value at(std::string_view name) const {
    const json::Value value = body_[name];
    return value.isNull() ? json::Value() : value;
  }

 private:
  explicit Arguments(json::Value body) : body_(body) {}
  json::Value body_;
};

// The table as a JSON Schema object.
inline std::string toJsonSchema(Table table);

// ---- implementation ------------------------------------------------------------------------------------------------

namespace detail {

constexpr std::string_view typeName(Type type) {
  switch (type) {
    case Type::kString: return "a string";
    case Type::kId: return "an id (1 to 256 bytes, no control characters)";
    case Type::kInteger: return "a whole number";
    case Type::kDecimal: return "a decimal number";
    case Type::kBoolean: return "true or false";
    case Type::kTime: return "an RFC 3339 time";
    case Type::kObject: return "an object";
    case Type::kObjectList: return "a list of objects";
    case Type::kStringList: return "a list of strings";
  }
  return "";
}

// What was found, short enough for a message.
inline std::string shown(json::Value value) {
  std::string text(excerpt(value.raw(), 60));
  if (text.size() < value.raw().size()) text += "…";
  return text;
}

inline std::optional<std::int64_t> wholeNumber(json::Value value, bool is_lenient) {
  if (value.isNumber()) return value.integer();
  if (!is_lenient || !value.isString()) return std::nullopt;
  const std::string_view text = value.string();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

inline std::string oneOf(std::span<const std::string_view> choices) {
  std::string text = "one of ";
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) text += ", ";
    text += choices[i];
  }
  return text;
}

// "" when a text fits the member, else what was expected.
inline std::string textFault(const Member& member, std::string_view text) {
  if (member.type == Type::kId) {
    if (text.empty() || text.size() > 256 || !isPrintable(text)) return std::string(typeName(Type::kId));
    return {};
  }
  if (text.size() > member.max_bytes) return "at most " + std::to_string(member.max_bytes) + " bytes";
  if (!member.choices.empty() && std::find(member.choices.begin(), member.choices.end(), text) == member.choices.end())
    return oneOf(member.choices);
  return {};
}

// "" when the value fits the member, else what was expected. Times and decimals are parsed by who uses them.
inline std::string valueFault(const Member& member, json::Value value, bool is_lenient) {
  const std::string expected(typeName(member.type));
  switch (member.type) {
    case Type::kString:
    case Type::kId:
    case Type::kTime: return value.isString() ? textFault(member, value.string()) : expected;
    case Type::kDecimal: return value.isNumber() || value.isString() ? std::string() : expected;
    case Type::kBoolean:
      if (value.isBoolean() || (is_lenient && (value.string() == "true" || value.string() == "false"))) return {};
      return expected;
    case Type::kObject: return value.isObject() ? std::string() : expected;
    case Type::kObjectList:
      if (!value.isArray()) return expected;
      return static_cast<std::int64_t>(value.size()) > member.maximum
                 ? "at most " + std::to_string(member.maximum) + " elements"
                 : std::string();
    case Type::kInteger: {
      const auto number = wholeNumber(value, is_lenient);
      if (number && *number >= member.minimum && *number <= member.maximum) return {};
      std::string text = expected;
      const bool has_minimum = member.minimum != std::numeric_limits<std::int64_t>::min();
      const bool has_maximum = member.maximum != std::numeric_limits<std::int64_t>::max();
      if (has_minimum && has_maximum)
        text += " from " + std::to_string(member.minimum) + " to " + std::to_string(member.maximum);
      else if (has_minimum)
        text += " of at least " + std::to_string(member.minimum);
      return text;
    }
    case Type::kStringList:
      if (value.isString() && is_lenient) return textFault(member, value.string());
      if (!value.isArray()) return expected;
      for (const json::Value element : value) {
        if (!element.isString()) return expected;
        if (std::string fault = textFault(member, element.string()); !fault.empty()) return fault;
      }
      return {};
  }
  return expected;
}

// What is wrong with a value that does not fit: a list that is too long is not shown but counted.
inline std::string foundText(json::Value value) {
  return value.isArray() && value.size() > 16 ? std::to_string(value.size()) + " elements" : shown(value);
}

// Everything that the table says about an object, each fault below `at`. REQUIRES: body is an object.
inline void collectFaults(json::Value body, Table table, bool is_lenient, const std::string& at,
                          std::vector<Fault>& faults) {
  for (const json::Value value : body) {
    const auto member =
        std::find_if(table.begin(), table.end(), [&](const Member& m) { return m.name == value.key(); });
    if (member == table.end()) {
      const std::string_view near = nearestName(value.key(), table, [](const Member& m) { return m.name; });
      faults.push_back(
          {at + jsonPointer(value.key()),
           near.empty() ? "unknown member" : "unknown member, did you mean \"" + std::string(near) + "\"?"});
      continue;
    }
    if (value.isNull() && !member->is_required) continue;
    if (std::string expected = valueFault(*member, value, is_lenient); !expected.empty()) {
      faults.push_back({at + jsonPointer(value.key()), "expected " + expected + ", found " + foundText(value)});
    } else if (member->members != nullptr && value.isObject()) {
      collectFaults(value, member->members(), is_lenient, at + jsonPointer(value.key()), faults);
    } else if (member->members != nullptr) {
      std::size_t position = 0;
      for (const json::Value element : value) {
        const std::string place = at + jsonPointer(value.key()) + "/" + std::to_string(position++);
        if (element.isObject())
          collectFaults(element, member->members(), is_lenient, place, faults);
        else
          faults.push_back({place, "expected an object, found " + shown(element)});
      }
    }
  }
  for (const Member& member : table)
    if (member.is_required && body[member.name].isMissing())
      faults.push_back({at + jsonPointer(member.name), "missing; expected " + std::string(typeName(member.type))});
}

}  // namespace detail

inline Result<Arguments> Arguments::read(json::Value body, Table table, Options options) {
  if (!body.isObject())
    return invalidArgument("expected a JSON object, found " + std::string(json::kindName(body.kind())));
  std::vector<Fault> faults;
  detail::collectFaults(body, table, options.is_lenient, std::string(), faults);
  if (faults.empty()) return Arguments(body);
  std::string message = faults.front().pointer.substr(1) + ": " + faults.front().detail;
  if (faults.size() > 1) message += " (and " + std::to_string(faults.size() - 1) + " more)";
  Status status = invalidArgument(std::move(message));
  for (Fault& fault : faults) status.addFault(std::move(fault.pointer), std::move(fault.detail));
  return status;
}

inline std::int64_t Arguments::integer(std::string_view name, std::int64_t otherwise) const {
  return detail::wholeNumber(at(name), true).value_or(otherwise);
}

inline bool Arguments::boolean(std::string_view name, bool otherwise) const {
  const json::Value value = at(name);
  if (value.isString()) return value.string() == "true";
  return value.boolean(otherwise);
}

inline std::vector<std::string_view> Arguments::texts(std::string_view name) const {
  const json::Value value = at(name);
  if (value.isString()) return {value.string()};
  std::vector<std::string_view> all;
  for (const json::Value element : value) all.push_back(element.string());
  return all;
}

namespace detail {

inline void writeSchema(JsonWriter& writer, Table table) {
  writer.beginObject().member("type", "object").key("properties").beginObject();
  for (const Member& member : table) {
    writer.key(member.name);
    if (member.type == Type::kObject && member.members != nullptr) {
      writeSchema(writer, member.members());
      continue;
    }
    writer.beginObject();
    switch (member.type) {
      case Type::kString:
      case Type::kId: writer.member("type", "string"); break;
      case Type::kTime: writer.member("type", "string").member("format", "date-time"); break;
      case Type::kInteger: writer.member("type", "integer"); break;
      case Type::kDecimal: writer.key("type").beginArray().string("number").string("string").endArray(); break;
      case Type::kBoolean: writer.member("type", "boolean"); break;
      case Type::kObject: writer.member("type", "object"); break;
      case Type::kObjectList:
        writer.member("type", "array").key("items");
        if (member.members != nullptr)
          writeSchema(writer, member.members());
        else
          writer.beginObject().member("type", "object").endObject();
        break;
      case Type::kStringList: writer.member("type", "array").key("items").beginObject().member("type", "string"); break;
    }
    if (!member.choices.empty()) {
      writer.key("enum").beginArray();
      for (const std::string_view choice : member.choices) writer.string(choice);
      writer.endArray();
    }
    if (member.type == Type::kStringList) writer.endObject();
    if (member.type == Type::kId) writer.member("minLength", 1).member("maxLength", 256);
    if (member.type == Type::kInteger && member.minimum != std::numeric_limits<std::int64_t>::min())
      writer.member("minimum", member.minimum);
    if (member.type == Type::kInteger && member.maximum != std::numeric_limits<std::int64_t>::max())
      writer.member("maximum", member.maximum);
    if (!member.default_text.empty()) writer.rawMember("default", member.default_text);
    writer.member("description", member.help).endObject();
  }
  writer.endObject().key("required").beginArray();
  for (const Member& member : table)
    if (member.is_required) writer.string(member.name);
  writer.endArray().member("additionalProperties", false).endObject();
}

}  // namespace detail

inline std::string toJsonSchema(Table table) {
  std::string out;
  JsonWriter writer(out);
  detail::writeSchema(writer, table);
  return out;
}

}  // namespace gyre
