// How is the JSON of a document read, piece by piece, on the way into the index?
//
// What the document parser and the readers of structured values share: tokens, names, scalars, and the check that no
// name stands twice in one object. Over simdjson's on-demand cursor, so a value is read once and in order.
//
// THREADS: values; OpenNames belongs to one parser.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/mapping/field.hpp"
#include "gyre/json.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

using DocumentValue = simdjson::ondemand::value;

inline constexpr std::uint32_t kMaxDocumentDepth = 100;  // arrays and objects inside each other

// A scalar of the document. Numbers keep their text.
struct Scalar {
  json::Kind kind = json::Kind::kNull;
  std::string_view text;
};

Status malformedDocument(std::string_view why);
Status malformedDocument(simdjson::error_code error);
Status documentTooDeep();

// mapper_parsing_exception for one field of the document `id` ("" when it has none) and the value found, with the
// reason beneath.
Status fieldFault(const Field& field, std::string_view id, std::string_view preview, std::string_view cause,
                  std::string why);

inline std::string_view tokenOf(DocumentValue& value) {
  std::string_view token = value.raw_json_token();
  while (!token.empty() && json::detail::isSpace(token.back())) token.remove_suffix(1);
  return token;
}

// The member's name, decoded only when it holds an escape.
inline simdjson::error_code nameOf(simdjson::ondemand::field& member, std::string_view& name) {
  const char* const first = member.key().raw();
  const char* end = first;
  while (*end != '"' && *end != '\\') ++end;
  name = {first, static_cast<std::size_t>(end - first)};
  return *end == '"' ? simdjson::SUCCESS : member.unescaped_key().get(name);
}

// REQUIRES: token is tokenOf(value), and no array or object begins there.
Status readScalar(DocumentValue& value, std::string_view token, Scalar& scalar);

// The names of the objects that are open, innermost last.
class OpenNames {
 public:
  void clear() { names_.clear(); }
  std::size_t size() const { return names_.size(); }
  void add(std::string_view name) { names_.push_back(name); }
  // Refuses a name that stands twice among those since `first`, and forgets them.
  Status close(std::size_t first);

 private:
  using Iterator = std::vector<std::string_view>::iterator;
  Iterator findTwiceAmongFew(Iterator begin);
  Iterator findTwiceBySorting(Iterator begin);

  std::vector<std::string_view> names_;
};

}  // namespace gyre::engine
