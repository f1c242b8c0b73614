#include "server/dialect/search_targets.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <map>
#include <memory>
#include <optional>

#include "server/dialect/document_index.hpp"
#include "server/dialect/document_read.hpp"

namespace gyre::dialect {

namespace {

// As long as the catalog's maintenance lets an index be that has no interval of its own.
constexpr std::int64_t kIdleNanos = 30'000'000'000;

// Any of the filters.
std::string joinedFilter(const std::vector<std::string>& filters) {
  if (filters.size() == 1) return filters.front();
  std::string text = R"({"bool":{"minimum_should_match":1,"should":[)";
  for (const std::string& filter : filters) text.append(text.back() == '[' ? "" : ",").append(filter);
  text.append("]}}");
  return text;
}

}  // namespace

engine::IndexLimits limitsOf(const Settings& settings) {
  engine::IndexLimits limits;
  const auto read = [&](std::string_view name, std::int64_t& limit) { limit = settings.whole(name, limit); };
  read("index.max_result_window", limits.result_window);
  read("index.max_inner_result_window", limits.inner_result_window);
  read("index.max_rescore_window", limits.rescore_window);
  read("index.max_docvalue_fields_search", limits.docvalue_fields);
  read("index.max_terms_count", limits.terms);
  read("index.max_regex_length", limits.regex_length);
  read("index.max_slices_per_scroll", limits.scroll_slices);
  read("index.max_slices_per_pit", limits.pit_slices);
  read("index.query.max_nested_depth", limits.nested_depth);
  read("index.highlight.max_analyzed_offset", limits.analyzed_offset);
  read("index.max_adjacency_matrix_filters", limits.adjacency_matrix_filters);
  return limits;
}

engine::SearchTarget searchTarget(const Resolved& resolved, const CatalogState& state) {
  const IndexEntry& entry = *resolved.index;
  engine::SearchTarget target;
  target.index_name = entry.name;
  target.snapshot = entry.engine->snapshot();
  for (const auto& [alias, properties] : entry.aliases) target.aliases.push_back(alias);
  if (!resolved.filters.empty()) target.filter = joinedFilter(resolved.filters);
  target.shard_count = static_cast<std::uint32_t>(entry.shardCount());
  target.limits = limitsOf(entry.settings);
  const auto fields = entry.settings.values().find("index.query.default_field");
  if (fields != entry.settings.values().end() && !fields->second.texts.empty())
    target.default_fields = fields->second.texts;
  target.allows_expensive_queries = state.clusterSetting("search.allow_expensive_queries") != "false";
  if (const auto most = state.clusterSetting("search.max_buckets"))
    std::from_chars(most->data(), most->data() + most->size(), target.max_buckets);
  return target;
}

void allowLookUps(std::vector<engine::SearchTarget>& targets, Catalog& catalog) {
  using Found = std::optional<std::string>;
  const auto known = std::make_shared<std::map<std::array<std::string, 3>, Found>>();
  for (engine::SearchTarget& target : targets)
    target.look_up = [&catalog, known](const std::string& index, const std::string& id,
                                       const std::string& routing) -> Result<Found> {
      if (const auto found = known->find({index, id, routing}); found != known->end()) return found->second;
      DocumentRead read;
      read.id = id;
      read.routing = routing;
      GYRE_TRY_ASSIGN(const IndexPtr entry, indexForRead(catalog, index, read.routing));
      GYRE_TRY_ASSIGN(const auto document, read.run(*entry));
      Found source;
      if (document && document->has_source) source = document->source;
      known->emplace(std::array<std::string, 3>{index, id, routing}, source);
      return source;
    };
}

Status wake(const IndexEntry& entry) {
  if (!entry.open) return {};
  const std::int64_t now =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
  const std::int64_t before = entry.open->last_search_nanos.exchange(now);
  const bool was_idle = !entry.settings.text("index.refresh_interval") && now - before > kIdleNanos;
  return was_idle ? entry.engine->refresh() : Status();
}

}  // namespace gyre::dialect
