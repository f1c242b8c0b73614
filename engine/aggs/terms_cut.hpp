// Which buckets of a terms aggregation are shown?
//
// The dialect decides twice. A shard puts its buckets in order and passes on the first `shard_size` of those that have
// `shard_min_doc_count` documents; the node that answers shows the first `size` of these that have `min_doc_count`.
// There is one shard here and its counts are exact, but what it passes on is the dialect's: whoever asks for
// min_doc_count 3 by key sees the same buckets, and the same sum of the others, as from a cluster.
//
// THREADS: values.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/aggs/bucket_aggregator.hpp"
#include "engine/aggs/bucket_order.hpp"

namespace gyre::engine {

struct TermsThresholds {
  std::uint32_t size = 10;
  std::optional<std::uint32_t> shard_size;
  std::uint64_t min_doc_count = 1;
  std::uint64_t shard_min_doc_count = 0;
  bool shows_errors = false;
  std::vector<OrderKey> order{{OrderKey::Kind::kCount, true, {}}};  // the key ascending comes after all of them

  // How many buckets a shard passes on: half as many again and ten, unless the key decides.
  std::size_t passedOn() const;
};

// Takes size, shard_size, min_doc_count, shard_min_doc_count and show_term_doc_count_error. False for other members.
Result<bool> readTermsThreshold(const AggregationRequest& request, json::Value member, TermsThresholds& thresholds);

struct TermsCut {
  std::vector<Bucket> shown;
  std::uint64_t others = 0;  // documents in the buckets that are not shown
  int error = 0;             // doc_count_error_upper_bound; -1: the dialect cannot tell
};

// `found` holds all buckets, even those with too few documents; `is_key_before(a, b)` compares the keys of two of them.
template <class IsKeyBefore>
TermsCut cutTerms(const TermsThresholds& thresholds, std::span<const Bucket> found, const AggregatorSet& subs,
                  const IsKeyBefore& is_key_before) {
  TermsCut cut;
  std::vector<std::uint32_t> places;
  places.reserve(found.size());
  for (std::uint32_t i = 0; i < found.size(); ++i) {
    cut.others += found[i].count;
    if (found[i].count >= thresholds.shard_min_doc_count) places.push_back(i);
  }
  std::vector<std::vector<double>> metrics;
  for (const OrderKey& key : thresholds.order) {
    if (key.kind != OrderKey::Kind::kMetric) continue;
    metrics.emplace_back();
    for (const Bucket& bucket : found) metrics.back().push_back(subs.orderValue(bucket.number, key.path));
  }
  const auto countOf = [&](std::uint32_t place) { return found[place].count; };
  const auto isBefore = [&](std::uint32_t a, std::uint32_t b) { return is_key_before(found[a], found[b]); };
  const std::size_t passed = std::min(places.size(), thresholds.passedOn());
  std::partial_sort(
      places.begin(), places.begin() + static_cast<std::ptrdiff_t>(passed), places.end(),
      [&](std::uint32_t a, std::uint32_t b) { return isOrdered(thresholds.order, metrics, a, b, countOf, isBefore); });
  const OrderKey& first = thresholds.order.front();
  const bool is_known =
      first.kind == OrderKey::Kind::kKey || (first.kind == OrderKey::Kind::kCount && first.is_descending);
  cut.error = passed > 0 && passed == thresholds.passedOn() && !is_known ? -1 : 0;
  const std::size_t wanted = std::min<std::size_t>(thresholds.size, kMaxBuckets + 1);
  for (std::size_t i = 0; i < passed; ++i) {
    const Bucket& bucket = found[places[i]];
    // A bucket passed on that has too few documents counts nowhere.
    const bool is_enough = bucket.count >= thresholds.min_doc_count;
    if (!is_enough || cut.shown.size() < wanted) cut.others -= bucket.count;
    if (is_enough && cut.shown.size() < wanted) cut.shown.push_back(bucket);
  }
  return cut;
}

}  // namespace gyre::engine
