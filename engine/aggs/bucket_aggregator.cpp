#include "engine/aggs/bucket_aggregator.hpp"

#include <limits>

#include "engine/aggs/pipeline.hpp"

namespace gyre::engine {

void PreparedBuckets::keep(const std::vector<std::uint32_t>& places) {
  std::vector<Bucket> kept;
  kept.reserve(places.size());
  for (const std::uint32_t place : places) kept.push_back(buckets[place]);
  buckets = std::move(kept);
  for (Column& column : columns) {
    std::vector<PipelineValue> values;
    values.reserve(places.size());
    for (const std::uint32_t place : places) values.push_back(column.values[place]);
    column.values = std::move(values);
  }
}

double BucketAggregator::keyNumber(const Bucket&) const { return std::numeric_limits<double>::quiet_NaN(); }

int BucketAggregator::compareKeys(const Bucket& a, const Bucket& b) const {
  const double x = keyNumber(a);
  const double y = keyNumber(b);
  return x < y ? -1 : x > y ? 1 : 0;
}

Result<const PreparedBuckets*> BucketAggregator::prepare(std::uint32_t parent) {
  if (is_prepared_ && prepared_for_ == parent) return &prepared_;
  is_prepared_ = false;
  prepared_.aggregator = this;
  prepared_.buckets.clear();
  prepared_.columns.clear();
  GYRE_TRY(list(parent, prepared_.buckets));
  if (prepared_.buckets.size() > kMaxBuckets) return tooManyBuckets();
  for (const PipelineAggregation* const pipeline : subs_.pipelines())
    if (pipeline->isParent()) GYRE_TRY(pipeline->addTo(prepared_));
  prepared_for_ = parent;
  is_prepared_ = true;
  return &prepared_;
}

Status BucketAggregator::write(std::uint32_t parent, AggregationOutput& out) {
  GYRE_TRY_ASSIGN(const PreparedBuckets* const prepared, prepare(parent));
  const std::vector<Bucket>& buckets = prepared->buckets;
  GYRE_TRY(out.addBuckets(buckets.size()));
  JsonWriter& writer = out.writer;
  writeHead(parent, buckets, writer);
  writer.key("buckets");
  isKeyed() ? writer.beginObject() : writer.beginArray();
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    if (isKeyed()) writer.key(keyText(buckets[i]));
    writer.beginObject();
    writeKey(buckets[i], writer);
    writer.member("doc_count", buckets[i].count);
    writeAfterCount(buckets[i], writer);
    GYRE_TRY(subs_.writeMembers(buckets[i].number, out));
    for (const PreparedBuckets::Column& column : prepared->columns) {
      if (!column.values[i].is_shown) continue;
      const Aggregation& pipeline = *column.pipeline;
      writer.key(out.has_typed_keys ? std::string(pipeline.typedName()) + "#" + pipeline.name : pipeline.name);
      writer.beginObject();
      if (!pipeline.meta.empty()) writer.rawMember("meta", pipeline.meta);
      column.pipeline->writeValue(column.values[i], writer);
      writer.endObject();
    }
    writer.endObject();
  }
  isKeyed() ? writer.endObject() : writer.endArray();
  writeTail(parent, buckets, writer);
  return {};
}

}  // namespace gyre::engine
