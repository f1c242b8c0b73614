#include "server/dialect/resolve_options.hpp"

#include <algorithm>

#include "server/dialect/failure.hpp"

namespace gyre::dialect {

std::vector<std::string_view> splitList(std::string_view list) {
  std::vector<std::string_view> parts;
  for (std::size_t from = 0; from <= list.size();) {
    const std::size_t comma = std::min(list.find(',', from), list.size());
    if (comma > from) parts.push_back(list.substr(from, comma - from));
    from = comma + 1;
  }
  return parts;
}

Result<ResolveOptions> readResolveOptions(const Call& call, ResolveOptions otherwise) {
  ResolveOptions options = otherwise;
  GYRE_TRY_ASSIGN(options.ignores_unavailable, call.flag("ignore_unavailable", otherwise.ignores_unavailable));
  GYRE_TRY_ASSIGN(options.allows_none, call.flag("allow_no_indices", otherwise.allows_none));
  if (!call.has("expand_wildcards")) return options;
  options.expands_open = options.expands_closed = options.expands_hidden = false;
  for (const std::string_view each : splitList(call.text("expand_wildcards"))) {
    if (each == "open")
      options.expands_open = true;
    else if (each == "closed")
      options.expands_closed = true;
    else if (each == "hidden")
      options.expands_hidden = true;
    else if (each == "all")
      options.expands_open = options.expands_closed = options.expands_hidden = true;
    else if (each == "none")
      options.expands_open = options.expands_closed = options.expands_hidden = false;
    else
      return illegalArgument("No valid expand wildcard value [" + std::string(each) + "]");
  }
  return options;
}

}  // namespace gyre::dialect
