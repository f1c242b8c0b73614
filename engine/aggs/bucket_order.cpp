#include "engine/aggs/bucket_order.hpp"

#include <cmath>

#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

Status readKeys(json::Value value, const Aggregations& subs, std::vector<OrderKey>& keys) {
  if (!value.isObject()) return parsingException("[order] must be an object or an array of objects");
  for (const json::Value member : value) {
    OrderKey key;
    if (member.string() != "asc" && member.string() != "desc")
      return parsingException("Unknown order direction [" + std::string(member.raw()) + "]");
    key.is_descending = member.string() == "desc";
    if (member.key() == "_count") {
      key.kind = OrderKey::Kind::kCount;
    } else if (member.key() == "_key") {
      key.kind = OrderKey::Kind::kKey;
    } else {
      key.kind = OrderKey::Kind::kMetric;
      key.path = member.key();
      const std::size_t dot = key.path.find('.');
      const std::string_view name = std::string_view(key.path).substr(0, dot);
      const std::string_view property =
          dot == std::string::npos ? std::string_view() : std::string_view(key.path).substr(dot + 1);
      const Aggregation* named = nullptr;
      for (const auto& sub : subs)
        if (sub->name == name) named = sub.get();
      if (named == nullptr || !named->isMetric(property))
        return Status(
            Code::kInvalidArgument, "aggregation_execution_exception",
            "Invalid aggregation order path [" + key.path + "]. The provided aggregation is no metric below this one");
    }
    keys.push_back(std::move(key));
  }
  return {};
}

}  // namespace

Result<std::vector<OrderKey>> parseOrder(json::Value value, const Aggregations& subs) {
  std::vector<OrderKey> keys;
  if (value.isArray()) {
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
