// What a reader of the store sees: the blocks and heads that its time needs, their series brought together by labels.
#include <algorithm>
#include <array>
#include <unordered_map>

#include "engine/series/series_store.hpp"
#include "engine/series/store_sources.hpp"

namespace gyre::engine::series {
namespace {

// Roll-ups are read instead of samples when there are at least this many samples to a bucket: a bucket has five values.
constexpr std::uint64_t kSamplesABucket = 6;

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

}  // namespace gyre::engine::series
