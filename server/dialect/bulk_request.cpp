#include "server/dialect/bulk_request.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "gyre/json.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/source_parameters.hpp"

namespace gyre::dialect {

namespace {

bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\r'; }

Status malformedAction(std::size_t line, std::string_view what) {
  return illegalArgument("Malformed action/metadata line [" + std::to_string(line) + "], " + std::string(what));
}

// Reads the JSON of one action line, a token at a time. Written out, since a parser of whole documents costs more than
// a line has bytes.
class ActionReader {
 public:
  ActionReader(std::string_view text, std::deque<std::string>& texts) : text_(text), texts_(texts) {}

  // The next character that is no white space; 0 at the end.
  char peek() {
    while (at_ < text_.size() && isSpace(text_[at_])) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool skip(char wanted) {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }

  // A string; what it stands for.
  Result<std::string_view> string() {
    if (!skip('"')) return malformed();
    const std::size_t first = at_;
    bool is_plain = true;
    for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      const auto byte = static_cast<unsigned char>(text_[at_]);
      if (byte < 0x20) return malformed();
      if (byte == '\\') ++at_;
      is_plain = is_plain && byte != '\\' && byte < 0x80;
    }
    if (at_ >= text_.size()) return malformed();
    const std::string_view inside = text_.substr(first, at_++ - first);
    if (is_plain) return inside;
    const auto decoded = json::Document::parse(text_.substr(first - 1, inside.size() + 2));
    if (!decoded.isOk()) return malformed();
    return std::string_view(texts_.emplace_back(decoded.value().root().string()));
  }

  // A number, true, false or null, as written.
  Result<std::string_view> word() {
    peek();
    const std::size_t first = at_;
    while (at_ < text_.size() && !isSpace(text_[at_]) && text_[at_] != ',' && text_[at_] != '}' && text_[at_] != ']')
      ++at_;
    const std::string_view found = text_.substr(first, at_ - first);
    if (found == "true" || found == "false" || found == "null" || json::detail::isNumber(found)) return found;
    return malformed();
  }

  // An object or array as a whole.
  Result<std::string_view> container() {
    const std::size_t first = at_;
    std::size_t depth = 0;
    for (bool is_inside_string = false; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (is_inside_string) {
        if (c == '\\') ++at_;
        is_inside_string = c != '"';
        continue;
      }
      is_inside_string = c == '"';
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) {
        ++at_;
        return text_.substr(first, at_ - first);
      }
    }
    return malformed();
  }

  Status malformed() const {
    return {Code::kInvalidArgument, "json_parse_exception",
            "Unexpected character or end of input in an action line, column: " + std::to_string(at_ + 1)};
  }

 private:
  std::string_view text_;
  std::deque<std::string>& texts_;
  std::size_t at_ = 0;
};

std::string_view tokenName(char first) {
  switch (first) {
    case '{': return "START_OBJECT";
    case '[': return "START_ARRAY";
    case '"': return "VALUE_STRING";
    case 't':
    case 'f': return "VALUE_BOOLEAN";
    case 'n': return "VALUE_NULL";
    default: return "VALUE_NUMBER";
  }
}

Result<std::int64_t> wholeOf(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (!text.empty() && error == std::errc() && end == text.data() + text.size()) return number;
  return illegalArgument("For input string: \"" + std::string(text) + "\"");
}

class BulkReader {
 public:
  BulkReader(BulkRequest& request, std::string_view body, const BulkDefaults& defaults)
      : request_(request), body_(body), defaults_(defaults) {}

  Status run() {
    // A guess that is right for documents of a hundred bytes; smaller ones cost a move.
    request_.items.reserve(body_.size() / 128 + 1);
    while (at_ < body_.size()) {
      std::string_view text;
      GYRE_TRY(nextLine(text));
      GYRE_TRY(readItem(text));
    }
    return {};
  }

 private:
  Status nextLine(std::string_view& text) {
    const std::size_t end = body_.find('\n', at_);
    if (end == std::string_view::npos) return illegalArgument("The bulk request must be terminated by a newline [\\n]");
    text = body_.substr(at_, end - at_);
    if (text.ends_with('\r')) text.remove_suffix(1);
    at_ = end + 1;
    ++line_;
    return {};
  }

  Status readItem(std::string_view text) {
    ActionReader reader(text, request_.texts);
    if (reader.peek() == '\0') return {};
    if (!reader.skip('{'))
      return malformedAction(line_, "expected START_OBJECT but found [" + std::string(tokenName(reader.peek())) + "]");
    if (reader.peek() == '}') return malformedAction(line_, "expected FIELD_NAME but found [END_OBJECT]");
    GYRE_TRY_ASSIGN(const std::string_view name, reader.string());
    WriteItem item;
    if (name == "create")
      item.action = WriteAction::kCreate;
    else if (name == "delete")
      item.action = WriteAction::kDelete;
    else if (name == "update")
      item.action = WriteAction::kUpdate;
    else if (name != "index")
      return malformedAction(line_,
                             "expected one of [create, delete, index, update] but found [" + std::string(name) + "]");
    if (!reader.skip(':')) return reader.malformed();
    if (reader.peek() != '{')
      return malformedAction(
          line_, "expected START_OBJECT or END_OBJECT but found [" + std::string(tokenName(reader.peek())) + "]");
    item.index = defaults_.index;
    item.routing = defaults_.routing;
    item.pipeline = defaults_.pipeline;
    item.must_be_alias = defaults_.must_be_alias;
    shows_ = defaults_.shows;
    reader.skip('{');
    GYRE_TRY(readParameters(reader, item));
    if (item.action == WriteAction::kUpdate && (item.version || item.version_type != VersionType::kInternal))
      return illegalArgument(
          "Update requests do not support versioning. Please use `if_seq_no` and `if_primary_term` instead");
    if (item.action != WriteAction::kDelete) {
      if (at_ == body_.size()) return {};  // an action without a document, at the end: dropped
      GYRE_TRY(nextLine(item.source));
    }
    if (item.action == WriteAction::kUpdate) GYRE_TRY(readUpdate(item));
    request_.items.push_back(std::move(item));
    return {};
  }

  Status readParameters(ActionReader& reader, WriteItem& item) {
    if (reader.skip('}')) return {};
    for (;;) {
      GYRE_TRY_ASSIGN(const std::string_view key, reader.string());
      if (!reader.skip(':')) return reader.malformed();
      const char first = reader.peek();
      std::string_view value;
      if (first == '{' || first == '[') {
        if (key != "_source" || first == '[')
          return malformedAction(line_, "expected a simple value for field [" + std::string(key) + "] but found [" +
                                            std::string(tokenName(first)) + "]");
        GYRE_TRY_ASSIGN(value, reader.container());
        GYRE_TRY(readSource(value));
      } else if (first == '"') {
        GYRE_TRY_ASSIGN(value, reader.string());
        GYRE_TRY(readParameter(key, value, item));
      } else {
        GYRE_TRY_ASSIGN(value, reader.word());
        if (value != "null") GYRE_TRY(readParameter(key, value, item));
      }
      if (reader.skip('}')) return {};
      if (!reader.skip(',')) return reader.malformed();
    }
  }

  Status readParameter(std::string_view key, std::string_view value, WriteItem& item) {
    if (key == "_index") {
      item.index = value;
    } else if (key == "_id") {
      item.id = value;
    } else if (key == "routing") {
      item.routing = value;
    } else if (key == "op_type") {
      if (value == "create" && item.action == WriteAction::kIndex) item.action = WriteAction::kCreate;
    } else if (key == "version") {
      GYRE_TRY_ASSIGN(item.version, wholeOf(value));
    } else if (key == "version_type") {
      GYRE_TRY_ASSIGN(item.version_type, parseVersionType(value));
    } else if (key == "if_seq_no") {
      GYRE_TRY_ASSIGN(item.if_seq_no, wholeOf(value));
      if (*item.if_seq_no < 0)
        return illegalArgument("sequence numbers must be non negative. got [" + std::string(value) + "].");
    } else if (key == "if_primary_term") {
      GYRE_TRY_ASSIGN(item.if_term, wholeOf(value));
    } else if (key == "retry_on_conflict") {
      GYRE_TRY_ASSIGN(item.retries, wholeOf(value));
    } else if (key == "pipeline") {
      item.pipeline = value;
    } else if (key == "require_alias") {
      if (value != "true" && value != "false")
        return illegalArgument("Failed to parse value [" + std::string(value) +
                               "] as only [true] or [false] are allowed.");
      item.must_be_alias = value == "true";
    } else if (key == "_source") {
      std::string quoted;
      if (value != "true" && value != "false")
        JsonWriter(quoted).string(value);
      else
        quoted = value;
      return readSource(quoted);
    } else {
      return illegalArgument("Action/metadata line [" + std::to_string(line_) + "] contains an unknown parameter [" +
                             std::string(key) + "]");
    }
    return {};
  }

  Status readSource(std::string_view json) {
    GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(json));
    GYRE_TRY_ASSIGN(shows_, readSourceMember(document.root()));
    return {};
  }

  Status readUpdate(WriteItem& item) {
    GYRE_TRY_ASSIGN(DocumentUpdate update, DocumentUpdate::parse(item.source));
    if (shows_) update.shows = shows_;
    if (!item.if_seq_no) item.if_seq_no = update.if_seq_no;
    if (!item.if_term) item.if_term = update.if_term;
    item.update = std::make_unique<DocumentUpdate>(std::move(update));
    return {};
  }

  BulkRequest& request_;
  std::string_view body_;
  const BulkDefaults& defaults_;
  std::optional<engine::SourceFilter> shows_;  // of the item that is being read
  std::size_t at_ = 0;
  std::size_t line_ = 0;
};

}  // namespace

Result<BulkRequest> BulkRequest::parse(std::string_view body, const BulkDefaults& defaults) {
  BulkRequest request;
  GYRE_TRY(BulkReader(request, body, defaults).run());
  return request;
}

}  // namespace gyre::dialect
