// wrapper: a query that travels as Base64.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

std::optional<std::string> decodeBase64(std::string_view text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string bytes;
  std::uint32_t pending = 0;
  int bits = 0;
  for (const char c : text) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    pending = (pending << 6 | static_cast<std::uint32_t>(digit)) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(pending >> bits & 0xff);
  }
  return bytes;
}

}  // namespace

Result<QueryPtr> parseWrapper(json::Value body, ParseContext& context) {
  std::string encoded;
  CommonParameters common;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("wrapper", member, common));
    if (is_common) continue;
    if (member.key() != "query")
      return parsingException("[wrapper] query malformed, expected `query` but was " + std::string(member.key()));
    GYRE_TRY_ASSIGN(encoded, parseScalarText("wrapper", member));
  }
  if (encoded.empty()) return illegalArgument("[wrapper] query source text is empty");
  const auto decoded = decodeBase64(encoded);
  if (!decoded) return illegalArgument("[wrapper] query is no Base64");
  GYRE_TRY_ASSIGN(const auto document, json::Document::parse(*decoded, {.max_depth = kMaxRequestDepth}));
  GYRE_TRY_ASSIGN(auto inner, parseQuery(document.root(), context));
  return finishQuery(std::move(inner), common, context);
}

}  // namespace gyre::engine
