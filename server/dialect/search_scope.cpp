#include "server/dialect/search_scope.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "server/dialect/document_index.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/search_targets.hpp"

namespace gyre::dialect {

namespace {

bool isOneOf(std::string_view list, std::string_view word) {
  for (std::size_t at = list.find(word); at != std::string_view::npos; at = list.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || list[at - 1] == ' ') && (end == list.size() || list[end] == ' ')) return true;
  }
  return false;
}

}  // namespace

Result<SearchScope> resolveSearch(Catalog& catalog, std::string_view expression, const ResolveOptions& options) {
  GYRE_TRY_ASSIGN(std::vector<Resolved> resolved, catalog.resolve(expression, options));
  SearchScope scope;
  const auto state = catalog.state();
  for (Resolved& each : resolved) {
    if (each.index->engine == nullptr) {
      if (options.ignores_unavailable) continue;
      return indexClosed(*each.index);
    }
    GYRE_TRY(wake(*each.index));
    scope.targets.push_back(searchTarget(each, *state));
    scope.indices.push_back(std::move(each.index));
  }
  allowLookUps(scope.targets, catalog);
  return scope;
}

void countSearch(const engine::SearchReply& reply, const SearchScope& scope) {
  for (const IndexPtr& index : scope.indices) {
    if (!index->open) continue;
    IndexCounters& counters = index->open->counters;
    if (!reply.is_suggest_only) counters.queries.add(reply.query_nanos);
    if (!reply.is_suggest_only && reply.status.isOk()) counters.fetches.add(reply.fetch_nanos);
    if (!reply.stats_groups.empty() && !reply.is_suggest_only) {
      const auto nanos = [](std::int64_t elapsed) {
        return static_cast<std::uint64_t>(std::max<std::int64_t>(elapsed, 0));
      };
      GroupCounters::Counts search{.queries = 1, .query_nanos = nanos(reply.query_nanos)};
      if (reply.status.isOk()) search.fetches = 1, search.fetch_nanos = nanos(reply.fetch_nanos);
      counters.groups.add(reply.stats_groups, search);
    }
    if (reply.has_suggestions) counters.suggestions.add(reply.is_suggest_only ? reply.fetch_nanos : 0);
  }
}

Result<engine::SearchOptions> readSearchOptions(const Call& call) {
  constexpr std::string_view kPassedOver = GYRE_RESOLVE_PARAMETERS
      " ignore_throttled scroll pretty human error_trace filter_path source source_content_type format "
      "max_concurrent_searches min_score";
  engine::SearchParameters parameters;
  for (const auto& [name, value] : call.request.parameters) {
    if (isOneOf(kPassedOver, name)) continue;
    GYRE_TRY_ASSIGN(const bool is_known, parameters.read(name, value));
    if (!is_known)
      return illegalArgument("request [" + call.request.path + "] contains unrecognized parameter: [" + name + "]");
  }
  GYRE_TRY_ASSIGN(engine::SearchOptions options, parameters.finish());
  GYRE_TRY_ASSIGN(options.ignores_unavailable, call.flag("ignore_unavailable"));
  return options;
}

}  // namespace gyre::dialect
