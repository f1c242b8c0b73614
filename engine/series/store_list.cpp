// What a store has of labels and series: listings, which stop at their limit and when their time is over.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "engine/series/first_of.hpp"
#include "engine/series/store_sources.hpp"

namespace gyre::engine::series {
namespace {

// Series that are looked at before the time is: a look costs less than 1 % of them.
constexpr std::size_t kSeriesALook = 128;

// Labels by name and value, be they copied or still in their index.
struct LabelsLess {
  using is_transparent = void;
  template <class Left, class Right>
  bool operator()(const Left& left, const Right& right) const {
    return std::lexicographical_compare(
        left.begin(), left.end(), right.begin(), right.end(), [](const auto& one, const auto& other) {
          const int names = std::string_view(one.name).compare(other.name);
          return names < 0 || (names == 0 && std::string_view(one.value) < std::string_view(other.value));
        });
  }
};

Status checkTime(const SeriesFilter& filter) { return filter.check_time ? filter.check_time() : Status(); }

// What has samples in the filter's range, oldest first.
Result<std::vector<Source>> sourcesOf(const StoreView& view, const SeriesFilter& filter) {
  const std::int64_t from_ms = clamped(filter.from_ms), to_ms = clamped(filter.to_ms);
  return chooseSources(view, unitsOf(view, from_ms, to_ms), 0, from_ms, to_ms);
}

// Calls visit(series) with those of a source that the filter's matchers let through, ascending, until it gives false.
template <class Visit>
Status visitFiltered(const Source& source, const SeriesFilter& filter, const Visit& visit) {
  GYRE_TRY(checkTime(filter));
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
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i % kSeriesALook == 0) GYRE_TRY(checkTime(filter));
    GYRE_TRY_ASSIGN(const bool goes_on, visit(all[i]));
    if (!goes_on) break;
  }
  return {};
}

void addTo(FirstOf<std::string>& found, std::string_view value) {
  if (found.wants(value) && !found.contains(value)) found.add(std::string(value));
}

}  // namespace

Result<std::vector<std::string>> SeriesStore::labelNames(const SeriesFilter& filter) const {
  GYRE_TRY_ASSIGN(const std::vector<Source> sources, sourcesOf(view(), filter));
  FirstOf<std::string> names(filter.limit);
  LabelViews labels;
  for (const Source& source : sources) {
    if (filter.any_of.empty()) {
      GYRE_TRY(checkTime(filter));
      source.index().visitNames([&](std::string_view name) { addTo(names, name); });
      continue;
    }
    GYRE_TRY(visitFiltered(source, filter, [&](std::uint32_t series) -> Result<bool> {
      source.index().labelsOf(series, labels);
      for (const LabelView& label : labels) addTo(names, label.name);
      return true;
    }));
  }
  return std::move(names).take();
}

Result<std::vector<std::string>> SeriesStore::labelValues(std::string_view label, const SeriesFilter& filter) const {
  GYRE_TRY_ASSIGN(const std::vector<Source> sources, sourcesOf(view(), filter));
  FirstOf<std::string> values(filter.limit);
  LabelViews labels;
  for (const Source& source : sources) {
    if (filter.any_of.empty()) {
      GYRE_TRY(checkTime(filter));
      source.index().visitValues(label, [&](std::string_view value, std::uint32_t) { addTo(values, value); });
      continue;
    }
    GYRE_TRY(visitFiltered(source, filter, [&](std::uint32_t series) -> Result<bool> {
      source.index().labelsOf(series, labels);
      for (const LabelView& each : labels)
        if (each.name == label) addTo(values, each.value);
      return true;
    }));
  }
  return std::move(values).take();
}

Result<std::vector<Labels>> SeriesStore::listSeries(const SeriesFilter& filter) const {
  const std::int64_t from_ms = clamped(filter.from_ms), to_ms = clamped(filter.to_ms);
  GYRE_TRY_ASSIGN(std::vector<Source> sources, sourcesOf(view(), filter));
  // Those that need no look at samples go first: what they have is not looked for in the others.
  const auto cut = std::stable_partition(sources.begin(), sources.end(),
                                         [&](const Source& source) { return isWithin(source, from_ms, to_ms); });
  FirstOf<Labels, LabelsLess> found(filter.limit);
  LabelViews labels;
  for (auto source = sources.begin(); source != sources.end(); ++source) {
    const bool is_within = source < cut;
    GYRE_TRY(visitFiltered(*source, filter, [&](std::uint32_t series) -> Result<bool> {
      source->index().labelsOf(series, labels);
      // The series of a block are in the order of their labels; those of a head as they came.
      if (!found.wants(labels)) return source->head != nullptr;
      if (found.contains(labels)) return true;
      if (!is_within) {
        GYRE_TRY_ASSIGN(const bool has, hasSample(*source, series, from_ms, to_ms));
        if (!has) return true;
      }
      found.add(toLabels(labels));
      return true;
    }));
  }
  return std::move(found).take();
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
