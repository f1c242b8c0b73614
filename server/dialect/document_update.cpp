#include "server/dialect/document_update.hpp"

#include <algorithm>

#include "gyre/json_writer.hpp"
#include "server/dialect/source_parameters.hpp"

namespace gyre::dialect {

namespace {

constexpr json::Limits kLimits{.max_depth = 256};

std::string_view tokenName(json::Value value) {
  switch (value.kind()) {
    case json::Kind::kObject: return "START_OBJECT";
    case json::Kind::kArray: return "START_ARRAY";
    case json::Kind::kString: return "VALUE_STRING";
    case json::Kind::kNumber: return "VALUE_NUMBER";
    case json::Kind::kBoolean: return "VALUE_BOOLEAN";
    default: return "VALUE_NULL";
  }
}

// "[1:8] ": where `at` stands in the text that begins with the root's value.
std::string placeOf(json::Value root, const char* at) {
  std::size_t line = 1, column = 1;
  for (const char* c = root.raw().data(); c < at && c < root.raw().data() + root.raw().size(); ++c) {
    column = *c == '\n' ? 1 : column + 1;
    line += *c == '\n' ? 1 : 0;
  }
  return "[" + std::to_string(line) + ":" + std::to_string(column) + "] ";
}

Status parseException(std::string message) {
  return {Code::kInvalidArgument, "x_content_parse_exception", std::move(message)};
}

class UpdateReader {
 public:
  UpdateReader(DocumentUpdate& update, json::Value root) : update_(update), root_(root) {}

  Status read(json::Value member) {
    const std::string_view key = member.key();
    if (key == "doc" || key == "upsert") {
      if (!member.isObject()) return wrongKind(member);
      (key == "doc" ? update_.doc : update_.upsert) = member;
      return {};
    }
    if (key == "script") {
      update_.has_script = true;
      return {};
    }
    if (key == "doc_as_upsert") return readFlag(member, update_.is_doc_upsert);
    if (key == "detect_noop") return readFlag(member, update_.detects_noop);
    if (key == "scripted_upsert") {
      bool says_nothing_without_a_script = false;
      return readFlag(member, says_nothing_without_a_script);
    }
    if (key == "_source") {
      GYRE_TRY_ASSIGN(update_.shows, readSourceMember(member));
      return {};
    }
    if (key == "if_seq_no") return readWhole(member, update_.if_seq_no);
    if (key == "if_primary_term") return readWhole(member, update_.if_term);
    // The name stands before its value: the quote that opens it is searched backwards.
    const char* at = member.raw().data();
    const char* const begin = root_.raw().data();
    while (at > begin && *at != ':') --at;
    while (at > begin && *at != '"') --at;
    if (at > begin) --at;
    while (at > begin && *at != '"') --at;
    return parseException(placeOf(root_, at) + "[UpdateRequest] unknown field [" + std::string(key) + "]");
  }

 private:
  Status wrongKind(json::Value member) const {
    return parseException(placeOf(root_, member.raw().data()) + "[UpdateRequest] " + std::string(member.key()) +
                          " doesn't support values of type: " + std::string(tokenName(member)));
  }

  Status readFlag(json::Value member, bool& flag) const {
    if (member.isBoolean())
      flag = member.boolean();
    else if (member.string() == "true" || member.string() == "false")
      flag = member.string() == "true";
    else
      return wrongKind(member);
    return {};
  }

  Status readWhole(json::Value member, std::optional<std::int64_t>& number) const {
    number = member.integer();
    return number ? Status() : wrongKind(member);
  }

  DocumentUpdate& update_;
  json::Value root_;
};

bool isFraction(std::string_view number) { return number.find_first_of(".eE") != std::string_view::npos; }

// As values that were read: 2 and 2.0 differ, 2.0 and 2.00 do not.
bool isSame(json::Value a, json::Value b) {
  if (a.kind() != b.kind()) return false;
  if (a.isNumber()) {
    if (a.numberText() == b.numberText()) return true;
    return isFraction(a.numberText()) && isFraction(b.numberText()) && a.real() == b.real();
  }
  if (a.isString()) return a.string() == b.string();
  if (a.isBoolean()) return a.boolean() == b.boolean();
  if (a.size() != b.size()) return false;
  if (a.isArray())
    return std::equal(a.begin(), a.end(), b.begin(), [](json::Value x, json::Value y) { return isSame(x, y); });
  if (a.isObject())
    return std::all_of(a.begin(), a.end(), [&](json::Value member) { return isSame(member, b[member.key()]); });
  return true;
}

// True when the result differs from `held`.
bool merge(json::Value held, json::Value doc, JsonWriter& writer) {
  bool is_changed = false;
  writer.beginObject();
  for (const json::Value member : held) {
    const json::Value change = doc[member.key()];
    writer.key(member.key());
    if (change.isMissing()) {
      writer.raw(member.raw());
    } else if (member.isObject() && change.isObject()) {
      is_changed = merge(member, change, writer) || is_changed;
    } else {
      writer.raw(change.raw());
      is_changed = is_changed || !isSame(member, change);
    }
  }
  for (const json::Value member : doc) {
    if (!held[member.key()].isMissing()) continue;
    writer.key(member.key()).raw(member.raw());
    is_changed = true;
  }
  writer.endObject();
  return is_changed;
}

}  // namespace

Result<DocumentUpdate> DocumentUpdate::parse(std::string_view body) {
  DocumentUpdate update;
  auto parsed = json::Document::parse(body.empty() ? "{}" : body, kLimits);
  if (!parsed.isOk())
    return parseException("[1:1] [UpdateRequest] failed to parse: " + std::string(parsed.status().message()));
  update.body = std::move(parsed).value();
  const json::Value root = update.body->root();
  if (!root.isObject())
    return parseException(placeOf(root, root.raw().data()) +
                          "[UpdateRequest] Expected START_OBJECT but was: " + std::string(tokenName(root)));
  UpdateReader reader(update, root);
  for (const json::Value member : root) GYRE_TRY(reader.read(member));
  return update;
}

Result<std::optional<std::string>> mergeSource(std::string_view held, json::Value doc, bool detects_noop) {
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(held, kLimits));
  std::string merged;
  merged.reserve(held.size() + doc.raw().size());
  JsonWriter writer(merged);
  const bool is_changed = merge(document.root(), doc, writer);
  if (!is_changed && detects_noop) return std::optional<std::string>();
  return std::optional(std::move(merged));
}

}  // namespace gyre::dialect
