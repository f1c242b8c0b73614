// terms: a bucket for each value of a field.
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/aggs/bucket_order.hpp"
#include "engine/aggs/bucket_table.hpp"
#include "engine/aggs/term_ids.hpp"
#include "engine/aggs/value_block.hpp"
#include "engine/mapping/date_format.hpp"
#include "engine/mapping/numeric_value.hpp"
#include "engine/query/field_query.hpp"

namespace gyre::engine {

namespace {

struct TermsSpec {
  std::string path;  // "" when the mapping has no such field
  FieldType type = FieldType::kKeyword;
  double scaling_factor = 1;
  DateFormat format;
  std::uint32_t size = 10;
  std::uint64_t min_doc_count = 1;
  std::vector<OrderKey> order;  // the key ascending comes after all of them
  std::optional<std::string> missing_text;
  std::optional<std::int64_t> missing_number;
  // By text or by number, as the field is. Empty includes mean all.
  bool has_includes = false;
  std::unordered_set<std::string> text_includes, text_excludes;
  std::unordered_set<std::int64_t> number_includes, number_excludes;
  Aggregations subs;

  bool isKeyword() const { return type == FieldType::kKeyword; }
  bool hasMissing() const { return missing_text || missing_number; }
  bool isFiltered() const { return has_includes || !text_excludes.empty() || !number_excludes.empty(); }
};

class TermsAggregator final : public Aggregator {
 public:
  TermsAggregator(const TermsSpec& spec, const Snapshot& snapshot, AggregatorSet subs)
      : spec_(spec),
        snapshot_(snapshot),
        reader_(ValueReader::Repetitions::kDistinct),
        subs_(std::move(subs)),
        keywords_(snapshot.segments.size() == 1) {}

  void beginSegment(SegmentRun& run) override {
    const FieldReader* const field = spec_.path.empty() ? nullptr : run.segment().field(spec_.path);
    reader_.beginSegment(run, field == nullptr ? nullptr : field->column);
    if (spec_.isKeyword()) {
      keywords_.beginSegment(field == nullptr || field->column == nullptr ? nullptr : field->terms);
      table_.setIds(keywords_.limit() + (spec_.hasMissing() ? 1 : 0));
    }
    subs_.beginSegment(run);
  }

  void collect(const DocBlock& block) override {
    const ValueBlock values = reader_.read(block);
    collectValues(block, values);
    if (!spec_.hasMissing()) return;
    const DocBlock absent = reader_.absent(block);
    if (absent.size == 0) return;
    ids_.assign(absent.size,
                spec_.isKeyword() ? keywords_.idOf(*spec_.missing_text) : numbers_.idOf(*spec_.missing_number));
    collectIds(block, absent.docs, absent.buckets, absent.size);
  }

  Status write(std::uint32_t parent, AggregationOutput& out) override;

 private:
  struct Candidate {
    std::uint32_t id;
    std::uint32_t bucket;  // kNoBucket: a term without documents
    std::uint64_t count;
  };
  static constexpr std::uint32_t kNoBucket = 0xffff'ffffu;
  enum class Verdict : std::uint8_t { kUnknown, kIncluded, kExcluded };

  void collectValues(const DocBlock& block, const ValueBlock& values) {
    if (values.size == 0) return;
    ids_.resize(values.size);
    if (spec_.isKeyword()) {
      keywords_.map(values.values, values.size, ids_.data());
    } else {
      numbers_.map(values.values, values.size, ids_.data());
    }
    if (!spec_.isFiltered()) return collectIds(block, values.docs, values.buckets, values.size);
    kept_docs_.clear();
    kept_buckets_.clear();
    std::uint32_t kept = 0;
    for (std::uint32_t i = 0; i < values.size; ++i) {
      if (!isIncluded(ids_[i])) continue;
      kept_docs_.push_back(static_cast<std::uint16_t>(values.docs == nullptr ? i : values.docs[i]));
      kept_buckets_.push_back(values.bucket(i));
      ids_[kept++] = ids_[i];
    }
    collectIds(block, kept_docs_.data(), kept_buckets_.data(), kept);
  }

  void collectIds(const DocBlock& block, const std::uint16_t* docs, const std::uint32_t* parents, std::uint32_t size) {
    if (size == 0) return;
    buckets_.resize(size);
    table_.collect(block.bucket_count == 1 ? nullptr : parents, block.bucket_count, ids_.data(), size, buckets_.data());
    if (!subs_.isEmpty()) subs_.collect({block.window, size, docs, buckets_.data(), table_.size()});
  }

  bool isIncluded(std::uint32_t id) {
    if (verdicts_.size() <= id) verdicts_.resize(id + 1, Verdict::kUnknown);
    if (verdicts_[id] == Verdict::kUnknown) {
      const bool is_included = spec_.isKeyword()
                                   ? passes(keywords_.term(id), spec_.text_includes, spec_.text_excludes)
                                   : passes(numbers_.value(id), spec_.number_includes, spec_.number_excludes);
      verdicts_[id] = is_included ? Verdict::kIncluded : Verdict::kExcluded;
    }
    return verdicts_[id] == Verdict::kIncluded;
  }
  template <class Key>
  bool passes(const Key& key, const std::unordered_set<Key>& includes, const std::unordered_set<Key>& excludes) const {
    return (!spec_.has_includes || includes.count(key) != 0) && excludes.count(key) == 0;
  }

  // Numbers every value that the snapshot has, for min_doc_count 0.
  void numberAllValues();
  std::vector<Candidate> candidates(std::uint32_t parent);
  bool isBefore(const Candidate& a, const Candidate& b) const;
  bool isKeyBefore(std::uint32_t a, std::uint32_t b) const {
    return spec_.isKeyword() ? keywords_.isBefore(a, b) : numbers_.value(a) < numbers_.value(b);
  }
  double metricOf(const Candidate& candidate, const OrderKey& key) const {
    return subs_.orderValue(candidate.bucket, key.path);
  }
  void writeKey(std::uint32_t id, JsonWriter& writer) const;

  const TermsSpec& spec_;
  const Snapshot& snapshot_;
  ValueReader reader_;
  AggregatorSet subs_;
  KeywordIds keywords_;
  NumberIds numbers_;
  BucketTable table_;
  bool has_all_values_ = false;
  std::vector<std::uint32_t> ids_, buckets_, kept_buckets_;
  std::vector<std::uint16_t> kept_docs_;
  std::vector<Verdict> verdicts_;  // by id, as far as asked
};

void TermsAggregator::numberAllValues() {
  if (has_all_values_) return;
  has_all_values_ = true;
  for (std::uint32_t s = 0; s < snapshot_.segments.size(); ++s) {
    SegmentRun run(snapshot_.segments[s], s);
    const FieldReader* const field = spec_.path.empty() ? nullptr : run.segment().field(spec_.path);
    if (field == nullptr || field->column == nullptr) continue;
    if (spec_.isKeyword()) {
      keywords_.addAll(*field->terms);
      continue;
    }
    for (std::uint32_t window = 0; windowBegin(window) < run.docCount(); ++window)
      for (const std::int64_t value : run.readMulti(*field->column, window).multi_values) numbers_.idOf(value);
  }
}

std::vector<TermsAggregator::Candidate> TermsAggregator::candidates(std::uint32_t parent) {
  std::vector<Candidate> found;
  const auto buckets = table_.bucketsOf(parent);
  if (spec_.min_doc_count > 0) {
    found.reserve(buckets.size());
    for (const std::uint32_t bucket : buckets)
      if (table_.count(bucket) >= spec_.min_doc_count)
        found.push_back({table_.id(bucket), bucket, table_.count(bucket)});
    return found;
  }
  numberAllValues();
  const std::uint32_t ids = spec_.isKeyword() ? keywords_.size() : numbers_.size();
  std::vector<std::uint32_t> bucket_of(ids, kNoBucket);
  for (const std::uint32_t bucket : buckets) bucket_of[table_.id(bucket)] = bucket;
  for (std::uint32_t id = 0; id < ids; ++id) {
    if (spec_.isFiltered() && !isIncluded(id)) continue;
    found.push_back({id, bucket_of[id], bucket_of[id] == kNoBucket ? 0 : table_.count(bucket_of[id])});
  }
  return found;
}

bool TermsAggregator::isBefore(const Candidate& a, const Candidate& b) const {
  for (const OrderKey& key : spec_.order) {
    if (key.kind == OrderKey::Kind::kCount) {
      if (a.count != b.count) return (a.count < b.count) != key.is_descending;
    } else if (key.kind == OrderKey::Kind::kKey) {
      if (a.id != b.id) return isKeyBefore(a.id, b.id) != key.is_descending;
    } else if (const int order = compareMetric(metricOf(a, key), metricOf(b, key), key.is_descending); order != 0) {
      return order < 0;
    }
  }
  return isKeyBefore(a.id, b.id);
}

void TermsAggregator::writeKey(std::uint32_t id, JsonWriter& writer) const {
  if (spec_.isKeyword()) {
    writer.member("key", keywords_.term(id));
    return;
  }
  const std::int64_t value = numbers_.value(id);
  writer.key("key");
  if (isFloating(spec_.type)) {
    writeDouble(decodeDouble(value), writer);
  } else if (spec_.type == FieldType::kScaledFloat) {
    writeDouble(static_cast<double>(value) * (1.0 / spec_.scaling_factor), writer);
  } else {
    writer.integer(value);
  }
  if (spec_.type == FieldType::kBoolean) writer.member("key_as_string", value == 0 ? "false" : "true");
  if (spec_.type == FieldType::kDate) writer.member("key_as_string", formatDate(value, spec_.format));
}

Status TermsAggregator::write(std::uint32_t parent, AggregationOutput& out) {
  std::vector<Candidate> found = candidates(parent);
  const std::size_t shown = std::min<std::size_t>(found.size(), spec_.size);
  GYRE_TRY(out.addBuckets(shown));
  std::uint64_t others = 0;
  for (const Candidate& candidate : found) others += candidate.count;
  std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(shown), found.end(),
                    [this](const Candidate& a, const Candidate& b) { return isBefore(a, b); });
  for (std::size_t i = 0; i < shown; ++i) others -= found[i].count;
  out.writer.member("doc_count_error_upper_bound", 0).member("sum_other_doc_count", others).key("buckets").beginArray();
  for (std::size_t i = 0; i < shown; ++i) {
    out.writer.beginObject();
    writeKey(found[i].id, out.writer);
    out.writer.member("doc_count", found[i].count);
    GYRE_TRY(subs_.writeMembers(found[i].bucket, out));
    out.writer.endObject();
  }
  out.writer.endArray();
  return {};
}

class TermsAggregation final : public Aggregation {
 public:
  explicit TermsAggregation(TermsSpec spec) : spec_(std::move(spec)) {}
  Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot& snapshot) const override {
    GYRE_TRY_ASSIGN(auto subs, AggregatorSet::make(spec_.subs, snapshot));
    return std::unique_ptr<Aggregator>(std::make_unique<TermsAggregator>(spec_, snapshot, std::move(subs)));
  }

 private:
  TermsSpec spec_;
};

Result<std::int64_t> readNumber(const AggregationRequest& request, const TermsSpec& spec, json::Value value) {
  GYRE_TRY_ASSIGN(const std::string given, parseScalarText(request.kind, value));
  // Booleans are shown as 0 and 1, and may be given so.
  const bool is_digit = spec.type == FieldType::kBoolean && given.size() == 1;
  const std::string text = !is_digit ? given : given[0] == '1' ? "true" : given[0] == '0' ? "false" : given;
  Field as_field;
  as_field.path = spec.path;
  as_field.type = spec.type;
  as_field.scaling_factor = spec.scaling_factor;
  as_field.format = spec.format.name();
  GYRE_TRY_ASSIGN(const NumberBounds bounds, boundsOfValue(as_field, text, request.context.now_millis));
  if (bounds.lowest > bounds.highest)
    return illegalArgument("[terms] value " + text + " does not fit field [" + spec.path + "]");
  return bounds.lowest;
}

Status readValues(const AggregationRequest& request, const TermsSpec& spec, json::Value list,
                  std::unordered_set<std::string>& texts, std::unordered_set<std::int64_t>& numbers) {
  if (!list.isArray())
    return illegalArgument("[terms] [" + std::string(list.key()) + "] is offered as an array of exact values only");
  for (const json::Value value : list) {
    if (spec.isKeyword()) {
      GYRE_TRY_ASSIGN(auto text, parseScalarText(request.kind, value));
      texts.insert(std::move(text));
    } else {
      GYRE_TRY_ASSIGN(const std::int64_t number, readNumber(request, spec, value));
      numbers.insert(number);
    }
  }
  return {};
}

// Sizes up to 2^31 - 1 are taken; more buckets than the limit are refused when the answer is written.
Result<std::uint32_t> readSize(const AggregationRequest& request, json::Value value) {
  GYRE_TRY_ASSIGN(const std::int64_t size, parseWhole(request.kind, value));
  if (size <= 0 || size > INT32_MAX)
    return Status(Code::kInvalidArgument, "x_content_parse_exception",
                  "[terms] failed to parse field [size]: must be greater than 0. Found [" + std::to_string(size) +
                      "] in [" + std::string(request.name) + "]");
  return static_cast<std::uint32_t>(size);
}

}  // namespace

Result<AggregationPtr> parseTermsAggregation(AggregationRequest& request) {
  TermsSpec spec;
  AggregatedField aggregated;
  json::Value missing, include, exclude, order;
  std::string format;
  for (const json::Value member : request.body) {
    const std::string_view key = member.key();
    if (key == "field") {
      GYRE_TRY_ASSIGN(aggregated, readField(request, member));
    } else if (key == "size") {
      GYRE_TRY_ASSIGN(spec.size, readSize(request, member));
    } else if (key == "shard_size") {
      // There is one shard, and it counts exactly.
      GYRE_TRY_ASSIGN([[maybe_unused]] const std::uint32_t shard_size, readSize(request, member));
    } else if (key == "min_doc_count") {
      GYRE_TRY_ASSIGN(const std::int64_t count, parseWhole(request.kind, member));
      if (count < 0)
        return illegalArgument("[minDocCount] must be greater than or equal to 0. Found [" + std::to_string(count) +
                               "]");
      spec.min_doc_count = static_cast<std::uint64_t>(count);
    } else if (key == "order") {
      order = member;
    } else if (key == "missing") {
      missing = member;
    } else if (key == "include") {
      include = member;
    } else if (key == "exclude") {
      exclude = member;
    } else if (key == "format" && member.isString()) {
      format = member.string();
    } else if (key == "show_term_doc_count_error" && member.isBoolean() && !member.boolean()) {
      continue;
    } else {
      return unknownAggregationParameter(request, key);
    }
  }
  if (aggregated.path.empty())
    return illegalArgument("Required one of fields [field, script], but none were specified. ");
  if (const Field* const field = aggregated.field) {
    spec.path = field->path;
    spec.type = field->type;
    spec.scaling_factor = field->type == FieldType::kScaledFloat ? field->scaling_factor : 1;
    if (field->type == FieldType::kDate) {
      GYRE_TRY_ASSIGN(spec.format, DateFormat::parse(format.empty() ? field->format : format));
    }
  }
  if (!format.empty() && spec.type != FieldType::kDate)
    return illegalArgument("[terms] format is offered for dates only");
  spec.order = {{OrderKey::Kind::kCount, true, {}}};
  if (!order.isMissing()) {
    GYRE_TRY_ASSIGN(spec.order, parseOrder(order, request.subs));
  }
  if (!missing.isMissing() && spec.isKeyword()) {
    GYRE_TRY_ASSIGN(spec.missing_text, parseScalarText(request.kind, missing));
  } else if (!missing.isMissing()) {
    GYRE_TRY_ASSIGN(spec.missing_number, readNumber(request, spec, missing));
  }
  spec.has_includes = !include.isMissing();
  if (!include.isMissing()) GYRE_TRY(readValues(request, spec, include, spec.text_includes, spec.number_includes));
  if (!exclude.isMissing()) GYRE_TRY(readValues(request, spec, exclude, spec.text_excludes, spec.number_excludes));
  spec.subs = std::move(request.subs);
  return AggregationPtr(std::make_unique<TermsAggregation>(std::move(spec)));
}

}  // namespace gyre::engine
