// composite: every combination of several sources' values, a page at a time.
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/aggs/bucket_aggregator.hpp"
#include "engine/aggs/date_interval.hpp"
#include "engine/aggs/percentile_request.hpp"
#include "engine/aggs/tuple_table.hpp"
#include "engine/mapping/failure_cause.hpp"
#include "engine/mapping/ip_address.hpp"
#include "engine/mapping/numeric_value.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

// One source's part of "after".
struct AfterValue {
  bool is_null = false;
  std::int64_t number = 0;
  std::string text;
};

struct CompositeSource {
  enum class Kind : std::uint8_t { kTerms, kHistogram, kDateHistogram };
  std::string name;
  Kind kind = Kind::kTerms;
  ValueSource source;
  bool is_descending = false;
  bool has_null = false;  // missing_bucket
  bool is_null_last = false;
  bool is_date = false;
  double interval = 0;
  DateRounding rounding = DateRounding::fixed(1, {}, 0);
  AfterValue after;
};

struct CompositeSpec {
  std::vector<CompositeSource> sources;
  std::uint32_t size = 10;
  bool has_after = false;
  std::optional<NumberBounds> walked;  // the first source's values are read by a walk through the field's points
  Aggregations subs;
};

class CompositeAggregator final : public BucketAggregator {
 public:
  CompositeAggregator(const CompositeSpec& spec, TupleTable table, AggregatorSet subs)
      : BucketAggregator(std::move(subs)), spec_(spec), table_(std::move(table)) {}

  void beginSegment(SegmentRun& run) override {
    table_.beginSegment(run);
    subs_.beginSegment(run);
  }
  void collect(const DocBlock& block) override {
    table_.collect(block);
    if (subs_.isEmpty() || table_.docs().empty()) return;
    subs_.collect(block.with(static_cast<std::uint32_t>(table_.docs().size()), table_.docs().data(),
                             table_.buckets().data(), table_.size()));
  }
  std::size_t memoryBytes() const override { return BucketAggregator::memoryBytes() + table_.memoryBytes(); }

  std::string keyText(const Bucket& bucket) const override {
    std::vector<std::uint32_t> ids;
    table_.idsOf(bucket.number, ids);
    std::string text = "{";
    for (std::size_t p = 0; p < ids.size(); ++p)
      text += (p > 0 ? ", " : "") + spec_.sources[p].name + "=" + partText(table_.parts()[p], ids[p]);
    return text + "}";
  }
  int compareKeys(const Bucket& a, const Bucket& b) const override { return compare(a.number, b.number); }

 protected:
  Status list(std::uint32_t parent, std::vector<Bucket>& buckets) override {
    for (std::uint32_t number = 0; number < table_.size(); ++number)
      if (table_.count(number) > 0 && table_.parentOf(number) == parent && (!spec_.has_after || isAfter(number)))
        buckets.push_back({number, table_.count(number), number});
    const std::size_t wanted = std::min<std::size_t>(buckets.size(), spec_.size);
    std::partial_sort(buckets.begin(), buckets.begin() + static_cast<std::ptrdiff_t>(wanted), buckets.end(),
                      [this](const Bucket& a, const Bucket& b) { return compare(a.number, b.number) < 0; });
    buckets.resize(wanted);
    if (!buckets.empty()) last_.insert_or_assign(parent, buckets.back());
    return {};
  }
  // The page ends where it was cut, whatever bucket_sort leaves of it.
  void writeHead(std::uint32_t parent, const std::vector<Bucket>&, JsonWriter& writer) const override {
    const auto last = last_.find(parent);
    if (last == last_.end()) return;
    writer.key("after_key");
    writeKeyObject(last->second, writer);
  }
  void writeKey(const Bucket& bucket, JsonWriter& writer) const override {
    writer.key("key");
    writeKeyObject(bucket, writer);
  }

 private:
  void writeKeyObject(const Bucket& bucket, JsonWriter& writer) const {
    std::vector<std::uint32_t> ids;
    table_.idsOf(bucket.number, ids);
    writer.beginObject();
    for (std::size_t p = 0; p < ids.size(); ++p)
      writePart(table_.parts()[p], ids[p], writer.key(spec_.sources[p].name));
    writer.endObject();
  }

  static int compareNull(const CompositeSource& source, bool a_is_null, bool b_is_null) {
    if (a_is_null == b_is_null) return 0;
    return a_is_null == source.is_null_last ? 1 : -1;
  }
  int compare(std::uint32_t a, std::uint32_t b) const {
    table_.idsOf(a, first_);
    table_.idsOf(b, second_);
    for (std::size_t p = 0; p < first_.size(); ++p) {
      const CompositeSource& source = spec_.sources[p];
      const bool a_is_null = first_[p] == TuplePart::kNull;
      const bool b_is_null = second_[p] == TuplePart::kNull;
      if (a_is_null || b_is_null) {
        if (const int order = compareNull(source, a_is_null, b_is_null); order != 0) return order;
        continue;
      }
      const int order = table_.parts()[p].compare(first_[p], second_[p]);
      if (order != 0) return source.is_descending ? -order : order;
    }
    return 0;
  }
  bool isAfter(std::uint32_t number) const {
    table_.idsOf(number, first_);
    for (std::size_t p = 0; p < first_.size(); ++p) {
      const CompositeSource& source = spec_.sources[p];
      const TuplePart& part = table_.parts()[p];
      const bool is_null = first_[p] == TuplePart::kNull;
      int order = compareNull(source, is_null, source.after.is_null);
      if (is_null || source.after.is_null) {
        if (order != 0) return order > 0;
        continue;
      }
      if (part.source().isKeyword()) {
        order = part.text(first_[p]).compare(source.after.text);
      } else {
        const std::int64_t value = part.number(first_[p]);
        order = value < source.after.number ? -1 : value > source.after.number ? 1 : 0;
      }
      if (order != 0) return (order > 0) != source.is_descending;
    }
    return false;
  }

  const CompositeSpec& spec_;
  TupleTable table_;
  mutable std::vector<std::uint32_t> first_, second_;
  std::unordered_map<std::uint32_t, Bucket> last_;  // of each parent's page
};

class CompositeAggregation final : public Aggregation {
 public:
  explicit CompositeAggregation(CompositeSpec spec) : spec_(std::move(spec)) {}
  Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot& snapshot) const override {
    std::vector<TuplePart> parts;
    for (const CompositeSource& one : spec_.sources) {
      GYRE_TRY_ASSIGN(auto source, one.source.on(snapshot));
      TuplePart::Rounding rounding;
      if (one.kind == CompositeSource::Kind::kHistogram) {
        // The start of the stretch stands for the value; keys are doubles whatever the field is.
        rounding = [reads = source, interval = one.interval](std::int64_t value) {
          return encodeDouble(std::floor(reads.decoded(value) / interval) * interval);
        };
      } else if (one.kind == CompositeSource::Kind::kDateHistogram) {
        rounding = [&one](std::int64_t value) { return one.rounding.floor(value); };
      }
      // The dialect counts a document for each of its numbers, equal keys or not; but see query_rewriting.hpp.
      const bool keeps_repetitions = !source.isKeyword();
      const bool is_walked = spec_.walked && parts.empty();
      parts.emplace_back(std::move(source), snapshot, keeps_repetitions, one.has_null, std::move(rounding));
      if (one.kind == CompositeSource::Kind::kHistogram) parts.back().showAsDoubles();
      if (is_walked) parts.back().countWithin(*spec_.walked);
    }
    GYRE_TRY_ASSIGN(auto subs, AggregatorSet::make(spec_.subs, snapshot));
    return std::unique_ptr<Aggregator>(
        std::make_unique<CompositeAggregator>(spec_, TupleTable(std::move(parts)), std::move(subs)));
  }
  std::string_view typedName() const override { return "composite"; }
  bool hasManyBuckets() const override { return true; }
  const Aggregations* subs() const override { return &spec_.subs; }

 private:
  CompositeSpec spec_;
};

Status failedSource(const AggregationRequest& request, const std::string& why) {
  return failedField(request, "sources", why);
}

Status readSourceBody(const AggregationRequest& request, json::Value body, CompositeSource& source) {
  using Kind = CompositeSource::Kind;
  SourceMembers members;
  DateIntervalMembers interval;
  std::string null_order;
  const std::string kind(body.key());
  for (const json::Value member : body) {
    const std::string_view key = member.key();
    if (key == "field" || key == "value_type" || key == "script" ||
        (key == "format" && source.kind == Kind::kDateHistogram)) {
      GYRE_TRY_ASSIGN(const bool is_taken, readSourceMember(request, member, members));
      if (is_taken) continue;
    }
    if (source.kind == Kind::kDateHistogram) {
      GYRE_TRY_ASSIGN(const bool is_taken, readDateIntervalMember(request, member, interval));
      if (is_taken) continue;
    }
    if (key == "order") {
      if (member.string() != "asc" && member.string() != "desc")
        return failedSource(request, "[" + kind + "] failed to parse field [order]: Unknown SortOrder [" +
                                         std::string(member.string()) + "]");
      source.is_descending = member.string() == "desc";
    } else if (key == "missing_bucket") {
      GYRE_TRY_ASSIGN(source.has_null, parseBoolean(request.kind, member));
    } else if (key == "missing_order") {
      null_order = member.string();
      if (null_order != "first" && null_order != "last" && null_order != "default")
        return failedSource(request, "[" + kind + "] failed to parse field [missing_order]: Unknown missing order: [" +
                                         null_order + "], expected one of [first, last, default]");
    } else if (key == "interval" && source.kind == Kind::kHistogram) {
      const auto number = member.isString() ? percentOf(member.string()) : member.real();
      if (!number || !(*number > 0) || !std::isfinite(*number))
        return failedSource(request,
                            "[histogram] failed to parse field [interval]: [interval] must be greater than 0 "
                            "for [histogram] source");
      source.interval = *number;
    } else {
      return failedSource(request, "[" + kind + "] unknown field [" + std::string(key) + "]");
    }
  }
  if (!null_order.empty() && !source.has_null) return illegalArgument("missing_order require missing_bucket is true");
  source.is_null_last = null_order == "last" || (null_order != "first" && source.is_descending);
  if (members.field.path.empty())
    return illegalArgument("value source config is invalid; must have either a field or a script");
  members.zone = interval.zone;
  const bool is_of_terms = source.kind == Kind::kTerms;
  GYRE_TRY_ASSIGN(source.source, makeSource(request, members, is_of_terms ? Accepts::kAny : Accepts::kNumbers,
                                            is_of_terms                       ? FieldType::kKeyword
                                            : source.kind == Kind::kHistogram ? FieldType::kDouble
                                                                              : FieldType::kDate));
  // Dates are shown as numbers unless a format is asked for.
  if (source.source.format.isDate()) source.is_date = true;
  if (source.source.format.isDate() && members.format.empty()) source.source.format = ValueFormat();
  if (source.kind == Kind::kHistogram) {
    source.source.format = ValueFormat();
    if (source.interval == 0) return illegalArgument("[interval] must be greater than 0 for [histogram] source");
  }
  if (source.kind == Kind::kDateHistogram) {
    if (!interval.isGiven())
      return noticedBy(kByIndex, illegalArgument("Invalid interval specified, must be non-null and non-empty"));
    source.rounding = interval.rounding();
  }
  return {};
}

Status readSources(const AggregationRequest& request, json::Value list, CompositeSpec& spec) {
  // One source may stand without its list.
  std::vector<json::Value> all;
  if (list.isObject()) all.push_back(list);
  if (list.isArray())
    for (const json::Value named : list) all.push_back(named);
  for (const json::Value named : all) {
    if (!named.isObject() || named.size() != 1)
      return failedSource(request, "expected objects with one name, found " + std::string(named.raw()));
    const json::Value definition = *named.begin();
    if (!definition.isObject() || definition.size() != 1)
      return failedSource(request, "expected one source under [" + std::string(definition.key()) + "]");
    const json::Value body = *definition.begin();
    CompositeSource source;
    source.name = definition.key();
    if (body.key() == "terms") {
      source.kind = CompositeSource::Kind::kTerms;
    } else if (body.key() == "histogram") {
      source.kind = CompositeSource::Kind::kHistogram;
    } else if (body.key() == "date_histogram") {
      source.kind = CompositeSource::Kind::kDateHistogram;
    } else {
      return parsingException("invalid source type: " + std::string(body.key()));
    }
    if (!body.isObject()) return failedSource(request, "expected an object under [" + std::string(body.key()) + "]");
    for (const CompositeSource& other : spec.sources)
      if (other.name == source.name)
        return failedSource(request, "Composite source names must be unique, found duplicates: [" + source.name + "]");
    GYRE_TRY(readSourceBody(request, body, source));
    spec.sources.push_back(std::move(source));
  }
  if (spec.sources.empty()) return failedSource(request, "Composite [sources] cannot be null or empty");
  return {};
}

Status readAfter(const AggregationRequest& request, json::Value after, CompositeSpec& spec) {
  if (!after.isObject()) return failedField(request, "after", "expected an object, found " + std::string(after.raw()));
  if (after.size() != spec.sources.size())
    return noticedBy(kByIndex, illegalArgument("[after] has " + std::to_string(after.size()) +
                                               " value(s) but [sources] has " + std::to_string(spec.sources.size())));
  spec.has_after = true;
  for (CompositeSource& source : spec.sources) {
    const json::Value value = after[source.name];
    if (value.isMissing()) return noticedBy(kByIndex, illegalArgument("Missing value for [after." + source.name + "]"));
    if (value.isNull()) {
      if (!source.has_null)
        return illegalArgument("Invalid value for [after." + source.name + "], expected comparable, got [null]");
      source.after.is_null = true;
      continue;
    }
    if (source.source.isKeyword()) {
      if (!value.isString())
        return illegalArgument("invalid value, expected string, got " + std::string(json::kindName(value.kind())));
      source.after.text = value.string();
      if (source.source.type == FieldType::kIp) {
        auto address = parseIp(value.string());
        if (!address) return illegalArgument("'" + source.after.text + "' is not an IP string literal.");
        source.after.text = std::move(*address);
      }
      continue;
    }
    if (source.kind == CompositeSource::Kind::kHistogram) {
      const auto number = value.isString() ? percentOf(value.string()) : value.real();
      if (!number)
        return Status(Code::kInvalidArgument, "number_format_exception",
                      "For input string: \"" + std::string(value.raw()) + "\"");
      source.after.number = encodeDouble(*number);
      continue;
    }
    if (source.is_date && value.isNumber() && value.integer()) {
      source.after.number = *value.integer();
      continue;
    }
    ValueSource reads = source.source;
    GYRE_TRY_ASSIGN(source.after.number, readSourceValue(request, reads, value));
  }
  return {};
}

// Whether the dialect would walk the points of the first source's field, in order, instead of looking at documents.
std::optional<NumberBounds> walkOfFirst(const AggregationRequest& request, const CompositeSpec& spec) {
  const CompositeSource& first = spec.sources.front();
  const Field* const field = request.context.field(first.source.path);
  const bool has_null = first.has_null && (!spec.has_after || first.after.is_null || first.is_null_last);
  if (request.walk == nullptr || field == nullptr || first.is_descending || has_null || first.source.hasMissing() ||
      first.kind == CompositeSource::Kind::kHistogram || first.source.type != field->type)
    return std::nullopt;
  return request.walk->over(*field);
}

}  // namespace

Result<AggregationPtr> parseComposite(AggregationRequest& request) {
  CompositeSpec spec;
  json::Value after;
  bool has_sources = false;
  for (const json::Value member : request.body) {
    if (member.key() == "sources" && (member.isArray() || member.isObject())) {
      has_sources = true;
      GYRE_TRY(readSources(request, member, spec));
    } else if (member.key() == "size") {
      GYRE_TRY_ASSIGN(const std::int64_t size, parseWhole(request.kind, member));
      if (size <= 0 || size > INT32_MAX)
        return failedField(request, "size",
                           "[size] must be greater than 0. Found [" + std::to_string(size) + "] in [" +
                               std::string(request.name) + "]");
      if (static_cast<std::uint64_t>(size) > kMaxBuckets) return noticedBy(kByIndex, tooManyBuckets());
      spec.size = static_cast<std::uint32_t>(size);
    } else if (member.key() == "after") {
      after = member;
    } else {
      return unknownAggregationParameter(request, member.key());
    }
  }
  if (!has_sources) return illegalArgument("Required [sources]");
  if (!after.isMissing()) GYRE_TRY(readAfter(request, after, spec));
  spec.walked = walkOfFirst(request, spec);
  spec.subs = std::move(request.subs);
  return AggregationPtr(std::make_unique<CompositeAggregation>(std::move(spec)));
}

}  // namespace gyre::engine
