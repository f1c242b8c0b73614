#include "server/dialect/search_targets.hpp"

#include <chrono>

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

engine::SearchTarget searchTarget(const Resolved& resolved) {
  const IndexEntry& entry = *resolved.index;
  engine::SearchTarget target;
  target.index_name = entry.name;
  target.snapshot = entry.engine->snapshot();
  for (const auto& [alias, properties] : entry.aliases) target.aliases.push_back(alias);
  if (!resolved.filters.empty()) target.filter = joinedFilter(resolved.filters);
  target.shard_count = static_cast<std::uint32_t>(entry.shardCount());
  target.max_result_window = entry.settings.whole("index.max_result_window", target.max_result_window);
  return target;
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
