// cardinality: about how many different values each bucket has.
//
// A keyword's values are met as ordinals: a bit for each is set while a segment is read, and at its end the hashes of
// its terms are looked up, in order. With one segment no term matters: its bits are the answer.
#include <algorithm>
#include <bit>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/aggs/distinct_counter.hpp"
#include "engine/aggs/value_source.hpp"
#include "engine/codec/count_ones.hpp"
#include "engine/mapping/failure_cause.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

struct CardinalitySpec {
  ValueSource source;
  std::uint32_t threshold = DistinctCounter::kDefaultThreshold;
};

// Bits of all buckets together, in 64-bit words: 64 MB. Past it ordinals are hashed as they come.
constexpr std::size_t kMaxWords = std::size_t{1} << 23;

template <class Visit>
void forEachOrdinal(std::span<const std::uint64_t> bits, Visit&& visit) {
  for (std::size_t word = 0; word < bits.size(); ++word)
    for (std::uint64_t rest = bits[word]; rest != 0; rest &= rest - 1)
      visit(static_cast<std::uint32_t>(word * 64) + static_cast<std::uint32_t>(std::countr_zero(rest)));
}

class CardinalityAggregator final : public Aggregator {
 public:
  CardinalityAggregator(const CardinalitySpec& spec, ValueSource source, const Snapshot& snapshot)
      : spec_(spec), source_(std::move(source)) {
    std::size_t with_field = 0;
    for (const SegmentView& view : snapshot.segments) with_field += source_.fieldOf(*view.segment) != nullptr ? 1 : 0;
    is_single_ = with_field == 1 && source_.isKeyword();
  }

  void beginSegment(SegmentRun& run) override {
    endSegment();
    const FieldReader* const field = source_.fieldOf(run.segment());
    terms_ = source_.isKeyword() && field != nullptr ? field->terms : nullptr;
    words_ = terms_ == nullptr ? 0 : (terms_->size() + 63) / 64;
    source_.beginSegment(run, reader_);
    if (field != nullptr) ++(source_.isKeyword() ? ordinal_segments_ : number_segments_);
    if (field == nullptr) ++empty_segments_;
  }
  void finish() override { endSegment(); }
  void writeWork(JsonWriter& writer) const override {
    writer.member("empty_collectors_used", empty_segments_).member("numeric_collectors_used", number_segments_);
    writer.member("ordinals_collectors_used", ordinal_segments_);
    // Ordinals are looked up where their bits would be too many, term by term.
    writer.member("ordinals_collectors_overhead_too_high", is_hashing_ ? 1 : 0);
    writer.member("string_hashing_collectors_used", is_hashing_ ? 1 : 0);
  }

  void collect(const DocBlock& block) override {
    const ValueBlock values = source_.isKeyword() ? reader_.readOrdinals(block) : reader_.read(block);
    if (!source_.isKeyword()) {
      grow(block.bucket_count);
      for (std::uint32_t i = 0; i < values.size; ++i)
        counters_[values.bucket(i)].add(DistinctCounter::hash(static_cast<std::uint64_t>(values.values[i])));
    } else if (values.size > 0) {
      collectOrdinals(block, values);
    }
    if (!source_.hasMissing()) return;
    const DocBlock absent = reader_.absent(block);
    if (absent.size == 0) return;
    grow(block.bucket_count);
    const std::uint64_t hash = source_.missing_text
                                   ? TermDictionaryReader::hash(*source_.missing_text)
                                   : DistinctCounter::hash(static_cast<std::uint64_t>(*source_.missing));
    // One segment's bits do not tell whether the missing value is among its terms: hash them after all.
    is_single_ = false;
    for (std::uint32_t i = 0; i < absent.size; ++i) counters_[absent.bucket(i)].add(hash);
  }

  Status write(std::uint32_t bucket, AggregationOutput& out) override {
    out.writer.member("value", countOf(bucket));
    return {};
  }
  double orderValue(std::uint32_t bucket, std::string_view) const override {
    return static_cast<double>(countOf(bucket));
  }
  std::size_t memoryBytes() const override {
    std::size_t bytes = bits_.capacity() * sizeof(std::uint64_t) + counters_.capacity() * sizeof(DistinctCounter);
    for (const DistinctCounter& counter : counters_) bytes += counter.memoryBytes();
    return bytes;
  }

 private:
  void grow(std::uint32_t count) const {
    if (counters_.size() < count) counters_.resize(count, DistinctCounter(spec_.threshold));
  }

  void collectOrdinals(const DocBlock& block, const ValueBlock& values) {
    if (words_ * block.bucket_count > kMaxWords || is_hashing_) {
      endSegment();
      is_hashing_ = true;
      is_single_ = false;
      grow(block.bucket_count);
      if (cursor_of_ != terms_) cursor_ = (cursor_of_ = terms_)->cursor();
      for (std::uint32_t i = 0; i < values.size; ++i)
        if (cursor_->seekOrdinal(values.ordinals[i]))
          counters_[values.bucket(i)].add(TermDictionaryReader::hash(cursor_->term()));
      return;
    }
    if (bits_.size() < words_ * block.bucket_count) bits_.resize(words_ * block.bucket_count);
    bits_of_ = terms_;
    std::uint64_t* const bits = bits_.data();
    for (std::uint32_t i = 0; i < values.size; ++i) {
      const std::uint32_t ordinal = values.ordinals[i];
      bits[words_ * values.bucket(i) + ordinal / 64] |= std::uint64_t{1} << (ordinal % 64);
    }
  }

  // Counts the terms whose bits are set.
  void endSegment() const {
    if (bits_of_ == nullptr || is_single_) return;
    const std::size_t words = (bits_of_->size() + 63) / 64;
    const auto buckets = static_cast<std::uint32_t>(bits_.size() / words);
    grow(buckets);
    if (const auto hashes = bits_of_->hashes(); !hashes.empty()) {
      for (std::uint32_t bucket = 0; bucket < buckets; ++bucket)
        forEachOrdinal({bits_.data() + words * bucket, words},
                       [&](std::uint32_t ordinal) { counters_[bucket].add(hashes[ordinal]); });
    } else {
      const auto cursor = bits_of_->cursor();
      std::vector<std::uint64_t> any(words);
      for (std::size_t i = 0; i < bits_.size(); ++i) any[i % words] |= bits_[i];
      forEachOrdinal(any, [&](std::uint32_t ordinal) {
        if (!cursor->seekOrdinal(ordinal)) return;
        const std::uint64_t hash = TermDictionaryReader::hash(cursor->term());
        for (std::uint32_t bucket = 0; bucket < buckets; ++bucket)
          if ((bits_[words * bucket + ordinal / 64] >> (ordinal % 64) & 1) != 0) counters_[bucket].add(hash);
      });
    }
    bits_.clear();
    bits_of_ = nullptr;
  }

  std::uint64_t countOf(std::uint32_t bucket) const {
    endSegment();
    if (!is_single_) return bucket < counters_.size() ? counters_[bucket].count() : 0;
    if (bits_of_ == nullptr) return 0;
    const std::size_t words = (bits_of_->size() + 63) / 64;
    if (bucket >= bits_.size() / words) return 0;
    std::uint64_t count = 0;
    for (std::size_t word = words * bucket; word < words * (std::size_t{bucket} + 1); ++word)
      count += countOnes(bits_[word]);
    return count;
  }

  // Of the segments so far, by how their values are counted.
  std::uint32_t empty_segments_ = 0, number_segments_ = 0, ordinal_segments_ = 0;
  const CardinalitySpec& spec_;
  ValueSource source_;
  ValueReader reader_;
  bool is_single_ = false;
  bool is_hashing_ = false;
  const TermDictionaryReader* terms_ = nullptr;
  std::size_t words_ = 0;  // of bits, a bucket
  const TermDictionaryReader* cursor_of_ = nullptr;
  std::unique_ptr<TermCursor> cursor_;
  // The last segment's bits are turned into counts when the first answer is asked for.
  mutable const TermDictionaryReader* bits_of_ = nullptr;
  mutable std::vector<std::uint64_t> bits_;
  mutable std::vector<DistinctCounter> counters_;
};

class CardinalityAggregation final : public Aggregation {
 public:
  explicit CardinalityAggregation(CardinalitySpec spec) : spec_(std::move(spec)) {}
  Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot& snapshot) const override {
    GYRE_TRY_ASSIGN(auto source, spec_.source.on(snapshot));
    return std::unique_ptr<Aggregator>(std::make_unique<CardinalityAggregator>(spec_, std::move(source), snapshot));
  }
  std::string_view typedName() const override { return "cardinality"; }
  Values values() const override { return Values::kOne; }

 private:
  CardinalitySpec spec_;
};

}  // namespace

Result<AggregationPtr> parseCardinality(AggregationRequest& request) {
  CardinalitySpec spec;
  SourceMembers members;
  for (const json::Value member : request.body) {
    if (member.key() == "precision_threshold") {
      GYRE_TRY_ASSIGN(const std::int64_t threshold, parseWhole(request.kind, member));
      if (threshold < 0)
        return failedField(request, "precision_threshold",
                           "[precisionThreshold] must be greater than or equal to 0. Found [" +
                               std::to_string(threshold) + "] in [" + std::string(request.name) + "]");
      spec.threshold = static_cast<std::uint32_t>(std::min<std::int64_t>(threshold, DistinctCounter::kMaxThreshold));
      continue;
    }
    // How to count is decided here, not by the hint.
    if (member.key() == "execution_hint" && member.isString()) {
      if (member.string() != "direct" && member.string() != "ordinals")
        return noticedBy(kByIndex, illegalArgument("Unknown execution_hint: [" + std::string(member.string()) +
                                                   "], expected any of [direct, ordinals]"));
      continue;
    }
    if (member.key() == "rehash" && member.isNull()) continue;
    const bool is_taken = member.key() != "format";
    if (is_taken) {
      GYRE_TRY_ASSIGN(const bool is_known, readSourceMember(request, member, members));
      if (is_known) continue;
    }
    return unknownAggregationParameter(request, member.key());
  }
  GYRE_TRY_ASSIGN(spec.source, makeSource(request, members, Accepts::kAny, FieldType::kKeyword));
  return AggregationPtr(std::make_unique<CardinalityAggregation>(std::move(spec)));
}

}  // namespace gyre::engine
