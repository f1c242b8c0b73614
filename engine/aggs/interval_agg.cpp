#include "engine/aggs/interval_agg.hpp"

#include <algorithm>

namespace gyre::engine {

void IntervalAggregator::beginSegment(SegmentRun& run) {
  source_.beginSegment(run, reader_);
  subs_.beginSegment(run);
  if (!source_.isRange()) return;
  covered_.clear();
  const FieldReader* const field = source_.fieldOf(run.segment());
  cursor_ = field == nullptr ? nullptr : field->terms->cursor();
}

void IntervalAggregator::collect(const DocBlock& block) {
  if (source_.isRange()) return collectRanges(block, reader_.read(block));
  collectValues(block, reader_.read(block));
  if (!source_.missing) return;
  const DocBlock absent = reader_.absent(block);
  if (absent.size == 0) return;
  missing_values_.assign(absent.size, *source_.missing);
  collectValues(
      block, {.size = absent.size, .values = missing_values_.data(), .docs = absent.docs, .buckets = absent.buckets});
}

void IntervalAggregator::collectValues(const DocBlock& block, const ValueBlock& values) {
  if (values.size == 0) return;
  ids_.resize(values.size);
  const bool has_gaps = number(values.values, values.size, ids_.data());
  if (!has_gaps && !reader_.isMulti()) return collectIds(block, values.docs, values.buckets, values.size);
  // A document counts once in a stretch, however many of its values fall there; they stand next to each other.
  kept_docs_.clear();
  kept_buckets_.clear();
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < values.size; ++i) {
    if (ids_[i] == kNoBucket) continue;
    const auto doc = static_cast<std::uint16_t>(values.docs == nullptr ? i : values.docs[i]);
    const std::uint32_t parent = values.bucket(i);
    if (reader_.isMulti() && kept > 0 && doc == kept_docs_.back() && parent == kept_buckets_.back() &&
        ids_[i] == ids_[kept - 1])
      continue;
    kept_docs_.push_back(doc);
    kept_buckets_.push_back(parent);
    ids_[kept++] = ids_[i];
  }
  collectIds(block, kept_docs_.data(), kept_buckets_.data(), kept);
}

const std::vector<std::uint32_t>& IntervalAggregator::coveredBy(std::int64_t ordinal) {
  const auto [known, is_new] = covered_.try_emplace(ordinal);
  if (is_new && cursor_->seekOrdinal(static_cast<std::uint32_t>(ordinal)))
    cover(numberEndsOf(cursor_->term()), known->second);
  return known->second;
}

void IntervalAggregator::collectRanges(const DocBlock& block, const ValueBlock& values) {
  kept_docs_.clear();
  kept_buckets_.clear();
  ids_.clear();
  std::vector<std::uint32_t> of_doc;
  for (std::uint32_t i = 0; i < values.size;) {
    const auto doc = static_cast<std::uint16_t>(values.docs == nullptr ? i : values.docs[i]);
    const std::uint32_t parent = values.bucket(i);
    of_doc.clear();
    const auto isSame = [&](std::uint32_t at) {
      return values.bucket(at) == parent && (values.docs == nullptr ? at : values.docs[at]) == doc;
    };
    for (; i < values.size && isSame(i); ++i) {
      const std::vector<std::uint32_t>& covered = coveredBy(values.values[i]);
      of_doc.insert(of_doc.end(), covered.begin(), covered.end());
    }
    std::sort(of_doc.begin(), of_doc.end());
    of_doc.erase(std::unique(of_doc.begin(), of_doc.end()), of_doc.end());
    ids_.insert(ids_.end(), of_doc.begin(), of_doc.end());
    kept_docs_.resize(ids_.size(), doc);
    kept_buckets_.resize(ids_.size(), parent);
  }
  collectIds(block, kept_docs_.data(), kept_buckets_.data(), static_cast<std::uint32_t>(ids_.size()));
}

void IntervalAggregator::collectIds(const DocBlock& block, const std::uint16_t* docs, const std::uint32_t* parents,
                                    std::uint32_t size) {
  if (size == 0) return;
  const std::uint32_t* const buckets =
      table_.collect(block.bucket_count == 1 ? nullptr : parents, block.bucket_count, ids_.data(), size);
  if (subs_.isEmpty()) return;
  DocBlock inner = block.with(size, docs, buckets, table_.size());
  inner.table = &table_;
  subs_.collect(inner);
}

Status IntervalAggregator::list(std::uint32_t parent, std::vector<Bucket>& buckets) {
  if (is_overfull_) return tooManyBuckets();
  for (const std::uint32_t bucket : table_.bucketsOf(parent))
    buckets.push_back({bucket, table_.count(bucket), keyOf(table_.id(bucket))});
  std::sort(buckets.begin(), buckets.end(), [](const Bucket& a, const Bucket& b) { return a.key < b.key; });
  if (interval_spec_.min_doc_count == 0) {
    GYRE_TRY(fill(buckets));
  } else {
    std::erase_if(buckets, [this](const Bucket& one) { return one.count < interval_spec_.min_doc_count; });
  }
  if (!interval_spec_.order.empty()) sort(buckets);
  return {};
}

void IntervalAggregator::sort(std::vector<Bucket>& buckets) const {
  std::vector<std::vector<double>> metrics;
  for (const OrderKey& key : interval_spec_.order) {
    if (key.kind != OrderKey::Kind::kMetric) continue;
    metrics.emplace_back();
    for (const Bucket& bucket : buckets) metrics.back().push_back(subs_.orderValue(bucket.number, key.path));
  }
  std::vector<std::uint32_t> places(buckets.size());
  for (std::uint32_t i = 0; i < places.size(); ++i) places[i] = i;
  std::sort(places.begin(), places.end(), [&](std::uint32_t a, std::uint32_t b) {
    return isOrdered(
        interval_spec_.order, metrics, a, b, [&](std::uint32_t place) { return buckets[place].count; },
        [&](std::uint32_t x, std::uint32_t y) { return buckets[x].key < buckets[y].key; });
  });
  std::vector<Bucket> sorted;
  sorted.reserve(buckets.size());
  for (const std::uint32_t place : places) sorted.push_back(buckets[place]);
  buckets = std::move(sorted);
}

}  // namespace gyre::engine
