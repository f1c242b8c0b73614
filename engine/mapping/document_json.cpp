#include "engine/mapping/document_json.hpp"

#include <algorithm>
#include <cstring>

#include "engine/analysis/utf8.hpp"
#include "engine/mapping/failure_cause.hpp"

namespace gyre::engine {

namespace {
constexpr std::size_t kFewNames = 64;  // of one object: compared by marks, not sorted
constexpr std::size_t kPreviewUnits = 100;
}  // namespace

Status malformedDocument(std::string_view why) {
  return causedBy(
      {Code::kInvalidArgument, "mapper_parsing_exception", "failed to parse: malformed JSON: " + std::string(why)},
      {Code::kInvalidArgument, "json_parse_exception", std::string(why)});
}
Status malformedDocument(simdjson::error_code error) { return malformedDocument(simdjson::error_message(error)); }
Status documentTooDeep() {
  return malformedDocument("more than " + std::to_string(kMaxDocumentDepth) + " levels of nesting");
}

Status fieldFault(const Field& field, std::string_view id, std::string_view preview, std::string_view cause,
                  std::string why) {
  const std::string document = id.empty() ? std::string() : " in document with id '" + std::string(id) + "'";
  return causedBy(
      {Code::kInvalidArgument, "mapper_parsing_exception",
       "failed to parse field [" + field.path + "] of type [" + std::string(field.type_name) + "]" + document +
           ". Preview of field's value: '" + std::string(utf16Prefix(preview, kPreviewUnits)) + "'"},
      {Code::kInvalidArgument, std::string(cause), std::move(why)});
}

Status readScalar(DocumentValue& value, std::string_view token, Scalar& scalar) {
  scalar.text = token;
  if (token.front() == '"') {
    scalar.kind = json::Kind::kString;
    if (token.size() >= 2 && std::memchr(token.data(), '\\', token.size()) == nullptr) {
      // Consumed though not needed: simdjson takes a string left unread before a stray colon for a member's name.
      simdjson::ondemand::raw_json_string consumed;
      if (const auto error = value.get_raw_json_string().get(consumed)) return malformedDocument(error);
      scalar.text = token.substr(1, token.size() - 2);
    } else if (const auto error = value.get_string().get(scalar.text)) {
      return malformedDocument(error);
    }
  } else if (token == "true" || token == "false") {
    scalar.kind = json::Kind::kBoolean;
  } else if (token == "null") {
    scalar.kind = json::Kind::kNull;
  } else if (json::detail::isNumber(token)) {
    scalar.kind = json::Kind::kNumber;
  } else {
    return malformedDocument("expected a value, found \"" + std::string(utf16Prefix(token, 20)) + "\"");
  }
  return {};
}

Status OpenNames::close(std::size_t first) {
  const auto begin = names_.begin() + static_cast<std::ptrdiff_t>(first);
  const auto twice = names_.size() - first <= kFewNames ? findTwiceAmongFew(begin) : findTwiceBySorting(begin);
  if (twice != names_.end())
    return malformedDocument("duplicate member \"" + std::string(utf16Prefix(*twice, 100)) + "\"");
  names_.resize(first);
  return {};
}

// A name is only compared with those before it when one of them may have had the same mark.
OpenNames::Iterator OpenNames::findTwiceAmongFew(Iterator begin) {
  std::uint64_t marks[4] = {};
  for (auto name = begin; name != names_.end(); ++name) {
    const std::size_t size = name->size();
    const auto byteAt = [&](std::size_t at) { return static_cast<unsigned char>(size == 0 ? 0 : (*name)[at]); };
    const unsigned mark =
        byteAt(0) * 7u + byteAt(size / 2) * 31u + byteAt(size - 1) * 101u + static_cast<unsigned>(size);
    std::uint64_t& word = marks[mark / 64 % 4];
    const std::uint64_t bit = std::uint64_t{1} << (mark % 64);
    if ((word & bit) != 0 && std::find(begin, name, *name) != name) return name;
    word |= bit;
  }
  return names_.end();
}

OpenNames::Iterator OpenNames::findTwiceBySorting(Iterator begin) {
  std::sort(begin, names_.end(),
            [](std::string_view a, std::string_view b) { return a.size() != b.size() ? a.size() < b.size() : a < b; });
  return std::adjacent_find(begin, names_.end());
}

}  // namespace gyre::engine
