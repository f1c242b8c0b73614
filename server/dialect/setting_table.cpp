#include "server/dialect/setting_table.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "engine/search/index_sort.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/similar_names.hpp"

namespace gyre::dialect {

namespace {

// Sorted by name.
constexpr SettingDefinition kIndexSettings[] = {
    {"index.allocation.existing_shards_allocator", SettingKind::kText, SettingChange::kStatic, "gateway_allocator"},
    {"index.allocation.max_retries", SettingKind::kWhole, SettingChange::kDynamic, "5", 0, 2147483647},
    {"index.analysis.*", SettingKind::kText, SettingChange::kStatic, ""},
    {"index.analyze.max_token_count", SettingKind::kWhole, SettingChange::kDynamic, "10000", 1, 2147483647},
    {"index.auto_expand_replicas", SettingKind::kText, SettingChange::kDynamic, "false"},
    {"index.blocks.metadata", SettingKind::kFlag, SettingChange::kDynamic, "false"},
    {"index.blocks.read", SettingKind::kFlag, SettingChange::kDynamic, "false"},
    {"index.blocks.read_only", SettingKind::kFlag, SettingChange::kDynamic, "false"},
    {"index.blocks.read_only_allow_delete", SettingKind::kFlag, SettingChange::kDynamic, "false"},
    {"index.blocks.write", SettingKind::kFlag, SettingChange::kDynamic, "false"},
    {"index.check_pending_flush.enabled", SettingKind::kFlag, SettingChange::kDynamic, "true"},
    {"index.codec", SettingKind::kChoice, SettingChange::kStatic, "default", 0, 0, "default lz4 best_compression zlib"},
    {"index.codec.compression_level", SettingKind::kWhole, SettingChange::kStatic, "3", 1, 6},
    {"index.compound_format", SettingKind::kText, SettingChange::kDynamic, "0.1"},
    {"index.default_pipeline", SettingKind::kText, SettingChange::kDynamic, "_none"},
    {"index.fielddata.cache", SettingKind::kText, SettingChange::kStatic, "node"},
    {"index.final_pipeline", SettingKind::kText, SettingChange::kDynamic, "_none"},
    {"index.flush_after_merge", SettingKind::kBytes, SettingChange::kDynamic, "512mb"},
    {"index.force_memory_term_dictionary", SettingKind::kFlag, SettingChange::kStatic, "false"},
    {"index.format", SettingKind::kWhole, SettingChange::kFinal, "0", 0, 2147483647},
    {"index.gc_deletes", SettingKind::kTime, SettingChange::kDynamic, "60s"},
    {"index.hidden", SettingKind::kFlag, SettingChange::kDynamic, "false"},
    {"index.highlight.max_analyzed_offset", SettingKind::kWhole, SettingChange::kDynamic, "1000000", 1, 2147483647},
    {"index.indexing.slowlog.level", SettingKind::kText, SettingChange::kDynamic, "TRACE"},
    {"index.indexing.slowlog.reformat", SettingKind::kFlag, SettingChange::kDynamic, "true"},
    {"index.indexing.slowlog.source", SettingKind::kWhole, SettingChange::kDynamic, "1000"},
    {"index.indexing.slowlog.threshold.index.debug", SettingKind::kTime, SettingChange::kDynamic, "-1"},
    {"index.indexing.slowlog.threshold.index.info", SettingKind::kTime, SettingChange::kDynamic, "-1"},
    {"index.indexing.slowlog.threshold.index.trace", SettingKind::kTime, SettingChange::kDynamic, "-1"},
    {"index.indexing.slowlog.threshold.index.warn", SettingKind::kTime, SettingChange::kDynamic, "-1"},
    {"index.lifecycle.*", SettingKind::kText, SettingChange::kDynamic, ""},
    {"index.load_fixed_bitset_filters_eagerly", SettingKind::kFlag, SettingChange::kStatic, "true"},
    {"index.mapping.coerce", SettingKind::kFlag, SettingChange::kStatic, "false"},
    {"index.mapping.depth.limit", SettingKind::kWhole, SettingChange::kDynamic, "20", 1, 9e18},
    {"index.mapping.field_name_length.limit", SettingKind::kWhole, SettingChange::kDynamic, "2147483647", 1, 9e18},
    {"index.mapping.ignore_malformed", SettingKind::kFlag, SettingChange::kStatic, "false"},
    {"index.mapping.nested_fields.limit", SettingKind::kWhole, SettingChange::kDynamic, "50", 0, 9e18},
    {"index.mapping.nested_objects.limit", SettingKind::kWhole, SettingChange::kDynamic, "10000", 0, 9e18},
    {"index.mapping.total_fields.limit", SettingKind::kWhole, SettingChange::kDynamic, "1000", 0, 9e18},
    {"index.max_adjacency_matrix_filters", SettingKind::kWhole, SettingChange::kDynamic, "100", 2, 2147483647},
    {"index.max_docvalue_fields_search", SettingKind::kWhole, SettingChange::kDynamic, "100", 0, 2147483647},
    {"index.max_inner_result_window", SettingKind::kWhole, SettingChange::kDynamic, "100", 1, 2147483647},
    {"index.max_ngram_diff", SettingKind::kWhole, SettingChange::kDynamic, "1", 0, 2147483647},
    {"index.max_refresh_listeners", SettingKind::kWhole, SettingChange::kDynamic, "1000", 0, 2147483647},
    {"index.max_regex_length", SettingKind::kWhole, SettingChange::kDynamic, "1000", 1, 2147483647},
    {"index.max_rescore_window", SettingKind::kWhole, SettingChange::kDynamic, "10000", 1, 2147483647},
    {"index.max_result_window", SettingKind::kWhole, SettingChange::kDynamic, "10000", 1, 2147483647},
    {"index.max_script_fields", SettingKind::kWhole, SettingChange::kDynamic, "32", 0, 2147483647},
    {"index.max_shingle_diff", SettingKind::kWhole, SettingChange::kDynamic, "3", 0, 2147483647},
    {"index.max_slices_per_pit", SettingKind::kWhole, SettingChange::kDynamic, "1024", 1, 2147483647},
    {"index.max_slices_per_scroll", SettingKind::kWhole, SettingChange::kDynamic, "1024", 1, 2147483647},
    {"index.max_terms_count", SettingKind::kWhole, SettingChange::kDynamic, "65536", 1, 2147483647},
    {"index.merge.log_byte_size_policy.max_merge_segment", SettingKind::kBytes, SettingChange::kDynamic, "5368709120b"},
    {"index.merge.log_byte_size_policy.max_merge_segment_forced_merge", SettingKind::kBytes, SettingChange::kDynamic,
     "9223372036854775807b"},
    {"index.merge.log_byte_size_policy.max_merged_docs", SettingKind::kWhole, SettingChange::kDynamic, "2147483647"},
    {"index.merge.log_byte_size_policy.merge_factor", SettingKind::kWhole, SettingChange::kDynamic, "10"},
    {"index.merge.log_byte_size_policy.min_merge", SettingKind::kBytes, SettingChange::kDynamic, "2097152b"},
    {"index.merge.log_byte_size_policy.no_cfs_ratio", SettingKind::kText, SettingChange::kDynamic, "0.1"},
    {"index.merge.policy", SettingKind::kChoice, SettingChange::kStatic, "default", 0, 0,
     "default tiered log_byte_size"},
    {"index.merge.policy.deletes_pct_allowed", SettingKind::kReal, SettingChange::kDynamic, "20.0", 5, 50},
    {"index.merge.policy.expunge_deletes_allowed", SettingKind::kReal, SettingChange::kDynamic, "10.0"},
    {"index.merge.policy.floor_segment", SettingKind::kBytes, SettingChange::kDynamic, "2097152b"},
    {"index.merge.policy.max_merge_at_once", SettingKind::kWhole, SettingChange::kDynamic, "10", 2, 2147483647},
    {"index.merge.policy.max_merged_segment", SettingKind::kBytes, SettingChange::kDynamic, "5368709120b"},
    {"index.merge.policy.reclaim_deletes_weight", SettingKind::kReal, SettingChange::kDynamic, "2.0"},
    {"index.merge.policy.segments_per_tier", SettingKind::kReal, SettingChange::kDynamic, "10.0", 2, 1000000000},
    {"index.merge.scheduler.auto_throttle", SettingKind::kFlag, SettingChange::kDynamic, "true"},
    {"index.merge.scheduler.max_merge_count", SettingKind::kWhole, SettingChange::kDynamic, "6"},
    {"index.merge.scheduler.max_thread_count", SettingKind::kWhole, SettingChange::kDynamic, "1"},
    {"index.merge_on_flush.enabled", SettingKind::kFlag, SettingChange::kDynamic, "true"},
    {"index.merge_on_flush.max_full_flush_merge_wait_time", SettingKind::kTime, SettingChange::kDynamic, "10s"},
    {"index.merge_on_flush.policy", SettingKind::kText, SettingChange::kDynamic, "default"},
    {"index.number_of_replicas", SettingKind::kWhole, SettingChange::kDynamic, "1", 0, 2147483647},
    {"index.number_of_routing_shards", SettingKind::kWhole, SettingChange::kFinal, "1", 1, 1024},
    {"index.number_of_shards", SettingKind::kWhole, SettingChange::kFinal, "1", 1, 1024},
    {"index.optimize_auto_generated_id", SettingKind::kFlag, SettingChange::kStatic, "true"},
    {"index.optimize_doc_id_lookup.fuzzy_set.enabled", SettingKind::kFlag, SettingChange::kDynamic, "false"},
    {"index.optimize_doc_id_lookup.fuzzy_set.false_positive_probability", SettingKind::kReal, SettingChange::kDynamic,
     "0.2047"},
    {"index.priority", SettingKind::kWhole, SettingChange::kDynamic, "1", 0, 2147483647},
    {"index.queries.cache.enabled", SettingKind::kFlag, SettingChange::kStatic, "true"},
    {"index.query.default_field", SettingKind::kText, SettingChange::kDynamic, "*"},
    {"index.query.derived_field.enabled", SettingKind::kFlag, SettingChange::kDynamic, "true"},
    {"index.query.max_nested_depth", SettingKind::kWhole, SettingChange::kDynamic, "2147483647", 1, 2147483647},
    {"index.query.parse.allow_unmapped_fields", SettingKind::kFlag, SettingChange::kStatic, "true"},
    {"index.query_string.lenient", SettingKind::kFlag, SettingChange::kStatic, "false"},
    {"index.refresh_interval", SettingKind::kTime, SettingChange::kDynamic, "1s"},
    {"index.requests.cache.enable", SettingKind::kFlag, SettingChange::kDynamic, "true"},
    {"index.routing.allocation.enable", SettingKind::kChoice, SettingChange::kDynamic, "all", 0, 0,
     "all primaries new_primaries none"},
    {"index.routing.allocation.exclude.*", SettingKind::kText, SettingChange::kDynamic, ""},
    {"index.routing.allocation.include.*", SettingKind::kText, SettingChange::kDynamic, ""},
    {"index.routing.allocation.initial_recovery.*", SettingKind::kText, SettingChange::kDynamic, ""},
    {"index.routing.allocation.require.*", SettingKind::kText, SettingChange::kDynamic, ""},
    {"index.routing.allocation.total_shards_per_node", SettingKind::kWhole, SettingChange::kDynamic, "-1"},
    {"index.routing.rebalance.enable", SettingKind::kChoice, SettingChange::kDynamic, "all", 0, 0,
     "all primaries replicas none"},
    {"index.routing_partition_size", SettingKind::kWhole, SettingChange::kFinal, "1", 1, 1024},
    {"index.search.concurrent.max_slice_count", SettingKind::kWhole, SettingChange::kDynamic, "0"},
    {"index.search.concurrent_segment_search.enabled", SettingKind::kFlag, SettingChange::kDynamic, "false"},
    {"index.search.concurrent_segment_search.mode", SettingKind::kChoice, SettingChange::kDynamic, "none", 0, 0,
     "none auto all"},
    {"index.search.default_pipeline", SettingKind::kText, SettingChange::kDynamic, "_none"},
    {"index.search.idle.after", SettingKind::kTime, SettingChange::kDynamic, "30s"},
    {"index.search.slowlog.level", SettingKind::kText, SettingChange::kDynamic, "TRACE"},
    {"index.search.slowlog.threshold.fetch.debug", SettingKind::kTime, SettingChange::kDynamic, "-1"},
    {"index.search.slowlog.threshold.fetch.info", SettingKind::kTime, SettingChange::kDynamic, "-1"},
    {"index.search.slowlog.threshold.fetch.trace", SettingKind::kTime, SettingChange::kDynamic, "-1"},
    {"index.search.slowlog.threshold.fetch.warn", SettingKind::kTime, SettingChange::kDynamic, "-1"},
    {"index.search.slowlog.threshold.query.debug", SettingKind::kTime, SettingChange::kDynamic, "-1"},
    {"index.search.slowlog.threshold.query.info", SettingKind::kTime, SettingChange::kDynamic, "-1"},
    {"index.search.slowlog.threshold.query.trace", SettingKind::kTime, SettingChange::kDynamic, "-1"},
    {"index.search.slowlog.threshold.query.warn", SettingKind::kTime, SettingChange::kDynamic, "-1"},
    {"index.search.throttled", SettingKind::kFlag, SettingChange::kDynamic, "false"},
    {"index.shard.check_on_startup", SettingKind::kText, SettingChange::kStatic, "false"},
    {"index.similarity.*", SettingKind::kText, SettingChange::kStatic, ""},
    {"index.soft_deletes.enabled", SettingKind::kFlag, SettingChange::kFinal, "true"},
    {"index.soft_deletes.retention.operations", SettingKind::kWhole, SettingChange::kDynamic, "0"},
    {"index.soft_deletes.retention_lease.period", SettingKind::kTime, SettingChange::kFinal, "12h"},
    {"index.sort.field", SettingKind::kText, SettingChange::kFinal, ""},
    {"index.sort.missing", SettingKind::kText, SettingChange::kFinal, ""},
    {"index.sort.mode", SettingKind::kText, SettingChange::kFinal, ""},
    {"index.sort.order", SettingKind::kText, SettingChange::kFinal, ""},
    {"index.store.fs.fs_lock", SettingKind::kText, SettingChange::kStatic, "native"},
    {"index.store.hybrid.mmap.extensions", SettingKind::kText, SettingChange::kDynamic,
     "nvd,dvd,tim,tip,dim,kdd,kdi,cfs,doc"},
    {"index.store.hybrid.nio.extensions", SettingKind::kText, SettingChange::kDynamic,
     "segments_N,write.lock,si,cfe,fnm,fdx,fdt,pos,pay,nvm,dvm,tvx,tvd,liv,dii,vem"},
    {"index.store.preload", SettingKind::kText, SettingChange::kStatic, ""},
    {"index.store.stats_refresh_interval", SettingKind::kTime, SettingChange::kStatic, "10s"},
    {"index.store.type", SettingKind::kText, SettingChange::kStatic, ""},
    {"index.translog.durability", SettingKind::kChoice, SettingChange::kDynamic, "REQUEST", 0, 0, "REQUEST ASYNC"},
    {"index.translog.flush_threshold_size", SettingKind::kBytes, SettingChange::kDynamic, "512mb"},
    {"index.translog.generation_threshold_size", SettingKind::kBytes, SettingChange::kDynamic, "64mb"},
    {"index.translog.retention.age", SettingKind::kTime, SettingChange::kDynamic, "-1"},
    {"index.translog.retention.size", SettingKind::kBytes, SettingChange::kDynamic, "-1"},
    {"index.translog.sync_interval", SettingKind::kTime, SettingChange::kDynamic, "5s"},
    {"index.unassigned.node_left.delayed_timeout", SettingKind::kTime, SettingChange::kDynamic, "1m"},
    {"index.unreferenced_file_cleanup.enabled", SettingKind::kFlag, SettingChange::kDynamic, "true"},
    {"index.use_compound_file", SettingKind::kFlag, SettingChange::kDynamic, "true"},
    {"index.verified_before_close", SettingKind::kFlag, SettingChange::kStatic, "false"},
    {"index.warmer.enabled", SettingKind::kFlag, SettingChange::kDynamic, "true"},
    {"index.write.wait_for_active_shards", SettingKind::kWhole, SettingChange::kDynamic, "1"},
};

constexpr SettingDefinition kClusterSettings[] = {
    {"action.auto_create_index", SettingKind::kText, SettingChange::kDynamic, "true"},
    {"action.destructive_requires_name", SettingKind::kFlag, SettingChange::kDynamic, "false"},
    {"action.search.shard_count.limit", SettingKind::kWhole, SettingChange::kDynamic, "9223372036854775807", 1, 9e18},
    {"cluster.indices.close.enable", SettingKind::kFlag, SettingChange::kDynamic, "true"},
    {"cluster.info.update.interval", SettingKind::kTime, SettingChange::kDynamic, "30s"},
    {"cluster.max_shards_per_node", SettingKind::kWhole, SettingChange::kDynamic, "1000", 1, 2147483647},
    {"cluster.routing.allocation.*", SettingKind::kText, SettingChange::kDynamic, ""},
    {"cluster.routing.rebalance.enable", SettingKind::kText, SettingChange::kDynamic, "all"},
    {"cluster.routing.use_adaptive_replica_selection", SettingKind::kFlag, SettingChange::kDynamic, "true"},
    {"indices.breaker.*", SettingKind::kText, SettingChange::kDynamic, ""},
    {"indices.recovery.max_bytes_per_sec", SettingKind::kBytes, SettingChange::kDynamic, "40mb"},
    {"logger.*", SettingKind::kText, SettingChange::kDynamic, ""},
    {"search.allow_expensive_queries", SettingKind::kFlag, SettingChange::kDynamic, "true"},
    {"search.default_allow_partial_results", SettingKind::kFlag, SettingChange::kDynamic, "true"},
    {"search.default_keep_alive", SettingKind::kTime, SettingChange::kDynamic, "5m"},
    {"search.default_search_timeout", SettingKind::kTime, SettingChange::kDynamic, "-1"},
    {"search.max_buckets", SettingKind::kWhole, SettingChange::kDynamic, "65535", 0, 2147483647},
    {"search.max_keep_alive", SettingKind::kTime, SettingChange::kDynamic, "24h"},
    {"search.max_open_pit_context", SettingKind::kWhole, SettingChange::kDynamic, "300", 0, 2147483647},
    {"search.max_open_scroll_context", SettingKind::kWhole, SettingChange::kDynamic, "500", 0, 2147483647},
};

// Names that differ from the one sent by less than this share of their length are offered.
constexpr double kLikeness = 0.7;

std::string bracketed(std::string_view text) { return "[" + std::string(text) + "]"; }

std::string unknownSetting(std::span<const SettingDefinition> table, std::string_view name) {
  std::vector<std::string_view> known;
  for (const SettingDefinition& each : table) known.push_back(each.name);
  const std::string suggestion = didYouMean(similarNames(name, known, kLikeness));
  return "unknown setting " + bracketed(name) + " " +
         (suggestion.empty() ? "please check that any required plugins are installed, or check the breaking changes "
                               "documentation for removed settings"
                             : suggestion);
}

Status notNumber(std::string_view name, std::string_view text) {
  Status status = illegalArgument("Failed to parse value " + bracketed(text) + " for setting " + bracketed(name));
  status.addFault("caused_by", "number_format_exception: For input string: \"" + std::string(text) + "\"");
  return status;
}

template <class Number>
std::optional<Number> parseNumber(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string boundText(double bound, SettingKind kind) {
  std::string text = std::to_string(static_cast<std::int64_t>(bound));
  return kind == SettingKind::kReal ? text + ".0" : text;
}

Status checkRange(const SettingDefinition& setting, std::string_view text, double number) {
  if (setting.most <= setting.least) return {};
  const std::string where = "Failed to parse value " + bracketed(text) + " for setting " + bracketed(setting.name);
  if (number < setting.least) return illegalArgument(where + " must be >= " + boundText(setting.least, setting.kind));
  if (number > setting.most) return illegalArgument(where + " must be <= " + boundText(setting.most, setting.kind));
  return {};
}

Status checkTime(std::string_view name, std::string_view text) {
  const std::string where =
      "failed to parse setting " + bracketed(name) + " with value " + bracketed(text) + " as a time value: ";
  if (text == "-1" || text == "0") return {};
  for (const std::string_view unit : {"nanos", "micros", "ms", "s", "m", "h", "d"}) {
    if (!text.ends_with(unit)) continue;
    const std::string_view digits = text.substr(0, text.size() - unit.size());
    const auto number = parseNumber<std::int64_t>(digits);
    if (!number) {
      if (unit == "s" && !digits.empty() && (digits.back() < '0' || digits.back() > '9')) continue;
      break;
    }
    if (*number < -1) return illegalArgument(where + "negative durations are not supported");
    return {};
  }
  return illegalArgument(where + "unit is missing or unrecognized");
}

Status checkChoice(const SettingDefinition& setting, std::string_view text) {
  std::string names;
  for (std::string_view rest = setting.choices; !rest.empty();) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view choice = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    // Some are written in capitals and taken in any case.
    const bool is_equal = std::equal(choice.begin(), choice.end(), text.begin(), text.end(),
                                     [](char a, char b) { return a == b || (a >= 'A' && a <= 'Z' && a + 32 == b); });
    if (is_equal) return {};
    names += (names.empty() ? "" : ", ") + std::string(choice);
  }
  return illegalArgument("unknown value for " + bracketed(setting.name) + " must be one of " + bracketed(names) +
                         " but was: " + std::string(text));
}

Status checkValue(const SettingDefinition& setting, std::string_view name, std::string_view text) {
  switch (setting.kind) {
    case SettingKind::kText: return {};
    case SettingKind::kWhole: {
      const auto number = parseNumber<std::int64_t>(text);
      if (!number) return notNumber(name, text);
      return checkRange(setting, text, static_cast<double>(*number));
    }
    case SettingKind::kReal: {
      const auto number = parseNumber<double>(text);
      if (!number) return notNumber(name, text);
      return checkRange(setting, text, *number);
    }
    case SettingKind::kFlag:
      if (text == "true" || text == "false") return {};
      return illegalArgument("Failed to parse value " + bracketed(text) + " as only [true] or [false] are allowed.");
    case SettingKind::kTime: return checkTime(name, text);
    case SettingKind::kBytes: return parseBytes(text, "setting " + bracketed(name)).status();
    case SettingKind::kChoice: return checkChoice(setting, text);
  }
  return {};
}

constexpr std::string_view kSort = "index.sort.";

std::vector<std::string> sortValues(const Settings::Value& value) {
  return value.is_list || value.texts.empty() ? value.texts : engine::splitSortSetting(value.texts.front());
}

engine::IndexSortSettings sortSettings(const Settings& settings) {
  const auto list = [&settings](std::string_view name) -> std::optional<std::vector<std::string>> {
    const auto found = settings.values().find(std::string(kSort).append(name));
    if (found == settings.values().end()) return std::nullopt;
    return sortValues(found->second);
  };
  return {list("field").value_or(std::vector<std::string>()), list("order"), list("mode"), list("missing")};
}

}  // namespace

std::span<const SettingDefinition> indexSettings() { return kIndexSettings; }
std::span<const SettingDefinition> clusterSettings() { return kClusterSettings; }

const SettingDefinition* findSetting(std::span<const SettingDefinition> table, std::string_view name) {
  for (const SettingDefinition& each : table) {
    if (each.name == name) return &each;
    if (!each.name.ends_with(".*")) continue;
    const std::string_view group = each.name.substr(0, each.name.size() - 1);
    if (name.starts_with(group) && name.size() > group.size()) return &each;
  }
  return nullptr;
}

Status checkSettings(std::span<const SettingDefinition> table, const Settings& settings) {
  Status unknown;
  for (const auto& [name, value] : settings.values()) {
    const SettingDefinition* const setting = findSetting(table, name);
    if (setting == nullptr) {
      if (unknown.isOk())
        unknown = illegalArgument(unknownSetting(table, name));
      else
        unknown.addFault("suppressed", "illegal_argument_exception: " + unknownSetting(table, name));
      continue;
    }
    if (!unknown.isOk()) continue;
    if (value.is_list && setting->kind != SettingKind::kText) return notNumber(name, "[]");
    for (const std::string& text : value.texts) GYRE_TRY(checkValue(*setting, name, text));
    if (name.starts_with(kSort))
      for (const std::string& text : sortValues(value))
        GYRE_TRY(engine::checkSortSetting(name.substr(kSort.size()), text));
  }
  return unknown;
}

Status checkIndexSettings(const Settings& settings) {
  GYRE_TRY(checkSettings(kIndexSettings, settings));
  if (settings.text("index.soft_deletes.enabled") == "false")
    return illegalArgument(
        "Creating indices with soft-deletes disabled is no longer supported. Please do not specify a value for setting "
        "[index.soft_deletes.enabled].");
  const std::int64_t shards = settings.whole("index.number_of_shards", 1);
  if (const std::int64_t routing_shards = settings.whole("index.number_of_routing_shards", shards);
      routing_shards % shards != 0)
    return illegalArgument(routing_shards < shards
                               ? "the number of source shards [" + std::to_string(shards) +
                                     "] must be less that the number of target shards [" +
                                     std::to_string(routing_shards) + "]"
                               : "the number of source shards [" + std::to_string(shards) + "] must be a factor of [" +
                                     std::to_string(routing_shards) + "]");
  if (const std::int64_t partition = settings.whole("index.routing_partition_size", 1);
      partition != 1 && partition >= shards)
    return illegalArgument("partition size [" + std::to_string(partition) +
                           "] should be a positive number less than "
                           "the number of shards [" +
                           std::to_string(shards) + "] for [index]");
  return {};
}

Status checkSortSizes(const Settings& settings) { return engine::checkSortSizes(sortSettings(settings)); }

bool isSorted(const Settings& settings) { return !sortSettings(settings).fields.empty(); }

Settings defaultSettings(const Settings& set) {
  Settings defaults;
  for (const SettingDefinition& each : kIndexSettings)
    if (!each.name.ends_with(".*") && !set.values().contains(each.name)) {
      defaults.set(each.name, each.otherwise);
      if (each.name.starts_with(kSort)) defaults.values()[std::string(each.name)] = {true, {}};
    }
  return defaults;
}

Result<std::int64_t> parseBytes(std::string_view text, std::string_view what) {
  struct Unit {
    std::string_view name;
    double bytes;
  };
  static constexpr Unit kUnits[] = {
      {"kb", 1024.0}, {"mb", 1048576.0}, {"gb", 1073741824.0}, {"tb", 1099511627776.0}, {"pb", 1125899906842624.0},
      {"k", 1024.0},  {"m", 1048576.0},  {"g", 1073741824.0},  {"t", 1099511627776.0},  {"p", 1125899906842624.0},
      {"b", 1.0}};
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  if (lower == "-1") return std::int64_t{-1};
  if (lower == "0") return std::int64_t{0};
  for (const Unit& unit : kUnits) {
    if (!lower.ends_with(unit.name)) continue;
    const auto number = parseNumber<double>(std::string_view(lower).substr(0, lower.size() - unit.name.size()));
    if (number && *number == -1 && unit.bytes == 1) return std::int64_t{-1};
    if (!number || *number < 0 || *number * unit.bytes > 9.2e18) break;
    return static_cast<std::int64_t>(*number * unit.bytes);
  }
  const std::string message = "failed to parse " + std::string(what) + " with value " + bracketed(text) +
                              " as a size in bytes: unit is missing or unrecognized";
  Status status = illegalArgument(message);
  status.addFault("caused_by", "parse_exception: " + message);
  return status;
}

}  // namespace gyre::dialect
