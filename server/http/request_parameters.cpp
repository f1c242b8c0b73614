#include "server/http/request_parameters.hpp"

#include <charconv>
#include <map>
#include <utility>
#include <vector>

#include "gyre/json_writer.hpp"
#include "server/http/percent_encoding.hpp"
#include "server/http/query_string.hpp"

namespace gyre::http {

Result<std::string> parametersOf(std::string_view query) {
  GYRE_TRY_ASSIGN(const QueryParameters pairs, parseQueryString(query));
  std::vector<std::pair<std::string_view, std::vector<std::string_view>>> grouped;  // in order of first appearance
  std::map<std::string_view, std::size_t> places;
  for (const auto& [name, value] : pairs) {
    const auto [place, is_new] = places.emplace(name, grouped.size());
    if (is_new) grouped.emplace_back(name, std::vector<std::string_view>());
    grouped[place->second].second.push_back(value);
  }
  std::string text;
  JsonWriter writer(text);
  writer.beginObject();
  for (const auto& [name, values] : grouped) {
    writer.key(name);
    if (values.size() == 1) {
      writer.string(values.front());
      continue;
    }
    writer.beginArray();
    for (const std::string_view value : values) writer.string(value);
    writer.endArray();
  }
  writer.endObject();
  return text;
}

Result<std::optional<std::uint64_t>> wholeHeader(const Request& request, std::string_view name, std::uint64_t maximum) {
  const std::string_view text = request.header(name);
  if (text.empty()) return std::optional<std::uint64_t>();
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > maximum)
    return invalidArgument(std::string(name) + ": expected a whole number from 0 to " + std::to_string(maximum) +
                           ", found " + quoteExcerpt(text));
  return std::optional(value);
}

}  // namespace gyre::http
