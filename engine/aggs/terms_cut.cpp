#include "engine/aggs/terms_cut.hpp"

#include <string>

namespace gyre::engine {

namespace {

// Sizes up to 2^31 - 1 are taken; more buckets than the limit are refused when the answer is written.
Result<std::uint32_t> readSize(const AggregationRequest& request, json::Value value, std::string_view shown_name) {
  GYRE_TRY_ASSIGN(const std::int64_t size, parseWhole(request.kind, value));
  if (size <= 0 || size > INT32_MAX)
    return failedField(request, value.key(),
                       "[" + std::string(shown_name) + "] must be greater than 0. Found [" + std::to_string(size) +
                           "] in [" + std::string(request.name) + "]");
  return static_cast<std::uint32_t>(size);
}

Result<std::uint64_t> readLeast(const AggregationRequest& request, json::Value value, std::string_view shown_name) {
  GYRE_TRY_ASSIGN(const std::int64_t count, parseWhole(request.kind, value));
  if (count < 0)
    return failedField(request, value.key(),
                       "[" + std::string(shown_name) + "] must be greater than or equal to 0. Found [" +
                           std::to_string(count) + "] in [" + std::string(request.name) + "]");
  return static_cast<std::uint64_t>(count);
}

}  // namespace

std::size_t TermsThresholds::passedOn() const {
  const bool is_by_key = order.front().kind == OrderKey::Kind::kKey;
  const std::size_t usual = is_by_key ? size : size + size / 2 + 10;
  return std::max<std::size_t>(
      size, shard_size.value_or(static_cast<std::uint32_t>(std::min<std::size_t>(usual, INT32_MAX))));
}

Result<bool> readTermsThreshold(const AggregationRequest& request, json::Value member, TermsThresholds& thresholds) {
  const std::string_view key = member.key();
  if (key == "size") {
    GYRE_TRY_ASSIGN(thresholds.size, readSize(request, member, "size"));
  } else if (key == "shard_size") {
    GYRE_TRY_ASSIGN(thresholds.shard_size, readSize(request, member, "shardSize"));
  } else if (key == "min_doc_count") {
    GYRE_TRY_ASSIGN(thresholds.min_doc_count, readLeast(request, member, "minDocCount"));
  } else if (key == "shard_min_doc_count") {
    GYRE_TRY_ASSIGN(thresholds.shard_min_doc_count, readLeast(request, member, "shardMinDocCount"));
  } else if (key == "show_term_doc_count_error") {
    GYRE_TRY_ASSIGN(thresholds.shows_errors, parseBoolean(request.kind, member));
  } else {
    return false;
  }
  return true;
}

}  // namespace gyre::engine
