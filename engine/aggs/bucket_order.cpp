#include "engine/aggs/bucket_order.hpp"

#include <cmath>
#include <utility>

#include "engine/mapping/failure_cause.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

Status invalidPath(std::string_view path, std::string why) {
  return noticedBy(kByIndex, {Code::kInvalidArgument, "aggregation_execution_exception",
                              "Invalid aggregation order path [" + std::string(path) + "]. " + std::move(why)});
}

const Aggregation* findIn(const Aggregations& subs, std::string_view name) {
  for (const auto& sub : subs)
    if (sub->name == name && sub->pipeline() == nullptr) return sub.get();
  return nullptr;
}

Status checkPath(std::string_view whole, std::string_view path, const Aggregations& subs) {
  const std::size_t arrow = path.find('>');
  const std::string_view head = path.substr(0, arrow);
  const Aggregation* named = findIn(subs, head);
  std::string_view property;
  for (std::size_t dot = head.find_last_of(".["); named == nullptr && dot != std::string_view::npos && dot > 0;
       dot = head.find_last_of(".[", dot - 1)) {
    named = findIn(subs, head.substr(0, dot));
    property = head.substr(dot + 1);
  }
  if (property.ends_with(']')) property.remove_suffix(1);
  if (named == nullptr)
    return invalidPath(whole, "The provided aggregation [" + std::string(head) +
                                  "] either does not exist, or is a pipeline aggregation and cannot be used to sort "
                                  "the buckets.");
  if (arrow != std::string_view::npos || (!named->hasSingleBucket() && named->values() == Aggregation::Values::kNone)) {
    if (!named->hasSingleBucket())
      return invalidPath(whole,
                         "Buckets can only be sorted on a sub-aggregator path that is built out of zero or more "
                         "single-bucket aggregations within the path and a final single-bucket or a metrics "
                         "aggregation at the path end. [" +
                             named->name + "] is not single-bucket.");
    return checkPath(whole, path.substr(arrow + 1), *named->subs());
  }
  if (named->hasSingleBucket()) {
    if (property.empty() || property == "doc_count") return {};
    return invalidPath(whole,
                       "Ordering on a single-bucket aggregation can only be done on its doc_count. Either drop "
                       "the key (a la \"" +
                           named->name + "\") or change it to \"doc_count\" (a la \"" + named->name + ".doc_count\")");
  }
  if (named->values() == Aggregation::Values::kOne) {
    if (property.empty() || property == "value") return {};
    return invalidPath(whole,
                       "Ordering on a single-value metrics aggregation can only be done on its value. Either "
                       "drop the key (a la \"" +
                           named->name + "\") or change it to \"value\" (a la \"" + named->name + ".value\")");
  }
  if (property.empty())
    return invalidPath(whole, "When ordering on a multi-value metrics aggregation a metric name must be specified.");
  if (named->hasValue(property)) return {};
  return invalidPath(whole, "Unknown metric name [" + std::string(property) + "] on multi-value metrics aggregation [" +
                                named->name + "]");
}

Status readKeys(json::Value value, const Aggregations& subs, std::vector<OrderKey>& keys) {
  if (!value.isObject()) return parsingException("[order] must be an object or an array of objects");
  if (value.size() != 1) return parsingException("Must specify at least one field for [order]");
  for (const json::Value member : value) {
    OrderKey key;
    const std::string way = member.isString() ? std::string(member.string()) : std::string(member.raw());
    if (way != "asc" && way != "desc" && way != "ASC" && way != "DESC")
      return parsingException("Unknown order direction [" + way + "]");
    key.is_descending = way == "desc" || way == "DESC";
    if (member.key() == "_count") {
      key.kind = OrderKey::Kind::kCount;
    } else if (member.key() == "_key" || member.key() == "_term" || member.key() == "_time") {
      key.kind = OrderKey::Kind::kKey;
    } else {
      key.kind = OrderKey::Kind::kMetric;
      key.path = member.key();
      GYRE_TRY(checkPath(key.path, key.path, subs));
    }
    keys.push_back(std::move(key));
  }
  return {};
}

}  // namespace

Result<std::vector<OrderKey>> parseOrder(json::Value value, const Aggregations& subs) {
  std::vector<OrderKey> keys;
  if (value.isArray()) {
    if (value.size() == 0) return parsingException("Must specify at least one field for [order]");
    for (const json::Value element : value) GYRE_TRY(readKeys(element, subs, keys));
  } else {
    GYRE_TRY(readKeys(value, subs, keys));
  }
  return keys;
}

int compareMetric(double a, double b, bool is_descending) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) == std::isnan(b) ? 0 : std::isnan(a) ? 1 : -1;
  if (a == b) return 0;
  return (a < b) != is_descending ? -1 : 1;
}

}  // namespace gyre::engine
