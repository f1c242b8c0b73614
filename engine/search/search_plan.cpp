#include "engine/search/search_plan.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/mapping/failure_cause.hpp"
#include "engine/mapping/name_pattern.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/query_parser.hpp"
#include "engine/segment/named_segment.hpp"

namespace gyre::engine {

namespace {

Result<json::Document> parseObject(std::string_view text) {
  return json::Document::parse(text.empty() ? "{}" : text, {.max_depth = kMaxRequestDepth});
}

const std::shared_ptr<const Mapping>& emptyMapping() {
  static const std::shared_ptr<const Mapping> mapping = std::make_shared<const Mapping>();
  return mapping;
}

// Who noticed it, as far as the failure says.
std::string_view noticer(const Status& failure) {
  for (const Fault& fault : failure.faults())
    if (fault.pointer == kNoticedBy) return fault.detail;
  return failure.reason() == "query_shard_exception" ? kByIndex : std::string_view();
}

// Of the shape of the request, which no mapping has a say in.
bool isMalformed(const Status& failure) {
  return noticer(failure) != kByIndex &&
         (failure.reason() == "parsing_exception" || failure.reason() == "x_content_parse_exception");
}

// What the request would be refused with whatever an index maps; ok when only this index refuses it. The dialect finds
// such faults before it asks any index, even those that stand behind what an index refuses.
Status faultOfRequest(const Status& failure, json::Value body, json::Value overrides, std::int64_t now_millis) {
  if (noticer(failure) == kByRequest) return failure;
  // Of a document whose values are looked up, which no index that is asked has to do with.
  for (const std::string_view elsewhere :
       {"index_not_found_exception", "index_closed_exception", "routing_missing_exception"})
    if (failure.reason() == elsewhere) return failure;
  const auto parsed = SearchRequest::parse(body, overrides, *emptyMapping(), now_millis);
  if (parsed.isOk()) return {};
  const bool is_same = parsed.status().reason() == failure.reason() && parsed.status().message() == failure.message();
  if (is_same) return noticer(failure).empty() ? failure : Status();
  return isMalformed(parsed.status()) ? parsed.status() : Status();
}

// Whether a field of the path may be read: its name stands in the request.
bool mayRead(std::string_view path, std::string_view body, std::string_view overrides) {
  const auto names = [path](std::string_view text) { return text.find(path) != std::string_view::npos; };
  return names(body) || names(overrides);
}

Status checkLimits(const SearchRequest& request, const SearchTarget& target, const SearchOptions& options) {
  const std::string limit = std::to_string(target.limits.result_window);
  const std::int64_t window = std::int64_t{request.from} + request.size;
  if (window > target.limits.result_window && options.is_scroll)
    return illegalArgument("Batch size is too large, size must be less than or equal to: [" + limit + "] but was [" +
                           std::to_string(window) +
                           "]. Scroll batch sizes cost as much memory as result windows so they are controlled by the "
                           "[index.max_result_window] index level setting.");
  if (window > target.limits.result_window)
    return illegalArgument("Result window is too large, from + size must be less than or equal to: [" + limit +
                           "] but was [" + std::to_string(window) +
                           "]. See the scroll api for a more efficient way to request large data sets. This limit "
                           "can be set by changing the [index.max_result_window] index level setting.");
  if (request.slice && !options.is_scroll && !options.has_pit)
    return {Code::kInvalidArgument, "search_exception",
            "`slice` cannot be used outside of a scroll context or PIT context"};
  const std::int64_t slices = options.has_pit ? target.limits.pit_slices : target.limits.scroll_slices;
  if (request.slice && request.slice->max > slices)
    return illegalArgument("The number of slices [" + std::to_string(request.slice->max) +
                           "] is too large. It must be less than [" + std::to_string(slices) +
                           "]. This limit can be set by changing the [index.max_slices_per_" +
                           (options.has_pit ? "pit" : "scroll") + "] index level setting.");
  if (!request.pit_id.empty() && !options.has_pit) return illegalArgument("[pit] is not offered here");
  return {};
}

// A total that is one number must be exact.
Status settleTotal(SearchRequest& request, const SearchOptions& options) {
  if (!options.shows_total_as_number) return {};
  if (request.has_total_limit)
    return noticedBy(kByRequest, illegalArgument("[rest_total_hits_as_int] cannot be used if the tracking of total "
                                                 "hits is not accurate, got " +
                                                 std::to_string(request.count_up_to)));
  if (request.shows_total) request.count_up_to = UINT64_MAX;
  return {};
}

void dropWhatWasTold(SearchRequest& request) {
  request.aggregations.clear();
  request.has_aggregations = false;
  request.suggestions.clear();
  request.has_suggest = false;
}

// Fields that hold the same kind of numbers or terms can be sorted by together.
int encodingOf(const Field& field) {
  switch (field.type) {
    case FieldType::kDate:
    case FieldType::kDateNanos: return static_cast<int>(FieldType::kDate);
    case FieldType::kLong:
    case FieldType::kInteger:
    case FieldType::kShort:
    case FieldType::kByte: return static_cast<int>(FieldType::kLong);
    case FieldType::kDouble:
    case FieldType::kFloat: return static_cast<int>(FieldType::kDouble);
    default: return static_cast<int>(field.type);
  }
}
bool isSortedAlike(const Field& a, const Field& b) {
  return encodingOf(a) == encodingOf(b) && a.scaling_factor == b.scaling_factor;
}

bool isPlainNumber(const Field& field) {
  return isNumeric(field.type) && !isDate(field.type) && field.type != FieldType::kBoolean &&
         field.type != FieldType::kScaledFloat;
}
// Aggregations, and keys that say as what, read whole and fractional numbers together.
bool isReadAlike(const Field& a, const Field& b) {
  return isSortedAlike(a, b) || (isPlainNumber(a) && isPlainNumber(b));
}

Status cannotSort(const Field& a, const Field& b) {
  if (a.type == FieldType::kUnsignedLong || b.type == FieldType::kUnsignedLong)
    return illegalArgument(
        "Can't do sort across indices, as a field has [unsigned_long] type in one index, and different type in "
        "another index!");
  return illegalArgument("Can't sort on field [" + a.path +
                         "]; the field has incompatible sort types across the indices");
}

// Whether the text stands anywhere as a value: so aggregations name the fields they read.
const std::string* findNamed(json::Value value, const std::vector<std::string>& paths) {
  if (value.isString()) {
    const auto found = std::find(paths.begin(), paths.end(), value.string());
    return found == paths.end() ? nullptr : &*found;
  }
  for (const json::Value child : value)
    if (const std::string* const found = findNamed(child, paths)) return found;
  return nullptr;
}

}  // namespace

ParseContext makeContext(const Mapping& mapping, std::int64_t now_millis, const SearchTarget* target) {
  ParseContext context{mapping, now_millis, 0, 0, {}};
  if (target == nullptr) return context;
  context.index_name = target->index_name;
  context.default_fields = target->default_fields;
  context.limits = target->limits;
  context.allows_expensive = target->allows_expensive_queries;
  if (target->look_up)
    context.look_up = [target](const DocumentPlace& place) {
      return target->look_up(place.index, place.id, place.routing);
    };
  return context;
}

Status SearchPlan::make(std::span<const SearchTarget> asked, std::string_view body, const SearchOptions& options,
                        std::int64_t now_millis) {
  GYRE_TRY_ASSIGN(const auto document, parseObject(body));
  GYRE_TRY_ASSIGN(const auto overrides, parseObject(options.overrides));
  if (mayRead(kIndexNamePath, body, options.overrides)) asked = nameSegmentsOf(asked);
  for (const SearchTarget& target : asked) {
    shard_count += target.shard_count;
    Status failure = plan(target, document.root(), overrides.root(), options, now_millis);
    if (failure.isOk()) continue;
    if (failures.empty())
      if (Status fault = faultOfRequest(failure, document.root(), overrides.root(), now_millis); !fault.isOk())
        return withClauses(std::move(fault));
    failures.push_back({target.index_name, std::move(failure)});
    failed_shard_count += target.shard_count;
  }
  if (!failures.empty() && (targets.empty() || !options.allows_partial_results)) return failures.front().cause;
  snapshot.mapping = emptyMapping();
  addSegments();
  GYRE_TRY(share(document.root(), overrides.root(), now_millis));
  if (shared == &common) GYRE_TRY(settleTotal(common, options));
  if (shared == &common && options.is_scroll) {
    common.count_up_to = UINT64_MAX;
    if (options.is_later_page) dropWhatWasTold(common);
  }
  return boostIndices(options.ignores_unavailable);
}

std::span<const SearchTarget> SearchPlan::nameSegmentsOf(std::span<const SearchTarget> asked) {
  named_targets_.assign(asked.begin(), asked.end());
  for (SearchTarget& target : named_targets_) target.snapshot = withIndexName(*target.snapshot, target.index_name);
  return named_targets_;
}

const std::string& SearchPlan::groupPathOf(std::size_t target) const {
  const auto& own = targets[target].request.collapse;
  return own ? own->path : request().collapse->path;
}

void SearchPlan::makeOfGroup(const SearchPlan& outer, const SearchRequest& asked, std::span<const QueryPtr> groups) {
  shared = &asked;
  for (const PlannedTarget& each : outer.targets) {
    PlannedTarget planned;
    planned.target = each.target;
    planned.boost = each.boost;
    planned.query = each.query;
    planned.post_filter = each.post_filter;
    planned.filters = each.filters;
    planned.filters.push_back(groups[targets.size()].get());
    targets.push_back(std::move(planned));
  }
  snapshot.mapping = outer.snapshot.mapping;
  addSegments();
}

void SearchPlan::makeOfObjects(const SearchPlan& outer, const SearchRequest& asked) {
  shared = &asked;
  for (const PlannedTarget& each : outer.targets) {
    PlannedTarget planned;
    planned.target = each.target;
    planned.request.named = each.request.named;
    targets.push_back(std::move(planned));
  }
  snapshot.mapping = outer.snapshot.mapping;
  addSegments();
}

void SearchPlan::addSegments() {
  for (const PlannedTarget& planned : targets) {
    first_of.push_back(static_cast<std::uint32_t>(snapshot.segments.size()));
    for (const SegmentView& view : planned.target->snapshot->segments) {
      target_of.push_back(static_cast<std::uint32_t>(first_of.size() - 1));
      snapshot.segments.push_back(view);
    }
  }
}

Status SearchPlan::plan(const SearchTarget& target, json::Value body, json::Value overrides,
                        const SearchOptions& options, std::int64_t now_millis) {
  PlannedTarget planned;
  planned.target = &target;
  const Mapping& mapping = *target.snapshot->mapping;
  GYRE_TRY_ASSIGN(planned.request, SearchRequest::parse(body, overrides, mapping, now_millis, &target));
  GYRE_TRY(settleTotal(planned.request, options));
  GYRE_TRY(checkLimits(planned.request, target, options));
  if (options.is_scroll) {
    // All pages tell the same total.
    planned.request.count_up_to = UINT64_MAX;
    if (options.is_later_page) dropWhatWasTold(planned.request);
  }
  if (!target.filter.empty()) {
    GYRE_TRY_ASSIGN(const auto filter, parseObject(target.filter));
    ParseContext context = makeContext(mapping, now_millis, &target);
    GYRE_TRY_ASSIGN(planned.filter, parseQuery(filter.root(), context));
  }
  planned.query = planned.request.query.get();
  planned.post_filter = planned.request.post_filter.get();
  if (planned.filter != nullptr) planned.filters.push_back(planned.filter.get());
  targets.push_back(std::move(planned));
  return {};
}

Status SearchPlan::share(json::Value body, json::Value overrides, std::int64_t now_millis) {
  if (targets.empty()) {
    shared = &common;
    auto parsed = SearchRequest::parse(body, overrides, *emptyMapping(), now_millis);
    if (parsed.isOk())
      common = std::move(parsed).value();
    else if (noticer(parsed.status()) != kByIndex)
      return std::move(parsed).status();
    // What only an index would notice nobody does.
    return {};
  }
  std::vector<std::shared_ptr<const Mapping>> mappings;
  for (const PlannedTarget& planned : targets) mappings.push_back(planned.target->snapshot->mapping);
  snapshot.mapping = mappings.front();
  const auto isFirst = [&](const auto& mapping) { return mapping == mappings.front(); };
  if (std::all_of(mappings.begin(), mappings.end(), isFirst)) return {};
  snapshot.mapping = Mapping::merge(mappings);
  std::vector<std::string> incomparable;  // even for aggregations, which read whole numbers as doubles where they must
  for (const auto& mapping : mappings)
    for (const Field& field : mapping->fields())
      if (const Field* const merged = snapshot.mapping->find(field.path); !isReadAlike(*merged, field))
        incomparable.push_back(field.path);
  const auto checkSort = [&](const SortKey& key) -> Status {
    const Field* const merged = snapshot.mapping->find(key.path);
    for (const auto& mapping : mappings) {
      const Field* const field = merged == nullptr ? nullptr : mapping->find(key.path);
      if (field == nullptr || isSortedAlike(*merged, *field)) continue;
      const bool is_unsigned = merged->type == FieldType::kUnsignedLong || field->type == FieldType::kUnsignedLong;
      if (!key.is_type_asked || is_unsigned || !isReadAlike(*merged, *field)) return cannotSort(*merged, *field);
    }
    return {};
  };
  shared = &common;
  GYRE_TRY_ASSIGN(common, SearchRequest::parse(body, overrides, *snapshot.mapping, now_millis, targets.front().target));
  for (const SortKey& key : common.sort) GYRE_TRY(checkSort(key));
  for (const std::string_view name : {"aggs", "aggregations"}) {
    const json::Value aggs = overrides[name].isMissing() ? body[name] : overrides[name];
    if (const std::string* const path = findNamed(aggs, incomparable))
      return {Code::kInvalidArgument, "aggregation_execution_exception",
              "Merging/Reducing the aggregations failed because the field [" + *path +
                  "] you gave in the aggregation query existed as two different types in two different indices"};
  }
  return {};
}

Status SearchPlan::boostIndices(bool ignores_unavailable) {
  std::vector<bool> is_boosted(targets.size(), false);
  for (const auto& [name, boost] : request().index_boosts) {
    bool is_known = name.find('*') != std::string::npos || ignores_unavailable;
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const SearchTarget& target = *targets[i].target;
      const auto isNamed = [&, wanted = std::string_view(name)](const std::string& own) {
        return matchesPattern(wanted, own);
      };
      if (!isNamed(target.index_name) && std::none_of(target.aliases.begin(), target.aliases.end(), isNamed)) continue;
      is_known = true;
      // The first that names an index counts.
      if (!is_boosted[i]) targets[i].boost = boost;
      is_boosted[i] = true;
    }
    if (!is_known) return {Code::kNotFound, "index_not_found_exception", "no such index [" + name + "]"};
  }
  return {};
}

}  // namespace gyre::engine
