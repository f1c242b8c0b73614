// What a reader of the store sees: the blocks and heads that its time needs, their series brought together by labels.
#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <unordered_map>

#include "engine/series/series_store.hpp"

namespace gyre::engine::series {
namespace {

// Roll-ups are read instead of samples when there are at least this many samples to a bucket: a bucket has five values.
constexpr std::uint64_t kSamplesABucket = 6;

// Where a set reads from.
struct Source {
  enum class Kind : std::uint8_t { kHead, kSamples, kRollUps, kThinned };  // thinned: roll-ups read as samples
  Kind kind = Kind::kHead;
  std::shared_ptr<const Head> head;
  std::shared_ptr<const StoredBlock> stored;
  const LabelIndex& index() const {
    return head ? static_cast<const LabelIndex&>(*head) : static_cast<const LabelIndex&>(*stored->block);
  }
};

// Samples and what they were rolled up to.
struct Unit {
  std::shared_ptr<const StoredBlock> samples, minutes, hours;
  const std::shared_ptr<const StoredBlock>& at(std::int64_t resolution_ms) const {
    return resolution_ms == 0 ? samples : resolution_ms == kMinuteMs ? minutes : hours;
  }
  const std::shared_ptr<const StoredBlock>& finest() const { return samples ? samples : minutes ? minutes : hours; }
};

struct Span {
  std::int64_t first_ms;
  std::int64_t last_ms;
  bool meets(std::int64_t from_ms, std::int64_t to_ms) const { return first_ms <= to_ms && last_ms >= from_ms; }
};

// The times that a block may say anything of, in whole hours, so that buckets are seen whole.
Span spanOf(std::int64_t min_ms, std::int64_t max_ms) {
  return {bucketEnd(min_ms, kHourMs) - kHourMs + 1, bucketEnd(max_ms, kHourMs)};
}
Span spanOf(const StoredBlock& block) { return spanOf(block.committed.min_ms, block.committed.max_ms); }

std::vector<Unit> unitsOf(const StoreView& view, std::int64_t from_ms, std::int64_t to_ms) {
  std::map<std::uint64_t, Unit> units;
  for (const auto& block : view.blocks) {
    Unit& unit = units[block->committed.unit];
    switch (block->committed.resolution_ms) {
      case 0: unit.samples = block; break;
      case kMinuteMs: unit.minutes = block; break;
      default: unit.hours = block; break;
    }
  }
  std::vector<Unit> found;
  for (auto& [number, unit] : units)
    if (spanOf(*unit.finest()).meets(from_ms, to_ms)) found.push_back(std::move(unit));
  std::sort(found.begin(), found.end(), [](const Unit& left, const Unit& right) {
    return left.finest()->committed.recency < right.finest()->committed.recency;
  });
  return found;
}

// Whether no other samples fall into the hours of a unit's samples: its roll-ups are then all there is.
bool isAlone(const Unit& unit, const std::vector<Unit>& units, const StoreView& view) {
  if (!unit.samples) return true;
  const Span span = spanOf(*unit.samples);
  for (const Unit& other : units)
    if (other.samples && other.samples != unit.samples && spanOf(*other.samples).meets(span.first_ms, span.last_ms))
      return false;
  for (const auto& head : view.heads)
    if (const auto range = head->range();
        range && spanOf(range->min_ms, range->max_ms).meets(span.first_ms, span.last_ms))
      return false;
  return true;
}

// Whether buckets of a resolution answer what the hint says exactly.
bool answers(const SelectHint& hint, std::int64_t resolution_ms) {
  static constexpr std::array<std::string_view, 8> kFunctions = {"",
                                                                 "avg_over_time",
                                                                 "count_over_time",
                                                                 "last_over_time",
                                                                 "max_over_time",
                                                                 "min_over_time",
                                                                 "present_over_time",
                                                                 "sum_over_time"};
  return hint.takes_roll_ups && std::find(kFunctions.begin(), kFunctions.end(), hint.function) != kFunctions.end() &&
         hint.first_ms % resolution_ms == 0 && hint.step_ms % resolution_ms == 0 && hint.range_ms % resolution_ms == 0;
}

std::int64_t chooseResolution(const SelectHint& hint, const std::vector<Unit>& units, const StoreView& view) {
  for (const std::int64_t resolution_ms : {kHourMs, kMinuteMs}) {
    if (!answers(hint, resolution_ms)) continue;
    std::uint64_t samples = 0, buckets = 0;
    for (const Unit& unit : units) {
      const auto& rolled = unit.at(resolution_ms);
      if (rolled && !unit.samples) return resolution_ms;
      if (!rolled || !isAlone(unit, units, view)) continue;
      samples += unit.samples->committed.samples;
      buckets += rolled->committed.samples;
    }
    if (buckets > 0 && samples >= kSamplesABucket * buckets) return resolution_ms;
  }
  return 0;
}

Result<std::vector<Source>> chooseSources(const StoreView& view, const std::vector<Unit>& units,
                                          std::int64_t resolution_ms, std::int64_t from_ms, std::int64_t to_ms) {
  std::vector<Source> sources;
  for (const Unit& unit : units) {
    Source source;
    const auto& rolled = unit.at(resolution_ms);
    if (resolution_ms != 0 && rolled && isAlone(unit, units, view)) {
      source.kind = Source::Kind::kRollUps;
      source.stored = rolled;
    } else {
      source.stored = unit.finest();
      source.kind = source.stored->committed.resolution_ms == 0 ? Source::Kind::kSamples : Source::Kind::kThinned;
    }
    GYRE_TRY(source.stored->damage);
    sources.push_back(std::move(source));
  }
  for (const auto& head : view.heads) {
    const auto range = head->range();
    if (range && spanOf(range->min_ms, range->max_ms).meets(from_ms, to_ms))
      sources.push_back({Source::Kind::kHead, head, nullptr});
  }
  return sources;
}

// Adds what a source that is not read as roll-ups has of one of its series, in its own order.
Status readSource(const Source& source, std::uint32_t series, std::int64_t from_ms, std::int64_t to_ms,
                  SampleColumns& into) {
  switch (source.kind) {
    case Source::Kind::kHead: source.head->read(series, from_ms, to_ms, into); break;
    case Source::Kind::kSamples: return source.stored->block->read(series, from_ms, to_ms, into);
    case Source::Kind::kRollUps: break;
    case Source::Kind::kThinned: {
      RollUps roll_ups;
      // The bucket that ends behind the range may have its last sample in it.
      GYRE_TRY(source.stored->block->read(series, from_ms, bucketEnd(to_ms, kHourMs), roll_ups));
      for (const RollUp& bucket : roll_ups) {
        if (bucket.count > 0 && bucket.last_ms >= from_ms && bucket.last_ms <= to_ms)
          into.add(bucket.last_ms, bucket.last);
        if (bucket.is_stale && bucket.end_ms <= to_ms && (bucket.count == 0 || bucket.last_ms < bucket.end_ms))
          into.add(bucket.end_ms, staleMarker());
      }
      break;
    }
  }
  return {};
}

// Whether all that a source has is in the range: then each of its series has a sample there.
bool isWithin(const Source& source, std::int64_t from_ms, std::int64_t to_ms) {
  if (source.head) {
    const auto range = source.head->range();
    return range && range->min_ms >= from_ms && range->max_ms <= to_ms;
  }
  const CommittedBlock& block = source.stored->committed;
  return block.resolution_ms == 0 && block.min_ms >= from_ms && block.max_ms <= to_ms;
}

bool isSame(const Labels& labels, const LabelViews& views) {
  return std::equal(
      labels.begin(), labels.end(), views.begin(), views.end(),
      [](const Label& left, const LabelView& right) { return left.name == right.name && left.value == right.value; });
}

class StoreSet final : public SeriesSet {
 public:
  struct Part {
    std::uint32_t source;
    std::uint32_t series;
  };
  struct Series {
    Labels labels;
    std::vector<Part> parts;  // oldest first
  };

  StoreSet(std::vector<Source> sources, std::int64_t resolution_ms, std::int64_t from_ms, std::int64_t to_ms)
      : sources_(std::move(sources)), resolution_ms_(resolution_ms), from_ms_(from_ms), to_ms_(to_ms) {}

  Status gather(const Matchers& matchers, std::size_t max_series) {
    std::unordered_multimap<std::uint64_t, std::size_t> by_hash;
    LabelViews labels;
    for (std::uint32_t source = 0; source < sources_.size(); ++source) {
      const LabelIndex& index = sources_[source].index();
      for (const std::uint32_t id : selectSeries(index, matchers)) {
        index.labelsOf(id, labels);
        const std::uint64_t hash = hashLabels(labels);
        std::size_t at = series_.size();
        for (auto [each, end] = by_hash.equal_range(hash); each != end; ++each)
          if (isSame(series_[each->second].labels, labels)) at = each->second;
        if (at == series_.size()) {
          if (at == max_series)
            return Status(Code::kTooLarge, "the query selects more than " + std::to_string(max_series) + " series");
          by_hash.emplace(hash, at);
          series_.push_back({toLabels(labels), {}});
        }
        series_[at].parts.push_back({source, id});
      }
    }
    std::sort(series_.begin(), series_.end(),
              [](const Series& left, const Series& right) { return left.labels < right.labels; });
    return {};
  }

  std::size_t size() const override { return series_.size(); }
  Labels labels(std::size_t index) const override { return series_[index].labels; }
  std::int64_t resolutionMs() const override { return resolution_ms_; }

  Status read(std::size_t index, SampleColumns& into) override {
    into.clear();
    return readSamples(index, from_ms_, to_ms_, into);
  }

  Status readRollUps(std::size_t index, RollUps& into) override {
    into.clear();
    if (resolution_ms_ == 0) return internalError("series " + std::to_string(index) + " was selected without roll-ups");
    const std::int64_t first_end = bucketEnd(from_ms_, resolution_ms_);
    const std::int64_t last_end = bucketEnd(to_ms_, resolution_ms_);
    SampleColumns samples;
    GYRE_TRY(readSamples(index, first_end - resolution_ms_ + 1, last_end, samples));
    rollUp(samples, resolution_ms_, into);
    for (const Part& part : series_[index].parts) {
      const Source& source = sources_[part.source];
      if (source.kind == Source::Kind::kRollUps)
        GYRE_TRY(source.stored->block->read(part.series, first_end, last_end, into));
    }
    joinRollUps(into);
    return {};
  }

 private:
  // Of every source that is not read as roll-ups.
  Status readSamples(std::size_t index, std::int64_t from_ms, std::int64_t to_ms, SampleColumns& into) {
    for (const Part& part : series_[index].parts)
      GYRE_TRY(readSource(sources_[part.source], part.series, from_ms, to_ms, into));
    sortSamples(into);
    return {};
  }

  std::vector<Source> sources_;
  std::int64_t resolution_ms_;
  std::int64_t from_ms_;
  std::int64_t to_ms_;
  std::vector<Series> series_;
};

// Times of a request, where sums of them cannot overflow.
std::int64_t clamped(std::int64_t time_ms) {
  constexpr std::int64_t kFar = std::int64_t{1} << 60;
  return std::clamp(time_ms, -kFar, kFar);
}

template <class T>
void limitTo(std::vector<T>& results, std::size_t limit) {
  if (limit != 0 && results.size() > limit) results.resize(limit);
}

// Calls visit(index, series) with the sources and series that a filter lets through.
template <class Visit>
Status visitFiltered(std::span<const Source> sources, const SeriesFilter& filter, const Visit& visit) {
  for (const Source& source : sources) {
    std::vector<std::uint32_t> all;
    for (const Matchers& matchers : filter.any_of) {
      const std::vector<std::uint32_t> found = selectSeries(source.index(), matchers);
      all.insert(all.end(), found.begin(), found.end());
    }
    if (filter.any_of.empty()) all = selectSeries(source.index(), {});
    if (filter.any_of.size() > 1) {
      std::sort(all.begin(), all.end());
      all.erase(std::unique(all.begin(), all.end()), all.end());
    }
    for (const std::uint32_t series : all) visit(source.index(), series);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<SeriesSet>> SeriesStore::select(const SelectRequest& request) const {
  const StoreView view = this->view();
  const std::int64_t from_ms = clamped(request.from_ms);
  const std::int64_t to_ms = clamped(request.to_ms);
  const std::vector<Unit> units = unitsOf(view, from_ms, to_ms);
  const std::int64_t resolution_ms = chooseResolution(request.hint, units, view);
  GYRE_TRY_ASSIGN(std::vector<Source> sources, chooseSources(view, units, resolution_ms, from_ms, to_ms));
  auto set = std::make_unique<StoreSet>(std::move(sources), resolution_ms, from_ms, to_ms);
  GYRE_TRY(set->gather(request.matchers, request.max_series));
  return std::unique_ptr<SeriesSet>(std::move(set));
}

Result<std::vector<std::string>> SeriesStore::labelNames(const SeriesFilter& filter) const {
  const StoreView view = this->view();
  const std::int64_t from_ms = clamped(filter.from_ms), to_ms = clamped(filter.to_ms);
  GYRE_TRY_ASSIGN(const std::vector<Source> sources,
                  chooseSources(view, unitsOf(view, from_ms, to_ms), 0, from_ms, to_ms));
  std::set<std::string, std::less<>> names;
  const auto add = [&](std::string_view name) {
    if (!names.contains(name)) names.emplace(name);
  };
  if (filter.any_of.empty()) {
    for (const Source& source : sources) source.index().visitNames(add);
  } else {
    LabelViews labels;
    GYRE_TRY(visitFiltered(sources, filter, [&](const LabelIndex& index, std::uint32_t series) {
      index.labelsOf(series, labels);
      for (const LabelView& label : labels) add(label.name);
    }));
  }
  std::vector<std::string> out(names.begin(), names.end());
  limitTo(out, filter.limit);
  return out;
}

Result<std::vector<std::string>> SeriesStore::labelValues(std::string_view label, const SeriesFilter& filter) const {
  const StoreView view = this->view();
  const std::int64_t from_ms = clamped(filter.from_ms), to_ms = clamped(filter.to_ms);
  GYRE_TRY_ASSIGN(const std::vector<Source> sources,
                  chooseSources(view, unitsOf(view, from_ms, to_ms), 0, from_ms, to_ms));
  std::set<std::string, std::less<>> values;
  const auto add = [&](std::string_view value) {
    if (!values.contains(value)) values.emplace(value);
  };
  if (filter.any_of.empty()) {
    for (const Source& source : sources)
      source.index().visitValues(label, [&](std::string_view value, std::uint32_t) { add(value); });
  } else {
    LabelViews labels;
    GYRE_TRY(visitFiltered(sources, filter, [&](const LabelIndex& index, std::uint32_t series) {
      index.labelsOf(series, labels);
      for (const LabelView& each : labels)
        if (each.name == label) add(each.value);
    }));
  }
  std::vector<std::string> out(values.begin(), values.end());
  limitTo(out, filter.limit);
  return out;
}

Result<std::vector<Labels>> SeriesStore::listSeries(const SeriesFilter& filter) const {
  const StoreView view = this->view();
  const std::int64_t from_ms = clamped(filter.from_ms), to_ms = clamped(filter.to_ms);
  GYRE_TRY_ASSIGN(const std::vector<Source> sources,
                  chooseSources(view, unitsOf(view, from_ms, to_ms), 0, from_ms, to_ms));
  std::set<Labels> found;
  LabelViews labels;
  SampleColumns samples;
  for (const Source& source : sources) {
    const bool is_within = isWithin(source, from_ms, to_ms);
    Status damage;
    const auto add = [&](const LabelIndex& index, std::uint32_t series) {
      if (!is_within) {
        samples.clear();
        if (const Status read = readSource(source, series, from_ms, to_ms, samples); !read.isOk()) damage = read;
        if (samples.size() == 0) return;
      }
      index.labelsOf(series, labels);
      found.insert(toLabels(labels));
    };
    GYRE_TRY(visitFiltered(std::span(&source, 1), filter, add));
    GYRE_TRY(damage);
  }
  std::vector<Labels> out(found.begin(), found.end());
  limitTo(out, filter.limit);
  return out;
}

Result<std::vector<MetricMetadata>> SeriesStore::metadata(std::string_view metric, std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  std::vector<MetricMetadata> out;
  for (const auto& [name, metadata] : metadata_) {
    if (!metric.empty() && name != metric) continue;
    if (limit != 0 && out.size() == limit) break;
    out.push_back(metadata);
  }
  return out;
}

}  // namespace gyre::engine::series
