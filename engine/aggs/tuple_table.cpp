#include "engine/aggs/tuple_table.hpp"

#include <algorithm>

#include "engine/mapping/numeric_value.hpp"
#include "engine/query/explanation.hpp"

namespace gyre::engine {

namespace {

bool hasOneDictionary(const ValueSource& source, const Snapshot& snapshot) {
  if (snapshot.segments.size() == 1) return true;
  if (source.hasMissing()) return false;
  const auto with_field =
      std::count_if(snapshot.segments.begin(), snapshot.segments.end(),
                    [&](const SegmentView& view) { return source.fieldOf(*view.segment) != nullptr; });
  return with_field <= 1;
}

}  // namespace

TuplePart::TuplePart(ValueSource source, const Snapshot& snapshot, bool keeps_repetitions, bool has_null,
                     Rounding rounding)
    : source_(std::move(source)),
      has_null_(has_null),
      keeps_repetitions_(keeps_repetitions),
      rounding_(std::move(rounding)),
      keywords_(std::make_unique<KeywordIds>(hasOneDictionary(source_, snapshot))) {}

void TuplePart::beginSegment(SegmentRun& run) {
  const FieldReader* const field = source_.fieldOf(run.segment());
  if (source_.isKeyword()) keywords_->beginSegment(field == nullptr ? nullptr : field->terms);
  cursor_.beginSegment(run, source_);
}

std::span<const std::uint32_t> TuplePart::ids(std::uint32_t i) {
  ids_.clear();
  is_counted_.clear();
  std::uint32_t last_counted = kNull;
  for (std::int64_t value : cursor_.at(i)) {
    std::uint32_t id = 0;
    if (!source_.isKeyword()) {
      id = numbers_.idOf(rounding_ ? rounding_(value) : value);
    } else if (value == DocValuesCursor::kMissing) {
      id = keywords_->idOf(*source_.missing_text);
    } else {
      id = keywords_->idOfOrdinal(static_cast<std::uint32_t>(value));
    }
    // Values ascend, so equal ones stand together.
    if (!keeps_repetitions_ && !ids_.empty() && ids_.back() == id) continue;
    ids_.push_back(id);
    if (!counted_within_) continue;
    const bool is_within = value >= counted_within_->lowest && value <= counted_within_->highest;
    is_counted_.push_back(is_within && id != last_counted ? 1 : 0);
    if (is_within) last_counted = id;
  }
  if (ids_.empty() && has_null_) {
    ids_.push_back(kNull);
    if (counted_within_) is_counted_.push_back(0);
  }
  return ids_;
}

int TuplePart::compare(std::uint32_t a, std::uint32_t b) const {
  if (a == b) return 0;
  const bool is_before = source_.isKeyword() ? keywords_->isBefore(a, b) : numbers_.value(a) < numbers_.value(b);
  return is_before ? -1 : 1;
}

TupleTable::TupleTable(std::vector<TuplePart> parts)
    : parts_(std::move(parts)), maps_(parts_.size()), steps_(parts_.size()) {}

void TupleTable::beginSegment(SegmentRun& run) {
  for (TuplePart& part : parts_) part.beginSegment(run);
}

void TupleTable::collect(const DocBlock& block) {
  docs_.clear();
  buckets_.clear();
  for (TuplePart& part : parts_) part.load(block);
  for (std::uint32_t i = 0; i < block.size; ++i) {
    prefixes_.assign(1, block.bucket(i));
    std::size_t first_count = 1;
    for (std::size_t p = 0; p < parts_.size() && !prefixes_.empty(); ++p) {
      const auto ids = parts_[p].ids(i);
      if (p == 0) first_count = ids.size();
      extended_.clear();
      for (const std::uint32_t before : prefixes_)
        for (const std::uint32_t id : ids) {
          const auto next = static_cast<std::uint32_t>(steps_[p].size());
          const std::uint32_t number = maps_[p].findOrAdd(std::uint64_t{before} << 32 | id, next);
          if (number == next) steps_[p].push_back({before, id});
          extended_.push_back(number);
        }
      prefixes_.swap(extended_);
    }
    if (counts_.size() < steps_.back().size()) counts_.resize(steps_.back().size());
    const bool counts_all = !parts_.front().isCounting();
    for (std::size_t k = 0; k < prefixes_.size(); ++k) {
      const std::uint32_t bucket = prefixes_[k];
      // The combinations of each of the first part's values stand together.
      if (counts_all || parts_.front().isCounted(k * first_count / prefixes_.size())) ++counts_[bucket];
      docs_.push_back(static_cast<std::uint16_t>(block.doc(i)));
      buckets_.push_back(bucket);
    }
  }
}

std::uint32_t TupleTable::parentOf(std::uint32_t bucket) const {
  for (std::size_t p = parts_.size(); p > 0; --p) bucket = steps_[p - 1][bucket].before;
  return bucket;
}

void TupleTable::idsOf(std::uint32_t bucket, std::vector<std::uint32_t>& ids) const {
  ids.resize(parts_.size());
  for (std::size_t p = parts_.size(); p > 0; --p) {
    ids[p - 1] = steps_[p - 1][bucket].id;
    bucket = steps_[p - 1][bucket].before;
  }
}

std::size_t TupleTable::memoryBytes() const {
  std::size_t bytes = counts_.capacity() * sizeof(std::uint64_t);
  for (std::size_t p = 0; p < parts_.size(); ++p)
    bytes += parts_[p].memoryBytes() + maps_[p].memoryBytes() + steps_[p].capacity() * sizeof(Step);
  return bytes;
}

void writePart(const TuplePart& part, std::uint32_t id, JsonWriter& writer) {
  const ValueSource& source = part.source();
  if (id == TuplePart::kNull) {
    writer.null();
  } else if (source.isKeyword()) {
    writer.string(source.shown(part.text(id)));
  } else if (part.shownType() != source.type) {
    writeDouble(decodeDouble(part.number(id)), writer);
  } else if (source.format.isBoolean()) {
    writer.boolean(part.number(id) != 0);
  } else if (source.format.hasText() && !source.format.isUnsigned()) {
    writer.string(numberText(source, part.number(id)));
  } else {
    writeNumber(source, part.number(id), writer);
  }
}

std::string partText(const TuplePart& part, std::uint32_t id) {
  if (id == TuplePart::kNull) return "null";
  if (part.shownType() != part.source().type) return describeDouble(decodeDouble(part.number(id)));
  return part.source().isKeyword() ? part.source().shown(part.text(id)) : numberText(part.source(), part.number(id));
}

}  // namespace gyre::engine
