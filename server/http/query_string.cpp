#include "server/http/query_string.hpp"

#include <algorithm>

#include "server/http/percent_encoding.hpp"

namespace gyre::http {

namespace {

Status decodeText(std::string& out, std::string_view text, std::size_t position) {
  const Status decoded = appendDecoded(out, text, Plus::kIsSpace);
  const std::string where = "query string, from byte " + std::to_string(position);
  if (!decoded.isOk()) return decoded.withPrefix(where);
  if (!isUtf8(out)) return invalidArgument(where + ": expected UTF-8, found " + quoteExcerpt(text));
  return {};
}

}  // namespace

Result<QueryParameters> parseQueryString(std::string_view query) {
  QueryParameters parameters;
  for (std::size_t begin = 0; begin < query.size();) {
    const std::size_t end = std::min(query.find('&', begin), query.size());
    const std::string_view piece = query.substr(begin, end - begin);
    if (!piece.empty()) {
      if (parameters.size() == kMaximumQueryParameters)
        return Status(Code::kTooLarge, "query string: expected at most " + std::to_string(kMaximumQueryParameters) +
                                           " parameters, found more");
      const std::size_t name_size = std::min(piece.find('='), piece.size());
      auto& [name, value] = parameters.emplace_back();
      GYRE_TRY(decodeText(name, piece.substr(0, name_size), begin));
      if (name_size < piece.size()) GYRE_TRY(decodeText(value, piece.substr(name_size + 1), begin + name_size + 1));
    }
    begin = end + 1;
  }
  return parameters;
}

}  // namespace gyre::http
