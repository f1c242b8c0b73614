#include "engine/aggs/pipeline.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

namespace gyre::engine {

namespace {

Status invalid(std::string message) {
  return {Code::kInvalidArgument, "action_request_validation_exception", "Validation Failed: 1: " + message + ";"};
}

// What the dialect calls an aggregation's answer where it refuses to read it.
std::string answerName(const Aggregation& aggregation) {
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {{"sterms", "StringTerms"},
                                                                      {"lterms", "LongTerms"},
                                                                      {"dterms", "DoubleTerms"},
                                                                      {"ulterms", "UnsignedLongTerms"},
                                                                      {"srareterms", "StringRareTerms"},
                                                                      {"lrareterms", "LongRareTerms"},
                                                                      {"sigsterms", "SignificantStringTerms"},
                                                                      {"siglterms", "SignificantLongTerms"},
                                                                      {"ip_range", "InternalBinaryRange"}};
  const std::string_view typed = aggregation.typedName();
  for (const auto& [known, name] : kNames)
    if (known == typed) return std::string(name);
  std::string name = "Internal";
  bool is_upper = true;
  for (const char c : typed) {
    if (c != '_') name += is_upper ? static_cast<char>(c - 'a' + 'A') : c;
    is_upper = c == '_';
  }
  return name;
}

Status noNumber(std::string_view found, std::string_view at) {
  return {Code::kInvalidArgument, "aggregation_execution_exception",
          "buckets_path must reference either a number value or a single value numeric metric aggregation, got: [" +
              std::string(found) + "] at aggregation [" + std::string(at) + "]"};
}

}  // namespace

Result<std::unique_ptr<Aggregator>> PipelineAggregation::aggregator(const Snapshot&) const {
  return internalError("a pipeline collects nothing");
}
Status PipelineAggregation::addTo(PreparedBuckets&) const { return {}; }
void PipelineAggregation::writeValue(const PipelineValue&, JsonWriter&) const {}
Status PipelineAggregation::writeSibling(const AggregatorSet&, std::uint32_t, JsonWriter&) const { return {}; }
std::optional<double> PipelineAggregation::siblingValue(const AggregatorSet&, std::uint32_t, std::string_view) const {
  return std::nullopt;
}

void orderPipelines(std::vector<const PipelineAggregation*>& pipelines) {
  std::vector<const PipelineAggregation*> ordered;
  // A pipeline whose inputs are all placed comes next; what is left over reads itself, and keeps its place. Choosing
  // among the buckets comes after all values are there.
  std::vector<const PipelineAggregation*> waiting(pipelines);
  const auto isWaiting = [&](std::string_view name, const PipelineAggregation* self) {
    return std::any_of(waiting.begin(), waiting.end(),
                       [&](const auto* one) { return one != self && one->name == name; });
  };
  while (!waiting.empty()) {
    const auto next = std::find_if(waiting.begin(), waiting.end(), [&](const PipelineAggregation* one) {
      const auto reads = one->reads();
      return std::none_of(reads.begin(), reads.end(), [&](std::string_view name) { return isWaiting(name, one); });
    });
    const auto chosen = next == waiting.end() ? waiting.begin() : next;
    ordered.push_back(*chosen);
    waiting.erase(chosen);
  }
  std::stable_partition(ordered.begin(), ordered.end(), [](const auto* one) { return !one->rearranges(); });
  pipelines = std::move(ordered);
}

std::string_view firstOfPath(std::string_view path, const Aggregations& siblings) {
  const std::string_view head = path.substr(0, path.find('>'));
  for (std::size_t end = head.size();; end = head.find_last_of(".[", end - 1)) {
    if (end == std::string_view::npos) return {};
    for (const auto& one : siblings)
      if (one->name == head.substr(0, end)) return head.substr(0, end);
    if (end == 0) return {};
  }
}

std::optional<double> valueAt(const PreparedBuckets& prepared, std::size_t at, std::string_view path,
                              GapPolicy policy) {
  const Bucket& bucket = prepared.buckets[at];
  if (path == "_count") return static_cast<double>(bucket.count);
  if (path == "_key") return prepared.aggregator->keyNumber(bucket);
  std::optional<double> value;
  bool is_known = false;
  const std::size_t dot = path.find_first_of(".>");
  for (const PreparedBuckets::Column& column : prepared.columns) {
    if (column.pipeline->name != path && column.pipeline->name != path.substr(0, dot)) continue;
    is_known = true;
    const PipelineValue& known = column.values[at];
    if (!known.is_shown) return std::nullopt;
    value = path.ends_with(".normalized_value") ? known.normal : known.value;
  }
  for (const PipelineAggregation* const pipeline : prepared.aggregator->subs().pipelines()) {
    if (is_known || pipeline->isParent()) continue;
    if (pipeline->name != path && pipeline->name != path.substr(0, dot)) continue;
    is_known = true;
    const std::string_view property = pipeline->name == path ? std::string_view() : path.substr(dot + 1);
    value = pipeline->siblingValue(prepared.aggregator->subs(), bucket.number, property);
  }
  if (!is_known) value = prepared.aggregator->subs().orderValue(bucket.number, path);
  if (!value) return std::nullopt;
  if (std::isfinite(*value) && bucket.count > 0) return value;
  return policy == GapPolicy::kInsertZeros ? 0 : std::numeric_limits<double>::quiet_NaN();
}

Status checkSiblingPath(std::string_view name, std::string_view path, const Aggregations& siblings) {
  const std::string_view first = firstOfPath(path, siblings);
  const auto found =
      std::find_if(siblings.begin(), siblings.end(), [&](const auto& one) { return one->name == first; });
  if (found == siblings.end() || (*found)->pipeline() != nullptr)
    return invalid("No aggregation found for path [" + std::string(path) + "]");
  if (!(*found)->hasManyBuckets())
    return invalid("The first aggregation in buckets_path must be a multi-bucket aggregation for aggregation [" +
                   std::string(name) + "] found :" + std::string((*found)->typedName()) +
                   " for buckets path: " + std::string(path));
  if (first.size() == path.size()) return noNumber(answerName(**found), first);
  return checkInnerPath(path, path.substr(first.size() + 1), *(*found)->subs());
}

Status checkInnerPath(std::string_view whole, std::string_view rest, const Aggregations& siblings) {
  if (rest == "_count" || rest == "_key" || rest == "_bucket_count") return {};
  const std::string_view first = firstOfPath(rest, siblings);
  const auto found =
      std::find_if(siblings.begin(), siblings.end(), [&](const auto& one) { return one->name == first; });
  if (found == siblings.end()) {
    if (rest.size() == whole.size()) return invalid("No aggregation found for path [" + std::string(whole) + "]");
    return invalid("No aggregation [" + std::string(rest.substr(0, rest.find_first_of(".>["))) + "] found for path [" +
                   std::string(whole) + "]");
  }
  const Aggregation& one = **found;
  std::string_view property = rest.size() > first.size() ? rest.substr(first.size() + 1) : std::string_view();
  if (one.pipeline() != nullptr) return {};
  if (one.hasSingleBucket() && !property.empty()) return checkInnerPath(whole, property, *one.subs());
  if (one.hasManyBuckets() && !property.empty()) return noNumber("Object[]", one.name);
  if (property.ends_with(']')) property.remove_suffix(1);
  if (one.values() == Aggregation::Values::kSeveral) {
    if (property.empty())
      return {Code::kInvalidArgument, "aggregation_execution_exception",
              "buckets_path must reference either a number value or a single value numeric metric aggregation, but [" +
                  one.name + "] contains multiple values. Please specify which to use."};
    if (one.hasValue(property)) return {};
  }
  if (one.values() == Aggregation::Values::kOne && (property.empty() || property == "value")) return {};
  return noNumber(answerName(one), one.name);
}

Status checkPipelines(const Aggregations& aggregations, const Aggregation* parent) {
  for (const auto& one : aggregations) {
    if (const PipelineAggregation* const pipeline = one->pipeline()) GYRE_TRY(pipeline->check(aggregations, parent));
    if (one->subs() != nullptr) GYRE_TRY(checkPipelines(*one->subs(), one.get()));
  }
  return {};
}

Status checkSequence(std::string_view kind, std::string_view name, const Aggregation* parent) {
  const auto sequence = parent == nullptr ? Aggregation::Sequence::kNone : parent->sequence();
  if (sequence == Aggregation::Sequence::kNone)
    return invalid(std::string(kind) + " aggregation [" + std::string(name) +
                   "] must have a histogram, date_histogram or auto_date_histogram as parent");
  if (sequence == Aggregation::Sequence::kWithGaps)
    return invalid("parent histogram of " + std::string(kind) + " aggregation [" + std::string(name) +
                   "] must have min_doc_count of 0");
  return {};
}

Status invalidRequest(std::string message) { return invalid(std::move(message)); }

}  // namespace gyre::engine
